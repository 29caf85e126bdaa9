/** The caller speaks, as the service's turn detection hears it (FAKE-5). */
import type { Session } from './session.ts'
import { deferred } from './timers.ts'

/**
 * `start` (default 0) and `end` (default: as `start`) in ms from now: by the clock or, `byInput`, when so much more audio came in. The
 * events name the same moments of the input. `transcript` or `fails`: what becomes of its words, `afterMs` after the turn was committed;
 * neither: nothing. `interrupts` and `answers`: as the session was configured, if not given. `noticeMs`: how long the service hears
 * silence before it says that the turn is over.
 */
export type Speech = {
  start?: number
  end?: number
  transcript?: string
  fails?: string
  afterMs?: number
  interrupts?: boolean
  answers?: boolean
  noticeMs?: number
  byInput?: boolean
}
/** A turn on its way: each moment as a promise. `committed` gives the id of its item, which is `itemId` from the beginning. */
export type Turn = {
  readonly itemId: string
  readonly started: Promise<void>
  readonly committed: Promise<string>
  readonly transcribed: Promise<void>
}

const transcribe = (session: Session, itemId: string, { transcript, fails }: Speech) => {
  const at = { item_id: itemId, content_index: 0 }
  const item = session.conversation.find(itemId)?.item
  if (fails !== undefined) {
    const error = { type: 'transcription_error', code: 'audio_unintelligible', message: fails }
    session.tell({ type: 'conversation.item.input_audio_transcription.failed', ...at, error })
  } else if (transcript !== undefined) {
    if (item?.type === 'message' && item.role === 'user' && item.content[0]) item.content[0].transcript = transcript
    const name = 'conversation.item.input_audio_transcription' as const
    session.tell({ type: `${name}.delta`, ...at, delta: transcript })
    session.tell({ type: `${name}.completed`, ...at, transcript, usage: { type: 'duration', seconds: 1 } })
  }
}

/** Tells a turn from its beginning to its words. Nothing more is told once the session is over. */
export const speak = (session: Session, speech: Speech): Turn => {
  const { start = 0, end = start, noticeMs = 0, afterMs = 0, byInput = false } = speech
  const itemId = session.nextId('item_')
  const fromMs = session.receivedMs
  const started = deferred<void>()
  const committed = deferred<string>()
  const transcribed = deferred<void>()
  const when = (ms: number, work: () => void) => (byInput ? session.whenReceived(fromMs + ms, work) : session.after(ms, work))
  when(start, () => {
    session.tell({ type: 'input_audio_buffer.speech_started', item_id: itemId, audio_start_ms: fromMs + start })
    if (speech.interrupts ?? session.turns.interrupts) session.interrupt('turn_detected')
    started.resolve()
    when(byInput ? end + noticeMs : end - start + noticeMs, () => {
      session.tell({ type: 'input_audio_buffer.speech_stopped', item_id: itemId, audio_end_ms: fromMs + end })
      session.commit(itemId)
      committed.resolve(itemId)
      const tell = () => {
        transcribe(session, itemId, speech)
        transcribed.resolve()
      }
      if (afterMs <= 0) tell()
      if (speech.answers ?? session.turns.answers) session.answerTurn()
      if (afterMs > 0) session.after(afterMs, tell)
    })
  })
  return { itemId, started: started.promise, committed: committed.promise, transcribed: transcribed.promise }
}
