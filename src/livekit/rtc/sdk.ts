/** Ours and rtc-node's: each of our rooms, participants, publications and tracks stands for one object of rtc-node's. */
import type { Room as SdkRoom } from '@livekit/rtc-node'
import { member } from './native.ts'

/** What has one of rtc-node's objects behind it. */
export type Wraps<T> = { readonly sdk: T }

/** rtc-node's object: behind ours, or itself. */
export const sdkOf = <T extends object>(one: T | Wraps<T>): T => ('sdk' in one ? one.sdk : one)

/** Gives one of ours for each of theirs, always the same: what is made is kept as long as theirs lives. */
export const oneEach = <S extends object, O>(make: (sdk: S) => O): ((sdk: S) => O) => {
  const made = new WeakMap<S, { one: O }>()
  return sdk => {
    const known = made.get(sdk) ?? { one: make(sdk) }
    made.set(sdk, known)
    return known.one
  }
}

/** Aborts when the connection of this room that is or was last ends, whoever ends it: what rtc-node cancels its own waits with. */
export const goneOf = (room: SdkRoom): AbortSignal | undefined => {
  const controller = member(room, 'disconnectController')
  return controller instanceof AbortController ? controller.signal : undefined
}

/** By what the native layer knows this room; undefined until it is connected. */
export const roomHandleOf = (room: SdkRoom): bigint | undefined => {
  const handle = member(room, 'ffiHandle')
  const id = typeof handle === 'object' && handle !== null ? member(handle, 'handle') : undefined
  return typeof id === 'bigint' ? id : undefined
}

/** The string form: `rtc.Room(sid=RM_1, name=lobby)`. */
export const formOf = (name: string, fields: Record<string, string | number>): string =>
  `rtc.${name}(${Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join(', ')})`
