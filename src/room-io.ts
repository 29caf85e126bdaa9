/**
 * RoomIO — a session of a voice agent in a room, as `@livekit/agents` would put it there: with the options, slots and events that such
 * a session knows. It decides nothing and keeps nothing: the room's machines do.
 */
import type { RemoteParticipant, Room as SdkRoom } from '@livekit/rtc-node'
import { coded } from './errors.ts'
import type { RoomFact } from './facts.ts'
import { checkHands, type Legacy, optionsOf } from './legacy.ts'
import { attach } from './livekit/attach.ts'
import { checkIdentity, type RoomOptions, type Settings, settingsOf } from './options.ts'
import type { Clock, Ids, Log, OpusDecoder, Participant, World } from './ports.ts'
import { type ChartRoom, roomIn } from './room.ts'
import { type AudioInput, AudioOutput, Input, TextOutput } from './session/parts.ts'
import {
  answeredBy,
  checkSession,
  closeSession,
  described,
  follow,
  isTaken,
  keepsPace,
  putIn,
  type Session,
  type Slot,
  soundIn,
  standInFor,
  stateIn,
  takeOut,
  waitsItself,
  wordsIn,
} from './session/session.ts'
import type { VideoFrame } from './video/frame.ts'
import { checkWorld } from './world.ts'

export type { Legacy, RoomInputOptions, RoomOutputOptions } from './legacy.ts'
export type { RoomOptions } from './options.ts'
export type { AudioInput, AudioOutput, Input, PlaybackFinished, TextOutput } from './session/parts.ts'
export type { Session } from './session/session.ts'
export type { TimedString } from './text/timed.ts'
export type { VideoFrame } from './video/frame.ts'

/** Whom to link, options of old, and what an SDK's room is used with where not the machine's own. */
export type RoomIOHands = Legacy & { clock?: Clock; ids?: Ids; log?: Log; opus?: OpusDecoder }

/** What a session gets from us, and where. */
const slots = {
  audioInput: { of: 'input', name: 'audio' },
  videoInput: { of: 'input', name: 'video' },
  audioOutput: { of: 'output', name: 'audio' },
  textOutput: { of: 'output', name: 'transcription' },
} as const satisfies Record<string, Slot>
const parts = ['audioInput', 'videoInput', 'audioOutput', 'textOutput'] as const

export class RoomIO {
  readonly #session: Session
  readonly #world: World
  readonly #sdk: SdkRoom | undefined
  readonly #settings: Settings
  #pin: { identity: string | undefined } | undefined
  #room: ChartRoom | undefined
  #audioInput: AudioInput | undefined
  #videoInput: Input<VideoFrame> | undefined
  #audioOutput: AudioOutput | undefined
  #words: TextOutput | undefined
  #stand: unknown
  #unfollow = () => {}
  #closed: Promise<void> | undefined

  /** Checks everything and touches nothing. `room`: the SDK's, connected now or later, and left so; or a world, which is joined and left. */
  constructor(session: Session, room: SdkRoom | World, options?: RoomOptions, hands: RoomIOHands = {}) {
    checkSession(session)
    checkHands(hands)
    this.#session = session
    if ('remoteParticipants' in Object(room)) this.#sdk = room as SdkRoom
    this.#world = this.#sdk ? attach(this.#sdk, hands) : (room as World)
    checkWorld(this.#world)
    this.#settings = answeredBy(session, settingsOf(optionsOf(options, hands, this.#world.log)))
    if (this.#settings.mind) throw new TypeError('a RoomIO takes no mind: the session is the mind')
  }

  /** Does all at once: when it returns, no stream that is sent to the room can be missed. Throws if it was started or closed before. */
  start(): void {
    if (this.#closed) throw coded('ERR_CLOSED', 'this RoomIO was closed: make another')
    if (this.#room) throw coded('ERR_STARTED', 'this RoomIO was started before')
    const session = this.#session
    const settings = this.#vacant()
    const room = roomIn(this.#world, settings, this.#attended)
    this.#room = room
    if (this.#pin) room.setParticipant(this.#pin.identity)
    if (settings.falseInterruption && waitsItself(session))
      this.#world.log('warn', 'session.resumes', { ignored: 'falseInterruption' })
    room.on(fact => this.#tell(fact))
    this.#equip(room, settings)
    for (const part of parts) putIn(session, slots[part], this.#parts[part])
    this.#unfollow = follow(session, {
      agent_state_changed: event => this.#onState(event),
      user_input_transcribed: event => this.#onWords(event),
      ...(settings.falseInterruption ? { user_state_changed: event => this.#onUser(event) } : {}),
      close: () => void this.#close('session.closed'),
      conversation_item_added: event => this.#words?.mend(event),
    })
    this.#onState({ newState: session.agentState })
    this.#standIn()
    // ROOM-9: the slots are empty before the room is deleted.
    const vacate = () => this.#vacate()
    room.actor.subscribe({ next: ({ value }) => value === 'deleting' && vacate(), error: vacate, complete: vacate })
    room.closed.then(() => this.close())
  }

  /** Ends all of it, within its budget; the slots of the session that are still ours are empty then. Never rejects. */
  close(): Promise<void> {
    return this.#close('closed')
  }
  /** Resolves when somebody is linked who can receive, and hears the agent; rejects with ERR_CLOSED if that does not happen. */
  async ready(): Promise<void> {
    if (!this.#room) throw coded(this.#closed ? 'ERR_CLOSED' : 'ERR_NOT_STARTED', 'this RoomIO is not started')
    await this.#room.ready()
  }

  /** Listens to this participant, now or when they come; to nobody if null. */
  setParticipant(identity: string | null): void {
    checkIdentity(identity ?? undefined)
    const pin = identity ?? undefined
    if (this.#room) this.#room.setParticipant(pin)
    else this.#pin = { identity: pin }
  }
  unsetParticipant(): void {
    this.setParticipant(null)
  }

  /** The room it was made with. */
  get room(): SdkRoom | World {
    return this.#sdk ?? this.#world
  }
  /** Who is listened to: the SDK's own object, if the room is the SDK's. */
  get linkedParticipant(): RemoteParticipant | Participant | undefined {
    if (!this.#room?.isOpen) return undefined
    const { linked, roster } = this.#room.actor.getSnapshot().context
    if (!linked) return undefined
    return this.#sdk?.remoteParticipants.get(linked.identity) ?? roster.find(({ sid }) => sid === linked.sid)
  }
  get audioInput(): AudioInput | undefined {
    return this.#audioInput
  }
  get videoInput(): Input<VideoFrame> | undefined {
    return this.#videoInput
  }
  get audioOutput(): AudioOutput | undefined {
    return this.#settings.on.audioOutput ? this.#audioOutput : undefined
  }
  get transcriptionOutput(): TextOutput | undefined {
    return this.#words
  }
  /** Resolves when somebody hears the agent for the first time; rejects with ERR_CLOSED if nobody did. */
  get subscribed(): Promise<void> | undefined {
    return this.#room?.subscribed
  }
  /** The room at work, for statechart users. */
  get chart(): ChartRoom | undefined {
    return this.#room
  }

  #onState(event: unknown): void {
    const state = stateIn(event)
    if (state) this.#room?.actor.send({ type: 'agent.changed', state })
  }
  #onWords(event: unknown): void {
    const words = wordsIn(event)
    if (words && this.#settings.on.textOutput) this.#room?.heard(words.text, words.final)
  }
  /** OUT-25a, once: what the session does itself is left to it. */
  #onUser(event: unknown): void {
    const sound = soundIn(event)
    if (sound && !waitsItself(this.#session)) this.#room?.speech(sound)
  }

  #tell(fact: RoomFact): void {
    if (fact.type === 'hung.up' && !this.#closed) void closeSession(this.#session, 'participant_disconnected', this.#world.log)
    const linked = fact.type === 'linked' ? this.#newest(fact.identity) : undefined // by now another one may be linked
    if (linked) this.#session._onRoomIOParticipantLinked?.('tracks' in linked ? described(linked) : linked)
  }

  #newest(identity: string): RemoteParticipant | Participant | undefined {
    const roster = this.#room?.actor.getSnapshot().context.roster
    return this.#sdk?.remoteParticipants.get(identity) ?? roster?.findLast(one => one.identity === identity)
  }
  /** A room of somebody else's may be connected long ago, or at any time. */
  get #attended() {
    return this.#sdk ? { session: true, patient: true, late: this.#sdk.isConnected } : { session: true }
  }
  /** The options without what the session has already: that stays (ROOM-8). */
  #vacant(): Settings {
    const on = { ...this.#settings.on }
    for (const part of parts) {
      const { of, name } = slots[part]
      if (!on[part] || !isTaken(this.#session, slots[part])) continue
      on[part] = false
      this.#world.log('warn', 'session.kept', { slot: `${of}.${name}` })
    }
    return Object.freeze({ ...this.#settings, on: Object.freeze(on) })
  }
  get #parts(): Record<(typeof parts)[number], unknown> {
    const { audioInput, videoInput, audioOutput, transcriptionOutput: textOutput } = this
    return { audioInput, videoInput, audioOutput, textOutput }
  }
  #equip(room: ChartRoom, { on, output, text }: Settings): void {
    const { clock, log, epochMs = 0 } = this.#world
    const format = { sampleRate: output.sampleRate, channels: output.numChannels }
    if (on.audioInput)
      this.#audioInput = new Input(
        () => room.audio,
        on => room.setAttached(on, 'microphone'),
      )
    if (on.videoInput)
      this.#videoInput = new Input(
        () => room.video,
        on => room.setAttached(on, 'camera'),
      )
    const voice = new AudioOutput({
      ...{ room, format, clock, log, epochMs },
      on: { audio: on.audioOutput, text: on.textOutput },
      paced: () => text.syncTranscription && !keepsPace(this.#session),
    })
    if (on.audioOutput) this.#audioOutput = voice
    if (on.textOutput) this.#words = new TextOutput(voice.turns)
  }
  /** In the place of the session's own RoomIO, if it looks for one. */
  #standIn(): void {
    const session = this.#session
    if (!('_roomIO' in session) || (session._roomIO !== undefined && session._roomIO !== null)) return
    const stand = standInFor(this, () => this.#close('session.closed'), this.#sdk)
    this.#stand = stand
    session._roomIO = stand
  }

  #close(reason: string): Promise<void> {
    this.#closed ??= this.#end(reason)
    return this.#closed
  }
  async #end(reason: string): Promise<void> {
    this.#unfollow()
    await this.#room?.close(reason)
  }
  #vacate(): void {
    const session = this.#session
    for (const part of parts) takeOut(session, slots[part], this.#parts[part])
    if (this.#stand !== undefined && session._roomIO === this.#stand) session._roomIO = undefined
  }
}
