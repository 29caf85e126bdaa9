/** Getting into rooms of the bench's own server, and hearing and speaking there, with plain rtc-node. */
import { AudioStream, type RemoteTrack, Room, RoomEvent, TrackKind } from '@livekit/rtc-node'

/** `token` admits to one room. */
export type Way = { url: string; token: string }

/** How long somebody else's voice is waited for, in ms. */
const voiceTimeout = 20_000

/** `hear`: gets the voices of others. */
export const join = async ({ url, token }: Way, { hear }: { hear: boolean }): Promise<Room> => {
  const room = new Room()
  await room.connect(url, token, { autoSubscribe: hear, dynacast: false })
  return room
}

/** The first voice in the room, now or when it comes. */
export const voiceIn = (room: Room): Promise<RemoteTrack> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('nobody speaks in the room')), voiceTimeout)
    const take = (track: RemoteTrack | undefined) => {
      if (track?.kind !== TrackKind.KIND_AUDIO) return
      clearTimeout(timer)
      room.off(RoomEvent.TrackSubscribed, take)
      resolve(track)
    }
    room.on(RoomEvent.TrackSubscribed, take)
    for (const { trackPublications } of room.remoteParticipants.values())
      for (const { track } of trackPublications.values()) take(track)
  })

/** Everything that is heard of a track, one frame at a time. */
export async function* framesOf(track: RemoteTrack, sampleRate: number, frameSizeMs: number) {
  const reader = new AudioStream(track, { sampleRate, numChannels: 1, frameSizeMs }).getReader()
  for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value
}
