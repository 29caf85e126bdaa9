/** Transcriptions as packets, for clients that know no text streams. */
import type { Packets } from '../ports.ts'
import type { Line } from './line.ts'
import { reasonOf, within } from './wait.ts'

/** A packet that is not on its way by then, in ms, never will be. */
const SEND_TIMEOUT = 5_000

export const packetsOf = (line: Line): Packets => ({
  send: async ({ identity, track, id, text, final }, signal) => {
    if (signal.aborted) throw reasonOf(signal)
    const { clock, participant } = line
    const segment = { id, text, startTime: 0n, endTime: 0n, language: '', final } // a language that is not given is refused
    const sending = participant.publishTranscription({ participantIdentity: identity, trackSid: track, segments: [segment] })
    // rtc-node itself gives up when the room is left.
    await within(sending, { clock, ms: SEND_TIMEOUT, what: 'sending a transcription', signal })
  },
})
