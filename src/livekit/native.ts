/**
 * The one door to rtc-node's native client: for what the native layer tells and rtc-node does not pass on. The client is not
 * exported; it is kept on `globalThis` from the first native call on. Where a version has none, all of this does nothing.
 */
import { type LocalParticipant, type Room, VideoBufferType } from '@livekit/rtc-node'
import { lineOf } from '../errors.ts'
import type { TextStream } from '../ports.ts'

const FFI_EVENT = 'ffi_event'
const client = () => globalThis._ffiClientInstance
type Client = NonNullable<ReturnType<typeof client>>
type Request = NonNullable<Parameters<Client['request']>[0]['message']>

/** Something of a rtc-node object that its types call private and that is there at run time (0.13.34 to 1.1.0). */
const member = (target: object, name: string): unknown => Reflect.get(target, name)
const roomHandle = (room: Room): unknown => {
  const handle = member(room, 'ffiHandle')
  return typeof handle === 'object' && handle !== null ? member(handle, 'handle') : undefined
}

/** Tells the identity of each participant that the server says can receive data; rtc-node 1.1.0 drops this event. Gives back the end of it. */
export const listenForActive = (room: Room, tell: (identity: string) => void): (() => void) => {
  const native = client()
  const listener: Parameters<NonNullable<typeof native>['on']>[1] = ({ message }) => {
    if (message.case !== 'roomEvent' || message.value.roomHandle !== roomHandle(room)) return
    const { message: event } = message.value
    if (event.case === 'participantActive' && event.value.participantIdentity) tell(event.value.participantIdentity)
  }
  native?.on(FFI_EVENT, listener)
  return () => void native?.off(FFI_EVENT, listener)
}

/**
 * Sets attributes and rejects if the server refuses, or with the reason of `signal`. rtc-node's own method waits for the same
 * answer and does not look at it. The answer gets lost if it is faster than the native layer's wait for it (5 of 400 on a busy
 * machine), and after 5 s becomes a failure; that the server took them shows in our own attributes too, always.
 */
export const setAttributes = async (
  { room, participant }: { room: Room | undefined; participant: LocalParticipant },
  attributes: Record<string, string>,
  signal: AbortSignal,
): Promise<void> => {
  const native = client()
  if (!native) return participant.setAttributes(attributes)
  const entries = Object.entries(attributes).map(([key, value]) => ({ key, value }))
  const request = { localParticipantHandle: participant.ffi_handle.handle, attributes: entries }
  const { asyncId } = native.request<{ asyncId?: bigint }>({ message: { case: 'setLocalAttributes', value: request } })
  const isAnswer: Parameters<typeof native.waitFor>[0] = ({ message }) => {
    if (message.case === 'setLocalAttributes') return message.value.asyncId === asyncId
    if (!room || message.case !== 'roomEvent' || message.value.roomHandle !== roomHandle(room)) return false
    const { message: event } = message.value
    if (event.case !== 'participantAttributesChanged' || event.value.participantIdentity !== participant.identity) return false
    const now = new Map(event.value.attributes.map(({ key, value }) => [key, value]))
    return entries.every(({ key, value }) => (now.get(key) ?? '') === value)
  }
  const { error } = await native.waitFor<{ error?: string }>(isAnswer, { signal })
  if (error) throw new Error(error)
}

/** Takes the room off the native client. After a disconnect by the server rtc-node forgets to. */
export const forget = (room: Room): void => {
  const listener = member(room, 'onFfiEvent')
  if (isListener(listener)) client()?.off(FFI_EVENT, listener)
  room.removeAllListeners()
}
const isListener = (value: unknown): value is (event: unknown) => void => typeof value === 'function'

/** An open text stream at the native layer. Writes must not overlap: they could overtake each other. */
export type NativeText = {
  write(text: string): Promise<void>
  /** The attributes are merged over those it was opened with. Only the first call closes. */
  close(attributes?: Record<string, string>): Promise<void>
}
/** Text streams by native requests, since rtc-node's own writer closes without attributes. */
export type NativeTexts = {
  /** Whether this version can do it; else `open` is not to be called. */
  can(participant: LocalParticipant | undefined): boolean
  /** `gone` aborts when the room is left: then rtc-node gives back the writers that are open. */
  open(participant: LocalParticipant, stream: TextStream, gone: AbortSignal): Promise<NativeText>
}

type Failure = { error?: { description?: string } }
type Opened = { result: { case?: string; value?: { handle?: { id?: bigint }; description?: string } } }

/** Sends a request and waits for the event that answers it. */
const answer = <T>(native: Client, message: Request, event: string, signal: AbortSignal): Promise<T> => {
  signal.throwIfAborted()
  const { asyncId } = native.request<{ asyncId?: bigint }>({ message })
  const isAnswer: Parameters<Client['waitFor']>[0] = ({ message: { case: name, value } }) =>
    name === event && value !== undefined && member(value, 'asyncId') === asyncId
  return native.waitFor<T>(isAnswer, { signal })
}
const settled = async (answering: Promise<Failure>): Promise<void> => {
  const { error } = await answering
  if (error) throw new Error(error.description ?? 'the text stream failed')
}
/** The native writers that rtc-node gives back when the room is left, whoever opened them. */
const writersOf = (participant: LocalParticipant | undefined): Set<unknown> | undefined => {
  const writers = participant && member(participant, 'openStreamWriters')
  return writers instanceof Set ? writers : undefined
}

export const nativeTexts: NativeTexts = {
  can: participant => client() !== undefined && writersOf(participant) !== undefined,
  open: async (participant, { topic, attributes, sender = participant.identity, to = [] }, gone) => {
    const [native, writers] = [client(), writersOf(participant)]
    if (!native || !writers) throw new Error('this version of rtc-node keeps its native client to itself')
    const options = { topic, attributes: { ...attributes }, senderIdentity: sender, destinationIdentities: to }
    const opening = { localParticipantHandle: participant.ffi_handle.handle, options }
    const { result } = await answer<Opened>(native, { case: 'textStreamOpen', value: opening }, 'textStreamOpen', gone)
    const writerHandle = result.case === 'writer' ? result.value?.handle?.id : undefined
    if (writerHandle === undefined) throw new Error(result.value?.description ?? 'the text stream was not opened')
    writers.add(writerHandle)
    // The request takes the handle back. A reason would tell the readers that the stream was broken off.
    const end = async (reason: string, attributes: Record<string, string>) => {
      if (!writers.delete(writerHandle)) return
      const closing = { writerHandle, reason, attributes }
      await settled(answer(native, { case: 'textStreamClose', value: closing }, 'textStreamWriterClose', gone))
    }
    return {
      write: async text => {
        try {
          const writing = { writerHandle, text }
          await settled(answer(native, { case: 'textStreamWrite', value: writing }, 'textStreamWriterWrite', gone))
        } catch (error) {
          if (!gone.aborted) void end(lineOf(error), {}).catch(() => undefined) // its readers must not wait (TSW-2)
          throw error
        }
      },
      close: (attributes = {}) => end('', attributes),
    }
  },
}
/**
 * Whatever video streams `make` asks for give I420, as rtc-node's own does not say. Left to the decoder they may give NV12 (some in hardware
 * do), of which rtc-node reads more than there is. Rows come packed without being asked for (measured, at widths of 104 to 640).
 */
export const inI420 = <T>(make: () => T): T => {
  const native: object | undefined = client()
  const request: unknown = native && Reflect.get(native, 'request')
  if (!native || typeof request !== 'function') return make()
  const amended = (asked: unknown, ...rest: unknown[]): unknown => {
    const message = field(asked, 'message')
    const value = field(message, 'value')
    if (field(message, 'case') === 'newVideoStream' && isObject(value)) Object.assign(value, { format: VideoBufferType.I420 })
    return request.call(native, asked, ...rest)
  }
  Object.defineProperty(native, 'request', { value: amended, configurable: true }) // over the one of its class
  try {
    return make()
  } finally {
    Reflect.deleteProperty(native, 'request')
  }
}
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const field = (value: unknown, name: string): unknown => (isObject(value) ? Reflect.get(value, name) : undefined)
