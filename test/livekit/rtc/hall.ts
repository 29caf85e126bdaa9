/** Rooms without a server: rtc-node's own, on a native client that lets them in, and tells what the test has it tell. */
import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { type Native, replaceNative } from '../../../src/livekit/rtc/native.ts'
import { Room } from '../../../src/livekit/rtc/room/room.ts'
import { virtualClock } from '../../../src/virtual.ts'

type Message = { case: string; value: Record<string, unknown> }
type Told = { message: Message }
/** A value of any type: what the native layer's messages hold. */
const untyped = <T>(value: unknown): T => value as T

/** Each request is answered in the next turn: with its own name, the id, and what `replies` has for it. */
class Client extends EventEmitter {
  readonly asked: Message[] = []
  /** What is in the answer; undefined for no answer at all. */
  readonly replies: Record<string, (() => object) | undefined> = {}
  constructor() {
    super()
    this.setMaxListeners(0)
  }
  /** rtc-node asks some things under an id of its own. */
  lastRequestAsyncId = 1_000n
  getNextRequestAsyncId = () => ++this.lastRequestAsyncId
  request({ message }: Told): { asyncId: bigint } {
    this.asked.push(message)
    const asyncId = BigInt(this.asked.length)
    const reply = message.case in this.replies ? this.replies[message.case] : () => ({})
    if (reply) setImmediate(() => this.tell(message.case, { asyncId, ...reply() }))
    return { asyncId }
  }
  tell(name: string, value: object): void {
    this.emit('ffi_event', { message: { case: name, value } })
  }
  waitFor(is: (told: Told) => boolean, { signal }: { signal?: AbortSignal } = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        this.off('ffi_event', look)
        how()
      }
      const look = (told: Told) => is(told) && settle(() => resolve(told.message.value))
      signal?.addEventListener('abort', () => settle(() => reject(signal.reason)), { once: true })
      this.on('ffi_event', look)
    })
  }
  retrievePtr = () => 0n
  copyBuffer = () => Uint8Array.of(1, 2)
}

/** Something that can be dropped, once: rtc-node's objects do so when they are collected. No client is needed to make it. */
const bindings = createRequire(import.meta.resolve('@livekit/rtc-node'))('@livekit/rtc-ffi-bindings')
const handle = (): { id: bigint } => {
  const asked = new bindings.FfiRequest({ message: { case: 'newAudioResampler', value: {} } })
  return bindings.FfiResponse.fromBinary(bindings.livekitFfiRequest(asked.toBinary())).message.value.resampler.handle
}
export const participantInfo = (identity: string, more: object = {}) => ({
  ...{ sid: `PA_${identity}`, identity, name: '', metadata: '', attributes: {}, kind: 0, kindDetails: [], ...more },
})
export const publicationInfo = (sid: string, more: object = {}) => ({
  ...{ sid, name: 'voice', kind: 1, source: 2, muted: false, audioFeatures: [], ...more },
})
export const owned = (info: object) => ({ info, handle: handle() })

/** The room that is entered: bob is there already, and publishes. */
const entered = (room: { id: bigint }) => ({
  message: {
    case: 'result',
    value: {
      room: { handle: room, info: { name: 'hall', metadata: 'm0', sid: '' } },
      localParticipant: owned(participantInfo('ann')),
      participants: [
        {
          participant: owned(participantInfo('bob', { name: 'Bob', metadata: 'b0' })),
          publications: [owned(publicationInfo('TR_B'))],
        },
      ],
    },
  },
})
const refused = () => ({ message: { case: 'error', value: 'no' } })

export const hall = () => {
  const client = new Client()
  let roomHandle = 0n
  /** The answer to who may come in: each time it is another room to the native layer. */
  const entry = () => {
    const own = handle()
    roomHandle = own.id
    return entered(own)
  }
  client.replies.connect = entry
  const before = Reflect.get(globalThis, '_ffiClientInstance')
  Reflect.set(globalThis, '_ffiClientInstance', client)
  const door: Native = {
    request: asked => untyped(client.request(untyped({ message: asked }))),
    listen: tell => {
      const listener = ({ message }: Told) => tell(untyped(message))
      client.on('ffi_event', listener)
      return () => void client.off('ffi_event', listener)
    },
    unlisten: listener => void client.off('ffi_event', listener),
    own: () => untyped({ dispose: () => {} }),
    pointerTo: () => 0n,
    copy: () => new Uint8Array(),
  }
  const restore = replaceNative(door)
  const [clock, logged] = [virtualClock(), [] as string[]]
  const log = (_: string, code: string) => void logged.push(code)
  const room = new Room({ clock, log })
  const seen: [string, object][] = []
  const turns = async (count = 6) => {
    for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
  }
  return {
    ...{ client, clock, log, logged, room, seen, turns },
    /** Notes the events of these names, in the order in which they come. */
    watch: (...names: Parameters<typeof room.on>[0][]) => {
      for (const name of names) room.on(name, event => void seen.push([name, event]))
    },
    /** Lets nobody in from now on, or everybody again. */
    shut: () => void Object.assign(client.replies, { connect: refused }),
    open: () => void Object.assign(client.replies, { connect: entry }),
    entry,
    enter: () => room.connect('ws://127.0.0.1:7880', 'token'),
    /** Something happens in the room, and has its effects. */
    happens: async (name: string, value: object = {}) => {
      client.tell('roomEvent', { roomHandle, message: { case: name, value } })
      await turns()
    },
    of: (name: string) => client.asked.filter(one => one.case === name).map(({ value }) => value),
    close: () => {
      restore()
      Reflect.set(globalThis, '_ffiClientInstance', before)
    },
  }
}
export type Hall = ReturnType<typeof hall>

/** A test in a hall of its own; when the room was left, nothing listens on the client and no timer is left. */
export const inHall = (test: (hall: Hall) => unknown) => async (): Promise<void> => {
  const one = hall()
  try {
    await test(one)
    await one.room.disconnect()
    await one.turns()
    if (one.client.listenerCount('ffi_event') > 0) throw new Error('it leaves a listener on the native client')
    if (one.clock.timers > 0) throw new Error('it leaves a timer')
  } finally {
    one.close()
  }
}

/** What a promise was rejected with: its code and message. */
export const failure = async (work: Promise<unknown>): Promise<{ code: unknown; message: string; error: unknown }> => {
  const [settled] = await Promise.allSettled([work])
  if (settled?.status !== 'rejected') throw new Error('it did not fail')
  const { reason } = settled
  return {
    code: Reflect.get(Object(reason), 'code'),
    message: reason instanceof Error ? reason.message : String(reason),
    error: reason,
  }
}
