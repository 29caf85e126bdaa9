/** A terminal in memory that knows the few control sequences that the screen uses. */
import type { Terminal } from '../../src/call/screen.ts'

export type Emulator = Terminal & { lines(): string[]; raw(): string; writes(): number }

export const emulator = (columns: number, isTTY: boolean): Emulator => {
  const pieces: string[] = []
  const screen: string[] = ['']
  let row = 0
  const print = (text: string) => {
    for (const part of text.split(/(\n|\r)/)) {
      if (part === '\n') screen[++row] ??= ''
      else if (part !== '\r') screen[row] += part
    }
  }
  const take = (text: string) => {
    const [first = '', ...rest] = text.split('\x1b[')
    print(first)
    for (const part of rest) {
      const [code = '', count = '', letter = ''] = /^(\d*)([A-Za-z])/.exec(part) ?? []
      if (letter === 'A') row = Math.max(0, row - Number(count))
      if (letter === 'J') screen.splice(row, Number.POSITIVE_INFINITY, '')
      print(part.slice(code.length))
    }
  }
  return {
    columns,
    isTTY,
    write: text => {
      pieces.push(text)
      take(text)
    },
    lines: () => (screen.at(-1) === '' ? screen.slice(0, -1) : [...screen]),
    raw: () => pieces.join(''),
    writes: () => pieces.length,
  }
}
