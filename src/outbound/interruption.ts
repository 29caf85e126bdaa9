/** What the interruption machine asks for: whoever owns the voice holds it, and lets it go on. */
import { type InterruptionFact, interruptionMachine } from '../../machines/outbound/interruption.ts'

/** The interruption machine, which tells `tell` when the voice is to be held and when it goes on. */
export const interruptionOn = ({ tell }: { tell: (fact: InterruptionFact) => void }) =>
  interruptionMachine.provide({
    actions: {
      tellHeld: () => tell({ type: 'voice.held' }),
      tellReleased: () => tell({ type: 'voice.released', rewind: false }),
      tellResumed: ({ context }) => tell({ type: 'voice.released', rewind: context.rewind === 'word' }),
    },
  })
