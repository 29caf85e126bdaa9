/** A room with its agent: what a user holds. It keeps no state of its own; the machines do. */
import type { AnyActorLogic } from 'xstate'
import type { RoomRef } from '../machines/room.ts'
import { heardIn, readyIn } from './arrivals.ts'
import { asked, calledOut } from './asked.ts'
import { type Queue, slide } from './audio/buffer.ts'
import type { AudioFrame } from './audio/frame.ts'
import { conversationOf } from './conversation.ts'
import { deferred } from './deferred.ts'
import { type Beyond, Engine } from './engine.ts'
import { coded, lineOf } from './errors.ts'
import type { RoomFact } from './facts.ts'
import { oneOf } from './groups.ts'
import type { Guest, GuestLogic, GuestOptions } from './guests.ts'
import { seamOf } from './journal.ts'
import type { Attended } from './launch.ts'
import type { ChatMessage, Saying, Utterance } from './mind.ts'
import { News } from './news.ts'
import { checkIdentity, type RoomOptions, type Settings, settingsOf } from './options.ts'
import type { Played, World } from './ports.ts'
import { Taps } from './taps.ts'
import { type Telling, telling } from './telling.ts'
import type { VideoFrame } from './video/frame.ts'
import { checkWorld, claimed } from './world.ts'

export type { Telling } from './telling.ts'

/** Joins the world's room. Rejects with one line that says what is wrong; then nothing is left behind. */
export const openRoom = async (world: World, options: RoomOptions = {}): Promise<ChartRoom> => {
  const settings = settingsOf(options)
  checkWorld(world)
  const room = roomIn(world, settings)
  await room.opened
  return room
}
/** A room in a world, which is being joined. Throws ERR_STARTED if this world had one before. */
export const roomIn = (world: World, settings: Settings, attended: Attended = {}): ChartRoom =>
  claimed(world, calm => {
    const seam = seamOf(calm, settings, attended)
    if (!seam) return new ChartRoom(calm, settings, attended)
    return asked(
      seam.turnstile.ask(() => new ChartRoom(seam.world, calledOut(settings, seam), attended, seam)),
      seam,
    )
  })

/** So many messages wait for a reader; then the oldest give way. */
const UNREAD = 32
export class ChartRoom {
  readonly #world: World
  readonly #engine: Engine
  readonly #news: News
  readonly #chat: Queue<ChatMessage>
  readonly #speaks: boolean
  /** Resolves when the room is joined; rejects if it could not be, with ERR_CLOSED if it was closed before. */
  readonly opened: Promise<void>
  /**
   * Resolves with the reason when the room has closed, whoever closed it. Never rejects: if a failure ended the room the reason is
   * `failed`, and `error` says which.
   */
  readonly closed: Promise<string>
  /** Resolves when somebody hears the agent for the first time; rejects with ERR_CLOSED if nobody did. Undefined without audioOutput. */
  readonly subscribed: Promise<void> | undefined
  /** What passes, for whoever looks on from outside. */
  readonly taps: Taps

  /** Starts to join at once. */
  constructor(given: World, settings: Settings, attended: Attended = {}, beyond?: Beyond) {
    const taps = new Taps(given, settings.output.sampleRate)
    const { world } = taps
    this.#world = world
    this.taps = taps
    this.#speaks = settings.on.audioOutput
    this.#news = new News(error => world.log('error', 'listener.failed', { error: lineOf(error) }))
    if (settings.listener) this.#news.add(settings.listener)
    this.#chat = slide(UNREAD, undefined, ({ size, from }) => world.log('warn', 'chat.unread', { messages: size, from }))
    if (!settings.textInput || settings.textInput.callback) this.#chat.end()
    const { promise: opening, resolve: opened, reject: failed } = deferred<void>()
    const { promise: closing, resolve: closed } = deferred<string>()
    this.opened = opening
    this.opened.catch(() => {}) // whoever waits for it is told; who does not, may ask `closed`
    this.closed = closing
    this.#engine = new Engine({
      ...{ world, settings, attended, taps, beyond, opened },
      emit: fact => this.#news.tell(fact),
      conversation: conversationOf(this, settings, world),
      answer: settings.textInput?.callback?.bind(undefined, this) ?? (message => this.#hand(message)),
      closed: (reason, error) => {
        this.#chat.end()
        failed(error ?? coded('ERR_CLOSED', 'the room was closed before it was joined: open another'))
        closed(reason)
      },
    })
    settings.recorder?.attach(this)
    this.#engine.start()
    this.subscribed = this.#speaks ? heardIn(this.#engine.context.crew) : undefined
    this.subscribed?.catch(() => {}) // whoever waits for it is told
  }

  get name(): string {
    return this.#engine.context.joined?.name ?? ''
  }
  get identity(): string {
    return this.#engine.identity
  }
  /** Whether it is joined, and does not close yet. */
  get isOpen(): boolean {
    return this.#engine.actor.getSnapshot().value === 'running'
  }
  /** The identity of the participant that is listened to. */
  get linkedParticipant(): string | undefined {
    return this.#engine.context.linked?.identity
  }
  /** What ended the room, if a failure did. */
  get error(): unknown {
    const { context, error } = this.#engine.actor.getSnapshot()
    return context.error ?? error
  }
  /** What the linked participant says, in frames of one size, through every track and every participant. One reader at a time. */
  get audio(): AsyncIterable<AudioFrame> {
    return this.#engine.intake.ear.audio
  }
  /**
   * What the linked participant shows, camera or screen, whichever came last; empty where `videoInput` is not switched on. Only the newest
   * picture waits, until its track goes. One reader at a time.
   */
  get video(): AsyncIterable<VideoFrame> {
    return this.#engine.intake.eye.video
  }
  /**
   * What the linked participant writes, where there is no callback of your own; the agent was interrupted for it. Of what nobody reads the
   * newest 32 are kept. One reader at a time.
   */
  get chat(): AsyncIterable<ChatMessage> {
    return this.#chat
  }
  /** The account of the input, in samples per channel. */
  get counters() {
    return this.#engine.intake.ear.counters
  }
  /** The account of what the agent sees, in pictures. */
  get sights() {
    return this.#engine.intake.eye.counters
  }
  /** The machines at work, for statechart users and inspectors. */
  get actor(): RoomRef {
    return this.#engine.actor
  }

  /** An id for an utterance, as the room would give it. */
  nextId(): string {
    return this.#world.ids.next('SG_')
  }
  /** Resolves when somebody is linked who can receive, and who hears the agent; rejects with ERR_CLOSED if that does not happen. */
  ready(): Promise<void> {
    return readyIn(this.#engine.context.crew, this.#speaks)
  }

  /** Says something, after all that was said before. Throws ERR_OFF without audioOutput, ERR_CLOSED, ERR_DUPLICATE_SEGMENT for a used id. */
  say(saying: Saying): Utterance {
    if (!this.#speaks) throw coded('ERR_OFF', 'audioOutput is off in this room: show the words, or leave it on')
    if (!this.isOpen) throw coded('ERR_CLOSED', 'the room is not open: open another to speak')
    return this.#engine.utterances.say(saying)
  }
  /** Shows text that nobody speaks. Without effect once the room closes. */
  show(text: string): void {
    if (typeof text !== 'string') throw new TypeError(`what is shown is a text, not a ${typeof text}`)
    if (!this.isOpen || text === '') return
    const { captions, identity } = this.#engine
    const id = this.#world.ids.next('SG_')
    this.#engine.send({ type: 'caption', segment: { id, side: 'agent', identity } })
    captions.put(id, text)
    this.#engine.send({ type: 'finish', id })
    this.#shown(id, text, true)
  }
  /**
   * Shows text that nobody speaks, as it comes; what is shown after it waits for its end. Without effect once the room closes. Throws
   * ERR_DUPLICATE_SEGMENT while text is shown under this id.
   */
  tell(id = this.#world.ids.next('SG_')): Telling {
    return telling(id, {
      ...{ captions: this.#engine.captions, identity: this.#engine.identity, isOpen: () => this.isOpen },
      send: event => this.#engine.send(event),
      shown: (text, final) => this.#shown(id, text, final),
    })
  }
  /** Stops the voice at once, and holds what is said meanwhile; `resume` goes on with the very next sample. */
  pause(): void {
    this.#engine.send({ type: 'pause' })
  }
  resume(): void {
    this.#engine.send({ type: 'resume' })
  }
  /** Ends every open utterance at once, or this one. */
  interrupt(id?: string): void {
    this.#engine.utterances.interrupt(id)
  }
  /**
   * Waits for the utterances said so far, or for this one, and gives back the end of the last; undefined if there was none. Rejects
   * with ERR_UNKNOWN_SEGMENT for an id that was not said.
   */
  waitForPlayout(id?: string): Promise<Played | undefined> {
    return this.#engine.utterances.wait(id)
  }
  /** Tells the caller's words, as something recognises them: the whole sentence so far; `final` ends it. With an `id` several may be open. */
  heard(text: string, final: boolean, id?: string): void {
    if (this.isOpen) this.#engine.transcripts.heard(text, final, id)
  }
  /** The caller began or stopped to make a sound: with `falseInterruption` the voice waits for what becomes of it. */
  speech(change: 'started' | 'ended'): void {
    oneOf('speech', change, ['started', 'ended'])
    this.#engine.send({ type: `speech.${change}` })
  }
  /** Listens to this participant, now or when they come; to nobody if undefined. */
  setParticipant(identity: string | undefined): void {
    checkIdentity(identity)
    this.#engine.send(identity === undefined ? { type: 'unlink' } : { type: 'link', identity })
  }
  /** Whether the agent hears and sees, or one `of` it: while detached, what comes is dropped. */
  setAttached(attached: boolean, of?: 'microphone' | 'camera'): void {
    if (of !== undefined) oneOf('of', of, ['microphone', 'camera'])
    this.#engine.send({ type: attached ? 'attach' : 'detach', ...(of ? { of } : {}) })
  }
  /** Starts an actor of your own, until the room closes. Throws ERR_CLOSED, or ERR_DUPLICATE_ACTOR for the id of one that is there. */
  spawn<L extends AnyActorLogic>(logic: GuestLogic<L>, options: GuestOptions<L>): Guest<L> {
    if (!this.isOpen) throw coded('ERR_CLOSED', 'the room is not open: open another for its actors')
    return this.#engine.guests.spawn(logic, options)
  }
  /** Tells every fact from now on, in order, apart from what caused it; until the returned function is called. */
  on(listener: (fact: RoomFact) => void): () => void {
    return this.#news.add(listener)
  }
  /** Ends everything, within the budget. Never rejects; a second call is the same end. */
  async close(reason = 'closed'): Promise<void> {
    this.#engine.send({ type: 'close', reason })
    await this.closed
  }

  /** CHAT-6. The numbers of what was interrupted are final when that returns, so there is nothing to wait for. */
  #hand(message: ChatMessage): void {
    if (message.text.trim() === '') return
    this.#engine.utterances.interrupt()
    void this.#chat.push(message) // a queue that slides makes nobody wait
  }
  #shown(id: string, text: string, final: boolean): void {
    const { identity } = this.#engine
    this.#news.tell({ type: 'words.shown', id, speaker: 'agent', identity, text, final, at: this.#world.clock.now() })
  }
}
