/** Captions of forwarders into a room: each segment with a transcript actor of its own, so that writes are ordered and tried again. */
import { createActor } from 'xstate'
import type { TranscriptRef, transcriptMachine } from '../../machines/outbound/transcript.ts'
import type { Clock, Ids, Log, TextOut } from '../ports.ts'
import type { CaptionRoom, Transcription } from './outbox.ts'
import { Captions, transcriptOn } from './transcript.ts'

export type CaptionRoomHands = {
  textOut: TextOut
  clock: Clock
  ids: Ids
  log: Log
  /** The first microphone publication of this participant, if they are there and have one. */
  trackOf: (identity: string) => string | undefined
  /** Whether the room is connected. Default: it is. */
  isConnected?: () => boolean
}

/**
 * What forwarders publish goes out on `lk.transcription`, each update as a stream with the whole text (TXT-2): what `beforeForward`
 * makes of a text need not begin with what it made of it before.
 */
export const captionRoomOn = ({ textOut, clock, ids, log, trackOf, isConnected = () => true }: CaptionRoomHands): CaptionRoom => {
  const captions = new Captions({ textOut, trackOf, log })
  const machine: typeof transcriptMachine = transcriptOn({ captions, log })
  const open = new Map<string, TranscriptRef>()
  const opened = (id: string, identity: string): TranscriptRef => {
    const actor = createActor(machine, { clock, id: `transcript:${id}`, input: { id, side: 'caller', identity } })
    actor.subscribe({ complete: () => open.delete(id), error: () => open.delete(id) })
    open.set(id, actor)
    return actor.start()
  }
  return {
    ...{ clock, ids, log, trackOf, isConnected },
    publish: ({ participantIdentity, segments }: Transcription) => {
      for (const { id, text, final } of segments) {
        const actor = open.get(id) ?? opened(id, participantIdentity)
        captions.put(id, text)
        if (final) actor.send({ type: 'finish' })
      }
    },
  }
}
