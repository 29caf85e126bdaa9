/**
 * Speech — what a speech detector's yes and no mean, frame by frame: who began to speak, who meant it, whose turn is over.
 *   silent → tentative → speaking ⇄ trailing → silent        tentative → silent: a cough
 * Pure: a state and a frame give the next state and the facts that follow.
 */

/** All in milliseconds of audio. */
export type TurnOptions = {
  /** How much speech makes a turn, and interrupts an agent that speaks. Default 200. */
  minSpeechMs?: number
  /** A gap up to this long belongs to speech that is not confirmed yet: a stop consonant, a flicker of the detector. Default 100. */
  gapMs?: number
  /** How much silence ends a turn. Default 550: people pause for less in mid-sentence. */
  hangoverMs?: number
  /** A turn that lasts longer is ended, so that nobody waits for ever on a noise. Default 30 000. */
  maxTurnMs?: number
}

/** Facts in the order of a turn; `…Ms` count from the first frame. `ms` in `speech.ended` is from the start of that run of speech, in `turn.ended` of the turn. */
export type SpeechFact =
  | { type: 'speech.started'; atMs: number }
  | { type: 'speech.confirmed'; atMs: number; startMs: number } // once a turn, when minSpeechMs of speech were heard
  | { type: 'speech.ended'; atMs: number; ms: number } // atMs: where the speech ended; it may go on in the same turn
  | { type: 'turn.ended'; atMs: number; startMs: number; endMs: number; ms: number } // atMs: when this was known; ms = endMs - startMs

type Phase = 'silent' | 'tentative' | 'speaking' | 'trailing'
/** `nowMs`: heard so far. `turnMs`, `runMs`: where the turn and its last run of speech began; `lastMs`: where speech was last. */
export type SpeechState = { phase: Phase; nowMs: number; turnMs: number; runMs: number; lastMs: number; speechMs: number }

type Step = [next: SpeechState, facts: SpeechFact[]]
type Limits = Required<TurnOptions>

export const turnDefaults: Limits = { minSpeechMs: 200, gapMs: 100, hangoverMs: 550, maxTurnMs: 30_000 }
export const silence: SpeechState = { phase: 'silent', nowMs: 0, turnMs: 0, runMs: 0, lastMs: 0, speechMs: 0 }

const turnEnded = ({ nowMs, turnMs, lastMs }: SpeechState): SpeechFact => ({
  type: 'turn.ended',
  atMs: nowMs,
  startMs: turnMs,
  endMs: lastMs,
  ms: lastMs - turnMs,
})
const speechEnded = ({ runMs, lastMs }: SpeechState): SpeechFact => ({ type: 'speech.ended', atMs: lastMs, ms: lastMs - runMs })

const voiced = (before: SpeechState, frameMs: number, { minSpeechMs, maxTurnMs }: Limits): Step => {
  const { phase, nowMs: fromMs } = before
  const nowMs = fromMs + frameMs
  const isNew = phase === 'silent'
  const facts: SpeechFact[] = []
  const state = { ...before, nowMs, lastMs: nowMs, speechMs: (isNew ? 0 : before.speechMs) + frameMs }
  if (isNew) state.turnMs = fromMs
  if (isNew || phase === 'trailing') {
    state.runMs = fromMs
    facts.push({ type: 'speech.started', atMs: fromMs })
  }
  const isOpen = phase === 'speaking' || phase === 'trailing'
  if (!isOpen && state.speechMs < minSpeechMs) return [{ ...state, phase: 'tentative' }, facts]
  if (!isOpen) facts.push({ type: 'speech.confirmed', atMs: nowMs, startMs: state.turnMs })
  if (nowMs - state.turnMs < maxTurnMs) return [{ ...state, phase: 'speaking' }, facts]
  return [{ ...state, phase: 'silent' }, [...facts, speechEnded(state), turnEnded(state)]]
}

const unvoiced = (before: SpeechState, frameMs: number, { gapMs, hangoverMs, maxTurnMs }: Limits): Step => {
  const state = { ...before, nowMs: before.nowMs + frameMs }
  const quietMs = state.nowMs - state.lastMs
  if (state.phase === 'silent') return [state, []]
  if (state.phase === 'tentative') return quietMs > gapMs ? [{ ...state, phase: 'silent' }, [speechEnded(state)]] : [state, []]
  const facts = state.phase === 'speaking' ? [speechEnded(state)] : []
  const isOver = quietMs >= hangoverMs || state.nowMs - state.turnMs >= maxTurnMs
  return isOver ? [{ ...state, phase: 'silent' }, [...facts, turnEnded(state)]] : [{ ...state, phase: 'trailing' }, facts]
}

/** The next state and the facts that one more frame of `frameMs` brings. */
export const step = (state: SpeechState, isSpeech: boolean, frameMs: number, options: TurnOptions = {}): Step =>
  (isSpeech ? voiced : unvoiced)(state, frameMs, { ...turnDefaults, ...options })

/** What is still to be told when the audio is over: an open turn ends here. */
export const finish = (state: SpeechState): SpeechFact[] => {
  if (state.phase === 'silent') return []
  if (state.phase === 'tentative') return [speechEnded(state)]
  return [...(state.phase === 'speaking' ? [speechEnded(state)] : []), turnEnded(state)]
}

/** Stage: the detector's answers, one per frame of `frameMs`, become facts as they arise. Throws a RangeError for an option below 0. */
export const turnsOf = (frameMs: number, options: TurnOptions = {}) => {
  for (const [name, ms] of Object.entries(options))
    if (!(ms >= 0)) throw new RangeError(`${name} is ${ms}: give a number of milliseconds, 0 or more`)
  return async function* turns(answers: AsyncIterable<boolean>): AsyncIterable<SpeechFact> {
    let state = silence
    for await (const isSpeech of answers) {
      const [next, facts] = step(state, isSpeech, frameMs, options)
      state = next
      yield* facts
    }
    yield* finish(state)
  }
}
