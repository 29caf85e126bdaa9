import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { excessIn, lagsOf, stampsOf } from '../../scripts/bench/lag.ts'
import { Heard } from '../../scripts/bench/recording.ts'
import { repliesFrom } from '../../scripts/bench/replies.ts'
import { rate } from '../../scripts/bench/signal.ts'
import { textRows } from '../../scripts/bench/table.ts'
import type { Both } from '../../scripts/bench/tell.ts'
import { babble, heardAs, type Piece } from './voice.ts'

const it = suite('bench lag')
const ms = rate / 1000
const [path, zero, leadMs] = [60, 5_000, 300]
const words = [
  { text: 'One', startMs: 0, endMs: 400 },
  { text: ' two', startMs: 500, endMs: 900 },
  { text: ' three', startMs: 1_200, endMs: 1_600 },
]
const reply = { speed: 120, words, speech: babble(2_000, 3) }
const recorded = (pieces: readonly (Piece | number)[]) => {
  const data = heardAs(reply.speech, pieces)
  const count = Math.floor(data.length / 480)
  const stamps = Float64Array.from({ length: count }, (_, n) => zero + 10 * n)
  return new Heard({ data: data.slice(0, 480 * count), stamps })
}

it('takes a word as read with the piece of text that completes it', () => {
  const chunks = [
    { at: 10, text: 'One' },
    { at: 20, text: ' t' },
    { at: 30, text: 'wo three' },
  ]
  assert.equal(stampsOf(words, chunks), [10, 30, 30])
  assert.equal(stampsOf(words, chunks.slice(0, 2)), [10, undefined, undefined])
})

it('measures how far text and sound were apart, word by word, over a hole in the sound too', () => {
  const heard = recorded([leadMs * ms, { from: 0, to: 1_000 * ms }, 40 * ms, { from: 1_000 * ms, to: 2_000 * ms }, 300 * ms])
  const chunks = [300 + 200 - 60, 300 + 700, 300 + 1_400 + 40 + 25].map((at, n) => ({
    at: zero + at,
    text: words[n]?.text ?? '',
  }))
  const told = { playedAt: zero + leadMs - path, spoken: '', endedAt: zero + 2_600 }
  const lags = lagsOf(reply, told, heard, chunks) ?? []
  assert.is(lags.length, 3)
  for (const [n, lag] of [-60, 0, 25].entries()) assert.ok(Math.abs((lags[n] ?? 0) - lag) <= 2, `${lags}`)
})

it('counts the words that were heard at least half, and those that are said to have been', () => {
  const heard = recorded([leadMs * ms, { from: 0, to: 1_380 * ms, fall: 10 * ms }, 500 * ms])
  const told = (spoken: string) => ({ playedAt: zero, cutAt: zero + 1_600, spoken, endedAt: zero + 2_100 })
  assert.is(excessIn(reply, told('One two'), heard)?.words, 0)
  assert.is(excessIn(reply, told('One two three'), heard)?.words, 1)
  assert.is(excessIn(reply, told(''), heard)?.words, -2)
})

it('gives another voice the levels of a reply', () => {
  const replies = repliesFrom('test/fixtures/words.json', babble(30_000, 5))
  const { words, speech } = replies[0] ?? reply
  assert.equal([replies.length, words[0]], [44, { text: 'Sure,', startMs: 0, endMs: 706 }])
  const level = (from: number, to: number) =>
    Math.sqrt(speech.slice(from * ms, to * ms).reduce((sum, value) => sum + value * value, 0) / ((to - from) * ms))
  assert.ok(level(100, 500) > 300 && level(800, 1_000) < 3, `${level(100, 500)} ${level(800, 1_000)}`)
})

it('says which bar of text is missed', () => {
  const all = (both: Both) => new Map([[114, both]])
  const oks = (lags: Both, excess: Both) => textRows({ lags: all(lags), excess: all(excess), wrong: [] }).map(({ ok }) => ok)
  const even = (value: number) => Array.from({ length: 20 }, () => value)
  const good = { plain: even(-60), timed: even(-60) }
  const exact = { plain: [...even(0), 1], timed: even(0) }
  assert.equal(oks(good, exact), [true, true, true])
  assert.equal(oks({ ...good, plain: even(120) }, exact), [false, true, true])
  assert.equal(oks({ ...good, timed: even(0) }, exact), [true, false, true])
  assert.equal(oks(good, { ...exact, plain: even(1) }), [true, true, false])
  assert.equal(oks(good, { ...exact, timed: [...even(0), 2] }), [true, true, false])
  assert.equal(oks({ plain: [], timed: [] }, { plain: [], timed: [] }), [false, false, false])
})

it.run()
