/** What the native layer tells of one room, where rtc-node does not pass it on, and what it answers, where rtc-node does not look at it. */
import type { LocalParticipant, Room } from '@livekit/rtc-node'
import { type Asked, answered, member, native, opened, type Told } from '../native.ts'
import { roomHandleOf } from '../sdk.ts'

/** What is told of a room: `{ case: 'participantActive', value: { … } }`. */
export type RoomTold = Extract<Told, { case: 'roomEvent' }>['value']['message']

/** Tells all that the native layer tells of this room, from its connection on. Gives back the end of it. */
export const listenToRoom = (room: Room, tell: (told: RoomTold) => void): (() => void) =>
  native().listen(told => {
    if (told.case === 'roomEvent' && told.value.roomHandle === roomHandleOf(room)) tell(told.value.message)
  })

/**
 * The same behind what rtc-node makes of what came before: it goes through its events behind a lock, which publishing takes too
 * (RM-7). `tell` must not throw.
 */
export const hearOf = (room: Room, tell: (told: RoomTold) => void): (() => void) => {
  const lock = member(room, 'ffiEventLock')
  let over = false
  const inTurn = async (told: RoomTold) => {
    const unlock = isLock(lock) ? await lock.lock() : undefined
    try {
      if (!over) tell(told)
    } finally {
      unlock?.()
    }
  }
  const off = listenToRoom(room, told => void inTurn(told))
  return () => {
    over = true
    off()
  }
}
const isLock = (value: unknown): value is { lock(): Promise<() => void> } =>
  typeof value === 'object' && value !== null && 'lock' in value && typeof value.lock === 'function'

type OfOurs = Extract<Asked, { case: 'setLocalMetadata' | 'setLocalName' | 'setLocalAttributes' }>
/** Something of our own to be changed at the server. `shows`: whether this, told of the room, says that it was. */
export type Change = { room: Room | undefined; asked: OfOurs; shows: (told: RoomTold) => boolean; signal: AbortSignal }

/**
 * Resolves when the server made the change, rejects with its words if it refused, or with the reason of `signal`. rtc-node's own methods
 * wait for the same answer and do not look at it. The answer gets lost if it is faster than the native layer's wait for it (5 of 400 on
 * a busy machine), and after 5 s becomes a failure; that the change was made is told of the room too, always.
 */
export const changed = async ({ room, asked, shows, signal }: Change): Promise<void> => {
  const over = new AbortController()
  const shown = new Promise<{ error?: string }>(resolve => {
    if (!room) return
    const off = listenToRoom(room, told => {
      if (shows(told)) resolve({})
    })
    over.signal.addEventListener('abort', off, { once: true })
  })
  try {
    const answer = answered<{ asyncId?: bigint; error?: string }>(asked, asked.case, AbortSignal.any([signal, over.signal]))
    const { error } = await Promise.race([answer, shown])
    if (error) throw new Error(error)
  } finally {
    over.abort()
  }
}

/** Us, and the room that we are in. */
type Own = { participant: LocalParticipant; room: Room | undefined }
const isOf = ({ participant }: Own, { participantIdentity }: { participantIdentity?: string }): boolean =>
  participantIdentity === participant.identity

/** Sets our own metadata, as `changed` says. */
export const setMetadata = (own: Own, metadata: string, signal: AbortSignal): Promise<void> => {
  const value = { localParticipantHandle: own.participant.ffi_handle.handle, metadata }
  const shows = (told: RoomTold) =>
    told.case === 'participantMetadataChanged' && isOf(own, told.value) && told.value.metadata === metadata
  return changed({ room: own.room, asked: { case: 'setLocalMetadata', value }, shows, signal })
}

/** Sets our own name, as `changed` says. */
export const setName = (own: Own, name: string, signal: AbortSignal): Promise<void> => {
  const value = { localParticipantHandle: own.participant.ffi_handle.handle, name }
  const shows = (told: RoomTold) => told.case === 'participantNameChanged' && isOf(own, told.value) && told.value.name === name
  return changed({ room: own.room, asked: { case: 'setLocalName', value }, shows, signal })
}

/** Sets our own attributes, as `changed` says; those that are '' are taken away. Before the native layer is there, rtc-node's way. */
export const setAttributes = async (own: Own, attributes: Record<string, string>, signal: AbortSignal): Promise<void> => {
  const { room, participant } = own
  if (!opened()) return participant.setAttributes(attributes)
  const entries = Object.entries(attributes).map(([key, value]) => ({ key, value }))
  const value = { localParticipantHandle: participant.ffi_handle.handle, attributes: entries }
  const shows = (told: RoomTold) => {
    if (told.case !== 'participantAttributesChanged' || !isOf(own, told.value)) return false
    const now = new Map(told.value.attributes.map(({ key, value }) => [key, value]))
    return entries.every(({ key, value }) => (now.get(key) ?? '') === value)
  }
  await changed({ room, asked: { case: 'setLocalAttributes', value }, shows, signal })
}

/** Takes the room off the native client. After a disconnect by the server rtc-node forgets to. */
export const forget = (room: Room): void => {
  const listener = member(room, 'onFfiEvent')
  if (isListener(listener)) opened()?.unlisten(listener)
  room.removeAllListeners()
}
const isListener = (value: unknown): value is (event: unknown) => void => typeof value === 'function'
