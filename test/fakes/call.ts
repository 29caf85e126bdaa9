/** A room on the loopback in virtual time, with a caller, and all that was told. */
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { sleep } from '../../src/clock.ts'
import type { RoomFact } from '../../src/facts.ts'
import { seededIds } from '../../src/ids.ts'
import { createLoopback, type WorldOptions } from '../../src/loopback/index.ts'
import { type RoomOptions, settingsOf } from '../../src/options.ts'
import type { Clock, World } from '../../src/ports.ts'
import { ChartRoom, roomIn } from '../../src/room.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'

export const format = { sampleRate: 24_000, channels: 1 }
/** 24 samples are one ms. */
export const perMs = 24

export type CallOptions = {
  seed?: number
  clock?: VirtualClock
  options?: RoomOptions
  agent?: Partial<WorldOptions>
  /** The caller's; not there at all if false. */
  caller?: { subscribes?: boolean } | false
  /** What the room is given in the place of the world. */
  wrap?: (world: World) => World
}
export type Logged = { level: string; code: string; fields: Record<string, unknown> }

/** Everything but the room itself, which `open` makes and does not wait for. */
export const newCall = ({ seed = 1, clock = virtualClock(), options, agent, ...rest }: CallOptions = {}) => {
  const { caller: callerOptions = {}, wrap = (world: World) => world } = rest
  const logged: Logged[] = []
  const hub = createLoopback({
    clock,
    ids: seededIds(seed),
    log: (level, code, fields = {}) => logged.push({ level, code, fields }),
  })
  const caller = hub.participant({ identity: 'ann', ...(callerOptions || {}) })
  if (callerOptions) caller.join()
  const world = hub.world({ identity: 'agent', ...agent })
  const facts: RoomFact[] = []
  const open = () => {
    const settings = settingsOf(options)
    const isNoted = settings.journal || settings.recorder
    const room = isNoted ? roomIn(wrap(world), settings) : new ChartRoom(wrap(world), settings)
    room.on(fact => facts.push(fact))
    return room
  }
  const types = () => facts.map(({ type }) => type)
  /** The ends that were told, by id. */
  const ends = () => facts.flatMap(fact => (fact.type === 'utterance.ended' ? [fact.played] : []))
  const codes = (...levels: string[]) =>
    logged.filter(({ level }) => (levels.length ? levels : ['warn', 'error']).includes(level)).map(({ code }) => code)
  return { clock, hub, caller, world, open, facts, types, ends, logged, codes }
}
export type Call = ReturnType<typeof newCall> & { room: ChartRoom }

/** A call whose room is open, and linked if there is a caller. */
export const startCall = async (options: CallOptions = {}): Promise<Call> => {
  const call = newCall(options)
  const room = call.open()
  await call.clock.settle()
  await room.opened
  await call.clock.advance(1)
  return { ...call, room }
}

/** 1, 2, 3 … from `from` on: every sample says its place, and none is silent. */
export const samples = (ms: number, from = 1): Int16Array => {
  const data = new Int16Array(ms * perMs)
  for (let n = 0; n < data.length; n++) data[n] = ((from - 1 + n) % 30_000) + 1
  return data
}

/** That sound in frames of `frameMs`, all at once. `let go` is noted in `ended` when whoever reads it stops, or it is over. */
export async function* sound(ms: number, { frameMs = 100, ended = [] as string[] } = {}): AsyncGenerator<AudioFrame> {
  const all = samples(ms)
  try {
    for (let at = 0; at < all.length; at += frameMs * perMs) yield frameOf(all.slice(at, at + frameMs * perMs), format)
  } finally {
    ended.push('let go')
  }
}
/** The same at the pace of the clock. */
export async function* paced(clock: Clock, ms: number, frameMs = 100): AsyncGenerator<AudioFrame> {
  for await (const frame of sound(ms, { frameMs })) {
    yield frame
    await sleep(clock, frameMs)
  }
}
/** Gives all of `source`, and then nothing for ever. */
export const stalled = <T>(source: AsyncIterable<T>, returned: string[] = []): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    const iterator = source[Symbol.asyncIterator]()
    return {
      next: async () => {
        const step = await iterator.next()
        return step.done ? new Promise(() => {}) : step
      },
      return: async () => {
        returned.push('let go')
        return { done: true, value: undefined }
      },
    }
  },
})
/** Throws after all of `source`. */
export async function* torn<T>(source: AsyncIterable<T>, error: string | Error = 'torn'): AsyncGenerator<T> {
  yield* source
  throw typeof error === 'string' ? new Error(error) : error
}
export async function* pieces<T>(...all: T[]): AsyncGenerator<T> {
  yield* all
}
/** `word0 word1 …`, each `wordMs` long, with its times. */
export const timed = (count: number, wordMs = 200) =>
  pieces(
    ...Array.from({ length: count }, (_, n) => ({
      text: `${n ? ' ' : ''}word${n}`,
      startMs: n * wordMs,
      endMs: (n + 1) * wordMs,
    })),
  )

/** How a promise stands after all that is ready has settled. */
export const outcomeOf = async <T>(clock: VirtualClock, work: Promise<T>): Promise<{ value?: T; error?: unknown }> => {
  const outcome: { value?: T; error?: unknown } = {}
  work.then(
    value => {
      outcome.value = value
    },
    error => {
      outcome.error = error
    },
  )
  await clock.settle()
  return outcome
}
