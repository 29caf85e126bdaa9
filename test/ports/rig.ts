/**
 * What a port contract needs of a world: one room with the world under test, people who can be told what to do, and time.
 *
 * A suite is a function `xContract(name, open)`: it gives back a uvu suite that is not run yet, and opens a fresh rig for
 * every test (`roomContract('loopback', openLoopbackRig).run()`). Rigs: test/ports/loopback.test.ts, test/ports/livekit.test.ts.
 * No suite waits with timers of its own: all waiting is `rig.pass` and `rig.until`, so it runs in virtual and in real time.
 */
import type { Joined, Packet, ParticipantKind, RoomEvent, World } from '../../src/ports.ts'
import type { VideoFrame } from '../../src/video/frame.ts'

/** One test's room. The world is not joined yet and nobody is there; every call of the maker gives a new, empty room. */
export type Rig = {
  /** All ports of one connection, not joined. Its log and ids are the rig's business. */
  world: World
  /** The identity under which `world` joins. */
  agent: string
  /** Makes a person who can join; does not join yet. Identities are unique in one rig. */
  person(identity: string, options?: PersonOptions): Promise<Person>
  /** Lets `ms` go by: virtual time is advanced, real time is waited for. */
  pass(ms: number): Promise<void>
  /** Lets time go by until `done` settles, and gives its value; rejects after `limitMs` (5 000 where not given). */
  until<T>(done: Promise<T>, limitMs?: number): Promise<T>
  /** By how many milliseconds counts and delays may be off: 0 in virtual time, the measured spread on a real server. */
  slackMs: number
  /** What this kind of world can do beyond the port's minimum; a suite skips the rest. */
  can: {
    /** Sound arrives sample for sample (no codec on the way). */
    exactSound: boolean
  }
  /** What `world` still holds of the room under names of its own (listeners, streams, timers …): all zero after `leave()`. */
  held(): Record<string, number>
  /** Makes the next `operation` of `world` one that never settles by itself. Left out where it cannot be brought about. */
  stall?(operation: Stallable): void
  /** Drops the connection of `world` from the server's side, so that it gets `room.disconnected`. Left out likewise. */
  disconnect?(): Promise<void>
  /** Everybody away, everything freed. Called after each test, also a failed one. */
  close(): Promise<void>
}
export type Stallable = 'join' | 'setAttributes' | 'publish' | 'openText'
export type RigMaker = () => Promise<Rig>

/** `subscribes: false`: takes no track by itself (default true). Standard kind and no attributes where not given. */
export type PersonOptions = { kind?: ParticipantKind; attributes?: Record<string, string>; subscribes?: boolean }

/**
 * A remote participant. Every promise resolves when the server took it; the fact may reach `world` a little later.
 * All but `Mic.speak` settle without `pass` (in virtual time: at once), so a suite may await them as they are.
 */
export type Person = {
  readonly identity: string
  join(): Promise<void>
  /** Leaves of its own accord: the world is told `client_initiated`. */
  leave(): Promise<void>
  /** Is thrown out by the server: the world is told `participant_removed`. Left out where it cannot be brought about. */
  remove?(): Promise<void>
  /** Sets these, keeps the others. */
  setAttributes(attributes: Record<string, string>): Promise<void>
  /** All attributes of `identity` as this person sees them now; undefined if nobody of that name is there. */
  attributesOf(identity: string): Record<string, string> | undefined
  /** Publishes a microphone; a person has one at a time. */
  publish(options?: { preconnect?: boolean }): Promise<Mic>
  /** Publishes a camera. Left out where it cannot be brought about. */
  publishVideo?(size: { width: number; height: number }): Promise<Camera>
  /** Hears from now on what `identity` plays, also tracks that it publishes later. */
  hears(identity: string): Ear
  /** Collects the text streams of `topic` from now on: a live list, in order of opening. */
  collect(topic: string): Collected[]
  /** Collects the transcriptions that come as packets from now on: a live list. */
  packets(): Packet[]
  /** Sends a text stream, one write per piece, and closes it. */
  sendText(topic: string, pieces: string[], attributes?: Record<string, string>): Promise<void>
  /** Sends the pieces and then breaks the stream off, so that its reader throws. Left out where it cannot be brought about. */
  breakText?(topic: string, pieces: string[]): Promise<void>
  /** Opens a text stream, sends the pieces, and leaves it open. */
  openText(topic: string, pieces: string[]): Promise<void>
  /** Sends a byte stream, one write per piece, and closes it. */
  sendBytes(
    topic: string,
    pieces: Uint8Array[],
    options?: { attributes?: Record<string, string>; mimeType?: string },
  ): Promise<void>
}

/** A published microphone. It sends silence while nothing is spoken and it is not muted. */
export type Mic = {
  /** Of the publication, as the world sees it. */
  readonly sid: string
  /** Speaks these mono samples at 48 000 Hz in real time; resolves when the last one was spoken. Await it through `rig.until`. */
  speak(data: Int16Array): Promise<void>
  mute(): Promise<void>
  unmute(): Promise<void>
  /** Goes on with another track under the same publication: same sid, another key. Left out where it cannot be brought about. */
  replace?(): Promise<void>
  unpublish(): Promise<void>
}

/** A published camera: what it shows has the size it was published with, as I420. */
export type Camera = {
  readonly sid: string
  show(frame: VideoFrame): Promise<void>
  unpublish(): Promise<void>
}

/** What a person hears: mono samples, with silence where nothing was played. */
export type Ear = {
  readonly sampleRate: number
  /** All that was heard since `hears`, up to now. */
  samples(): Int16Array
  close(): Promise<void>
}

/** A text stream as a person got it. `attributes`: the opening ones, closing ones laid over them where they are carried. */
export type Collected = {
  id: string
  from: string
  attributes: Record<string, string>
  text: string
  state: 'open' | 'closed' | 'broken'
}

/** The facts a joined world told, and a way to wait for one. */
export type Facts = {
  joined: Joined
  all: RoomEvent[]
  /** The first fact of this type that `is`, told already or still to come; rejects after 5 000 ms. */
  find<T extends RoomEvent['type']>(type: T, is?: (event: Fact<T>) => boolean): Promise<Fact<T>>
}
export type Fact<T extends RoomEvent['type']> = Extract<RoomEvent, { type: T }>

const isOf =
  <T extends RoomEvent['type']>(type: T, is: (event: Fact<T>) => boolean) =>
  (event: RoomEvent): event is Fact<T> =>
    event.type === type && is(event as Fact<T>) // the type was just compared; TypeScript cannot follow it through the type parameter

/** Joins the rig's world and keeps what it tells. */
export const enter = async (rig: Rig): Promise<Facts> => {
  const all: RoomEvent[] = []
  const watchers = new Set<() => void>()
  const tell = (event: RoomEvent) => {
    all.push(event)
    for (const look of [...watchers]) look()
  }
  const joined = await rig.until(rig.world.room.join(tell, new AbortController().signal))
  return {
    joined,
    all,
    find: (type, is = () => true) => {
      const fits = isOf(type, is)
      const found = new Promise<Fact<typeof type>>(resolve => {
        const look = () => {
          const event = all.find(fits)
          if (!event) return
          watchers.delete(look)
          resolve(event)
        }
        watchers.add(look)
        look()
      })
      return rig.until(found)
    },
  }
}

/** Lets time go by in steps of 20 ms until `is()`; throws, naming `what`, after `limitMs`. */
export const eventually = async (rig: Rig, what: string, is: () => boolean, limitMs = 5_000): Promise<void> => {
  for (let waited = 0; !is(); waited += 20) {
    if (waited >= limitMs) throw new Error(`did not happen within ${limitMs} ms: ${what}`)
    await rig.pass(20)
  }
}

/** Opens a rig for one test and closes it whatever happens. */
export const withRig =
  (open: RigMaker, test: (rig: Rig) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const rig = await open()
    try {
      await test(rig)
    } finally {
      await rig.close()
    }
  }
