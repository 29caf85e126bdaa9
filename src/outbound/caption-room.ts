/** Captions of forwarders into a room: each segment with a transcript actor of its own, so that writes are ordered and tried again. */
import { createActor } from 'xstate'
import type { TranscriptRef, transcriptMachine } from '../../machines/outbound/transcript.ts'
import type { Clock, Ids, Packets } from '../ports.ts'
import type { CaptionRoom, Transcription } from './outbox.ts'
import { type CaptionHands, Captions, transcriptOn } from './transcript.ts'
import { type Here, needsPackets, senderOf, trackOf } from './voices.ts'

/** What the captions of a room need, and a clock and ids. */
export type CaptionRoomHands = CaptionHands & {
  clock: Clock
  ids: Ids
  /** Whether the room is connected. Default: it is. */
  isConnected?: () => boolean
}

/** The same where it is known who is in the room; `packets` go out while somebody is there whose client needs them (TXT-10). */
export type CaptionPlace = Omit<CaptionRoomHands, 'trackOf' | 'packets'> & { here: () => Here; packets?: Packets }

/** The captions of one participant: what another one says does not hold them up. */
type Voice = { captions: Captions; machine: typeof transcriptMachine; open: Map<string, TranscriptRef> }

/**
 * What forwarders publish goes out on `lk.transcription`, each update as a stream with the whole text (TXT-2): what `beforeForward`
 * makes of a text need not begin with what it made of it before. Throws a TypeError that names the hand that is missing.
 */
export const captionRoomOn = ({ clock, ids, isConnected = () => true, ...hands }: CaptionRoomHands): CaptionRoom => {
  check({ ...hands, clock, ids })
  const { log, trackOf } = hands
  const voices = new Map<string, Voice>()
  const voiceOf = (identity: string): Voice => {
    const known = voices.get(identity)
    if (known) return known
    const captions = new Captions(hands)
    const voice: Voice = { captions, machine: transcriptOn({ captions, log }), open: new Map() }
    voices.set(identity, voice)
    return voice
  }
  const opened = ({ machine, open }: Voice, id: string, identity: string): TranscriptRef => {
    const actor = createActor(machine, { clock, id: `transcript:${id}`, input: { id, side: 'caller', identity } })
    actor.subscribe({ complete: () => open.delete(id), error: () => open.delete(id) })
    open.set(id, actor)
    return actor.start()
  }
  return {
    ...{ clock, ids, log, trackOf, isConnected },
    publish: ({ participantIdentity, segments }: Transcription) => {
      const voice = voiceOf(participantIdentity)
      const isNew = segments.some(({ id }) => !voice.open.has(id))
      for (const [id, actor] of isNew ? voice.open : []) if (!segments.some(one => one.id === id)) actor.send({ type: 'finish' }) // its own final was not sent: no more is said of it
      for (const { id, text, final } of segments) {
        const actor = voice.open.get(id) ?? opened(voice, id, participantIdentity)
        voice.captions.put(id, text)
        if (final) actor.send({ type: 'finish' })
      }
    },
  }
}
/** A caption room that knows by itself whose voice is on which track: of a room of the SDK `captionPlace` in `chartroom/livekit` tells. */
export const captionRoomIn = ({ here, packets, ...hands }: CaptionPlace): CaptionRoom => {
  const wanted = () => needsPackets(here())
  const named = (identity: string) => senderOf(identity, here())
  const sending = packets && { packets, wanted, senderOf: named, log: hands.log }
  return captionRoomOn({
    ...{ ...hands, trackOf: identity => trackOf(identity, here()) },
    ...(sending ? { packets: sending } : {}),
  })
}

const needed = { textOut: 'open', clock: 'setTimeout', ids: 'next', log: 'call', trackOf: 'call' }
const has = (value: unknown, method: string) => typeof Reflect.get(Object(value), method) === 'function'
const check = (hands: CaptionRoomHands): void => {
  for (const [hand, method] of Object.entries(needed))
    if (!has(Reflect.get(hands, hand), method))
      throw new TypeError(
        `${hand} is missing: take textOut, clock, ids and log from a world; trackOf(identity) tells whose voice is where`,
      )
  if (hands.packets !== undefined && !has(hands.packets, 'wanted'))
    throw new TypeError('packets must be { packets, wanted, senderOf, log }: those of a world alone do not say who needs them')
}
