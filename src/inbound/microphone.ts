/** What the microphone machine asks for, done by an ear. */
import { fromPromise } from 'xstate'
import { type Chosen, type Gone, type MicrophoneFact, microphoneMachine, type Opened } from '../../machines/inbound/microphone.ts'
import type { Log } from '../ports.ts'
import { type PreconnectHands, preconnectOn } from './preconnect.ts'

/** The hands of the microphone machine, and of the preconnect machine of the track that it reads. */
export type MicrophoneHands = PreconnectHands & {
  readonly log: Log
  /** Reads the track for the agent until it ends or `signal` aborts; nothing of it before the track read before is done. */
  read(track: Opened, signal: AbortSignal): Promise<void>
  /** Resolves when the first audio of the track that is read has come. */
  begin(): Promise<void>
  /** Shut: what waits for the agent is dropped, and what comes. */
  gate(open: boolean): void
  /** Fills a broken frame up with silence. */
  pad(): void
  /** MIC-8: silence, so that a recogniser can end the utterance. */
  rest(): void
  /** This publication, or all of this participant's: what was said before is of no use any more. */
  forget(identity: string, sid?: string): void
  /** The end of the agent's stream. */
  close(): void
}

/** `tell` gets what the owner should know. `gated`: the owner works the gate, also while there is no microphone. */
export type MicrophoneOptions = { tell?: (fact: MicrophoneFact) => void; gated?: boolean }
/** The microphone machine on these hands: an `Ear`. */
export const microphoneOn = (hands: MicrophoneHands, { tell, gated = false }: MicrophoneOptions = {}) =>
  microphoneMachine.provide({
    actors: {
      read: fromPromise(async ({ input, signal }) => {
        if (input) await hands.read(input, signal)
      }),
      begin: fromPromise(() => hands.begin()),
      preconnect: preconnectOn(hands, hands),
    },
    actions: {
      workGate: (_, open) => gated || hands.gate(open),
      padFrame: () => hands.pad(),
      pushSilence: () => hands.rest(),
      endAudio: () => hands.close(),
      forget: (_, gone) => hands.forget(gone.identity, trackOf(gone)),
      tellOpened: (_, track) => track && tell?.({ type: 'microphone.opened', ...only(track) }),
      tellEnded: (_, track) => track && tell?.({ type: 'microphone.ended', ...only(track) }),
    },
  })

const trackOf = (gone: Gone) => (gone.type === 'track.unpublished' ? gone.track.sid : undefined)
const only = ({ identity, sid, key }: Chosen): Chosen => ({ identity, sid, key })
