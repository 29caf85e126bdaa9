/** Whose voice is on which track, and who in the room needs transcriptions in the older form. */
import type { Participant } from '../ports.ts'

/** The room as it is now. `us`: our identity; `voice`: the publication of our own track. */
export type Here = { us: string; voice: string | undefined; roster: Participant[] }
/** In whose name a packet is, and of which track. */
export type Sender = { identity: string; track: string }

/** From this version on of the protocol between clients, text streams are all that a client needs (TXT-10). */
const STREAMS_SUFFICE = 3

const actsForUs = ({ us }: Here, { attributes }: Participant) => attributes['lk.publish_on_behalf'] === us
const microphoneOf = (participant: Participant | undefined) =>
  participant?.tracks.find(({ source }) => source === 'microphone')?.sid

/** The publication that carries this participant's voice (TXT-8). */
export const trackOf = (identity: string, here: Here): string | undefined =>
  identity === here.us ? here.voice : microphoneOf(here.roster.find(one => one.identity === identity))

/** An avatar that speaks for us is named in our place (TXT-11). Without a track there is nobody to name. */
export const senderOf = (identity: string, here: Here): Sender | undefined => {
  const avatars = identity === here.us ? here.roster.filter(one => actsForUs(here, one)) : []
  for (const avatar of avatars) {
    const track = microphoneOf(avatar)
    if (track !== undefined) return { identity: avatar.identity, track }
  }
  const track = trackOf(identity, here)
  return track === undefined ? undefined : { identity, track }
}

/** Whether somebody is here whose client knows too little of text streams (TXT-10). */
export const needsPackets = (here: Here): boolean =>
  here.roster.some(one => one.kind === 'standard' && !actsForUs(here, one) && (one.protocol ?? STREAMS_SUFFICE) < STREAMS_SUFFICE)
