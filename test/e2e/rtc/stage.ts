/** One test of the RTC surface on a real server: as many rooms of ours as it takes, all that they told, and an end to all of it. */
import { AccessToken, RoomServiceClient, type VideoGrant } from 'livekit-server-sdk'
import type { Server } from '../../../scripts/livekit.mjs'
import { type LocalParticipant, Room, RoomEvent, type RoomEvents, type RoomOptions } from '../../../src/livekit/rtc/index.ts'
import { type Residue, residue } from '../residue.ts'
import { suiteOn } from '../suite.ts'
import { pass, Watch, within } from '../watch.ts'

/** How long the native layer may take to let go of what was closed, in ms. */
const REST = 6_000

type Name = keyof RoomEvents
/** One event: its name beside what its handlers get. */
export type Seen<N extends Name = Name> = { [K in Name]: { name: K; event: RoomEvents[K] } }[N]

/** How somebody comes in. `grants` go over those of an agent: `{ canPublish: false }`. */
export type Entry = {
  options?: RoomOptions
  grants?: Partial<VideoGrant>
  kind?: 'agent' | 'standard' | 'sip' | 'ingress' | 'egress'
  name?: string
  metadata?: string
  attributes?: Record<string, string>
  /** Of the token, in seconds. */
  ttl?: number
}

/** Somebody in the room, with all that they saw. */
export class Guest {
  readonly identity: string
  readonly room = new Room()
  readonly seen: Seen[] = []
  readonly watch = new Watch()

  constructor(identity: string) {
    this.identity = identity
    for (const name of Object.values(RoomEvent)) this.#note(name)
  }
  #note<N extends Name>(name: N): void {
    this.room.on(name, event => {
      const seen = { name, event }
      this.seen.push(seen as Seen) // the same name on both sides
      this.watch.look()
    })
  }
  get local(): LocalParticipant {
    return this.room.localParticipant
  }
  /** What of this name was seen up to now. */
  all<N extends Name>(name: N): RoomEvents[N][] {
    return this.seen.flatMap(seen => (isOf(seen, name) ? [seen.event] : []))
  }
  /** The first event of this name that `is`, seen already or still to come. */
  sees<N extends Name>(name: N, is: (event: RoomEvents[N]) => boolean = () => true, limitMs?: number): Promise<RoomEvents[N]> {
    return this.until(`${this.identity} sees ${name}`, () => this.all(name).find(is), limitMs)
  }
  /** The first value of `is`, which is asked at every event. */
  until<T>(what: string, is: () => T | undefined | false, limitMs?: number): Promise<T> {
    return this.watch.until(what, is, limitMs)
  }
  /** The other one as this one sees them; waits until they are there. */
  meets(other: Guest | string) {
    const identity = typeof other === 'string' ? other : other.identity
    return this.until(`${this.identity} meets ${identity}`, () => this.room.remoteParticipants.get(identity))
  }
}
const isOf = <N extends Name>(seen: Seen, name: N): seen is Seen<N> => seen.name === name

let rooms = 0

export class Stage {
  readonly server: Server
  readonly name = `rtc-${process.pid}-${++rooms}`
  /** The server itself: metadata, permissions, removals. */
  readonly api: RoomServiceClient
  readonly #guests: Guest[] = []
  readonly #ends: { what: string; end: () => unknown }[] = []
  readonly #before: Residue = residue()

  constructor(server: Server) {
    this.server = server
    this.api = new RoomServiceClient(server.url.replace(/^ws/, 'http'), server.apiKey, server.apiSecret)
  }

  token(identity: string, { grants, kind = 'standard', name, metadata, attributes, ttl = 600 }: Entry = {}): Promise<string> {
    const { apiKey, apiSecret } = this.server
    const about = { ...(name && { name }), ...(metadata && { metadata }), ...(attributes && { attributes }) }
    const token = new AccessToken(apiKey, apiSecret, { identity, ttl, ...about })
    token.kind = kind
    const rights = { canPublish: true, canSubscribe: true, canPublishData: true, canUpdateOwnMetadata: true }
    token.addGrant({ roomJoin: true, room: this.name, ...rights, ...grants })
    return token.toJwt()
  }

  /** Somebody who is not in the room yet; leaves at the end of the test if they ever were. */
  guest(identity: string): Guest {
    const guest = new Guest(identity)
    this.#guests.push(guest)
    return guest
  }
  async enter(guest: Guest, entry: Entry = {}): Promise<Guest> {
    const token = await this.token(guest.identity, entry)
    await within(`${guest.identity} joins`, guest.room.connect(this.server.url, token, entry.options))
    return guest
  }
  join(identity: string, entry?: Entry): Promise<Guest> {
    return this.enter(this.guest(identity), entry)
  }
  /** Two in one room, each of whom sees the other. */
  async pair(one: Entry = {}, other: Entry = {}): Promise<[ann: Guest, bob: Guest]> {
    const [ann, bob] = [await this.join('ann', one), await this.join('bob', other)]
    await Promise.all([ann.meets(bob), bob.meets(ann)])
    return [ann, bob]
  }

  /** Ends with the test, the last first, before the guests leave: `stage.ends('the source', () => source.close())`. */
  ends(what: string, end: () => unknown): void {
    this.#ends.push({ what, end })
  }

  async close(): Promise<void> {
    for (const { what, end } of this.#ends.splice(0).reverse()) await within(`the end of ${what}`, Promise.resolve(end()))
    for (const { identity, room } of this.#guests.splice(0).reverse()) await within(`${identity} leaves`, room.disconnect())
    await nothingLeft(this.#before)
  }
}

/** Waits until nothing is held that was not held `before`: no listener on the native client, no timer, no port. */
export const nothingLeft = async (before: Residue): Promise<void> => {
  const held = () => {
    const { native, resources } = residue()
    const more = Object.entries(resources).filter(([kind, count]) => count > (before.resources[kind] ?? 0))
    const listeners = native - before.native
    return [...(listeners > 0 ? [`${listeners} listeners on the native client`] : []), ...more.map(one => one.join(': '))]
  }
  const limit = Date.now() + REST
  while (held().length > 0 && Date.now() < limit) await pass(50)
  if (held().length > 0) throw new Error(`still held ${REST} ms after the end: ${held().join(', ')}`)
}

/** A suite of the RTC surface, on a server of its own. */
export const suiteOnServer = (name: string, lacks?: string) => suiteOn(name, server => new Stage(server), lacks)
