/** Whom a room can employ, what its hands do for it, and what it notes: the parts that `supervisor.ts` puts together. */
import { type AnyActorLogic, type AnyActorRef, assign, fromPromise, setup } from 'xstate'
import type { AgentState } from '../src/mind.ts'
import type { Joined, Participant, RoomEvent as WorldFact } from '../src/ports.ts'
import { type Gates, isOurs, type RoomContext, type RoomEvent, type RoomFailure, type RoomInput, sensesOf } from './affairs.ts'
import { agentMachine } from './agent.ts'
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
import { type Concern, isGuest, type Policy, type Post } from './supervision.ts'
import { unbound } from './unbound.ts'

/** Of which logic it is, src/ knows by its name. */
const guest: AnyActorLogic = fromPromise<unknown, { name: string }>(unbound('guest'))

export const staff = setup({
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
    guest,
  },
  actions: {
    stopOrphans: (_, _child: AnyActorRef) => unbound('stopOrphans')(),
    tellFailed: (_, _failure: RoomFailure) => unbound('tellFailed')(),
    tellEnded: (_, _end: { id: string; output?: unknown; error?: unknown }) => unbound('tellEnded')(),
    tellOverrun: (_, _step: { step: string; error?: unknown }) => unbound('tellOverrun')(),
    tellFact: unbound('tellFact'),
    workGates: (_, _gates: Gates) => unbound('workGates')(),
    tellOpen: unbound('tellOpen'),
    tellClosing: unbound('tellClosing'),
    tellClosed: unbound('tellClosed'),

    launch: assign({
      crew: ({ context: { link, microphone, agent, falseInterruption: input, off }, spawn }) => {
        const isOn = (concern: Concern) => !off.includes(concern)
        return {
          link: spawn('link', { id: 'link', input: link }),
          ...(isOn('microphone') ? { microphone: spawn('microphone', { id: 'microphone', input: microphone }) } : {}),
          ...(isOn('camera') ? { camera: spawn('camera', { id: 'camera' }) } : {}),
          ...(isOn('chat') ? { chat: spawn('chat', { id: 'chat' }) } : {}),
          ...(isOn('output') ? { output: spawn('output', { id: 'output' }) } : {}),
          presence: spawn('presence', { id: 'presence' }),
          ...(isOn('agent') ? { agent: spawn('agent', { id: 'agent', input: agent }) } : {}),
          ...(input ? { interruption: spawn('interruption', { id: 'interruption', input }) } : {}),
        }
      },
    }),
    relaunch: assign({
      crew: ({ context: { crew, microphone, agent }, spawn }, concern: Post) => {
        if (isGuest(concern)) return { ...crew, [concern]: spawn('guest', { id: concern, input: { name: concern } }) }
        if (concern === 'microphone') return { ...crew, microphone: spawn('microphone', { id: 'microphone', input: microphone }) }
        if (concern === 'camera') return { ...crew, camera: spawn('camera', { id: 'camera' }) }
        if (concern === 'chat') return { ...crew, chat: spawn('chat', { id: 'chat' }) }
        if (concern === 'presence') return { ...crew, presence: spawn('presence', { id: 'presence' }) }
        return { ...crew, agent: spawn('agent', { id: 'agent', input: agent }) } // the table restarts no other
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
    addGuest: assign({
      crew: ({ context: { crew }, spawn }, { id }: { id: string } & Policy) => {
        const name = `guest:${id}`
        return { ...crew, [name]: spawn('guest', { id: name, input: { name } }) }
      },
      guests: ({ context: { guests } }, { id, restarts, otherwise }) => ({ ...guests, [`guest:${id}`]: { restarts, otherwise } }),
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
      failures: ({ context: { failures } }, concern: Post) => ({ ...failures, [concern]: (failures[concern] ?? 1) - 1 }),
    }),
    noteReason: assign({ reason: ({ context }, reason: string) => context.reason ?? reason }),
    noteError: assign({ error: (_, error: unknown) => error }),
  },
})
