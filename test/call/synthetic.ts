/** A made-up call to draw and to write: plausible voices from a few sines, the same every time. */
import type { CallRecord, HeardWord, Span, Speaker } from '../../src/call/record.ts'

const sampleRate = 8000
const callerSays = 'Hello there, what exactly is a state chart and why would anybody draw one?'.split(' ')
const agentSays =
  'A state chart is a drawing of everything that a program may do next. Each box is a situation, and each arrow is something that happens in it. Whoever reads the drawing knows what an interruption does while the voice is paused, without reading a single line of code.'.split(
    ' ',
  )

const spread = (texts: string[], speaker: Speaker, id: string, fromMs: number, msPerLetter = 62): HeardWord[] => {
  let at = fromMs
  return texts.map(text => {
    const startMs = at
    at += 90 + text.length * msPerLetter
    return { speaker, id, text, startMs, endMs: at - 40 }
  })
}

/** Each word a burst with soft edges: two harmonics that wander a little. */
const sound = (words: HeardWord[], durationMs: number, pitch: number) => {
  const samples = new Int16Array((durationMs * sampleRate) / 1000)
  for (const { startMs, endMs, text } of words) {
    const from = Math.round((startMs * sampleRate) / 1000)
    const length = Math.round(((endMs - startMs) * sampleRate) / 1000)
    for (let i = 0; i < length && from + i < samples.length; i++) {
      const edge = Math.sin((Math.PI * i) / length) ** 0.7 * (0.6 + 0.4 * Math.sin(i / 310 + text.length))
      const wave = Math.sin((2 * Math.PI * pitch * i) / sampleRate) + 0.6 * Math.sin((2 * Math.PI * pitch * 3.1 * i) / sampleRate)
      samples[from + i] = 11_000 * edge * wave
    }
  }
  return { sampleRate, samples }
}

/** Nearly a minute: a question, a long answer with a pause and an interruption, and the rest of it. */
export const syntheticCall = (): CallRecord => {
  const question = spread(callerSays, 'caller', 'c1', 1200)
  const first = spread(agentSays, 'agent', 'SG_5f0a92c41b7e', 9400)
  const pause: Span = { startMs: 16_000, endMs: 17_650 }
  const held = first.map(word =>
    word.startMs < pause.startMs ? word : { ...word, startMs: word.startMs + 1650, endMs: word.endMs + 1650 },
  )
  const cutMs = 23_380
  const heard = held.filter(word => (word.startMs + word.endMs) / 2 < cutMs)
  const interjection = spread(['Sorry,', 'one', 'moment', 'please.'], 'caller', 'c2', 23_100)
  const rest = spread(agentSays.slice(heard.length), 'agent', 'SG_c2d41e88a0f3', 28_500)
  const ends = rest.at(-1)?.endMs ?? 0
  const durationMs = Math.ceil((ends + 3500) / 100) * 100
  const callerWords = [...question, ...interjection]
  const agentWords = [...heard, ...rest]
  const asked = question.at(-1)?.endMs ?? 0
  return {
    durationMs,
    voices: { caller: sound(callerWords, durationMs, 210), agent: sound(agentWords, durationMs, 120) },
    words: [...callerWords, ...agentWords].sort((a, b) => a.startMs - b.startMs),
    states: [
      { state: 'initializing', startMs: 0, endMs: 300 },
      { state: 'listening', startMs: 300, endMs: asked + 600 },
      { state: 'thinking', startMs: asked + 600, endMs: 9400 },
      { state: 'speaking', startMs: 9400, endMs: cutMs },
      { state: 'listening', startMs: cutMs, endMs: 27_200 },
      { state: 'thinking', startMs: 27_200, endMs: 28_500 },
      { state: 'speaking', startMs: 28_500, endMs: ends },
      { state: 'listening', startMs: ends, endMs: durationMs },
    ],
    utterances: [
      {
        id: 'SG_5f0a92c41b7e',
        startMs: 9400,
        endMs: cutMs,
        outcome: 'interrupted',
        heardMs: cutMs - 9400 - 1650,
        spoken: heard.map(word => word.text).join(' '),
      },
      {
        id: 'SG_c2d41e88a0f3',
        startMs: 28_500,
        endMs: ends,
        outcome: 'finished',
        heardMs: ends - 28_500,
        spoken: rest.map(word => word.text).join(' '),
      },
    ],
    pauses: [pause],
  }
}
