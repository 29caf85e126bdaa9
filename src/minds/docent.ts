/**
 * Docent — a mind that gives a short recorded talk. Interrupted, by voice or in writing, it is silent at once, hears the caller out, says
 * a line that joins, and goes on from the very word that the caller heard last.
 */
import type { Mind } from '../mind.ts'
import { attend, type Ears } from './attend.ts'
import { type Pace, Talk } from './talk.ts'
import type { Voice } from './voice.ts'
import { readWritten } from './written.ts'

export type DocentOptions = Ears & {
  /** Lines `hello`, `tour-…` in their order, `end`, `bye`, and `again-…`: said in turn after interruptions. Others are not used. */
  voice: Voice
  pace?: Pace
}

/** The docent. `turns.minSpeechMs` (200) is how long the caller must speak to interrupt it. Rejects if the caller's audio fails. */
export const docent = ({ voice, pace = {}, ...ears }: DocentOptions): Mind => ({
  start: async (conversation, signal) => {
    const over = new AbortController()
    const end = () => over.abort()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    const talk = new Talk(conversation, voice, pace, over.signal)
    const attending = attend(conversation, ears, talk, over.signal)
    attending.catch(end) // without ears there is no talk; the reason is thrown below
    const reading = readWritten(conversation, () => talk.written(), over.signal)
    reading.catch(end)
    try {
      await talk.give()
    } finally {
      end()
      signal.removeEventListener('abort', end)
    }
    await Promise.all([attending, reading])
  },
})
