/** What the camera machine asks for, done by an eye. */
import { fromPromise } from 'xstate'
import { cameraMachine } from '../../machines/inbound/camera.ts'
import type { Chosen } from '../../machines/inbound/microphone.ts'

/** The hands of the camera machine. */
export type CameraHands = {
  /** Watches the track for the agent until it ends or `signal` aborts; nothing of it before the track watched before is done. */
  watch(track: Chosen, signal: AbortSignal): Promise<void>
  /** Shut: what waits for the agent is dropped, and what comes. */
  gate(open: boolean): void
  /** The end of the agent's stream. */
  close(): void
}

/** The camera machine on these hands: an `Eye`. `gated`: the owner works the gate. */
export const cameraOn = (hands: CameraHands, { gated = false } = {}) =>
  cameraMachine.provide({
    actors: {
      watch: fromPromise(async ({ input, signal }) => {
        if (input) await hands.watch(input, signal)
      }),
    },
    actions: {
      workGate: (_, open) => gated || hands.gate(open),
      endVideo: () => hands.close(),
    },
  })
