/** What the realtime machine asks for, done by a dialogue with a model. */
import { type AnyActorScope, fromCallback, fromPromise } from 'xstate'
import { type RealtimeEvent, type RealtimeInput, realtimeMachine } from '../../machines/realtime.ts'

/** The hands of the realtime machine. */
export interface RealtimeHands {
  /** Begins; facts and commands go to `tell`. The function given back ends all of it at once. */
  enter(tell: (event: RealtimeEvent) => void): () => void
  /** Opens a session that knows the conversation so far; resolves when the model is ready. */
  connect(signal: AbortSignal): Promise<void>
  /** Resolves when somebody is linked, and hears us. */
  join(): Promise<void>
  /** Sends what is heard, until the signal aborts. */
  feed(signal: AbortSignal): Promise<void>
  /** Answers what people write, until the signal aborts. */
  read(signal: AbortSignal): Promise<void>
  /** Resolves when all that was said is told, and the session is closed. */
  leave(): Promise<void>
  /** Says a content that was added. */
  speak(id: string): void
  /** Cuts all that sounds or waits; the model is told how much of it was heard. */
  interrupt(): void
  /** The same, and the model is told nothing: it is out of reach, or all is over. */
  hush(): void
  /** A text has come where sound should have: asks for it anew. `retries`: how often, this time included. */
  recover(itemId: string, text: string, retries: number): void
  /** What the agent is while it does not speak. */
  attend(state: 'initializing' | 'listening' | 'thinking'): void
  live(): void
  lost(error: unknown): void
  failed(error: unknown): void
  overrun(): void
}

/** The realtime machine on these hands, with its input: an agent starts its mind without one. */
export const realtimeOn = (hands: RealtimeHands, input: RealtimeInput) => {
  const machine = realtimeMachine.provide({
    actors: {
      dialogue: fromCallback(({ sendBack }) => hands.enter(sendBack)),
      connect: fromPromise(({ signal }) => hands.connect(signal)),
      join: fromPromise(() => hands.join()),
      feed: fromPromise(({ signal }) => hands.feed(signal)),
      read: fromPromise(({ signal }) => hands.read(signal)),
      leave: fromPromise(() => hands.leave()),
    },
    actions: {
      speak: (_, id) => hands.speak(id),
      interrupt: () => hands.interrupt(),
      hush: () => hands.hush(),
      recover: ({ context: { retries }, event }) => {
        if (event.type === 'content.written') hands.recover(event.itemId, event.text, retries)
      },
      attend: ({ context: { pending, reportThinking } }) =>
        hands.attend(reportThinking && pending.length > 0 ? 'thinking' : 'listening'),
      prepare: () => hands.attend('initializing'),
      tellLive: () => hands.live(),
      tellLost: ({ context: { error } }) => hands.lost(error),
      tellFailed: ({ context: { error } }) => hands.failed(error),
      tellOverrun: () => hands.overrun(),
    },
  })
  const { getInitialSnapshot: begin } = machine
  return Object.assign(machine, { getInitialSnapshot: (scope: AnyActorScope) => begin(scope, input) })
}
