/** A mind's ears: the caller's audio, read once, becomes turns, and words where something transcribes. */
import { pipe } from 'it-pipe'
import { drop, type Queue } from '../audio/buffer.ts'
import type { AudioFrame } from '../audio/frame.ts'
import { lineOf } from '../errors.ts'
import type { Conversation } from '../mind.ts'
import { until } from '../pipes/until.ts'
import type { Log, Word } from '../ports.ts'
import type { Hearing, VoiceActivity } from './senses.ts'
import type { SpeechFact, TurnOptions } from './speech.ts'
import { turns } from './turns.ts'

/** What a mind hears with. `log` gets `hearing.failed` and `hearing.behind`; the conversation then goes on without the caller's words. */
export type Ears = { activity: VoiceActivity; hearing?: Hearing; turns?: TurnOptions; log?: Log }
/** Who wants to know: called in the order in which things are heard; must not throw. */
export type Attending = { fact(fact: SpeechFact): void; frame?(frame: AudioFrame): void; word?(word: Word): void }

/** A transcriber that is further behind the caller is given up: to drop frames would shift the time of every word after. */
const behindMs = 30_000
const msIn = ({ samplesPerChannel, sampleRate }: AudioFrame) => (samplesPerChannel * 1000) / sampleRate

/**
 * Listens until the caller's audio ends or `signal` aborts, and tells the conversation the caller's words: the sentence so far with
 * each, the whole of it with `final`. Rejects if the audio or the detector fails.
 */
export const attend = async (conversation: Conversation, ears: Ears, to: Attending, signal: AbortSignal): Promise<void> => {
  const side = drop<AudioFrame>(behindMs, msIn, () => {
    if (side.ended) return
    side.end()
    ears.log?.('warn', 'hearing.behind', { limitMs: behindMs })
  })
  const transcribing = transcribe(conversation, ears, side, to, signal)
  const heard = tap(frame => {
    if (!side.ended) side.push(frame)
    to.frame?.(frame)
  })
  try {
    for await (const fact of pipe(
      conversation.hear(),
      until<AudioFrame>(signal),
      heard,
      turns(ears.activity, ears.turns, signal),
    )) {
      if (fact.type === 'speech.started') conversation.speech('started')
      if (fact.type === 'speech.ended') conversation.speech('ended')
      to.fact(fact)
    }
  } finally {
    side.end()
  }
  await transcribing
}

const tap = (take: (frame: AudioFrame) => void) =>
  async function* tapped(frames: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
    for await (const frame of frames) {
      take(frame)
      yield frame
    }
  }

const transcribe = async (
  conversation: Conversation,
  { hearing, log }: Ears,
  side: Queue<AudioFrame>,
  to: Attending,
  signal: AbortSignal,
): Promise<void> => {
  let sentence = ''
  try {
    if (hearing)
      for await (const word of until<Word & { final: boolean }>(signal)(hearing.words(side, signal))) {
        sentence += word.text
        conversation.heard(sentence.trim(), word.final)
        to.word?.(word)
        if (word.final) sentence = ''
      }
  } catch (error) {
    log?.('warn', 'hearing.failed', { error: lineOf(error) })
  }
  side.end()
  if (sentence !== '') conversation.heard(sentence.trim(), true)
}
