/** A connection that goes away and comes back, with the facts in the order in which LiveKit's SDK tells them. */
import type { RoomEvent } from '../ports.ts'
import { fromOf, participantOf, type Seat } from './seat.ts'
import type { Server } from './server.ts'
import type { Track } from './track.ts'

/** `signal`: the connection is resumed. `full`: it is made anew, with other sids and keys, and our tracks are published again. */
export type OutageKind = 'signal' | 'full'
/** `missed`: who came, went or changed meanwhile is only told by the roster of `room.reconnected`, not by facts of its own. */
export type OutageOptions = { kind: OutageKind; ms: number; missed?: boolean }

/** Facts about one track as we have it are told in any case: nothing else says its key. */
const isOfKey = (event: RoomEvent): boolean => event.type === 'track.subscribed' || event.type === 'track.unsubscribed'

/** Takes the connection of `seat` away for `ms`. Everything it asks of the room meanwhile waits. */
export const loseConnection = (server: Server, seat: Seat, { kind, ms, missed = false }: OutageOptions): void => {
  if (seat.away) return
  const { clock } = seat
  if (kind === 'full') forgetOthers(server, seat)
  seat.mail.tell({ type: 'room.reconnecting' })
  seat.mail.hold()
  seat.away = new Promise(resolve => {
    const back = () => {
      seat.gone.signal.removeEventListener('abort', gone)
      delete seat.away
      if (kind === 'full') comeBackAnew(server, seat)
      else comeBack(server, seat, missed)
      resolve()
    }
    const timer = clock.setTimeout(back, ms)
    const gone = () => {
      clock.clearTimeout(timer)
      delete seat.away
      resolve()
    }
    seat.gone.signal.addEventListener('abort', gone, { once: true })
  })
}

const othersOf = (server: Server, seat: Seat): Seat[] => server.seats().filter(other => other !== seat)

/** The SDK drops everybody before it says that it is reconnecting. */
const forgetOthers = (server: Server, seat: Seat): void => {
  for (const subscription of [...seat.heard.values()]) server.unsubscribe(seat, subscription)
  for (const other of othersOf(server, seat)) {
    for (const track of other.tracks) seat.mail.tell({ type: 'track.unpublished', ...fromOf(other), track: track.info() })
    seat.mail.tell({ type: 'participant.left', ...fromOf(other), reason: 'unknown' })
  }
}

const comeBack = (server: Server, seat: Seat, missed: boolean): void => {
  const reconnected: RoomEvent = {
    type: 'room.reconnected',
    participants: othersOf(server, seat).map(other => participantOf(other, seat)),
  }
  if (missed) seat.mail.release([reconnected], isOfKey)
  else {
    seat.mail.release([], () => true)
    seat.mail.tell(reconnected)
  }
}

const comeBackAnew = (server: Server, seat: Seat): void => {
  const others = othersOf(server, seat)
  for (const subscription of [...seat.heard.values()]) server.unsubscribe(seat, subscription) // made meanwhile: never told
  const tracks = [...seat.tracks]
  const republished = comeAsAnother(server, seat, tracks)
  const roster = others.map(other => participantOf(other))
  const joined = roster.flatMap((participant, index): RoomEvent[] => {
    const from = { identity: participant.identity, participantSid: participant.sid }
    const published = participant.tracks.map((track): RoomEvent => ({ type: 'track.published', ...from, track }))
    const active: RoomEvent[] = others[index]?.active ? [{ type: 'participant.active', ...from }] : []
    return [{ type: 'participant.joined', participant: { ...participant, tracks: [], active: false } }, ...active, ...published]
  })
  seat.mail.release([...joined, ...republished, { type: 'room.reconnected', participants: roster }], () => false)
  for (const track of tracks) server.publish(seat, track)
  if (seat.subscribes) for (const other of others) for (const track of other.tracks) server.subscribe(seat, other, track)
}

/** To the others it is a newcomer who publishes other tracks; the old one goes after it came. */
const comeAsAnother = (server: Server, seat: Seat, tracks: Track[]): RoomEvent[] => {
  const old = fromOf(seat)
  for (const track of tracks) server.unpublish(seat, track)
  seat.sid = server.ids.next('PA_')
  server.tellOthers(seat, { type: 'participant.joined', participant: { ...participantOf(seat), active: false } })
  server.tellOthers(seat, { type: 'participant.left', ...old, reason: 'duplicate_identity' })
  if (seat.active) server.tellOthers(seat, { type: 'participant.active', ...fromOf(seat) })
  return tracks.map(track => {
    const previousSid = track.sid
    track.sid = server.ids.next('TR_')
    track.wanted = false
    return { type: 'speaker.republished', sid: track.sid, previousSid }
  })
}
