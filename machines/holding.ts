/** When the voice is held: by its owner, or for the caller, who may be about to interrupt. Either keeps it still. */
import { not } from 'xstate'

const paused = <P extends boolean>(is: P) => ({ type: 'notePaused' as const, params: is })
const held = <H extends boolean>(is: H) => ({ type: 'noteHeld' as const, params: is })

/** The owner's: `resume` overrules both. */
export const pausing = {
  pause: [
    { guard: not('isStill'), actions: [paused(true), 'pass', 'tellFact'] },
    { guard: not('isPaused'), actions: paused(true) },
  ],
  resume: { guard: 'isStill', actions: [paused(false), held(false), 'pass', 'tellFact'] },
} as const
/** The caller's, and what the interruption machine makes of it. */
export const holding = {
  'speech.started': { guard: 'isSpeaking', actions: 'pass' },
  'speech.ended': { actions: 'pass' },
  'voice.held': [{ guard: 'isStill', actions: held(true) }, { actions: [held(true), 'pass', 'tellFact'] }],
  'voice.released': [
    { guard: 'isPaused', actions: held(false) },
    { guard: 'isStill', actions: [held(false), 'pass', 'tellFact'] },
  ],
} as const
