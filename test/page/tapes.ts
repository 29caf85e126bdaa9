/** Tapes for the tests of the page, a message an expression; numbers and times are given out one by one. */
import type { EventMessage, Message, StartedMessage, StepMessage } from '../../src/inspector/messages.ts'

type Free<M extends Message> = Omit<M, 'seq' | 'at' | 'type'> & { seq?: number; at?: number }

/** Message n comes at 10 n ms, where nothing else is said. */
export const tape = () => {
  const messages: Message[] = []
  const put = <M extends Message>(type: M['type'], { seq = messages.length + 1, at = seq * 10, ...rest }: Free<M>) => {
    messages.push({ type, seq, at, ...rest } as unknown as Message)
    return seq
  }
  return {
    messages,
    started: (path: string, rest: Partial<StartedMessage> = {}) =>
      put<StartedMessage>('started', {
        path,
        parent: path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : null,
        machine: path.slice(path.lastIndexOf('/') + 1),
        src: path,
        restarts: 0,
        value: 'idle',
        context: {},
        ...rest,
      }),
    event: (from: string | null, to: string, type: string, rest: Partial<EventMessage> = {}) =>
      put<EventMessage>('event', { from, to, event: { type }, ...rest }),
    step: (path: string, cause: number, rest: Partial<StepMessage> = {}) =>
      put<StepMessage>('step', { path, cause, taken: [], actions: [], ...rest }),
    ended: (path: string, status: 'done' | 'error' | 'stopped' = 'done') =>
      put('ended', { path, status, ...(status === 'error' ? { error: 'no luck' } : {}) } as never),
  }
}

/** A transition, from state to state of one machine. */
export const way = (source: string, target: string, descriptor = 'go') => ({
  edge: `${source}|${descriptor}|0`,
  source,
  targets: [target],
})
