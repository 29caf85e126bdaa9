/** What the native layer tells and rtc-node drops, for those who look at a LiveKit room from outside. */
import type { Room } from '@livekit/rtc-node'
import type { Packet } from '../../src/ports.ts'

type Native = NonNullable<typeof globalThis._ffiClientInstance>
type Told = Parameters<Parameters<Native['on']>[1]>[0]['message']

/** Tells all, until the function given back is called. */
const listenToNative = (tell: (message: Told) => void): (() => void) => {
  const native = globalThis._ffiClientInstance
  const listener: Parameters<Native['on']>[1] = ({ message }) => tell(message)
  native?.on('ffi_event', listener)
  return () => void native?.off('ffi_event', listener)
}
const handleOf = (room: Room): unknown => Reflect.get(Object(Reflect.get(room, 'ffiHandle')), 'handle')

/** The attributes of each text stream as they are at its end: rtc-node's readers keep those of its beginning. */
export const endings = (room: Room): { of: (streamId: string) => Record<string, string>; end: () => void } => {
  const streams = new Map<unknown, string>()
  const closing = new Map<string, Record<string, string>>()
  const end = listenToNative(({ case: name, value }) => {
    if (name === 'roomEvent' && value.roomHandle === handleOf(room) && value.message.case === 'textStreamOpened') {
      const { handle, info } = value.message.value.reader ?? {}
      if (handle && info) streams.set(handle.id, info.streamId ?? '')
    }
    if (name !== 'textStreamReaderEvent' || value.detail.case !== 'eos') return
    closing.set(streams.get(value.readerHandle) ?? '', { ...value.detail.value.attributes })
  })
  return { of: id => closing.get(id) ?? {}, end }
}

/** The transcriptions that come as packets from now on: a live list; `told` after each. */
export const packetsTo = (room: Room, told = () => {}): { all: Packet[]; end: () => void } => {
  const all: Packet[] = []
  const end = listenToNative(({ case: name, value }) => {
    if (name !== 'roomEvent' || value.roomHandle !== handleOf(room) || value.message.case !== 'transcriptionReceived') return
    const { participantIdentity: identity = '', trackSid: track = '', segments } = value.message.value
    for (const { id = '', text = '', final = false } of segments) all.push({ identity, track, id, text, final })
    told()
  })
  return { all, end }
}
