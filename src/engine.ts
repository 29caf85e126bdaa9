/** The composition root: one world and the machines of one room, bound to each other once. */
import { createActor, fromPromise } from 'xstate'
import { type RoomEvent, type RoomRef, roomMachine } from '../machines/room.ts'
import { agentOn } from './agent.ts'
import { lineOf } from './errors.ts'
import { factOf, type RoomFact } from './facts.ts'
import { createEar } from './inbound/ear.ts'
import { linkOn } from './inbound/link.ts'
import { microphoneOn } from './inbound/microphone.ts'
import type { Settings } from './options.ts'
import { outputOn } from './outbound/output.ts'
import { playoutOn } from './outbound/playout.ts'
import { presenceOn } from './outbound/presence.ts'
import { type Heard, Speaker } from './outbound/speaker.ts'
import { Captions, transcriptOn } from './outbound/transcript.ts'
import type { Conversation, Mind, Played, World, RoomEvent as WorldFact } from './ports.ts'
import { stopSubtree } from './supervise.ts'
import { Transcripts } from './transcripts.ts'
import { Utterances } from './utterances.ts'

export type EngineHands = {
  world: World
  settings: Settings
  emit: (fact: RoomFact) => void
  conversation: Conversation
  /** The room was joined. */
  opened: () => void
  /** All is over; `error` if a failure ended it. */
  closed: (reason: string, error: unknown) => void
}
export type Engine = ReturnType<typeof createEngine>

/** A room without a mind of its own: its owner speaks. */
const nobody: Mind = {
  start: (_, signal) => new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true })),
}
/** A mind starts in a turn of its own: no code of the caller's runs within a transition, so what it asks is done when it was asked. */
const apart = (mind: Mind): Mind => ({
  start: async (conversation, signal) => {
    await undefined
    if (!signal.aborted) await mind.start(conversation, signal)
  },
})

export const createEngine = ({ world, settings, emit, conversation, opened, closed }: EngineHands) => {
  const { clock, ids, log, room, speakers, textOut } = world
  const { input, output } = settings
  const send = (event: RoomEvent) => actor.send(event)
  const now = () => clock.now()
  const context = () => actor.getSnapshot().context
  const identity = () => context().joined?.identity ?? ''

  const heard = (fact: Heard) => {
    if (fact.type === 'utterance.started') utterances.started(fact.id)
    if (fact.type !== 'sink.failed') emit(fact)
    if (fact.type === 'utterance.started' || fact.type === 'sink.failed') send(fact)
  }
  const speaker = new Speaker({
    ...{ clock, log, tell: heard, sampleRate: output.sampleRate, channels: output.numChannels },
    ...{ maxPendingMs: output.maxPendingMs, fadeMs: output.fadeMs },
  })
  const ear = createEar(world, {
    ...{ sampleRate: input.sampleRate, channels: input.numChannels },
    ...{ frameSizeMs: input.frameSizeMs, maxBufferMs: input.maxBufferMs },
    dropped: run => emit({ type: 'input.dropped', ...run }),
  })
  /** The publication that carries this participant's voice. */
  const trackOf = (who: string) => {
    const { roster, crew } = context()
    if (who === identity()) return crew.output?.getSnapshot()?.context?.sid
    return roster.find(one => one.identity === who)?.tracks.find(({ source }) => source === 'microphone')?.sid
  }
  const captions = new Captions({ textOut, trackOf, log })
  const utterances = new Utterances({ speaker, captions, clock, ids, log, identity, send, emit })
  const transcripts = new Transcripts({ captions, clock, ids, send, emit })

  /** Facts that come while the room is being joined are newer than the roster that joining gives. */
  let early: WorldFact[] | undefined = []
  const told = (fact: WorldFact) => {
    if (early) early.push(fact)
    else send(fact)
  }
  let lost = false

  const machine = roomMachine.provide({
    actors: {
      join: fromPromise(({ signal }) => room.join(told, signal)),
      leave: fromPromise(() => room.leave()),
      link: linkOn({ log, tell: send }),
      microphone: microphoneOn(ear, {}),
      output: outputOn({ speaker, speakers, trackName: output.trackName, queueMs: output.queueMs }),
      playout: playoutOn(speaker, (id, signal) => utterances.start(id, signal)),
      transcript: transcriptOn({ captions, log, tell: ({ type }) => captionsLost(type) }),
      presence: presenceOn(room, { log }),
      agent: agentOn({ mind: apart(settings.mind ?? nobody), conversation, tell: send }),
    },
    actions: {
      tellOpen: () => {
        opened()
        const facts = early ?? []
        early = undefined
        for (const fact of facts) send(fact)
      },
      tellFact: ({ event }) => {
        if (event.type === 'participant.linked') transcripts.follow(event.participant.identity)
        if (event.type === 'participant.unlinked') transcripts.follow(undefined)
        const fact = factOf(event, now())
        if (fact) emit(fact)
      },
      tellFailed: (_, { actor: name, error, restarted }) => {
        log('error', 'actor.failed', { actor: name, error: lineOf(error), restarted })
        emit({ type: 'failed', actor: name, error: lineOf(error), restarted })
        if (name.startsWith('transcript:')) captionsLost('captions.lost')
      },
      tellEnded: (_, { id, output: played, error }) => utterances.ended(id, isPlayed(played) ? played : undefined, error),
      tellOverrun: (_, { step, error }) => log('warn', 'close.overrun', { step, ...(error ? { error: lineOf(error) } : {}) }),
      tellClosing: () => {
        transcripts.follow(undefined)
        utterances.hurry()
      },
      tellClosed: ({ context: { reason = 'closed', error } }) => over(reason, error),
      stopOrphans: (_, child) => stopSubtree(child),
    },
  })
  const over = (reason: string, error: unknown) => {
    utterances.close()
    ear.close()
    emit({ type: 'closed', reason, at: now(), ...(error === undefined ? {} : { error: lineOf(error) }) })
    closed(reason, error)
  }
  const captionsLost = (type: 'captions.lost') => {
    if (!lost) emit({ type })
    lost = true
  }

  const actor: RoomRef = createActor(machine, {
    clock,
    id: 'room',
    input: {
      link: settings.link,
      microphone: { preConnectAudio: input.preConnectAudio, preConnectAudioTimeoutMs: input.preConnectAudioTimeoutMs },
      sampleRate: output.sampleRate,
      closeBudgetMs: settings.closeBudgetMs,
    },
  })
  // The supervisor itself has failed, which only an event can bring about that it does not know: all of it ends here.
  const collapse = (error: unknown) => {
    log('error', 'room.failed', { error: lineOf(error) })
    utterances.close()
    stopSubtree(actor)
    room.leave().catch(failure => log('warn', 'close.overrun', { step: 'leave', error: lineOf(failure) }))
    over('failed', error)
  }
  actor.subscribe({ error: collapse })
  return { actor, speaker, ear, captions, utterances, transcripts, send, context, identity }
}

const isPlayed = (output: unknown): output is Played => typeof output === 'object' && output !== null && 'outcome' in output
