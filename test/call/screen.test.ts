import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { palette, tame, widthOf, wrapped } from '../../src/call/paint.ts'
import { type Screen, screenOn } from '../../src/call/screen.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'
import { emulator } from './emulator.ts'

const it = suite('screen')
const open = (options: { isTTY?: boolean; color?: boolean; quiet?: boolean; columns?: number } = {}) => {
  const { isTTY = true, color = false, quiet = false, columns = 60 } = options
  const clock: VirtualClock = virtualClock()
  const terminal = emulator(columns, isTTY)
  const screen: Screen = screenOn({ terminal, color, quiet, clock })
  return { clock, terminal, screen }
}
const words = (speaker: 'caller' | 'agent', id: string, text: string, at: number, final = false) =>
  ({ type: 'words', speaker, id, text, final, at }) as const

it('shows words as they are heard, above a line with time, progress and state', async () => {
  const { clock, terminal, screen } = open()
  screen.tell({ type: 'state', state: 'listening', at: 0 })
  screen.tell(words('caller', 'c1', 'Hello', 1500))
  screen.progress(1500, 60_000)
  await clock.advance(50)
  assert.equal(terminal.lines().slice(0, 2), [' 0:01  caller   Hello', ''])
  assert.match(terminal.lines()[2] ?? '', /^ {2}━?─+ {2}0:01 \/ 1:00 {2}● listening$/)
  screen.tell(words('caller', 'c1', 'Hello there', 2000))
  screen.progress(30_000, 60_000)
  await clock.advance(50)
  assert.is(terminal.lines()[0], ' 0:01  caller   Hello there')
  const [, done = '', left = ''] = /(━+)(─+)/.exec(terminal.lines()[2] ?? '') ?? []
  assert.ok(Math.abs(done.length - left.length) <= 1)
})

it('takes a terminal that does not say how wide it is for one of 80 columns', async () => {
  const { clock, terminal, screen } = open({ columns: 80 })
  const unknown = screenOn({ terminal: { ...terminal, columns: 0 }, color: false, quiet: false, clock })
  const text = 'It is ten past two, and the weather is fine.'
  for (const one of [screen, unknown]) one.tell(words('agent', 'a1', text, 0, true))
  screen.close()
  unknown.close()
  assert.equal(terminal.lines().slice(0, 2), [` 0:00  agent    ${text}`, ` 0:00  agent    ${text}`])
})

it('lets what is over scroll away, in the order of its end', async () => {
  const { clock, terminal, screen } = open()
  screen.tell(words('agent', 'a1', 'I am', 1000))
  screen.tell(words('caller', 'c1', 'Wait', 2000, true))
  screen.tell({ type: 'remark', text: 'interrupted', at: 2100 })
  await clock.advance(50)
  assert.equal(terminal.lines().slice(0, 3), [' 0:02  caller   Wait', ' 0:02  interrupted', ' 0:01  agent    I am'])
  screen.tell(words('agent', 'a1', 'I am.', 2200, true))
  screen.close(['the end'])
  assert.equal(terminal.lines(), [' 0:02  caller   Wait', ' 0:02  interrupted', ' 0:01  agent    I am.', 'the end'])
})

it('paints at most twenty times a second', async () => {
  const { clock, terminal, screen } = open()
  for (let i = 0; i < 1000; i++) {
    screen.progress(i, 1000)
    await clock.advance(1)
  }
  assert.ok(terminal.writes() <= 21, `${terminal.writes()} times`)
  screen.close()
  assert.is(clock.timers, 0)
})

it('shows the last lines of a long utterance, and all of it once it is over', async () => {
  const { clock, terminal, screen } = open({ columns: 40 })
  const text = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ')
  screen.tell(words('agent', 'a', text, 0))
  await clock.advance(50)
  assert.is(terminal.lines().length, 5)
  assert.match(terminal.lines()[2] ?? '', /word39$/)
  screen.tell(words('agent', 'a', text, 0, true))
  screen.close()
  assert.is(
    terminal
      .lines()
      .map(line => line.slice(16))
      .join(' '),
    text,
  )
})

it('shows nothing of words that have not come, or that nobody understood', async () => {
  const { clock, terminal, screen } = open()
  screen.tell(words('caller', 'c1', '', 0))
  await clock.advance(50)
  assert.is(terminal.lines().length, 2)
  screen.tell(words('caller', 'c1', '', 0, true))
  screen.close()
  assert.not.match(terminal.lines().join(' '), 'caller')

  const plain = open({ isTTY: false })
  plain.screen.tell(words('caller', 'c1', '', 0, true))
  plain.screen.close()
  assert.is(plain.terminal.raw(), '')
})

it('prints plain sentences where there is no terminal', () => {
  const { terminal, screen } = open({ isTTY: false })
  screen.tell({ type: 'state', state: 'listening', at: 0 })
  screen.tell(words('caller', 'c1', 'Hello', 1500))
  screen.tell(words('caller', 'c1', 'Hello there', 3000, true))
  screen.progress(100, 200)
  screen.tell({ type: 'remark', text: 'paused', at: 3500 })
  screen.close(['done'])
  assert.is(terminal.raw(), ' 0:01  caller   Hello there\n 0:03  paused\ndone\n')
})

it('is silent when it should be quiet', () => {
  const { terminal, screen } = open({ quiet: true })
  screen.tell(words('caller', 'c1', 'Hello', 1500, true))
  screen.close(['x'])
  assert.is(terminal.raw(), '')
})

it('does not let words steer the terminal', () => {
  const { terminal, screen } = open({ isTTY: false })
  screen.tell(words('caller', 'c1', 'a\x1b[2Jb\u009bc\r\nd', 0, true))
  assert.is(terminal.raw(), ' 0:00  caller   a[2Jbc d\n')
  assert.is(tame('\x07bell'), 'bell')
})

it('writes colour codes only where colours are wanted', () => {
  assert.is(palette(false).agent('x'), 'x')
  assert.is(palette(true).agent('x'), '\x1b[35mx\x1b[39m')
})

it('wraps at spaces, breaks endless words, and knows wide characters', () => {
  assert.equal(wrapped('one two three four', 9), ['one two', 'three', 'four'])
  assert.equal(wrapped('abcdefghijklmnopqrst', 8), ['abcdefgh', 'ijklmnop', 'qrst'])
  assert.is(widthOf('日本e\u0301'), 5)
  assert.equal(wrapped('', 20), [''])
})

it.run()
