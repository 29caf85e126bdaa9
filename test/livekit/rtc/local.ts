/** Ourselves without a server: rtc-node's own participant on a native client that only notes what it is asked, and answers as told. */
import { EventEmitter } from 'node:events'
import { LocalParticipant as SdkLocalParticipant, Room as SdkRoom } from '@livekit/rtc-node'
import { lineOf } from '../../../src/errors.ts'
import { replaceNative } from '../../../src/livekit/rtc/native.ts'
import { LocalParticipant } from '../../../src/livekit/rtc/room/local-participant.ts'
import { virtualClock } from '../../../src/virtual.ts'

type Message = { case: string; value: Record<string, unknown> }
type Told = { message: Message }

/** rtc-node's native client: what `replies` has of a request's name is told as its answer, in the next turn; others are not answered. */
class Client extends EventEmitter {
  readonly asked: Message[] = []
  readonly replies: Record<string, object>
  /** What a request of a name is answered in place of an id, at once. */
  readonly answers: Record<string, object> = {}
  constructor(replies: Record<string, object>) {
    super()
    this.replies = replies
  }
  request<T>({ message }: Told): T {
    this.asked.push(message)
    const asyncId = BigInt(this.asked.length)
    const reply = this.replies[message.case]
    if (reply) setImmediate(() => this.tell(message.case, { asyncId, ...reply }))
    return untyped(this.answers[message.case] ?? { asyncId })
  }
  tell(name: string, value: object): void {
    this.emit('ffi_event', { message: { case: name, value } })
  }
  waitFor(is: (told: Told) => boolean, { signal }: { signal: AbortSignal }): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        this.off('ffi_event', look)
        how()
      }
      const look = (told: Told) => is(told) && settle(() => resolve(told.message.value))
      signal.addEventListener('abort', () => settle(() => reject(signal.reason)), { once: true })
      this.on('ffi_event', look)
    })
  }
  retrievePtr(bytes: Uint8Array): bigint {
    return BigInt(bytes.length)
  }
}

/** A value of any type: what untyped code may hand in, or what a native answer holds. */
export const untyped = <T>(value: unknown): T => value as T

const handle = { handle: 7n, dispose: () => {} }
const unlocked = { lock: async () => () => {} }

/** Ann in her room. `gone` is what the room aborts when it is left; rtc-node's own waits end with it too. */
export const scene = (replies: Record<string, object> = {}) => {
  const client = new Client(replies)
  const before = Reflect.get(globalThis, '_ffiClientInstance')
  Reflect.set(globalThis, '_ffiClientInstance', client)
  const restore = replaceNative({
    request: asked => client.request(untyped({ message: asked })),
    listen: tell => {
      const listener = ({ message }: Told) => tell(untyped(message))
      client.on('ffi_event', listener)
      return () => void client.off('ffi_event', listener)
    },
    unlisten: () => {},
    own: () => untyped(handle),
    pointerTo: () => 0n,
    copy: () => new Uint8Array(),
  })
  const gone = new AbortController()
  const sdk: SdkLocalParticipant = Object.assign(Object.create(SdkLocalParticipant.prototype), {
    ...{ info: { sid: 'PA_1', identity: 'ann', name: 'Ann' }, ffi_handle: handle, trackPublications: new Map() },
    ...{ rpcHandlers: new Map(), rpcInterceptors: [], ffiEventLock: unlocked, disconnectSignal: gone.signal },
  })
  const room: SdkRoom = Object.assign(Object.create(SdkRoom.prototype), { ffiHandle: { handle: 3n }, localParticipant: sdk })
  const clock = virtualClock()
  const logged: string[] = []
  const log = (level: string, code: string) => void logged.push(`${level} ${code}`)
  const us = new LocalParticipant(sdk, { room, gone: gone.signal, log, clock })
  const close = () => {
    restore()
    Reflect.set(globalThis, '_ffiClientInstance', before)
  }
  return { us, sdk, room, client, gone, clock, logged, close, of: (name: string) => asksOf(client, name) }
}
export type Scene = ReturnType<typeof scene>

const asksOf = ({ asked }: Client, name: string) => asked.filter(one => one.case === name).map(({ value }) => value)

/** A test on a scene of its own; at its end nothing listens on the client. */
export const on =
  (test: (scene: Scene) => unknown, replies?: Record<string, object>): (() => Promise<void>) =>
  async () => {
    const one = scene(replies)
    try {
      await test(one)
      await one.clock.settle()
      if (one.client.listenerCount('ffi_event') > 0) throw new Error('it leaves a listener on the native client')
      if (one.clock.timers > 0) throw new Error('it leaves a timer')
    } finally {
      one.close()
    }
  }

/** What a promise was rejected with, or a function threw: its code and message. */
export const failure = async (work: () => unknown): Promise<{ code: unknown; message: string; error: unknown }> => {
  try {
    await work()
  } catch (error) {
    return { code: Reflect.get(Object(error), 'code'), message: lineOf(error), error }
  }
  throw new Error('it did not fail')
}
