/** One test on a real server: a room of its own, the agent in it, callers, and an end to all of it. */
import { RoomEvent, Room as SdkRoom } from '@livekit/rtc-node'
import type { Server } from '../../scripts/livekit.mjs'
import type { AudioFrame } from '../../src/audio/frame.ts'
import { frameOf } from '../../src/audio/frame.ts'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import type { RoomFact } from '../../src/facts.ts'
import { livekit, tokenFor } from '../../src/livekit/index.ts'
import type { RoomOptions } from '../../src/options.ts'
import type { Log, World } from '../../src/ports.ts'
import { type ChartRoom, openRoom } from '../../src/room.ts'
import { Bare } from './bare.ts'
import { Caller } from './caller.ts'
import { Ear } from './ear.ts'
import { suiteOn } from './suite.ts'
import { Watch, within } from './watch.ts'

export type { Server } from '../../scripts/livekit.mjs'

/** The format in which the agent speaks and hears where nothing else is said. */
export const format = { sampleRate: 24_000, channels: 1 }

/** Every room of the SDK that this process connects: rtc-node keeps no list, and the engine does not show its own. */
const connected: WeakRef<SdkRoom>[] = []
const connect = SdkRoom.prototype.connect
SdkRoom.prototype.connect = function (...args) {
  connected.push(new WeakRef(this))
  return connect.apply(this, args)
}
const sdkRoomOf = (identity: string, name: string): SdkRoom => {
  const rooms = connected.map(ref => ref.deref())
  const room = rooms.findLast(one => one?.localParticipant?.identity === identity && one.name === name)
  if (!room) throw new Error(`the SDK's room of ${identity} is not to be found`)
  return room
}

/** The agent in a room, with all that it told. */
export type Agent = {
  room: ChartRoom
  world: World
  /** The SDK's room beneath. */
  sdk: SdkRoom
  facts: RoomFact[]
  logged: { level: string; code: string; fields: Record<string, unknown> | undefined }[]
  watch: Watch
  /** What it hears, once `listen` was called; `frames` are the lengths in which it came. */
  ear: Ear
  frames: Set<number>
  /** Reads the room's audio to its end. */
  listen(): Promise<void>
  /** Resolves when it is linked to `identity`, and hears their track. */
  hears(identity: string): Promise<void>
  /** The first fact of this type that `is`, told already or still to come. */
  find<T extends RoomFact['type']>(type: T, is?: (fact: Fact<T>) => boolean, limitMs?: number): Promise<Fact<T>>
}
type Fact<T extends RoomFact['type']> = Extract<RoomFact, { type: T }>

let rooms = 0

export class Stage {
  readonly server: Server
  readonly name = `e2e-${process.pid}-${++rooms}`
  readonly #ends: { who: string; end: () => Promise<unknown> }[] = []

  constructor(server: Server) {
    this.server = server
  }

  async caller(identity = 'caller', about: Parameters<Caller['join']>[2] = {}): Promise<Caller> {
    const caller = new Caller(identity)
    this.#ends.push({ who: identity, end: () => caller.leave() })
    return caller.join(this.server, this.name, about)
  }

  /** An agent on plain rtc-node in the same room. */
  async bare(): Promise<Bare> {
    const bare = new Bare()
    this.#ends.push({ who: 'bare', end: () => bare.leave() })
    return bare.join(this.server, this.name)
  }

  /** Opens the room for the agent, in a world that may be altered; waits until it is in. */
  async agent(options: RoomOptions = {}, alter: (world: World) => World = world => world): Promise<Agent> {
    const facts: RoomFact[] = []
    const logged: Agent['logged'] = []
    const watch = new Watch()
    const log: Log = (level, code, fields) => {
      logged.push({ level, code, fields })
      watch.look()
    }
    const token = await tokenFor({ ...this.server, room: this.name, identity: 'agent' })
    const clock = realClock()
    const world = livekit({ url: this.server.url, token, clock, log, opus: createOpus({ clock }) })
    const room = await within('the agent joins', openRoom(alter(world), options))
    const sdk = sdkRoomOf('agent', this.name)
    for (const event of Object.values(RoomEvent)) sdk.on(event, watch.look)
    this.#ends.push({ who: 'the agent', end: () => room.close() })
    room.on(fact => {
      facts.push(fact)
      watch.look()
    })
    const find: Agent['find'] = (type, is = () => true, limitMs) => {
      const fits = (fact: RoomFact): fact is Fact<typeof type> => fact.type === type && is(fact as Fact<typeof type>) // just compared
      return watch.until(`the fact ${type}`, () => facts.find(fits), limitMs)
    }
    const ear = new Ear(watch)
    const frames = new Set<number>()
    const listen = async () => {
      for await (const { data, sampleRate, channels } of room.audio) {
        if (sampleRate !== format.sampleRate || channels !== format.channels) throw new Error('a frame of another format')
        frames.add(data.length)
        ear.push(data)
      }
    }
    const hears = async (identity: string) => {
      await watch.until(`${identity} is linked`, () => room.linkedParticipant === identity)
      const { received } = room.counters
      await watch.until(`${identity} is heard`, () => room.counters.received > received)
    }
    return { room, world, sdk, facts, logged, watch, ear, frames, listen, hears, find }
  }

  async close(): Promise<void> {
    for (const { who, end } of this.#ends.reverse()) await within(`${who} leaves`, end())
  }
}

/** `data` as a source of an utterance, all at once. */
export async function* framesOf(data: Int16Array, sampleRate = format.sampleRate): AsyncGenerator<AudioFrame> {
  const size = sampleRate / 10
  for (let at = 0; at < data.length; at += size) yield frameOf(data.slice(at, at + size), { sampleRate, channels: 1 })
}

/** A tone without end. */
export async function* humming(hz: number, sampleRate = format.sampleRate): AsyncGenerator<AudioFrame> {
  const size = sampleRate / 10
  for (let from = 0; ; from += size) {
    const wave = (n: number) => Math.round(12_000 * Math.sin((2 * Math.PI * hz * (from + n)) / sampleRate))
    yield frameOf(
      Int16Array.from({ length: size }, (_, n) => wave(n)),
      { sampleRate, channels: 1 },
    )
  }
}

/** A suite whose tests have a stage each, see suite.ts. */
export const suiteOnServer = (name: string, lacks?: string) => suiteOn(name, server => new Stage(server), lacks)
