/**
 * MultimodalAgent — a speech-to-speech model in a room: their microphone goes to the model, its voice and its words to the room. It
 * decides nothing and keeps nothing but what it holds in its hands: the room's machines do, and the `realtime` machine.
 */
import type { Room as SdkRoom } from '@livekit/rtc-node'
import { coded, lineOf } from './errors.ts'
import type { RoomFact } from './facts.ts'
import { groupOf } from './groups.ts'
import type { NoiseCancellation } from './inbound/noise.ts'
import type { Journal } from './journal.ts'
import { attach } from './livekit/attach.ts'
import type { Conversation } from './mind.ts'
import { News } from './news.ts'
import { checkIdentity, type RoomOptions, settingsOf } from './options.ts'
import type { Clock, Ids, Log, OpusDecoder, ParticipantKind, World } from './ports.ts'
import { checkOutside } from './realtime/checks.ts'
import { checkContext } from './realtime/context.ts'
import { Dialogue } from './realtime/dialogue.ts'
import { checkFunctions } from './realtime/functions.ts'
import { type AgentEvent, type AgentEvents, type AgentNews, checkListener } from './realtime/news.ts'
import { dialogueOf, type RealtimeOptions, type RealtimeSettings, realtimeKeys, realtimeOf } from './realtime/options.ts'
import type { ChatContext, FunctionContext } from './realtime/port.ts'
import type { Recorder } from './recording/recorder.ts'
import { type ChartRoom, roomIn } from './room.ts'
import { checkWorld } from './world.ts'

export { type RealtimeMindOptions, realtimeMind } from './realtime/mind.ts'
export type { AgentEvent, AgentEvents, AgentFailure, AgentNews, SpeechMessage } from './realtime/news.ts'
export type { RealtimeOptions } from './realtime/options.ts'
export type * from './realtime/port.ts'

/** Durations in ms. What is not given, or undefined, has its default. */
export type MultimodalAgentOptions = RealtimeOptions & {
  /** Kept, and readable. The model, or the server, says when somebody speaks. */
  vad?: unknown
  noiseCancellation?: NoiseCancellation
  /** As in a room: default connector, sip, standard. */
  participantKinds?: ParticipantKind[]
  /** As in a room: default `any`. */
  relink?: 'any' | 'same' | 'none'
  /** The agent closes when the participant leaves for good. Default false. */
  closeOnDisconnect?: boolean
  /** Default `assistant_voice`. */
  trackName?: string
  /** As much of what is said waits while the model is not there or slow; then the oldest is dropped. Default 10 000. */
  maxInputBufferMs?: number
  /** Gets every input of the engine, numbered. */
  journal?: Journal
  /** Writes down all that happens: `recorderIn(folder)`. */
  recorder?: Recorder
  /** What an SDK's room is used with, where not the machine's own. */
  clock?: Clock
  ids?: Ids
  log?: Log
  opus?: OpusDecoder
}

const agentDefaults = { trackName: 'assistant_voice', maxInputBufferMs: 10_000, closeOnDisconnect: false }
const beside = ['vad', 'noiseCancellation', 'participantKinds', 'relink', 'journal', 'recorder', 'clock', 'ids', 'log', 'opus']

export class MultimodalAgent {
  readonly #options: MultimodalAgentOptions
  readonly #settings: RealtimeSettings
  readonly #room: RoomOptions
  readonly #news: News<AgentNews>
  readonly #offs = new Map<AgentEvent, Map<unknown, () => void>>()
  readonly #dialogue: Dialogue
  #log: Log
  #chart: ChartRoom | undefined
  #over: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #isOver = false

  /** Checks everything, and touches nothing. */
  constructor(options: MultimodalAgentOptions) {
    const own = groupOf('options', agentDefaults, options, [...realtimeKeys, ...beside])
    this.#settings = realtimeOf(options, [...Object.keys(agentDefaults), ...beside])
    this.#options = { ...options }
    this.#room = roomOf({ ...options, ...own }, this.#settings)
    settingsOf(this.#room)
    checkOutside(options)
    this.#log = options.log ?? (() => {})
    this.#news = new News(error => this.#log('error', 'listener.failed', { error: lineOf(error) }))
    this.#dialogue = new Dialogue({ ...dialogueOf(this.#settings), tell: (event, payload) => this.#tell(event, payload) })
  }

  /**
   * Resolves when the model is ready and somebody hears the agent; rejects with what prevented it, when all is released. `room`: the SDK's,
   * connected now or later, and left so; or a world, which is joined and left. `participant`: whom to listen to, now or when they come.
   * Throws at once, and changes nothing, if it was started or closed before or something is not what it must be.
   */
  start(room: SdkRoom | World, participant?: string | { identity: string }): Promise<void> {
    if (this.#closing) throw coded('ERR_CLOSED', 'this agent was closed: make another')
    if (this.#chart) throw coded('ERR_STARTED', 'this agent was started before')
    const identity = typeof participant === 'object' ? Object(participant).identity : participant
    checkIdentity(participant === undefined ? undefined : (identity ?? ''))
    const sdk = 'remoteParticipants' in Object(room) ? (room as SdkRoom) : undefined
    if (!sdk && !('room' in Object(room))) throw new TypeError('start takes a Room of the SDK, or a world that an adapter made')
    const world = sdk ? attach(sdk, this.#options) : (room as World)
    checkWorld(world)
    const mind = Object.assign((conversation: Conversation) => this.#dialogue.in(conversation), minded)
    const settings = settingsOf({ ...this.#room, mind, ...(identity === undefined ? {} : { participantIdentity: identity }) })
    const chart = roomIn(world, settings, sdk ? { patient: true, late: sdk.isConnected } : {})
    this.#log = world.log
    this.#chart = chart
    chart.on(fact => this.#hear(fact, chart))
    this.#over = this.#end(chart)
    const begun = this.#begin(chart, this.#over)
    begun.catch(() => {}) // whoever waits for it is told; who does not, hears `closed`
    return begun
  }
  /** Ends everything, within its budget, from any state. Never rejects; a second call is the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** Tells the event from now on, in order, in a turn of its own. What a listener throws is logged. */
  on<E extends AgentEvent>(event: E, listener: (payload: AgentEvents[E]) => unknown): this {
    checkListener(event, listener)
    this.off(event, listener)
    const off = this.#news.add(news => (news.event === event ? listener(news.payload as AgentEvents[E]) : undefined))
    this.#offs.set(event, (this.#offs.get(event) ?? new Map()).set(listener, off))
    return this
  }
  off<E extends AgentEvent>(event: E, listener: (payload: AgentEvents[E]) => unknown): this {
    this.#offs.get(event)?.get(listener)?.()
    this.#offs.get(event)?.delete(listener)
    return this
  }

  get vad(): unknown {
    return this.#options.vad
  }
  /** What the model may call, now and in the next session. */
  get fncCtx(): FunctionContext {
    return this.#dialogue.fncCtx
  }
  set fncCtx(functions: FunctionContext) {
    checkFunctions(functions)
    this.#dialogue.fncCtx = functions
  }
  /** The conversation as the model has it. */
  chatCtxCopy(): ChatContext {
    return this.#dialogue.chatCtxCopy()
  }
  /**
   * Resolves when the model has taken it; while it is away, the next session does. Rejects with what the server says, ERR_TIMEOUT or
   * ERR_CLOSED.
   */
  async setChatCtx(chatCtx: ChatContext): Promise<void> {
    checkContext(chatCtx)
    if (this.#closing || this.#isOver) throw coded('ERR_CLOSED', 'this agent is closed: nobody takes the conversation')
    await this.#dialogue.setChatCtx(chatCtx)
  }
  /** Asks for a response; resolves when the model begins it. Rejects with ERR_NOT_LIVE before `start` has resolved, and after the end. */
  async generateReply(how?: { instructions?: string }): Promise<void> {
    if (this.#closing || this.#isOver) throw coded('ERR_NOT_LIVE', 'this agent is closed: make another for an answer')
    await this.#dialogue.generateReply(how)
  }
  /** Ends what is said, and what waits to be said, at once; the model is told how much of it was heard. */
  interrupt(): void {
    this.#dialogue.ask({ type: 'interrupt' })
  }
  /** The room at work, for statechart users. */
  get chart(): ChartRoom | undefined {
    return this.#chart
  }

  async #begin(chart: ChartRoom, over: Promise<void>): Promise<void> {
    const failed = over.then(() => {
      throw chart.error ?? coded('ERR_CLOSED', 'the agent was closed before it was live')
    })
    await Promise.race([this.#dialogue.begun, failed])
  }
  async #close(): Promise<void> {
    const chart = this.#chart
    if (!chart) return this.#conclude({ reason: 'closed' })
    this.#dialogue.ask({ type: 'close' })
    await this.#dialogue.over()
    await chart.close()
    await this.#over
  }
  async #end(chart: ChartRoom): Promise<void> {
    const reason = await chart.closed
    await this.#dialogue.over()
    this.#conclude({ reason, ...(chart.error === undefined ? {} : { error: chart.error }) })
    await undefined // it is told in a turn of its own
  }
  #conclude(end: AgentEvents['closed']): void {
    this.#tell('closed', end)
    this.#isOver = true
  }
  #hear(fact: RoomFact, { isOpen: recoverable }: ChartRoom): void {
    if (fact.type === 'captions.lost')
      this.#tell('error', { source: 'captions', error: new Error('the words cannot be shown'), recoverable })
    if (fact.type !== 'failed' || /^(sync:|transcript:|agent$)/.test(fact.actor)) return // told: of captions above, of the model by itself
    this.#tell('error', { source: fact.actor, error: new Error(fact.error), recoverable })
  }
  #tell<E extends AgentEvent>(event: E, payload: AgentEvents[E]): void {
    if (!this.#isOver) this.#news.tell({ event, payload } as AgentNews)
  }
}

const minded = { attending: 'initializing' } as const

/** The room of such an agent: what is heard comes as the model wants it. Half of the budget is the model's. */
const roomOf = (
  { noiseCancellation, participantKinds, relink, journal, recorder, ...own }: MultimodalAgentOptions & typeof agentDefaults,
  { capabilities, inputChunkMs, transcription, closeBudgetMs }: RealtimeSettings,
): RoomOptions => ({
  audioInput: {
    ...{ sampleRate: capabilities.inputSampleRate, frameSizeMs: inputChunkMs, maxBufferMs: own.maxInputBufferMs },
    ...(noiseCancellation === undefined ? {} : { noiseCancellation }),
  },
  audioOutput: { sampleRate: capabilities.outputSampleRate, trackName: own.trackName },
  textInput: false,
  textOutput: { transcriptionSpeedFactor: transcription.agentTranscriptionSpeed },
  ...{ closeOnDisconnect: own.closeOnDisconnect, closeBudgetMs: closeBudgetMs / 2 },
  ...(participantKinds ? { participantKinds } : {}),
  ...(relink ? { relink } : {}),
  ...(journal ? { journal } : {}),
  ...(recorder ? { recorder } : {}),
})
