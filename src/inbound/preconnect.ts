/** What the preconnect machine asks for, done by whatever reads the track. */
import { fromPromise } from 'xstate'
import { type Claim, preconnectMachine } from '../../machines/inbound/preconnect.ts'
import type { Log } from '../ports.ts'

/** The hands of the preconnect machine, for the track that is being read. */
export type PreconnectHands = {
  /** Resolves when there is a stream for this track: true; or when there will be none: false. */
  claim(claim: Claim, signal: AbortSignal): Promise<boolean>
  /** Resolves when the claimed stream has arrived to its end, whole or broken. */
  receive(): Promise<void>
  /** The claimed stream ends here; what has arrived stays. */
  cut(): void
  /** Resolves when the reader has got all of it. */
  replay(): Promise<void>
  /** Nothing more is to be waited for: live audio may pass. */
  pass(): void
}

/** The preconnect machine on these hands. A deadline without a stream is logged as `preconnect.missing`. */
export const preconnectOn = (hands: PreconnectHands, { log }: { log: Log }) =>
  preconnectMachine.provide({
    actors: {
      claim: fromPromise(({ input, signal }) => hands.claim(input, signal)),
      receive: fromPromise(() => hands.receive()),
      replay: fromPromise(() => hands.replay()),
    },
    actions: {
      warnMissing: (_, { identity, sid }) => log('warn', 'preconnect.missing', { identity, sid }),
      cutStream: () => hands.cut(),
      passLive: () => hands.pass(),
    },
  })
