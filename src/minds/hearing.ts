/** The caller's words, where no recogniser is at hand: out of a transcript that lies beside the recording, or how long they spoke. */
import { pipe } from 'it-pipe'
import { msOf } from '../audio/frame.ts'
import { parseVtt } from '../codec/vtt.ts'
import type { Hearing, VoiceActivity } from './senses.ts'
import type { TurnOptions } from './speech.ts'
import { turns } from './turns.ts'

/**
 * Gives each word of a WebVTT transcript when the audio has passed its end; the last of a cue is final. The transcript's time begins
 * with the first frame. Throws one clear line (code ERR_VTT) for a file that is none.
 */
export const vttHearing = (vtt: string): Hearing => {
  const script = parseVtt(vtt).flatMap(({ words }) => words.map((word, i) => ({ ...word, final: i === words.length - 1 })))
  return {
    words: async function* words(frames, signal) {
      let samples = 0
      let next = 0
      for await (const frame of frames) {
        samples += frame.samplesPerChannel
        const heardMs = msOf(samples, frame.sampleRate)
        for (let word = script[next]; word && word.endMs <= heardMs; word = script[++next]) {
          if (signal.aborted) return
          yield word
        }
      }
    },
  }
}

/** How a stretch of speech without words is written: `[speech 2.3 s]`. */
export const speechText = (ms: number): string => `[speech ${(ms / 1000).toFixed(1)} s]`

/** Gives `[speech 2.3 s]` at the end of each turn, from the voice activity. */
export const speechHearing = (activity: VoiceActivity, options?: TurnOptions): Hearing => ({
  words: async function* words(frames, signal) {
    for await (const fact of pipe(frames, turns(activity, options, signal)))
      if (fact.type === 'turn.ended') yield { text: speechText(fact.ms), startMs: fact.startMs, endMs: fact.endMs, final: true }
  },
})
