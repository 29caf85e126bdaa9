/**
 * The one door to the native layer beneath rtc-node: for what it can do and rtc-node does not pass on. Handles live inside one native
 * library, so it must be the very copy that rtc-node loaded: it is found from there.
 */
import { createRequire } from 'node:module'
import { AudioResampler, type Track } from '@livekit/rtc-node'
import { coded, lineOf } from '../../errors.ts'
import { misuse } from './errors.ts'

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
  /** Takes off a listener that rtc-node put there itself. */
  unlisten(listener: (event: unknown) => void): void
  /** Takes what an answer gave out, once: of a handle that is owned twice, or that there is not, the process ends when it is collected. */
  own(id: bigint): Handle
  /** Where these bytes lie, their offset included. They stay there at least until this is asked again. */
  pointerTo(bytes: Uint8Array): bigint
  /** A copy of `length` bytes that lie there. */
  copy(pointer: bigint, length: number): Uint8Array
}

/** The bindings that this protocol is that of: all of them are asked for 0.12.73 (rtc-node 0.13.34 to 1.1.0). */
const BINDINGS = /^0\.12\./
const FFI_EVENT = 'ffi_event'

let current: Native | undefined
/** What was pointed to last. Optimised code does not count a variable that is not used again: its memory could go before it is read. */
const lent: { bytes?: Uint8Array } = {}

/** The native layer of this process. Throws with code ERR_SDK_VERSION if this version of rtc-node does not let it be reached. */
export const native = (): Native => {
  current ??= open()
  return current
}

/** Puts another one in its place, or none as at first, until the function given back is called. For tests. */
export const replaceNative = (other: Native | undefined): (() => void) => {
  const before = current
  current = other
  return () => {
    current = before
  }
}

/**
 * The same where rtc-node has it open already; else undefined: then there is nothing to hear or to take off. So too where it cannot be
 * reached, for who can do without: `refuse` gets what `native` would throw.
 */
export const opened = (refuse: (error: unknown) => void = () => {}): Native | undefined => {
  try {
    return current ?? (globalThis._ffiClientInstance && native())
  } catch (error) {
    refuse(error)
    return undefined
  }
}

/** Asks, and waits for what tells the end of it: of the event `name`, by the id that was given for it. Rejects when `signal` aborts. */
export const answered = <T extends { asyncId?: bigint }>(asked: Asked, name: Told['case'], signal?: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const early: Told[] = []
    let id: bigint | undefined
    const look = (told: Told) => {
      const { value } = told
      if (told.case !== name) return
      if (id === undefined) early.push(told)
      else if (isAnswer<T>(value, id)) settle(() => resolve(value))
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
      id = native().request<{ asyncId?: bigint } | undefined>(asked)?.asyncId
      if (id === undefined) throw coded('ERR_NATIVE', `the native layer gave no id for ${asked.case}: it will not answer`)
      for (const told of early) look(told)
    } catch (error) {
      settle(() => reject(error))
    }
  })
const isAnswer = <T>(value: unknown, id: bigint): value is T =>
  typeof value === 'object' && value !== null && Reflect.get(value, 'asyncId') === id

/** Something of a rtc-node object that its types call private and that is there at run time (0.13.34 to 1.1.0). */
export const member = (target: object, name: string): unknown => Reflect.get(target, name)

/** The native layer as its package gives it. */
export type Layer = { version: string; FfiHandle: new (id: bigint) => Handle }

const open = (): Native => {
  if (!globalThis._ffiClientInstance) new AudioResampler(48_000, 48_000).close() // it is made with the first thing that needs one
  return doorTo(globalThis._ffiClientInstance, layer())
}

/** The door to this client, if it and the layer are what we know, and belong together. */
export const doorTo = (client: Client | undefined, { version, FfiHandle }: Layer): Native => {
  const has = (name: string) => typeof Reflect.get(Object(client), name) === 'function'
  if (!client || !['request', 'on', 'off', 'retrievePtr', 'copyBuffer'].every(has))
    throw refused('keeps its native client elsewhere')
  if (!BINDINGS.test(version)) throw refused(`has the native layer ${version}`)
  const door: Native = {
    request: asked => {
      try {
        return client.request({ message: asked })
      } catch (error) {
        throw lineOf(error) ? error : misuse('ERR_ARGUMENT', `a value of ${asked.case} has the wrong type`)
      }
    },
    listen: tell => {
      const listener = listenerOf(tell)
      client.on(FFI_EVENT, listener)
      return () => void client.off(FFI_EVENT, listener)
    },
    unlisten: listener => void client.off(FFI_EVENT, listener),
    own: id => new FfiHandle(id),
    pointerTo: bytes => {
      lent.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      return client.retrievePtr(lent.bytes)
    },
    copy: (pointer, length) => client.copyBuffer(pointer, length),
  }
  prove(door)
  return door
}

/** Something that the client made can be given back only where it lives. Copies of rtc-node share one client, but not one library. */
const prove = (door: Native): void => {
  try {
    const { resampler } = door.request<{ resampler?: { handle?: { id?: bigint } } }>({ case: 'newAudioResampler', value: {} })
    door.own(resampler?.handle?.id ?? 0n).dispose()
  } catch (error) {
    throw refused('is here twice, and the other copy has the native layer: let npm install one for all', error)
  }
}

/** One that throws must not take the event away from those behind it, rtc-node's own among them: it fails by itself, as uncaught. */
const listenerOf =
  (tell: (told: Told) => void): Parameters<Client['on']>[1] =>
  ({ message }) => {
    try {
      tell(message)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

/** Found from rtc-node, which pins it; wherever it was installed. */
const layer = (): Layer => {
  const name = '@livekit/rtc-ffi-bindings'
  try {
    const require = createRequire(import.meta.resolve('@livekit/rtc-node'))
    const { version }: { version: string } = require(`${name}/package.json`)
    return { version, FfiHandle: require(name).FfiHandle }
  } catch (error) {
    throw refused('has no native layer that can be found', error)
  }
}

const refused = (what: string, cause?: unknown) =>
  coded('ERR_SDK_VERSION', `this @livekit/rtc-node ${what}. Chartroom knows 0.13.34 to 1.1`, cause)
