// deadline: 240 s
/** The stages of text stay linear to 100,000 words, in any chunking: eight times the text is eight times the work (SYNC-14, FWD-11). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Prompter } from '../../src/pipes/prompter.ts'
import { show } from '../../src/pipes/show.ts'
import type { Word } from '../../src/ports.ts'
import { Pace } from '../../src/text/pace.ts'
import { splitter } from '../../src/text/word.ts'
import { virtualClock } from '../../src/virtual.ts'

const it = suite('linear')

const lines = [
  '“Well,” said Mrs. Smith, “that is—so to say—3.5 % more.”',
  'She left',
  '今天天气很好，我们去公园。',
  'naïve 👩‍👩‍👧 e\u0301t\u00e9',
]
/** So many words, by their spaces. */
const prose = (words: number): string => {
  const all = lines.join(' ').split(' ')
  return Array.from({ length: words }, (_, n) => all[n % all.length]).join(' ')
}
/** Without an end of a sentence, or of a word. */
const endless = (words: number): string => 'and '.repeat(words)
const solid = (words: number): string => 'word'.repeat(words)

const by = (size: number) => (text: string) =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.slice(n * size, (n + 1) * size))
/** A stage takes the pieces, and gives back how many letters came out of it. */
type Stage = (pieces: string[]) => Promise<number>
const words: Stage = async pieces => {
  const units = splitter()
  let letters = 0
  for (const piece of pieces) for (const { text } of units.push(piece)) letters += text.length
  for (const { text } of units.end()) letters += text.length
  return letters
}
const timedWords: Stage = async pieces => {
  const units = splitter()
  const pace = new Pace()
  const middles: number[] = []
  let letters = 0
  pieces.forEach((text, n) => {
    for (const unit of units.push({ text, startMs: n * 10, endMs: n * 10 + 10 })) {
      letters += unit.text.length
      middles.push(pace.add(unit))
    }
  })
  for (const { text } of units.end()) letters += text.length
  for (const middle of middles) pace.dueMs(middle, 0)
  return letters
}
/** As it is shown, while the playhead moves on by a minute at a time. */
const shown: Stage = async pieces => {
  let [letters, heardMs] = [0, 0]
  let isRead = false
  const text: AsyncIterable<string | Word> = (async function* () {
    yield* pieces
    isRead = true
  })()
  const prompter = new Prompter({
    id: 'SG_1',
    playhead: { heardMs: () => heardMs, clock: virtualClock() },
    log: () => {},
    publish: word => {
      letters += word.text.length
    },
  })
  const reading = show(text, prompter, new AbortController().signal)
  while (!isRead) {
    heardMs += 60_000
    prompter.rest() // it looks what is due
    await new Promise(setImmediate)
  }
  await reading
  prompter.release()
  return letters
}
/** All of them, each where it is hardest: the cutting, and the text. */
const cases: [what: string, stage: Stage, make: (words: number) => string, cut: (text: string) => string[]][] = [
  ['the words, letter by letter', words, prose, by(1)],
  ['the words, in pieces of 7', words, prose, by(7)],
  ['the words, all at once', words, prose, text => [text]],
  ['text without an end of a sentence', words, endless, by(7)],
  ['text without an end of a word', words, solid, text => [text]],
  ['words with their times', timedWords, prose, by(7)],
  ['a text with one time', timedWords, endless, text => [text]],
  ['what is shown', shown, prose, by(7)],
]

/** In ms of CPU: a busy machine does not count. */
const cost = async (stage: Stage, pieces: string[], letters: number): Promise<number> => {
  const began = process.cpuUsage()
  assert.is(await stage(pieces), letters, 'letters are lost')
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1_000
}

const most = 100_000
for (const [what, stage, make, cut] of cases)
  it(`takes ${what}, in linear time to 100,000 words (SYNC-14)`, async () => {
    const [short, long] = [make(most / 8), make(most)]
    await stage(cut(short)) // warms up
    const few = Math.min(await cost(stage, cut(short), short.length), await cost(stage, cut(short), short.length))
    const many = await cost(stage, cut(long), long.length)
    // Linear is 8, quadratic 64. What takes a few ms only is noise.
    assert.ok(many < 3 * 8 * Math.max(few, 5), `${few.toFixed(0)} ms for an eighth, ${many.toFixed(0)} ms for all`)
  })

it.run()
