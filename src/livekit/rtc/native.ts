/**
 * The one door to the native layer beneath rtc-node: for what it can do and rtc-node does not pass on. Handles live inside one native
 * library, so it must be the very copy that rtc-node loaded: it is found from there.
 */
import { createRequire } from 'node:module'
import { AudioResampler, type Track } from '@livekit/rtc-node'
import { coded } from '../../errors.ts'

type Client = NonNullable<typeof globalThis._ffiClientInstance>
/** What the native layer is asked: `{ case: 'newApm', value: { … } }`, as its protocol has it. */
export type Asked = NonNullable<Parameters<Client['request']>[0]['message']>
/** What it tells by itself. */
export type Told = Parameters<Parameters<Client['on']>[1]>[0]['message']
/** Something of the native layer's that is ours until `dispose`. */
export type Handle = Track['ffi_handle']

export interface Native {
  /** Asks, and gives back the value of the answer. Throws for a message that cannot be encoded: a required field that is missing. */
  request<T>(asked: Asked): T
  /** Gets everything that is told, until the function given back is called. */
  listen(tell: (told: Told) => void): () => void
  /** Takes what an answer gave out. */
  own(id: bigint): Handle
  /** Where these bytes lie, their offset included. They must stay referenced until the native layer is done with them. */
  pointerTo(bytes: Uint8Array): bigint
  /** A copy of `length` bytes that lie there. */
  copy(pointer: bigint, length: number): Uint8Array
}

/** The bindings that this protocol is that of: all of them are asked for 0.12.73 (rtc-node 0.13.34 to 1.1.0). */
const BINDINGS = /^0\.12\./
const FFI_EVENT = 'ffi_event'

let current: Native | undefined

/** The native layer of this process. Throws with code ERR_SDK_VERSION if this version of rtc-node does not let it be reached. */
export const native = (): Native => {
  current ??= open()
  return current
}

/** Puts another one in its place, until the function given back is called. For tests. */
export const replaceNative = (other: Native): (() => void) => {
  const before = current
  current = other
  return () => {
    current = before
  }
}

/** Asks, and waits for what tells the end of it: of the event `name`, by the id that was given for it. Rejects when `signal` aborts. */
export const answered = <T extends { asyncId?: bigint }>(asked: Asked, name: Told['case'], signal?: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const early: Told[] = []
    let id: bigint | undefined
    const look = (told: Told) => {
      if (told.case !== name) return
      if (id === undefined) early.push(told)
      else if (isAnswer<T>(told.value, id)) settle(() => resolve(told.value as never))
    }
    const settle = (how: () => void) => {
      off()
      signal?.removeEventListener('abort', cancel)
      how()
    }
    const cancel = () => settle(() => reject(signal?.reason))
    const off = native().listen(look) // before it is asked: the answer may be faster than the wait for it
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      id = native().request<{ asyncId?: bigint }>(asked).asyncId
      for (const told of early) look(told)
    } catch (error) {
      settle(() => reject(error))
    }
  })
const isAnswer = <T>(value: unknown, id: bigint): value is T =>
  typeof value === 'object' && value !== null && Reflect.get(value, 'asyncId') === id

/** Something of a rtc-node object that its types call private and that is there at run time (0.13.34 to 1.1.0). */
export const member = (target: object, name: string): unknown => Reflect.get(target, name)

const open = (): Native => {
  const client = clientOf()
  const { FfiHandle } = bindings()
  return {
    request: asked => client.request({ message: asked }),
    listen: tell => {
      const listener: Parameters<Client['on']>[1] = ({ message }) => tell(message)
      client.on(FFI_EVENT, listener)
      return () => void client.off(FFI_EVENT, listener)
    },
    own: id => new FfiHandle(id),
    pointerTo: bytes => client.retrievePtr(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
    copy: (pointer, length) => client.copyBuffer(pointer, length),
  }
}

/** rtc-node makes its client with the first thing that needs one, and keeps it to itself but for a global. */
const clientOf = (): Client => {
  if (!globalThis._ffiClientInstance) new AudioResampler(48_000, 48_000).close()
  const client = globalThis._ffiClientInstance
  const has = (name: string) => typeof Reflect.get(Object(client), name) === 'function'
  if (client && ['request', 'on', 'off', 'retrievePtr', 'copyBuffer'].every(has)) return client
  throw refused('keeps its native client elsewhere')
}

const bindings = (): { FfiHandle: new (id: bigint) => Handle } => {
  const require = createRequire(import.meta.resolve('@livekit/rtc-node'))
  const name = '@livekit/rtc-ffi-bindings'
  try {
    const { version }: { version: string } = require(`${name}/package.json`)
    if (BINDINGS.test(version)) return require(name)
    throw refused(`has the native layer ${version}`)
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'ERR_SDK_VERSION'
      ? error
      : refused('has no native layer that can be found', error)
  }
}

const refused = (what: string, cause?: unknown) =>
  coded('ERR_SDK_VERSION', `this version of @livekit/rtc-node ${what}: use one from 0.13.34 to 1.1`, cause)
