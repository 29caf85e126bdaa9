/**
 * Interruption — the caller makes a sound while the agent speaks: do they take the floor, or was it a cough?
 *   idle → held ⇄ waiting → idle        close → closed
 * The voice is held from the first sound on. Whoever takes the turn ends what was said, at the position where it is held; if nobody
 * does, the voice goes on some time after the sound.
 */
import { type ActorRefFrom, setup } from 'xstate'
import type { AgentState } from '../../src/mind.ts'
import { unbound } from '../unbound.ts'

/** `rewind`: where the voice goes on: at the very next sample, or with the word that was cut. */
export type FalseInterruption = { timeoutMs: number; rewind: 'none' | 'word' }
export type InterruptionEvent =
  | { type: 'resume' } // by the owner: the voice goes on already
  | { type: 'close' }
  | { type: 'speech.started' } // while the agent speaks
  | { type: 'speech.ended' }
  | { type: 'agent.changed'; state: AgentState }
/** What the owner is told. */
export type InterruptionFact = { type: 'voice.held' } | { type: 'voice.released'; rewind: boolean }
type Context = FalseInterruption

/** The agent speaks no more: what was held has ended. */
const ended = { guard: 'isOver', target: 'idle', actions: 'tellReleased' } as const

export const interruptionMachine = setup({
  types: { input: {} as FalseInterruption, events: {} as InterruptionEvent, context: {} as Context },
  actions: { tellHeld: unbound('tellHeld'), tellReleased: unbound('tellReleased'), tellResumed: unbound('tellResumed') },
  guards: { isOver: ({ event }) => event.type === 'agent.changed' && event.state !== 'speaking' },
  delays: {
    speechTimeout: 30_000, // as long as a turn may be: nobody waits for ever on a noise
    resumeTimeout: ({ context }) => context.timeoutMs,
  },
}).createMachine({
  id: 'interruption',
  context: ({ input }) => input,
  initial: 'idle',
  states: {
    idle: { on: { 'speech.started': { target: 'held', actions: 'tellHeld' }, close: 'closed' } },
    held: {
      description: 'The caller makes a sound.',
      after: { speechTimeout: 'waiting' },
      on: { 'speech.ended': 'waiting', 'agent.changed': ended, resume: 'idle', close: 'closed' },
    },
    waiting: {
      description: 'They are silent; nobody has said whether it was a turn.',
      after: { resumeTimeout: { target: 'idle', actions: 'tellResumed' } },
      on: { 'speech.started': 'held', 'agent.changed': ended, resume: 'idle', close: 'closed' },
    },
    closed: { type: 'final' },
  },
})
export type InterruptionRef = ActorRefFrom<typeof interruptionMachine>
