/** A room of the SDK, as far as captions of forwarders need one. */
import { type Room as SdkRoom, TrackSource } from '@livekit/rtc-node'
import { Line } from './line.ts'
import { packetsOf } from './packets.ts'
import { textOutOf } from './streams.ts'
import { type Surroundings, surroundings } from './world.ts'

/**
 * For `captionRoomIn`: captions go out on the text streams of this room while it is connected, and as packets. It stays its owner's. Throws a
 * TypeError for what is no room of the SDK.
 */
export const captionPlace = (room: SdkRoom, given: Surroundings = {}) => {
  if (!(Object(room).remoteParticipants instanceof Map)) throw new TypeError('the room must be a Room of @livekit/rtc-node')
  const { clock, ids, log } = surroundings(given)
  const line = new Line(clock, log)
  line.room = room
  return {
    ...{ textOut: textOutOf(line), packets: packetsOf(line), clock, ids, log },
    isConnected: () => room.isConnected,
    /** Who is there now, and which voice is ours. */
    here: () => {
      const { identity = '', trackPublications } = room.localParticipant ?? {}
      const voice = [...(trackPublications?.values() ?? [])].find(({ source }) => source === TrackSource.SOURCE_MICROPHONE)?.sid
      return { us: identity, voice, roster: line.roster() }
    },
  }
}
