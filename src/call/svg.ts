/** SVG as text: elements, attributes, numbers and the width of a word. */

type Value = string | number | undefined
export type Attributes = Record<string, Value>

/** What XML 1.0 cannot hold at all: control characters but tab and line ends, lone surrogates, two non-characters. */
const forbidden = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu
const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text that is safe between tags and in attributes. */
export const escaped = (text: string): string => text.replace(forbidden, '').replace(/[&<>"]/g, sign => entities[sign] ?? sign)

/** A number with at most one decimal: a tenth of a pixel is finer than any screen. */
export const tenth = (value: number): string => String(Math.round(value * 10) / 10 || 0)

/** One element; attributes that are undefined are left out, children are markup already. */
export const element = (name: string, attributes: Attributes, ...children: string[]): string => {
  const listed = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? tenth(value) : escaped(String(value))}"`)
    .join('')
  return children.length === 0 ? `<${name}${listed}/>` : `<${name}${listed}>${children.join('')}</${name}>`
}

/** A tooltip for the element that it is put into. */
export const tooltip = (text: string): string => `<title>${escaped(text)}</title>`

/** A text element; `content` is escaped here. */
export const label = (content: string, attributes: Attributes, hint?: string): string =>
  element('text', attributes, ...(hint === undefined ? [] : [tooltip(hint)]), escaped(content))

/** Widths in em of the usual sans-serif faces, rounded up: a word may be a little narrower than said, never wider. */
const widthOf = (sign: string): number => {
  if ("iIjl.,:;'|!".includes(sign)) return 0.31
  if ('ftr()[]- "·'.includes(sign)) return 0.4
  if ('mwMW@%—…'.includes(sign)) return 0.95
  if (/[A-Z]/.test(sign)) return 0.72
  return (sign.codePointAt(0) ?? 0) > 0x2e7f ? 1.05 : 0.59
}

/** How wide `text` is at `size` pixels, estimated. */
export const textWidth = (text: string, size: number): number => [...text].reduce((sum, sign) => sum + widthOf(sign), 0) * size

/** `text`, cut with an ellipsis where it is wider than `width` pixels; empty if not even two letters fit. */
export const fitted = (text: string, width: number, size: number): string => {
  if (textWidth(text, size) <= width) return text
  const signs = [...text]
  while (signs.length > 1 && textWidth(`${signs.join('')}…`, size) > width) signs.pop()
  return signs.length > 1 ? `${signs.join('')}…` : ''
}
