/** Text for a terminal: colours, widths, lines that wrap. */
import type { AgentState } from '../mind.ts'
import { clock } from './times.ts'

export type Paint = (text: string) => string
export type Palette = Record<'caller' | 'agent' | 'faint' | 'strong' | AgentState, Paint>

/** The sixteen colours that every terminal has, in its own shades; with `color` off all text stays plain. */
export const palette = (color: boolean): Palette => {
  const sgr =
    (code: number, off = 39): Paint =>
    text =>
      color ? `\x1b[${code}m${text}\x1b[${off}m` : text
  const faint = sgr(2, 22)
  return {
    caller: sgr(36),
    agent: sgr(35),
    faint,
    strong: sgr(1, 22),
    initializing: faint,
    idle: faint,
    listening: sgr(36),
    thinking: sgr(33),
    speaking: sgr(35),
  }
}

/** What strangers say must not steer the terminal: no control characters, and every line break is a space. */
export const tame = (text: string): string => text.replace(/\s+/gu, ' ').replace(/\p{Cc}/gu, '')

/** How many columns a terminal gives a character: the wide scripts and pictures two, marks that combine none. */
const columnsOf = (sign: string): number => {
  if (/\p{M}|\u200d/u.test(sign)) return 0
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    sign,
  )
    ? 2
    : 1
}
export const widthOf = (text: string): number => [...text].reduce((sum, sign) => sum + columnsOf(sign), 0)

/** Breaks text at spaces into lines of at most `width` columns; a longer word is broken anywhere. */
export const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = []
  let line = ''
  const room = Math.max(8, width)
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= room) line = longer
    else {
      if (line !== '') lines.push(line)
      line = ''
      for (const sign of word) {
        if (widthOf(line + sign) > room) {
          lines.push(line)
          line = ''
        }
        line += sign
      }
    }
  }
  return [...lines, line]
}

/** `━━━━╸────`: how far `at` is on the way to `of`, in `width` columns. */
export const bar = (at: number, of: number, width: number, { strong, faint }: Palette): string => {
  const done = Math.round(Math.min(1, of > 0 ? at / of : 0) * width)
  return strong('━'.repeat(done)) + faint('─'.repeat(width - done))
}

/** A time in a column of its own. */
export const timeColumn = (ms: number): string => clock(ms).padStart(5)
