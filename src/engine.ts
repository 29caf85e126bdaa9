/** The composition root: one world and the machines of one room, bound to each other once. */
import { createActor, fromPromise } from 'xstate'
import type { AgentFact } from '../machines/agent.ts'
import { senderOf } from '../machines/crew.ts'
import { type RoomEvent, type RoomFailure, type RoomRef, roomMachine } from '../machines/room.ts'
import { agentOn, apart, type MindLogic } from './agent.ts'
import { captionsOf } from './captions.ts'
import { lineOf } from './errors.ts'
import { factOf, type RoomFact } from './facts.ts'
import { Guests } from './guests.ts'
import { cameraOn } from './inbound/camera.ts'
import { chatOn } from './inbound/chat.ts'
import { linkOn } from './inbound/link.ts'
import { microphoneOn } from './inbound/microphone.ts'
import { Intake } from './intake.ts'
import { type Attended, inputOf } from './launch.ts'
import type { ChatMessage, Conversation, Mind } from './mind.ts'
import type { Settings } from './options.ts'
import { interruptionOn } from './outbound/interruption.ts'
import { outputOn } from './outbound/output.ts'
import { playoutOn } from './outbound/playout.ts'
import { presenceOn } from './outbound/presence.ts'
import { type Heard, Speaker } from './outbound/speaker.ts'
import { syncOn } from './outbound/sync.ts'
import { type Captions, transcriptOn } from './outbound/transcript.ts'
import type { Here } from './outbound/voices.ts'
import type { Played, World, RoomEvent as WorldFact } from './ports.ts'
import { stopSubtree } from './supervise.ts'
import type { Taps } from './taps.ts'
import { Transcripts } from './transcripts.ts'
import { Utterances } from './utterances.ts'

/** How much of what was heard is kept to be said again, in ms: no word takes longer. */
const REWIND_MS = 2_000

export type EngineHands = {
  world: World
  settings: Settings
  emit: (fact: RoomFact) => void
  conversation: Conversation
  /** Deals with what somebody wrote. */
  answer: (message: ChatMessage) => unknown
  attended: Attended
  taps: Pick<Taps, 'heard' | 'said'>
  /** The room was joined. */
  opened: () => void
  /** Who keeps the seam, where there is one. */
  beyond?: Beyond | undefined
  /** All is over; `error` if a failure ended it. */
  closed: (reason: string, error: unknown) => void
}

/** The far side of a seam: where a mind lives, and whatever timers are not the engine's. */
export type Beyond = { mind(mind: Mind | MindLogic): Mind | MindLogic; adopt(actor: RoomRef): void }

export class Engine {
  readonly actor: RoomRef
  readonly intake: Intake
  readonly captions: Captions
  readonly utterances: Utterances
  readonly transcripts: Transcripts
  readonly guests: Guests
  readonly #hands: EngineHands
  readonly #speaker: Speaker
  readonly #send: RoomRef['send']
  /** What comes while the room is being joined: it is newer than the roster that joining gives. */
  #early: WorldFact[] | undefined = []
  #captionsLost = false

  constructor(hands: EngineHands) {
    this.#hands = hands
    const { emit, world, settings, taps } = hands
    const { heard, said } = taps
    const { clock, ids, log } = world
    const { output, falseInterruption } = settings
    const send = (event: RoomEvent) => this.send(event)
    const { numChannels: channels, ...sound } = output
    const rewindMs = falseInterruption?.rewind === 'word' ? REWIND_MS : 0
    this.#speaker = new Speaker({ ...sound, channels, rewindMs, clock, log, said, tell: fact => this.#heard(fact) })
    this.intake = new Intake(world, settings, {
      dropped: run => emit({ type: 'input.dropped', ...run }),
      heard,
      sender: identity => senderOf(this.context, identity),
      answer: message => this.#answer(message),
    })
    this.captions = captionsOf(world, settings, () => this.#here())
    const shared = { captions: this.captions, clock, ids, send, emit }
    this.utterances = new Utterances({
      ...{ ...shared, speaker: this.#speaker, log, sync: settings.text, identity: () => this.identity },
      outcome: id => {
        const output: unknown = this.context.crew[`playout:${id}`]?.getSnapshot()?.output
        return isPlayed(output) ? output : undefined
      },
    })
    this.transcripts = new Transcripts(shared)
    this.guests = new Guests({ conversation: hands.conversation, context: () => this.context, send, log })
    this.actor = createActor(this.#machine(), { clock, id: 'room', input: inputOf(settings, hands.attended) })
    this.#send = this.actor.send.bind(this.actor)
    hands.beyond?.adopt(this.actor)
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
    this.intake.start(this.#hands.attended)
    this.actor.start()
    this.send({ type: 'open' })
  }
  send(event: RoomEvent): void {
    if (event.type === 'caption' && !this.#hands.settings.on.textOutput) return // then no segment ever opens
    this.#send(event)
  }

  #machine() {
    const { world, settings, conversation, beyond } = this.#hands
    const { log, room, speakers } = world
    const mind = apart(settings.mind)
    const { trackName, queueMs, trackPublishOptions } = settings.output
    const { ear, eye, inbox } = this.intake
    const tell = (event: RoomEvent) => this.send(event)
    return roomMachine.provide({
      actors: {
        join: fromPromise(({ signal }) => room.join(fact => this.#came(fact), signal)),
        leave: fromPromise(() => room.leave()),
        deleteRoom: fromPromise(async ({ input: { name }, signal }) => {
          await undefined // no code of the caller's runs within a transition
          await settings.deleteRoom?.(name, signal)
        }),
        link: linkOn({ log, tell }),
        microphone: microphoneOn(ear, { gated: true }),
        camera: cameraOn(eye, { gated: true }),
        ...(inbox ? { chat: chatOn(inbox) } : {}),
        output: outputOn({ speaker: this.#speaker, speakers, trackName, queueMs, trackPublishOptions }),
        playout: playoutOn(this.#speaker, (id, signal) => this.utterances.start(id, signal), {
          wordStart: id => this.utterances.wordStart(id),
        }),
        sync: syncOn({ log, showing: id => this.utterances.showing(id) }),
        transcript: transcriptOn({ captions: this.captions, log, tell: () => this.#loseCaptions() }),
        presence: presenceOn(room, { log }),
        interruption: interruptionOn({ tell }),
        guest: this.guests.logic,
        agent: agentOn({
          mind: settings.mind && beyond ? beyond.mind(mind) : mind,
          conversation,
          tell: fact => this.#attend(fact),
        }),
      },
      actions: {
        tellOpen: () => this.#open(),
        tellFact: ({ event }) => this.#tell(event),
        workGates: (_, gates) => this.intake.gate(gates),
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
  #here(): Here {
    const { roster, crew } = this.context
    return { us: this.identity, voice: crew.output?.getSnapshot()?.context?.sid, roster }
  }

  /** From the agent. */
  #attend(fact: AgentFact): void {
    if (fact.type === 'mind.ended' && fact.error !== undefined)
      this.#fail({ actor: 'agent', error: fact.error, restarted: false })
    this.send(fact)
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
    if (/^(sync|transcript):/.test(actor)) this.#loseCaptions()
    if (actor === 'camera' && !restarted) this.intake.eye.close()
    if (actor === 'chat' && !restarted) this.intake.inbox?.close()
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
    this.transcripts.close()
    this.utterances.hurry()
  }
  #end(reason: string, error: unknown): void {
    this.utterances.close()
    this.intake.close()
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

const isPlayed = (output: unknown): output is Played => typeof output === 'object' && output !== null && 'outcome' in output
