/**
 * A room of LiveKit's: who is in it, what happens there, and ourselves in it. It can be entered again after it was left; rtc-node
 * wants a room of its own for each connection, which is `room.sdk` then.
 */
import { ConnectionState, type Room as SdkRoom, type SimulateScenarioKind } from '@livekit/rtc-node'
import { realClock } from '../../../clock.ts'
import { coded } from '../../../errors.ts'
import type { Clock, Log } from '../../../ports.ts'
import { EventEmitter } from '../emitter.ts'
import { checkText, misuse } from '../errors.ts'
import { stderrLog } from '../log.ts'
import { knowRoom } from '../media/follow.ts'
import { formOf } from '../sdk.ts'
import type { ReadingOptions } from '../streams/inbox.ts'
import type { ByteStreamReader, TextStreamReader } from '../streams/reader.ts'
import { type Around, Connection, type RoomEvents } from './connection.ts'
import type { E2EEManager } from './e2ee.ts'
import { newRoom } from './lifetime.ts'
import type { LocalParticipant } from './local-participant.ts'
import type { RoomOptions } from './options.ts'
import { type RemoteParticipant, remoteParticipantOf } from './participant.ts'

/** What the native layer counted on its way to the server and from there, as WebRTC names it. */
export type RtcStats = Awaited<ReturnType<SdkRoom['getRtcStats']>>
/** Gets a stream that somebody opened, and the identity of who did. */
export type TextStreamHandler = (reader: TextStreamReader, participantIdentity: string) => unknown
export type ByteStreamHandler = (reader: ByteStreamReader, participantIdentity: string) => unknown

/** Ours for one of rtc-node's rooms, always the same. */
const rooms = new WeakMap<SdkRoom, Room>()

export class Room extends EventEmitter<RoomEvents> {
  readonly #around: Around
  #connection: Connection
  /** What is to be registered in each connection. */
  readonly #registrations = new Map<string, (connection: Connection) => void>()

  /** `log` hears what goes wrong in handlers and in the SDK: one line on stderr where not given. `sdk`: see `of`. */
  constructor({ clock = realClock(), log = stderrLog, sdk = newRoom(log) }: Partial<Around> & { sdk?: SdkRoom } = {}) {
    super({ log })
    this.#around = { clock, log }
    this.#connection = this.#connectionOn(sdk)
  }
  /** Ours for a room of rtc-node's that somebody else connects, now or later; always the same. Disconnecting disconnects it for all. */
  static of(sdk: SdkRoom, around: { clock?: Clock; log?: Log } = {}): Room {
    return rooms.get(sdk) ?? new Room({ ...around, sdk })
  }
  #connectionOn(sdk: SdkRoom): Connection {
    rooms.set(sdk, this)
    knowRoom(sdk)
    return new Connection(sdk, this.#around, (event, ...told) => void this.emit(event, ...told))
  }

  /** rtc-node's room of this connection, for `@livekit/agents`, `RoomIO` or `attach`: another one after each `connect` but the first. */
  get sdk(): SdkRoom {
    return this.#connection.sdk
  }

  /**
   * Resolves when we are in: who and what is there already is told by no events. Rejects with a ConnectError, with a RangeError for
   * options that cannot be, with code ERR_STARTED while there is a connection, and with code ERR_DISPOSED after `dispose`; then the
   * room can be entered by another try.
   */
  async connect(url: string, token: string, options: RoomOptions = {}): Promise<void> {
    const before = this.#connection
    if (before.open) throw coded('ERR_STARTED', 'the room is connected, or about to be: disconnect it first')
    if (before.over) {
      this.#connection = this.#connectionOn(newRoom(this.#around.log))
      for (const register of this.#registrations.values()) register(this.#connection)
    }
    await this.#connection.enter(url, token, options, before.left)
  }
  /**
   * Ends our RPC handlers, then everything that reads, writes or waits, and leaves; `disconnected` is told before it resolves. Where
   * the server does not answer, it is left in 3 s all the same. Does nothing where there is no connection, and never rejects.
   */
  disconnect(): Promise<void> {
    return this.#connection.leave()
  }

  /** True while the connection is mended, too. */
  get isConnected(): boolean {
    return this.sdk.isConnected && !this.#connection.over
  }
  get connectionState(): ConnectionState {
    return this.#connection.over ? ConnectionState.CONN_DISCONNECTED : this.sdk.connectionState
  }
  /** The id that the server gave: known soon after the room is entered. Empty where there is no connection; rejects if it ends before. */
  async sid(): Promise<string> {
    return this.isConnected ? this.#connection.sid || this.#connection.sidCame : ''
  }
  /** Empty until the room is entered; so is `metadata`. */
  get name(): string {
    return this.sdk.name ?? ''
  }
  get metadata(): string {
    return this.sdk.metadata ?? ''
  }
  /** Ourselves. Throws with code ERR_NOT_CONNECTED until the room is entered; afterwards it is who we were. */
  get localParticipant(): LocalParticipant {
    const { local } = this.#connection
    if (local) return local
    throw coded('ERR_NOT_CONNECTED', 'there is no local participant before the room is entered: await room.connect first')
  }
  /** By identity, as they are now. */
  get remoteParticipants(): ReadonlyMap<string, RemoteParticipant> {
    if (!this.isConnected) return new Map()
    return new Map([...this.sdk.remoteParticipants].map(([identity, one]) => [identity, remoteParticipantOf(one)]))
  }
  /** Of the connection there is; without encryption it says so. */
  get e2eeManager(): E2EEManager {
    return this.#connection.e2ee
  }
  /** The server counts now and then, so this and `numPublishers` may lag behind. */
  get numParticipants(): number {
    return this.sdk.numParticipants
  }
  get numPublishers(): number {
    return this.sdk.numPublishers
  }
  get creationTime(): Date {
    return this.sdk.creationTime
  }
  get isRecording(): boolean {
    return this.sdk.isRecording
  }
  /** How long the room stays when the last participant has left, in seconds. */
  get departureTimeout(): number {
    return this.sdk.departureTimeout
  }
  /** How long it stays when nobody comes, in seconds. */
  get emptyTimeout(): number {
    return this.sdk.emptyTimeout
  }

  /** Rejects with code ERR_NOT_CONNECTED where there is no connection, and with ERR_DISCONNECTED when that ends first. */
  getRtcStats(): Promise<RtcStats> {
    return this.#ask(() => this.sdk.getRtcStats())
  }
  /** Breaks the connection in the way given, for tests. Rejects as `getRtcStats` does. */
  simulateScenario(scenario: SimulateScenarioKind): Promise<void> {
    return this.#ask(() => this.sdk.simulateScenario(scenario))
  }
  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.isConnected) throw coded('ERR_NOT_CONNECTED', 'there is no connection: await room.connect first')
    try {
      return await ask()
    } catch (error) {
      throw this.isConnected ? error : coded('ERR_DISCONNECTED', 'the room was left before that was done', error)
    }
  }

  /**
   * Gets each text stream of this topic that others open, in every connection to come. One handler for a topic: another one throws
   * with code ERR_TOPIC_TAKEN, and the first stays. Streams of a topic that has none are let go.
   */
  registerTextStreamHandler(topic: string, handler: TextStreamHandler, options?: ReadingOptions): void {
    checkHandler('text', topic, handler)
    this.#register(`text topic ${topic}`, ({ inbox }) =>
      inbox.registerTextStreamHandler(topic, (reader, { identity }) => handler(reader, identity), options),
    )
  }
  /** What is being read goes on. One that is not known is no matter. */
  unregisterTextStreamHandler(topic: string): void {
    if (this.#forget(`text topic ${topic}`)) this.#connection.inbox.unregisterTextStreamHandler(topic)
  }
  /** As of text streams; the topics of the two are apart. */
  registerByteStreamHandler(topic: string, handler: ByteStreamHandler, options?: ReadingOptions): void {
    checkHandler('byte', topic, handler)
    this.#register(`byte topic ${topic}`, ({ inbox }) =>
      inbox.registerByteStreamHandler(topic, (reader, { identity }) => handler(reader, identity), options),
    )
  }
  unregisterByteStreamHandler(topic: string): void {
    if (this.#forget(`byte topic ${topic}`)) this.#connection.inbox.unregisterByteStreamHandler(topic)
  }
  #register(key: string, register: (connection: Connection) => void): void {
    if (this.#registrations.has(key)) throw coded('ERR_TOPIC_TAKEN', `the ${key} has a handler: unregister that one first`)
    if (!this.#connection.over) register(this.#connection)
    this.#registrations.set(key, register)
  }
  /** Whether there is something to be taken off the connection. */
  #forget(key: string): boolean {
    return this.#registrations.delete(key) && !this.#connection.over
  }

  override toString(): string {
    const { name, metadata, connectionState } = this
    return formOf('Room', { sid: this.#connection.sid || 'unknown', name, metadata, connectionState })
  }
}

const checkHandler = (kind: string, topic: string, handler: unknown): void => {
  checkText('the topic', topic)
  if (typeof handler !== 'function')
    throw misuse('ERR_HANDLER', `the handler of the ${kind} streams of "${topic}" must be a function, and is ${typeof handler}`)
}
