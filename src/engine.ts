/** The composition root: one world and the machines of one room, bound to each other once. */
import { createActor, fromPromise } from 'xstate'
import { senderOf } from '../machines/crew.ts'
import { type RoomEvent, type RoomFailure, type RoomRef, roomMachine } from '../machines/room.ts'
import { agentOn } from './agent.ts'
import { lineOf } from './errors.ts'
import { factOf, type RoomFact } from './facts.ts'
import { chatOn } from './inbound/chat.ts'
import { createEar, type Ear } from './inbound/ear.ts'
import { Inbox } from './inbound/inbox.ts'
import { linkOn } from './inbound/link.ts'
import { microphoneOn } from './inbound/microphone.ts'
import type { Settings } from './options.ts'
import { outputOn } from './outbound/output.ts'
import { playoutOn } from './outbound/playout.ts'
import { presenceOn } from './outbound/presence.ts'
import { type Heard, Speaker } from './outbound/speaker.ts'
import { Captions, transcriptOn } from './outbound/transcript.ts'
import { until } from './pipes/until.ts'
import type { ChatMessage, Conversation, Mind, Played, World, RoomEvent as WorldFact } from './ports.ts'
import { stopSubtree } from './supervise.ts'
import { Transcripts } from './transcripts.ts'
import { Utterances } from './utterances.ts'

export type EngineHands = {
  world: World
  settings: Settings
  emit: (fact: RoomFact) => void
  conversation: Conversation
  /** Deals with what somebody wrote. */
  answer: (message: ChatMessage) => unknown
  /** The room was joined. */
  opened: () => void
  /** All is over; `error` if a failure ended it. */
  closed: (reason: string, error: unknown) => void
}

export class Engine {
  readonly actor: RoomRef
  readonly ear: Ear
  readonly inbox: Inbox | undefined
  readonly captions: Captions
  readonly utterances: Utterances
  readonly transcripts: Transcripts
  readonly #hands: EngineHands
  readonly #speaker: Speaker
  /** What comes while the room is being joined: it is newer than the roster that joining gives. */
  #early: WorldFact[] | undefined = []
  #captionsLost = false

  constructor(hands: EngineHands) {
    this.#hands = hands
    const { emit, world, settings } = hands
    const { clock, ids, log, textIn, textOut } = world
    const { link, input, textInput, output, closeBudgetMs } = settings
    const { preConnectAudio, preConnectAudioTimeoutMs } = input
    const send = (event: RoomEvent) => this.send(event)
    const { numChannels: channels, ...sound } = output
    this.#speaker = new Speaker({ ...sound, channels, clock, log, tell: fact => this.#heard(fact) })
    this.ear = createEar(world, {
      ...input,
      ...{ channels: input.numChannels, noiseCancellation: settings.noiseCancellation },
      dropped: run => emit({ type: 'input.dropped', ...run }),
    })
    if (textInput)
      this.inbox = new Inbox({
        ...{ textIn, clock, log, asked: textInput.asked },
        sender: identity => senderOf(this.context, identity),
        answer: message => this.#answer(message),
      })
    this.captions = new Captions({ textOut, trackOf: identity => this.#trackOf(identity), log })
    const shared = { captions: this.captions, clock, ids, send, emit }
    this.utterances = new Utterances({
      ...{ ...shared, speaker: this.#speaker, log, identity: () => this.identity },
      outcome: id => {
        const output: unknown = this.context.crew[`playout:${id}`]?.getSnapshot()?.output
        return isPlayed(output) ? output : undefined
      },
    })
    this.transcripts = new Transcripts(shared)
    const microphone = { preConnectAudio, preConnectAudioTimeoutMs }
    this.actor = createActor(this.#machine(), {
      ...{ clock, id: 'room' },
      input: { link, microphone, sampleRate: output.sampleRate, closeBudgetMs, textInput: textInput !== undefined },
    })
    this.actor.subscribe({ error: error => this.#collapse(error) })
  }

  get context() {
    return this.actor.getSnapshot().context
  }
  /** Ours, in the room. */
  get identity(): string {
    return this.context.joined?.identity ?? ''
  }
  /** From now on nothing is missed that is sent to the room. */
  start(): void {
    this.ear.start()
    this.inbox?.start()
    this.actor.start()
    this.send({ type: 'open' })
  }
  send(event: RoomEvent): void {
    this.actor.send(event)
  }

  #machine() {
    const { world, settings, conversation } = this.#hands
    const { log, room, speakers } = world
    const { trackName, queueMs } = settings.output
    const tell = (event: RoomEvent) => this.send(event)
    return roomMachine.provide({
      actors: {
        join: fromPromise(({ signal }) => room.join(fact => this.#came(fact), signal)),
        leave: fromPromise(() => room.leave()),
        link: linkOn({ log, tell }),
        microphone: microphoneOn(this.ear, {}),
        ...(this.inbox ? { chat: chatOn(this.inbox) } : {}),
        output: outputOn({ speaker: this.#speaker, speakers, trackName, queueMs }),
        playout: playoutOn(this.#speaker, (id, signal) => this.utterances.start(id, signal)),
        transcript: transcriptOn({ captions: this.captions, log, tell: () => this.#loseCaptions() }),
        presence: presenceOn(room, { log }),
        agent: agentOn({ mind: apart(settings.mind ?? nobody), conversation, tell }),
      },
      actions: {
        tellOpen: () => this.#open(),
        tellFact: ({ event }) => this.#tell(event),
        tellFailed: (_, failure) => this.#fail(failure),
        tellEnded: (_, { id, output, error }) => this.utterances.ended(id, isPlayed(output) ? output : undefined, error),
        tellOverrun: (_, { step, error }) => this.#overrun(step, error),
        tellClosing: () => this.#conclude(),
        tellClosed: ({ context: { reason = 'closed', error } }) => this.#end(reason, error),
        stopOrphans: (_, child) => stopSubtree(child),
      },
    })
  }

  /** From the world. */
  #came(fact: WorldFact): void {
    if (this.#early) this.#early.push(fact)
    else this.send(fact)
  }
  /** From the speaker. */
  #heard(fact: Heard): void {
    if (fact.type === 'utterance.started') this.utterances.started(fact.id)
    if (fact.type !== 'sink.failed') this.#hands.emit(fact)
    if (fact.type === 'utterance.started' || fact.type === 'sink.failed') this.send(fact)
  }
  #answer(message: ChatMessage): unknown {
    const { participantIdentity: identity, text } = message
    this.#hands.emit({ type: 'chat.received', identity, text, at: this.#hands.world.clock.now() })
    return this.#hands.answer(message)
  }
  /** The publication that carries this participant's voice. */
  #trackOf(identity: string): string | undefined {
    const { roster, crew } = this.context
    if (identity === this.identity) return crew.output?.getSnapshot()?.context?.sid
    return roster.find(one => one.identity === identity)?.tracks.find(({ source }) => source === 'microphone')?.sid
  }

  #open(): void {
    this.#hands.opened()
    const facts = this.#early ?? []
    this.#early = undefined
    for (const fact of facts) this.send(fact)
  }
  #tell(event: RoomEvent): void {
    if (event.type === 'participant.linked') this.transcripts.follow(event.participant.identity)
    if (event.type === 'participant.unlinked') this.transcripts.follow(undefined)
    const fact = factOf(event, this.#hands.world.clock.now())
    if (fact) this.#hands.emit(fact)
  }
  #fail({ actor, error, restarted }: RoomFailure): void {
    const failure = { actor, error: lineOf(error), restarted }
    this.#hands.world.log('error', 'actor.failed', failure)
    this.#hands.emit({ type: 'failed', ...failure })
    if (actor.startsWith('transcript:')) this.#loseCaptions()
    if (actor === 'chat' && !restarted) this.inbox?.close()
  }
  #loseCaptions(): void {
    if (!this.#captionsLost) this.#hands.emit({ type: 'captions.lost' })
    this.#captionsLost = true
  }
  #overrun(step: string, error: unknown): void {
    this.#hands.world.log('warn', 'close.overrun', { step, ...(error === undefined ? {} : { error: lineOf(error) }) })
  }
  /** The caller's words end, and text that is late is waited for no longer. */
  #conclude(): void {
    this.transcripts.follow(undefined)
    this.utterances.hurry()
  }
  #end(reason: string, error: unknown): void {
    this.utterances.close()
    this.ear.close()
    this.inbox?.close()
    const at = this.#hands.world.clock.now()
    this.#hands.emit({ type: 'closed', reason, at, ...(error === undefined ? {} : { error: lineOf(error) }) })
    this.#hands.closed(reason, error)
  }
  /** The supervisor itself has failed, which only an event can bring about that it does not know: all of it ends here. */
  #collapse(error: unknown): void {
    const { log, room } = this.#hands.world
    log('error', 'room.failed', { error: lineOf(error) })
    this.utterances.close()
    stopSubtree(this.actor)
    room.leave().catch(failure => this.#overrun('leave', failure))
    this.#end('failed', error)
  }
}

/** A room without a mind of its own: its owner speaks. */
const nobody: Mind = {
  start: (_, signal) => new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true })),
}
/**
 * A mind starts in a turn of its own: no code of the caller's runs within a transition, so what it asks is done when it was asked.
 * It hears and reads until its signal aborts: a reader that a failed mind left behind would keep the next one from it.
 */
const apart = (mind: Mind): Mind => ({
  start: async (conversation, signal) => {
    await undefined
    const lasting = <T>(source: () => AsyncIterable<T>) => ({ [Symbol.asyncIterator]: () => until<T>(signal)(source()) })
    const hear = () => lasting(() => conversation.hear())
    const chat = () => lasting(() => conversation.chat())
    if (!signal.aborted) await mind.start({ ...conversation, hear, chat }, signal)
  },
})
const isPlayed = (output: unknown): output is Played => typeof output === 'object' && output !== null && 'outcome' in output
