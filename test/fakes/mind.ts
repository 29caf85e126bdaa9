/** A mind that does what the test says. */
import type { Conversation, Mind } from '../../src/mind.ts'
import { countingIds } from './ids.ts'

export type FakeMind = Mind & {
  /** Every start so far. */
  starts: { conversation: Conversation; signal: AbortSignal }[]
  /** Ends the latest start: as done, or as failed if an error is given. */
  end(error?: unknown): void
}

/** Starts, and stays until `end` is called or its signal aborts. */
export const fakeMind = (): FakeMind => {
  let end: FakeMind['end'] = () => {}
  const starts: FakeMind['starts'] = []
  return {
    starts,
    end: error => end(error),
    start: (conversation, signal) => {
      starts.push({ conversation, signal })
      return new Promise((resolve, reject) => {
        end = error => (error === undefined ? resolve() : reject(error))
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
  }
}

const misuse = (name: string) => (): never => {
  throw new Error(`the fake conversation has no ${name}`)
}
/** A conversation for a mind that only listens to its signal; every part of it can be replaced. */
export const fakeConversation = (parts: Partial<Conversation> & Pick<Conversation, 'clock'>): Conversation => ({
  hear: misuse('hear'),
  see: misuse('see'),
  chat: misuse('chat'),
  say: misuse('say'),
  show: misuse('show'),
  heard: misuse('heard'),
  interrupt: misuse('interrupt'),
  state: misuse('state'),
  speech: misuse('speech'),
  ready: async () => {},
  outside: { clock: parts.clock, port: (_, port) => port, ids: countingIds(), log: () => {}, epochMs: 0 },
  format: { input: { sampleRate: 24_000, channels: 1 }, output: { sampleRate: 24_000, channels: 1 } },
  ...parts,
})
