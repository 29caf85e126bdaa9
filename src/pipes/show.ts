/** show — the text of an utterance on its way to the room: source → until the utterance ends → out, each word as it is heard. */
import { pipe } from 'it-pipe'
import type { Word } from '../ports.ts'
import { Prompter, type PrompterHands } from './prompter.ts'
import { until } from './until.ts'

export type { Playhead } from './prompter.ts'
export type ShowHands = PrompterHands & {
  /** The source broke. What came before goes on as it was, until the owner ends the utterance. */
  fail: (error: unknown) => void
}

/** The words of one utterance. */
export interface Showing {
  /** What was published: a prefix of the text. */
  readonly spoken: string
  /**
   * All audio was heard: the rest of the text goes out at once, and what still comes as it comes. Resolves when the text has ended,
   * at the latest 1 000 ms later.
   */
  finish(): Promise<void>
  /** The utterance was cut: what was not heard is dropped. Gives back what was spoken, which is final. */
  cut(): string
}

/** How long text may come after the end of its audio, in ms (SYNC-12). */
const lateTextTimeout = 1_000

/** Starts to read `text`, if there is any, and publishes each word when the playhead passes its middle (SYNC-3). */
export const show = (text: AsyncIterable<string | Word> | undefined, hands: ShowHands): Showing => {
  const { id, playhead, log, fail } = hands
  const over = new AbortController()
  const prompter = new Prompter(hands)
  const read = text ? pipe(text, until<string | Word>(over.signal), into(prompter)) : Promise.resolve()
  const reading = read.catch(fail)

  const late = () => {
    log('warn', 'show.late', { id })
    over.abort()
    prompter.stop()
  }
  const finish = async () => {
    prompter.open()
    const timer = playhead.clock.setTimeout(late, lateTextTimeout)
    await reading
    playhead.clock.clearTimeout(timer)
    prompter.stop()
  }
  let finished: Promise<void> | undefined
  return {
    get spoken() {
      return prompter.spoken
    },
    finish: () => {
      finished ??= finish()
      return finished
    },
    cut: () => {
      prompter.stop()
      over.abort()
      return prompter.spoken
    },
  }
}

const into = (prompter: Prompter) => async (pieces: AsyncIterable<string | Word>) => {
  for await (const piece of pieces) await prompter.take(piece)
  prompter.end()
}
