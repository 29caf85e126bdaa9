/** All that the supervisor of a room can do with its crew; when it does it, `room.ts` says. */
import { type AnyActorRef, type AnyEventObject, assign, fromPromise, setup } from 'xstate'
import type { AgentState, Joined, Participant, RoomEvent as WorldFact } from '../src/ports.ts'
import { agentMachine } from './agent.ts'
import { audience, briefing, farewells, keyOf, named, without, wordingOf } from './crew.ts'
import { cameraMachine } from './inbound/camera.ts'
import { chatMachine } from './inbound/chat.ts'
import { type LinkFact, linkMachine } from './inbound/link.ts'
import { microphoneMachine } from './inbound/microphone.ts'
import { rosterAfter } from './inbound/roster.ts'
import { interruptionMachine } from './outbound/interruption.ts'
import { outputMachine } from './outbound/output.ts'
import { playoutMachine } from './outbound/playout.ts'
import { presenceMachine } from './outbound/presence.ts'
import { syncMachine } from './outbound/sync.ts'
import { type TranscriptInput, transcriptMachine } from './outbound/transcript.ts'
import type { RoomContext, RoomEvent, RoomFailure, RoomInput, Sense } from './room.ts'
import { backoff, type Concern, concernOf, MEMORY_MS, verdict } from './supervision.ts'
import { unbound } from './unbound.ts'

const actorOf = (event: RoomEvent) => ('actorId' in event ? event.actorId : '')
/** Facts of the link have names like the world's own. */
const isOurs = (fact: WorldFact | LinkFact): fact is LinkFact => /^participant\.(linked|unlinked|closed)$/.test(fact.type)
const sensesOf = (event: RoomEvent): Sense[] => ('of' in event && event.of ? [event.of] : ['microphone', 'camera'])
const verdictOn = ({ context, event }: { context: RoomContext; event: RoomEvent }) => {
  const concern = concernOf(actorOf(event))
  return concern ? verdict(concern, context.failures[concern] ?? 0) : 'close'
}

const primitives = setup({
  types: { input: {} as RoomInput, events: {} as RoomEvent, context: {} as RoomContext },
  actors: {
    join: fromPromise<Joined>(unbound('join')),
    leave: fromPromise<void>(unbound('leave')),
    deleteRoom: fromPromise<void, { name: string }>(unbound('deleteRoom')),
    link: linkMachine,
    microphone: microphoneMachine,
    camera: cameraMachine,
    chat: chatMachine,
    output: outputMachine,
    playout: playoutMachine,
    sync: syncMachine,
    transcript: transcriptMachine,
    presence: presenceMachine,
    interruption: interruptionMachine,
    agent: agentMachine,
  },
  actions: {
    stopOrphans: (_, _child: AnyActorRef) => unbound('stopOrphans')(),
    tellFailed: (_, _failure: RoomFailure) => unbound('tellFailed')(),
    tellEnded: (_, _end: { id: string; output?: unknown; error?: unknown }) => unbound('tellEnded')(),
    tellOverrun: (_, _step: { step: string; error?: unknown }) => unbound('tellOverrun')(),
    tellFact: unbound('tellFact'),
    tellOpen: unbound('tellOpen'),
    tellClosing: unbound('tellClosing'),
    tellClosed: unbound('tellClosed'),

    launch: assign({
      crew: ({ context: { link, microphone, falseInterruption: input, off }, spawn }) => {
        const isOn = (concern: Concern) => !off.includes(concern)
        return {
          link: spawn('link', { id: 'link', input: link }),
          ...(isOn('microphone') ? { microphone: spawn('microphone', { id: 'microphone', input: microphone }) } : {}),
          ...(isOn('camera') ? { camera: spawn('camera', { id: 'camera' }) } : {}),
          ...(isOn('chat') ? { chat: spawn('chat', { id: 'chat' }) } : {}),
          ...(isOn('output') ? { output: spawn('output', { id: 'output' }) } : {}),
          presence: spawn('presence', { id: 'presence' }),
          ...(isOn('agent') ? { agent: spawn('agent', { id: 'agent' }) } : {}),
          ...(input ? { interruption: spawn('interruption', { id: 'interruption', input }) } : {}),
        }
      },
    }),
    relaunch: assign({
      crew: ({ context: { crew, microphone }, spawn }, concern: Concern) => {
        if (concern === 'microphone') return { ...crew, microphone: spawn('microphone', { id: 'microphone', input: microphone }) }
        if (concern === 'camera') return { ...crew, camera: spawn('camera', { id: 'camera' }) }
        if (concern === 'chat') return { ...crew, chat: spawn('chat', { id: 'chat' }) }
        if (concern === 'presence') return { ...crew, presence: spawn('presence', { id: 'presence' }) }
        return { ...crew, agent: spawn('agent', { id: 'agent' }) } // the table restarts no other
      },
    }),
    addUtterance: assign({
      crew: ({ context: { crew, sampleRate, synced }, spawn }, { id, text }: { id: string; text?: boolean }) => ({
        ...crew,
        [`playout:${id}`]: spawn('playout', { id: `playout:${id}`, input: { id, sampleRate } }),
        ...(text ? { [`sync:${id}`]: spawn('sync', { id: `sync:${id}`, input: { id, synced } }) } : {}),
      }),
    }),
    addTranscript: assign({
      crew: ({ context: { crew, away }, spawn }, segment: TranscriptInput) => ({
        ...crew,
        [`transcript:${segment.id}`]: spawn('transcript', { id: `transcript:${segment.id}`, input: { ...segment, away } }),
      }),
    }),
    noteJoined: assign(({ context }, { name, identity, participants }: Joined) => ({
      ...context,
      joined: { name, identity },
      roster: participants,
    })),
    noteFact: assign({
      roster: ({ context: { roster } }, fact: WorldFact | LinkFact) => (isOurs(fact) ? roster : rosterAfter(roster, fact)),
    }),
    noteLinked: assign({ linked: (_, { identity, sid }: Participant) => ({ identity, sid }) }),
    noteUnlinked: assign({ linked: null }),
    noteAway: assign({ away: true }),
    noteBack: assign({ away: false }),
    notePaused: assign({ paused: (_, paused: boolean) => paused }),
    noteHeld: assign({ held: (_, held: boolean) => held }),
    noteAttached: assign({
      detached: ({ context: { detached }, event }) => detached.filter(sense => !sensesOf(event).includes(sense)),
    }),
    noteDetached: assign({ detached: ({ context: { detached }, event }) => [...new Set([...detached, ...sensesOf(event)])] }),
    noteState: assign({ state: (_, state: AgentState) => state }),
    noteForgotten: assign({
      failures: ({ context: { failures } }, concern: Concern) => ({ ...failures, [concern]: (failures[concern] ?? 1) - 1 }),
    }),
    noteReason: assign({ reason: ({ context }, reason: string) => context.reason ?? reason }),
    noteError: assign({ error: (_, error: unknown) => error }),
  },
})

/** What an action that does several things is given. */
type Deed = Parameters<Parameters<typeof primitives.enqueueActions>[0]>[0]

const send = ({ context: { crew }, enqueue }: Deed, name: string, event: AnyEventObject) => {
  if (crew[name]) enqueue.sendTo(crew[name], event)
}
const brief = (names: (event: RoomEvent, context: RoomContext) => string[]) =>
  primitives.enqueueActions(args => {
    const { event, context } = args
    for (const name of names(event, context)) for (const news of briefing(name, context)) send(args, name, news)
  })
const outputOf = (event: RoomEvent) => ('output' in event ? { output: event.output } : {})
const errorOf = (event: RoomEvent) => ('error' in event ? { error: event.error } : {})
/** A child is over: whoever waits for it is told, and it is gone. */
const part = (args: Deed) => {
  const { context, event, enqueue } = args
  const name = actorOf(event)
  if (concernOf(name) === 'playout') {
    enqueue({ type: 'tellEnded', params: { id: keyOf(name), ...outputOf(event), ...errorOf(event) } })
    send(args, 'agent', { type: 'utterance.ended', id: keyOf(name) })
  }
  if (context.crew[name]) enqueue.stopChild(context.crew[name]) // XState keeps whoever has ended
  enqueue.assign({ crew: without(context.crew, name) })
}
/** A child has failed: that is told first, and what became of its work; then nothing of it runs on. */
const bury = (args: Deed, restarted: boolean) => {
  const { context, event, enqueue } = args
  const actor = actorOf(event)
  const child = context.crew[actor]
  enqueue({ type: 'tellFailed', params: { actor, error: undefined, ...errorOf(event), restarted } })
  part(args)
  if (child) enqueue({ type: 'stopOrphans', params: child })
  if (actor === 'interruption') enqueue.raise({ type: 'voice.released', rewind: false })
  if (actor === 'agent') for (const name of named(context.crew, 'playout')) send(args, name, { type: 'abandon' })
}

export const supervisor = primitives.extend({
  actions: {
    pass: primitives.enqueueActions(args => {
      for (const name of audience(args.event, args.context.crew)) send(args, name, wordingOf(args.event))
    }),
    briefCrew: brief((_, { crew }) => Object.keys(crew)),
    briefPresence: brief(() => ['presence']),
    briefInputs: brief(() => ['microphone', 'camera']),
    briefPlayout: brief(event => ('id' in event ? [`playout:${event.id}`] : [])),
    briefRestarted: brief(event => ('concern' in event ? [event.concern] : [])),
    publish: primitives.enqueueActions(args => send(args, 'output', { type: 'publish' })), // ROOM-5: the output hears it once
    unlisten: primitives.enqueueActions(args => {
      for (const name of ['microphone', 'camera']) send(args, name, { type: 'unlisten' })
    }),
    part: primitives.enqueueActions(part),
    bury: primitives.enqueueActions(args => bury(args, false)),
    revive: primitives.enqueueActions(args => {
      const { context, event, enqueue } = args
      const concern = concernOf(actorOf(event))
      bury(args, true)
      if (!concern) return
      const failures = (context.failures[concern] ?? 0) + 1
      enqueue.assign({ failures: { ...context.failures, [concern]: failures } })
      enqueue.raise({ type: 'restart', concern }, { delay: backoff(failures) })
      enqueue.raise({ type: 'forget', concern }, { delay: MEMORY_MS })
    }),
    dismiss: primitives.enqueueActions(args => {
      const { crew } = args.context
      if (crew.agent) args.enqueue.stopChild(crew.agent)
      for (const [name, event] of farewells(crew)) send(args, name, event)
      args.enqueue.assign({ crew: without(crew, 'agent') })
    }),
    abandonAll: primitives.enqueueActions(({ context: { crew }, enqueue }) => {
      for (const child of Object.values(crew)) enqueue.stopChild(child)
      enqueue.assign({ crew: {} })
    }),
  },
  guards: {
    canRestart: args => verdictOn(args) === 'restart',
    canSpare: args => verdictOn(args) === 'without',
    isPaused: ({ context }) => context.paused,
    isStill: ({ context }) => context.paused || context.held,
    isSpeaking: ({ context }) => context.state === 'speaking',
    hasSession: ({ context }) => context.off.includes('agent'),
    // ROOM-16: with a session its end decides. A connection that was lost ends no conversation of others.
    canDelete: ({ context: { deletes, joined, reason, off } }) =>
      deletes && joined !== null && (off.includes('agent') ? reason === 'session.closed' : reason !== 'room.disconnected'),
    isAlone: ({ context }) => Object.keys(context.crew).length === 0,
  },
  delays: {
    joinTimeout: ({ context }) => context.joinTimeoutMs, // longer than a world may take by itself, so that its own words are heard
    settleTimeout: ({ context }) => context.closeBudgetMs / 2,
    leaveTimeout: ({ context }) => context.closeBudgetMs / 2,
    deleteRoomTimeout: ({ context }) => context.deleteRoomTimeoutMs,
  },
})
