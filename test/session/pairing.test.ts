/** Which frames and texts of a session belong to which turn. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Pairing } from '../../src/session/pairing.ts'

const it = suite('pairing')
const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)

/**
 * A session's calls in one line: `t` text, `a` a frame, `T` and `A` the flushes, `c` clear, `x` abandon, a number passes ms, `1.` says
 * that turn 1 has ended. Gives back what each of them went to: the number of its turn, `-` if to none.
 */
const play = (calls: string, { voiced = true, captioned = true } = {}) => {
  let made = 0
  let now = 0
  const pairing = new Pairing(() => `${++made}`)
  const went = calls.split(' ').map(call => {
    if (/^\d+$/.test(call)) {
      now += Number(call)
      return '·'
    }
    if (call.endsWith('.')) {
      pairing.ended(call.slice(0, -1), now)
      return '·'
    }
    if (call === 't') return pairing.text(now, voiced)?.turn.id ?? '-'
    if (call === 'a') return pairing.frame(now, captioned)?.turn.id ?? '-'
    if (call === 'T') return pairing.endText(now)?.id ?? '-'
    if (call === 'x') return pairing.abandon(now)?.id ?? '-'
    if (call === 'A') return pairing.endAudio(now)?.id ?? '-'
    return (
      pairing
        .clear(now)
        .map(({ id }) => id)
        .join('+') || '-'
    )
  })
  return { went: went.join(' '), turns: pairing.turns }
}

const table: [what: string, calls: string, went: string][] = [
  ['text first, then its audio', 't a t a T A', '1 1 1 1 1 1'],
  ['audio first, then its text', 'a t a A t T', '1 1 1 1 1 1'],
  ['text that is all there before its audio', 't T a A', '1 1 1 1'],
  ['two replies whose texts come before either audio', 't T t T a A a A', '1 1 2 2 1 1 2 2'],
  ['the text of the next reply while the audio of this one comes', 't a T t a A a T A', '1 1 1 2 1 1 2 2 2'],
  ['audio that has ended without text: the next text is another turn', 'a A t T', '1 1 2 2'],
  ['audio alone, and again', 'a A a A', '1 1 2 2'],
  ['text without audio: an audio flush ends the unused side of the oldest', 't T A t T a A', '1 1 1 2 2 2 2'],
  ['a text flush with nothing captured', 'T a T t T A', '- 1 - 1 1 1'],
  ['an audio flush with nothing captured', 'A a A A', '- 1 1 -'],
]
for (const [what, calls, went] of table) it(`pairs ${what} (SESS-3)`, () => assert.is(play(calls).went, went))

const cleared: [what: string, calls: string, went: string][] = [
  ['every turn that has text or audio', 't T a A t c', '1 1 1 1 2 1+2'],
  ['nothing, if there is nothing', 'c t T', '- 1 1'],
  ['late text, until its flush', 't a c t t T t T', '1 1 1 - - - 2 2'],
  ['late text, until the next turn has its first frame', 't a c t a t T', '1 1 1 - 2 2 2'],
  ['late text, for 1 000 ms', 't a c 999 t 1 t T', '1 1 1 · - · 2 2'],
  ['no text at all of a turn whose text had ended', 't T a c t T', '1 1 1 1 2 2'],
  ['a late flush only once: it neither ends nor names the next reply', 't a c T t T a A', '1 1 1 - 2 2 2 2'],
]
for (const [what, calls, went] of cleared) it(`clears ${what} (SESS-4)`, () => assert.is(play(calls).went, went))

const abandoned: [what: string, calls: string, went: string][] = [
  ['nothing where no audio is open', 'x t T x a A x', '- 1 1 - 1 1 -'],
  ['the one whose audio is open: the next frame begins another', 'a A a x a', '1 1 2 2 3'],
  ['late text, as a clearing does', 't a x t a t T', '1 1 1 - 2 2 2'],
]
for (const [what, calls, went] of abandoned) it(`abandons ${what} (SESS-2, SESS-4)`, () => assert.is(play(calls).went, went))

it('drops what still comes of a turn that was ended by another, until its flush or 1 000 ms later (SESS-4, OUT-26)', () => {
  assert.is(play('t a 1. a t a A T t a').went, '1 1 · - - - - - 2 2')
  assert.is(play('a 1. 999 a 1 a').went, '1 · · - · 2')
})

it('opens turns of one side where the other is not wanted', () => {
  assert.is(play('t T t T', { voiced: false }).went, '1 1 2 2')
  assert.is(play('t a', { voiced: false }).went, '1 2')
  assert.is(play('a t', { captioned: false }).went, '1 2')
})

/** What one reply does, in its order: text and audio are two roads, each in order. */
type Reply = { text: number; audio: number }
const replies = fc.array(fc.record({ text: fc.integer({ min: 1, max: 4 }), audio: fc.integer({ min: 1, max: 4 }) }), {
  minLength: 1,
  maxLength: 6,
})
const road = (kind: 't' | 'a', all: Reply[]) =>
  all.flatMap((reply, n) => {
    const count = kind === 't' ? reply.text : reply.audio
    return [...Array.from({ length: count }, () => ({ call: kind as string, n })), { call: kind.toUpperCase(), n }]
  })

it('pairs each reply with itself, however its two roads are interleaved, if its first text comes before its audio ends (SESS-3)', () => {
  console.log(`pairing: seed ${seed} (again: CHARTROOM_SEED=${seed})`)
  fc.assert(
    fc.property(replies, fc.infiniteStream(fc.boolean()), (all, coin) => {
      const [text, audio] = [road('t', all), road('a', all)]
      const order: { call: string; n: number }[] = []
      const texted = new Set<number>()
      while (text.length + audio.length > 0) {
        const [nextText, nextAudio] = [text[0], audio[0]]
        // A session gives a reply's first text before its audio ends, and no frame of the next one before its first text or after this one's flush.
        const mustText = nextAudio !== undefined && !texted.has(nextAudio.n)
        const takeText = nextText !== undefined && (nextAudio === undefined || mustText || coin.next().value === true)
        const step = takeText ? text.shift() : audio.shift()
        if (!step) break
        if (takeText) texted.add(step.n)
        order.push(step)
      }
      const went = play(order.map(({ call }) => call).join(' ')).went.split(' ')
      assert.equal(
        went,
        order.map(({ n }) => `${n + 1}`),
      )
    }),
    { seed, numRuns: 300 },
  )
})

it.run()
