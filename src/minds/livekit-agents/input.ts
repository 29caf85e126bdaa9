/** The caller's sound on its way to a model of `@livekit/agents`. */
import type { llm } from '@livekit/agents'
import { type AudioFrame, checkFrame } from '../../audio/frame.ts'
import { coded } from '../../errors.ts'
import type { RealtimeSession } from '../../realtime/port.ts'
import type { Asking } from './asking.ts'
import { nativeOf } from './context.ts'

export type InputHands = {
  session: llm.RealtimeSession
  asking: Asking
  /** In Hz. */
  sampleRate: number
  /** Settles when the model is ready, or will not be. */
  ready: () => Promise<void>
  over: AbortSignal
}

/** Theirs take whatever comes, so there is room as soon as they are ready, and none before. */
export const inputTo = ({ session, asking, sampleRate, ready, over }: InputHands): RealtimeSession['inputAudioBuffer'] => {
  let isReady = false
  const open = async () => {
    await undefined // it is made before anybody begins to be ready
    await ready()
    isReady = true
  }
  open().catch(() => {}) // whoever waits for it to be ready is told
  return {
    append: (frame: AudioFrame) => {
      checkFrame(frame, { sampleRate, channels: 1 })
      if (over.aborted) throw coded('ERR_CLOSED', 'the session is over: nobody hears that any more')
      if (isReady) session.pushAudio(nativeOf(frame))
      return isReady
    },
    commit: () => asking.ask('commit the input', () => session.commitAudio()),
    clear: () => asking.ask('clear the input', () => session.clearAudio()),
    drained: signal =>
      new Promise(resolve => {
        if (signal.aborted) resolve()
        signal.addEventListener('abort', () => resolve(), { once: true })
        ready().then(resolve, () => resolve())
      }),
  }
}
