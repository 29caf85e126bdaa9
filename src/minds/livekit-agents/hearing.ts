/** What their session tells, in the words of the port. */
import type { llm, metrics } from '@livekit/agents'
import type { SessionEvents } from '../../realtime/port.ts'
import { metricsOf } from './context.ts'

export type HearingHands = {
  tell: <E extends keyof SessionEvents>(event: E, payload: SessionEvents[E]) => void
  generated: (event: llm.GenerationCreatedEvent) => void
  cancelled: (responseId: string) => void
  trouble: (error: Error) => void
  lost: (error: Error) => void
  reconnected: () => void
}

/** Listens until the returned function is called; to errors for ever, since an emitter throws those that nobody listens to. */
export const hear = (session: llm.RealtimeSession, hands: HearingHands): (() => void) => {
  const { tell, generated, cancelled, trouble, lost, reconnected } = hands
  let isOver = false
  const committed = new Set<string>()
  const transcribed = ({ itemId, transcript, isFinal }: llm.InputTranscriptionCompleted) => {
    if (!committed.has(itemId)) tell('input_speech_committed', { itemId })
    committed.add(itemId)
    if (!isFinal) return
    committed.delete(itemId)
    tell('input_speech_transcription_completed', { itemId, transcript })
  }
  const measured = (told: metrics.RealtimeModelMetrics) => {
    if (told.cancelled) cancelled(told.requestId)
    tell('metrics_collected', metricsOf(told))
  }
  const listeners = {
    generation_created: generated,
    input_speech_started: () => tell('input_speech_started', {}),
    input_speech_stopped: () => tell('input_speech_stopped', {}),
    input_audio_transcription_completed: transcribed,
    metrics_collected: measured,
    session_reconnected: reconnected,
  }
  for (const [event, listener] of Object.entries(listeners)) session.on(event, listener)
  session.on('error', ({ error, recoverable }: llm.RealtimeModelError) => {
    if (isOver) return
    if (recoverable) trouble(error)
    else lost(error)
  })
  return () => {
    isOver = true
    for (const [event, listener] of Object.entries(listeners)) session.off(event, listener)
  }
}
