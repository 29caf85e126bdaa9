/** How wide text is, without a page to measure it on. */

export const sizes = { name: 13, row: 11, label: 11, line: 15 } as const

/** Thousandths of an em in Helvetica, the signs of ASCII from the space on. */
const helvetica = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556,
  556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778,
  722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222,
  500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
]
/** The faces of other systems are wider by a little; what is drawn is fitted to this width on every one. */
const spare = 1.06
const bolder = 1.07

const emOf = (sign: string): number => {
  const code = sign.codePointAt(0) ?? 0
  return (helvetica[code - 0x20] ?? (code > 0x2e7f ? 1000 : 620)) / 1000
}

/** In px, for text of `size` px. */
export const textWidth = (text: string, size: number, bold = false): number =>
  Math.ceil([...text].reduce((sum, sign) => sum + emOf(sign), 0) * size * spare * (bold ? bolder : 1))

/** Where a word of a machine may be broken: after a dot, a space, an operator, and before a capital. */
const joints = /(?<=[.\s&|:_-])|(?<=[a-z])(?=[A-Z])/

/** `text` in lines no wider than `width`, broken between its words; a word that is wider is cut with an ellipsis. */
export const wrapped = (text: string, width: number, size: number): string[] => {
  const lines: string[] = []
  let line = ''
  for (const part of text.split(joints)) {
    if (line !== '' && textWidth(line + part, size) > width) {
      lines.push(line.trim())
      line = ''
    }
    line += part
  }
  return [...lines, line.trim()].filter(one => one !== '').map(one => cut(one, width, size))
}
const cut = (text: string, width: number, size: number): string => {
  if (textWidth(text, size) <= width) return text
  const signs = [...text]
  while (signs.length > 1 && textWidth(`${signs.join('')}…`, size) > width) signs.pop()
  return `${signs.join('')}…`
}
