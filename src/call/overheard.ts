/** The caller's words for the record: what the agent is told, with the moment at which it was said. */

import type { AudioFrame } from '../audio/frame.ts'
import { msOf } from '../audio/frame.ts'
import type { Hearing } from '../minds/senses.ts'
import type { Clock } from '../ports.ts'
import type { HeardWord } from './record.ts'

export type OverheardWord = Omit<HeardWord, 'speaker'>

/** The same hearing; `hear` gets each word too, timed by `clock`. A word without times is taken to end when it is told. */
export const overheard = (hearing: Hearing, clock: Clock, hear: (word: OverheardWord) => void): Hearing => ({
  words: async function* words(frames, signal) {
    let zero: number | undefined
    let sentence = 1
    const timed = async function* timed(): AsyncGenerator<AudioFrame> {
      for await (const frame of frames) {
        zero ??= clock.now() - msOf(frame.samplesPerChannel, frame.sampleRate) // a frame is here when its last sample was heard
        yield frame
      }
    }
    for await (const word of hearing.words(timed(), signal)) {
      const now = clock.now()
      const at = (ms: number | undefined) => (ms === undefined ? now : (zero ?? now) + ms)
      hear({ id: `caller-${sentence}`, text: word.text, startMs: at(word.startMs), endMs: at(word.endMs) })
      if (word.final) sentence++
      yield word
    }
  },
})
