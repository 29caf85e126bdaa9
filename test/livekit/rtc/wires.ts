/** A native layer that only answers: what it was asked is kept, and each answer comes in a later turn, or when the test says. */
import { LocalParticipant, Room } from '@livekit/rtc-node'
import { type Asked, type Native, replaceNative, type Told } from '../../../src/livekit/rtc/native.ts'

export type Wires = {
  asked: Asked[]
  /** What listens to it now. */
  listeners: Set<(told: Told) => void>
  /** Tells something of its own. */
  tell(told: object): void
  /** What is put into the answers to requests of this name. */
  answers: Record<string, object>
  /** Requests of these names get no answer. */
  stalled: Set<string>
  /** Puts the former one back. */
  end(): void
}

/** `hear` gets each request as it is asked. */
export const wires = (answers: Record<string, object> = {}, hear: (asked: Asked) => void = () => {}): Wires => {
  const asked: Asked[] = []
  const listeners = new Set<(told: Told) => void>()
  const stalled = new Set<string>()
  const tell = (told: object) => {
    for (const listener of [...listeners]) listener(told as Told) // made by hand: as much of it as is looked at
  }
  const layer: Native = {
    request: <T>(one: Asked) => {
      asked.push(one)
      hear(one)
      const asyncId = BigInt(asked.length)
      if (!stalled.has(one.case ?? ''))
        setImmediate(() => tell({ case: one.case, value: { asyncId, ...answers[one.case ?? ''] } }))
      return { asyncId } as T
    },
    listen: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    unlisten: () => {},
    own: () => {
      throw new Error('nothing is to be owned here')
    },
    pointerTo: () => 0n,
    copy: () => new Uint8Array(),
  }
  return { asked, listeners, tell, answers, stalled, end: replaceNative(layer) }
}

/** Us in a room, with nothing native behind it. */
export const localOf = (identity = 'agent'): LocalParticipant =>
  Object.assign(Object.create(LocalParticipant.prototype), { info: { identity }, ffi_handle: { handle: 7n } })
/** A room that only keeps handlers, as rtc-node's does. */
export const roomOf = (): Room => {
  const room = new Room()
  const own = {
    ...{ textStreamHandlers: new Map(), byteStreamHandlers: new Map(), streamReaders: new Map() },
    ...{ ffiHandle: { handle: 3n }, _connectionState: 1 },
  }
  return Object.assign(room, own)
}

/** Lets all that is ready come about. */
export const turns = async (count = 4): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}
/** The code of what a promise rejects with, and its message. */
export const failureOf = async (work: Promise<unknown>): Promise<{ code: unknown; message: string }> => {
  const failed = await work.then(
    () => undefined,
    error => ({ code: Reflect.get(Object(error), 'code'), message: error instanceof Error ? error.message : String(error) }),
  )
  if (!failed) throw new Error('it did not reject')
  return failed
}
