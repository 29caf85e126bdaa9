/** The server of the loopback room: who is in it, and who is told what, in the order of the real one. */
import type { Clock, Ids, LeaveReason, Log, Participant, RoomEvent } from '../ports.ts'
import { fromOf, goneError, participantOf, type Seat, type Subscription } from './seat.ts'
import type { Track } from './track.ts'

export type ServerOptions = { name: string; clock: Clock; ids: Ids; log: Log }

export class Server {
  readonly name: string
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  readonly #seats = new Set<Seat>()
  #keys = 0

  constructor({ name, clock, ids, log }: ServerOptions) {
    this.name = name
    this.clock = clock
    this.ids = ids
    this.log = log
  }

  /** Who is here, in the order of coming. */
  seats(): Seat[] {
    return [...this.#seats]
  }
  find(identity: string): Seat | undefined {
    return this.seats().find(seat => seat.identity === identity)
  }
  /** Tells everybody here but `about`. */
  tellOthers(about: Seat, event: RoomEvent): void {
    for (const seat of this.#seats) if (seat !== about) seat.mail.tell(event)
  }

  /** Lets `seat` in; an older one of the same identity goes. Gives back who was there, nothing subscribed yet. */
  enter(seat: Seat): Participant[] {
    const older = this.find(seat.identity)
    const others = this.seats().filter(other => other !== older)
    const roster = others.map(other => participantOf(other))
    seat.here = true
    for (const other of others) other.mail.tell({ type: 'participant.joined', participant: participantOf(seat) })
    if (older) this.exit(older, 'duplicate_identity')
    this.#seats.add(seat)
    this.#activate(seat)
    if (seat.subscribes) for (const other of others) for (const track of other.tracks) this.subscribe(seat, other, track)
    return roster
  }
  /** Takes `seat` out. Without `told` it hears nothing any more, as one that left by itself. */
  exit(seat: Seat, reason: LeaveReason, told = true): void {
    if (!this.#seats.delete(seat)) return
    seat.here = false
    if (told) seat.mail.finish({ type: 'room.disconnected', reason })
    else seat.mail.close()
    for (const track of [...seat.tracks]) this.unpublish(seat, track)
    for (const { ended } of seat.heard.values()) ended.abort()
    seat.heard.clear()
    for (const ear of [...seat.ears]) ear.close()
    for (const breakOff of [...seat.breakers]) breakOff(goneError(reason))
    seat.texts.clear()
    seat.bytes.clear()
    seat.packets.clear()
    seat.gone.abort(goneError(reason))
    this.tellOthers(seat, { type: 'participant.left', ...fromOf(seat), reason })
  }
  /** Sets these, keeps the others; '' takes one away. */
  change(seat: Seat, attributes: Record<string, string>): void {
    const next = Object.fromEntries(Object.entries({ ...seat.attributes, ...attributes }).filter(([, value]) => value !== ''))
    if (JSON.stringify(Object.entries(next).sort()) === JSON.stringify(Object.entries(seat.attributes).sort())) return
    seat.attributes = next
    this.tellOthers(seat, { type: 'participant.changed', ...fromOf(seat), attributes: { ...next } })
  }

  publish(seat: Seat, track: Track): void {
    seat.tracks.add(track)
    this.tellOthers(seat, { type: 'track.published', ...fromOf(seat), track: track.info() })
    for (const other of this.#seats) if (other !== seat && other.subscribes) this.subscribe(other, seat, track)
  }
  unpublish(seat: Seat, track: Track): void {
    if (!seat.tracks.delete(track)) return
    for (const [other, subscription] of this.#subscriptionsOf(track)) this.unsubscribe(other, subscription)
    this.tellOthers(seat, { type: 'track.unpublished', ...fromOf(seat), track: track.info() })
  }
  /** The same publication, another track: new keys. `late`: the end of the old one is told after the start of the new. */
  replace(seat: Seat, track: Track, late: boolean): void {
    for (const [other, subscription] of this.#subscriptionsOf(track)) {
      if (!late) this.unsubscribe(other, subscription)
      this.subscribe(other, seat, track)
      if (late) this.unsubscribe(other, subscription)
    }
  }
  mute(seat: Seat, track: Track, muted: boolean): void {
    if (!track.setMuted(muted)) return
    const keys = new Map(this.#subscriptionsOf(track).map(([other, { key }]) => [other, key]))
    const type = muted ? 'track.muted' : 'track.unmuted'
    for (const other of this.#seats)
      if (other !== seat) other.mail.tell({ type, ...fromOf(seat), track: track.info(keys.get(other)) })
  }
  subscribe(seat: Seat, owner: Seat, track: Track): void {
    const key = `${track.sid}#${++this.#keys}`
    seat.heard.set(key, { key, track, owner, ended: new AbortController() })
    for (const ear of seat.ears) if (ear.identity === owner.identity) ear.attach(track)
    seat.mail.tell({ type: 'track.subscribed', ...fromOf(owner), track: track.info(key) })
    if (track.wanted) return
    track.wanted = true
    owner.mail.tell({ type: 'speaker.subscribed', sid: track.sid })
  }
  unsubscribe(seat: Seat, { key, track, owner, ended }: Subscription): void {
    if (!seat.heard.delete(key)) return
    ended.abort()
    const stillHeard = [...seat.heard.values()].some(one => one.track === track)
    if (!stillHeard) for (const ear of seat.ears) ear.detach(track)
    seat.mail.tell({ type: 'track.unsubscribed', ...fromOf(owner), track: { ...track.info(key), subscribed: false } })
  }

  #subscriptionsOf(track: Track): [Seat, Subscription][] {
    return this.seats().flatMap(seat =>
      [...seat.heard.values()].filter(one => one.track === track).map((one): [Seat, Subscription] => [seat, one]),
    )
  }
  #activate(seat: Seat): void {
    const activate = () => {
      seat.active = true
      this.tellOthers(seat, { type: 'participant.active', ...fromOf(seat) })
    }
    if (seat.activeAfterMs === 0) activate()
    else {
      const timer = seat.clock.setTimeout(activate, seat.activeAfterMs)
      seat.gone.signal.addEventListener('abort', () => seat.clock.clearTimeout(timer), { once: true })
    }
  }
}
