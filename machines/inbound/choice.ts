/** Whom the link may choose, as pure functions of what is known. */
import type { LeaveReason, Participant, ParticipantKind, RoomEvent, TrackSource } from '../../src/ports.ts'
import { publishes } from './roster.ts'

type Left = Extract<RoomEvent, { type: 'participant.left' }>
export type LinkOptions = {
  /** The kinds that are linked without having been named by `link`. */
  kinds: ParticipantKind[]
  /** What counts as publishing. */
  sources: TrackSource[]
  /** Only this one, if of an accepted kind. */
  identity?: string
  /** Whom to take after an automatic link was left: anyone once the grace is over, only the same one, or nobody. */
  relink: 'any' | 'same' | 'none'
  relinkGraceMs: number
  prefer: 'first' | 'publishing'
  preferTimeoutMs: number
  closeOnDisconnect: boolean
}
export const linkDefaults: LinkOptions = {
  kinds: ['connector', 'sip', 'standard'],
  sources: ['microphone'],
  relink: 'any',
  relinkGraceMs: 15_000,
  prefer: 'first',
  preferTimeoutMs: 3_000,
  closeOnDisconnect: true,
}

/** What is known when a choice is made. */
export type Known = {
  options: LinkOptions
  /** Our own identity. */
  us: string
  roster: Participant[]
  /** The room reconnects: what the roster says may be out of date. */
  away: boolean
  linked: { identity: string; sid: string } | null
  /** `named` by a command, which takes any kind. */
  pin: { identity: string; named: boolean } | null
  /** Who alone may come back, after an automatic link was left. */
  missed: string | null
  /** LINK-8: whoever does not publish must wait. */
  choosy: boolean
  /** The stay that was refused for its kind, and logged. */
  refused: string | null
  /** The owner was told to close. */
  closing: boolean
}

/** LINK-10: after these the caller does not come back. */
const finalReasons: readonly LeaveReason[] = ['client_initiated', 'room_deleted', 'user_rejected']

/** The linked stay, as far as the facts go. */
export const linkedOf = ({ roster, linked }: Known): Participant | undefined => roster.find(({ sid }) => sid === linked?.sid)

/** LINK-7, LINK-10: the linked stay itself is over, for good, and the owner does not know it yet. */
export const isHangUp = ({ linked, options, away, closing }: Known, event: { type: string } | Left): boolean =>
  'reason' in event &&
  'participantSid' in event &&
  event.participantSid === linked?.sid &&
  event.identity === linked.identity &&
  finalReasons.includes(event.reason) &&
  options.closeOnDisconnect &&
  !away &&
  !closing

const hasKind = ({ options }: Known, { kind }: Participant) => options.kinds.includes(kind)
const actsForUs = ({ us }: Known, { attributes }: Participant) => attributes['lk.publish_on_behalf'] === us
const isPinned = ({ pin }: Known, { identity }: Participant) => pin?.identity === identity

/** LINK-1 to 3: might be linked, as things are. */
export const isEligible = (known: Known, participant: Participant): boolean =>
  known.pin
    ? isPinned(known, participant) && (known.pin.named || hasKind(known, participant))
    : hasKind(known, participant) && !actsForUs(known, participant)

/** Who is to be linked now. */
export const candidateOf = (known: Known): Participant | undefined => {
  const { options, roster, away, closing, pin, missed, choosy } = known
  if (away || (closing && !pin?.named) || (missed !== null && options.relink === 'none')) return undefined
  const eligible = roster.filter(one => isEligible(known, one))
  if (missed !== null) return eligible.find(({ identity }) => identity === missed)
  return eligible.find(one => pin !== null || !choosy || publishes(one, options.sources))
}

/** The stay of the pinned identity that is refused for its kind (LINK-2). */
export const refusedOf = (known: Known): Participant | undefined =>
  known.roster.find(one => isPinned(known, one) && !isEligible(known, one))

/** LINK-9: linked by our own choice, and now known to act for us. */
export const isDisowned = (known: Known): boolean => {
  const participant = linkedOf(known)
  return participant !== undefined && !known.away && known.pin === null && actsForUs(known, participant)
}
