/** One connection to the loopback room: who it is, what it publishes, hears and waits for. */
import type { Clock, Incoming, LeaveReason, Packet, Participant, ParticipantKind, RoomEvent } from '../ports.ts'
import type { EarInside } from './ear.ts'
import { Mailbox } from './mailbox.ts'
import type { Track } from './track.ts'

/** One track as one seat has it. A replacement is another subscription, with another key. */
export type Subscription = { readonly key: string; readonly track: Track; readonly owner: Seat; readonly ended: AbortController }
/** Who takes which topic. */
export type Takers<T> = Map<string, (stream: Incoming<T>) => void>
export type Seat = {
  readonly identity: string
  /** Its own: its timers are counted as its own. */
  readonly clock: Clock
  sid: string
  readonly kind: ParticipantKind
  /** What its client says it knows, if it does. */
  readonly protocol: number | undefined
  attributes: Record<string, string>
  /** It can receive data. */
  active: boolean
  here: boolean
  /** It takes every track by itself. */
  readonly subscribes: boolean
  readonly activeAfterMs: number
  readonly tracks: Set<Track>
  /** By key. */
  readonly heard: Map<string, Subscription>
  readonly ears: Set<EarInside>
  readonly mail: Mailbox
  readonly texts: Takers<string>
  readonly bytes: Takers<Uint8Array>
  /** Who takes the packets that come in. */
  readonly packets: Set<(packet: Packet) => void>
  /** Breaks off a stream that comes in or goes out. */
  readonly breakers: Set<(error: Error) => void>
  /** Aborts when it leaves; the reason is an Error. */
  readonly gone: AbortController
  /** Settles when the connection is back; only set while it is away. */
  away?: Promise<void>
}
export type SeatOptions = {
  identity: string
  sid: string
  kind?: ParticipantKind
  protocol?: number
  attributes?: Record<string, string>
  subscribes?: boolean
  activeAfterMs?: number
}

export const createSeat = (options: SeatOptions, clock: Clock, tell: (event: RoomEvent) => void): Seat => ({
  identity: options.identity,
  clock,
  sid: options.sid,
  kind: options.kind ?? 'standard',
  protocol: options.protocol,
  attributes: { ...options.attributes },
  active: false,
  here: false,
  subscribes: options.subscribes ?? true,
  activeAfterMs: options.activeAfterMs ?? 0,
  tracks: new Set(),
  heard: new Map(),
  ears: new Set(),
  mail: new Mailbox(clock, tell),
  texts: new Map(),
  bytes: new Map(),
  packets: new Set(),
  breakers: new Set(),
  gone: new AbortController(),
})

/** How a fact names the seat it is about. */
export const fromOf = (seat: Seat): { identity: string; participantSid: string } => ({
  identity: seat.identity,
  participantSid: seat.sid,
})

/** `seat` as `viewer` sees it; without a viewer nothing is subscribed. */
export const participantOf = (seat: Seat, viewer?: Seat): Participant => {
  const keys = new Map([...(viewer?.heard.values() ?? [])].map(({ track, key }) => [track, key]))
  const { identity, sid, kind, attributes, active, protocol } = seat
  return {
    identity,
    sid,
    kind,
    attributes: { ...attributes },
    active,
    ...(protocol === undefined ? {} : { protocol }),
    tracks: [...seat.tracks].map(track => track.info(keys.get(track))),
  }
}

/** Why a port call of a seat that is gone fails, in one line. */
export const goneError = (reason: LeaveReason): Error =>
  new Error(`the room was left (${reason}): open another world for another connection`)
