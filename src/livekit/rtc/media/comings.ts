/** What comes and goes in a room, for any number of streams: one listener each on rtc-node's, since Node warns of more than ten. */
import type { RemoteParticipant, RemoteTrack, Room as SdkRoom, Track as SdkTrack } from '@livekit/rtc-node'

export type Coming =
  | { type: 'subscribed' | 'unsubscribed'; track: SdkTrack }
  | { type: 'left'; participant: RemoteParticipant }
  | { type: 'gone' } // the room, whoever ended it
type Tell = (coming: Coming) => void
type Watched = { tells: Set<Tell>; off: () => void }

const rooms = new WeakMap<SdkRoom, Watched>()

/** Tells what happens from now on, until the function given back is called. `tell` must not throw. */
export const watchComings = (room: SdkRoom, tell: Tell): (() => void) => {
  const watched = rooms.get(room) ?? listenTo(room)
  watched.tells.add(tell)
  return () => {
    if (watched.tells.delete(tell) && watched.tells.size === 0) watched.off()
  }
}

const listenTo = (room: SdkRoom): Watched => {
  const tells = new Set<Tell>()
  const pass = (coming: Coming) => {
    for (const tell of [...tells]) tell(coming)
  }
  const subscribed = (track: RemoteTrack) => pass({ type: 'subscribed', track })
  const unsubscribed = (track: RemoteTrack) => pass({ type: 'unsubscribed', track })
  const left = (participant: RemoteParticipant) => pass({ type: 'left', participant })
  const gone = () => pass({ type: 'gone' })
  // Before the handlers of others: one that throws keeps those after it from being called.
  room.prependListener('trackSubscribed', subscribed)
  room.prependListener('trackUnsubscribed', unsubscribed)
  room.prependListener('participantDisconnected', left)
  room.prependListener('disconnected', gone)
  const off = () => {
    rooms.delete(room)
    room.off('trackSubscribed', subscribed)
    room.off('trackUnsubscribed', unsubscribed)
    room.off('participantDisconnected', left)
    room.off('disconnected', gone)
  }
  const watched = { tells, off }
  rooms.set(room, watched)
  return watched
}
