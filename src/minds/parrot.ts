/** Parrot — a mind that says back what it heard, as soon as the caller's turn is over; what was written to it, it shows. */
import { pipe } from 'it-pipe'
import { type AudioFrame, type Format, frameOf, samplesOf } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import type { Mind, Saying, Utterance } from '../mind.ts'
import type { Word } from '../ports.ts'
import { attend, type Ears } from './attend.ts'
import { endOf } from './floor.ts'
import { speechText } from './hearing.ts'
import { turnDefaults } from './speech.ts'
import { readWritten } from './written.ts'

/** How much before and after the speech is said back too: the detector answers a little late, and a word fades out. ms */
const leadMs = 150
const tailMs = 100
/** Words kept for a turn that may never come: three times what fits into the longest one. */
const mostWords = 300

/** The parrot. While it speaks, `turns.minSpeechMs` (200) of speech interrupt it. Done when the caller's audio ends; rejects if that fails. */
export const parrot = (ears: Ears): Mind => ({
  start: async (conversation, signal) => {
    const { input, output } = conversation.format
    const ear = memory(input, (ears.turns?.maxTurnMs ?? turnDefaults.maxTurnMs) + leadMs + tailMs)
    let words: Word[] = []
    let last: Utterance | undefined
    conversation.state('listening')
    const over = new AbortController()
    const reading = readWritten(conversation, text => void conversation.show(text), AbortSignal.any([signal, over.signal]))
    const attending = attend(
      conversation,
      ears,
      {
        frame: ear.take,
        word: word => {
          words = [...words.slice(-mostWords), word]
        },
        fact: fact => {
          if (fact.type === 'speech.confirmed') conversation.interrupt()
          if (fact.type !== 'turn.ended') return
          const [fromMs, toMs] = [Math.max(0, fact.startMs - leadMs), fact.endMs + tailMs]
          // A word of an earlier turn may have come after that turn's end.
          const said = words.filter(({ endMs = fact.endMs }) => endMs > fact.startMs)
          const text = said.length > 0 ? shifted(said, fromMs) : [{ text: speechText(fact.ms) }]
          words = []
          last = conversation.say(sayingOf(ear.between(fromMs, toMs), text, output))
        },
      },
      signal,
    )
    await Promise.all([attending.finally(() => over.abort()), reading])
    if (last) await endOf(last, signal)
  },
})

const shifted = (words: Word[], byMs: number): Word[] =>
  words.map(({ text, startMs, endMs }, i) => ({
    text: i === 0 ? text.trimStart() : text,
    ...(startMs !== undefined && { startMs: Math.max(0, startMs - byMs) }),
    ...(endMs !== undefined && { endMs: Math.max(0, endMs - byMs) }),
  }))

const sayingOf = (frames: AudioFrame[], words: Word[], output: Format): Saying => ({
  audio: pipe(each(frames), conform(output)),
  text: each(words),
})

async function* each<T>(items: T[]): AsyncGenerator<T> {
  yield* items
}

/** Keeps the last `keepMs` of a stream; its audio is found again by its time. */
const memory = (format: Format, keepMs: number) => {
  const frames: AudioFrame[] = []
  let first = 0 // where the oldest frame begins, in samples from the start of the stream
  let end = 0
  return {
    take: (frame: AudioFrame) => {
      frames.push(frame)
      end += frame.samplesPerChannel
      for (
        let oldest = frames[0];
        oldest && end - first - oldest.samplesPerChannel >= samplesOf(keepMs, format.sampleRate);
        oldest = frames[0]
      ) {
        first += oldest.samplesPerChannel
        frames.shift()
      }
    },
    between: (fromMs: number, toMs: number): AudioFrame[] => {
      const [from, to] = [samplesOf(fromMs, format.sampleRate), samplesOf(toMs, format.sampleRate)]
      let at = first
      return frames.flatMap(({ data, channels, samplesPerChannel }) => {
        const [head, tail] = [Math.max(from - at, 0), Math.min(to - at, samplesPerChannel)]
        at += samplesPerChannel
        return head < tail ? [frameOf(data.slice(head * channels, tail * channels), format)] : []
      })
    },
  }
}
