/** What the playout machine asks for, done by a speaker. */
import { enqueueActions, fromCallback } from 'xstate'
import { playoutMachine } from '../../machines/outbound/playout.ts'
import type { Speaker } from './speaker.ts'

/** What a playout needs of a speaker. */
export type PlayoutSpeaker = Pick<Speaker, 'add' | 'open' | 'shut' | 'clear' | 'review' | 'concede' | 'stepAside'>

export type PlayoutExtras = {
  /** All of it was heard, and its text is late. */
  showRest?: (id: string) => void
  /** Where the word began that is under way, in ms of its audio. */
  wordStart?: (id: string) => number | undefined
}

/**
 * The playout machine on a speaker. `start` runs what pushes the utterance's audio, until the signal aborts; without it the owner
 * pushes with `speaker.write(id, frame)` and ends with `speaker.end(id)`.
 */
export const playoutOn = (
  speaker: PlayoutSpeaker,
  start: (id: string, signal: AbortSignal) => void = () => {},
  { showRest = () => {}, wordStart = () => undefined }: PlayoutExtras = {},
) =>
  playoutMachine.provide({
    actions: {
      openGate: ({ context: { id }, event }) =>
        speaker.open(id, event.type === 'resume' && event.rewind ? wordStart(id) : undefined),
      shutGate: enqueueActions(({ context, enqueue }) => enqueue.raise({ type: 'queue.taken', ...speaker.shut(context.id) })),
      clear: enqueueActions(({ context, enqueue }) => enqueue.raise({ type: 'queue.taken', ...speaker.clear(context.id) })),
      review: enqueueActions(({ context, enqueue }) => enqueue.raise({ type: 'queue.reviewed', ...speaker.review(context.id) })),
      concede: ({ context }) => speaker.concede(context.id),
      showRest: ({ context }) => {
        speaker.stepAside(context.id)
        showRest(context.id)
      },
    },
    actors: {
      source: fromCallback(({ input: { id }, sendBack }) => {
        const over = new AbortController()
        const remove = speaker.add(id, sendBack)
        start(id, over.signal)
        return () => {
          over.abort()
          remove()
        }
      }),
    },
  })
