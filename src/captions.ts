/** The room's captions, in the form that each reader needs: streams, JSON, packets for old clients, and whoever is next in the chain. */
import type { Settings } from './options.ts'
import { Chain } from './outbound/chain.ts'
import { Captions } from './outbound/transcript.ts'
import { type Here, needsPackets, senderOf, trackOf } from './outbound/voices.ts'
import type { World } from './ports.ts'

/** `here`: who is in the room at this moment, and which voice is ours. */
export const captionsOf = ({ log, packets, textOut }: World, { textOutput }: Settings, here: () => Here): Captions => {
  const { jsonFormat: json = false, legacyPacket = false, nextInChain } = textOutput ?? {}
  const sending = packets && {
    ...{ packets, log },
    wanted: () => legacyPacket === true || needsPackets(here()),
    senderOf: (identity: string) => senderOf(identity, here()),
  }
  return new Captions({
    ...{ textOut, log, json },
    trackOf: identity => trackOf(identity, here()),
    ...(sending && legacyPacket ? { packets: sending } : {}),
    ...(nextInChain ? { next: new Chain(nextInChain, log) } : {}),
  })
}
