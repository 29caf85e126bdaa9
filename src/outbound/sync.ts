/** What the sync machine asks for: the words of one utterance, read as they come and shown as they are heard. */
import { fromCallback } from 'xstate'
import { type SyncEvent, syncMachine } from '../../machines/outbound/sync.ts'
import { deferred } from '../deferred.ts'
import { type Playhead, Prompter, type PrompterHands } from '../pipes/prompter.ts'
import { show } from '../pipes/show.ts'
import type { Log, Word } from '../ports.ts'

export type ShowingHands = Omit<PrompterHands, 'playhead'> & {
  text: AsyncIterable<string | Word>
  /** The text breaks. What came before goes on as it was, until the owner ends the utterance. */
  fail: (error: unknown) => void
  /** No more text will come. */
  ended?: () => void
}

/** The words of one utterance. Its machine works the prompter; its owner says what becomes of the audio. */
export class Showing {
  readonly #hands: ShowingHands
  readonly #playhead: Playhead
  readonly prompter: Prompter
  /** To the machine, while it runs. */
  #tell: ((event: SyncEvent) => void) | undefined
  readonly #left = deferred<void>()

  constructor(playhead: Playhead, hands: ShowingHands) {
    this.#hands = hands
    this.#playhead = playhead
    this.prompter = new Prompter({ ...hands, playhead })
  }

  /** Starts to read. The returned function ends it. */
  start(tell: (event: SyncEvent) => void): () => void {
    const { text, fail, ended = () => {} } = this.#hands
    const over = new AbortController()
    const follow = () => tell({ type: this.#playhead.running() ? 'playhead.moved' : 'playhead.rested' })
    const unfollow = this.#playhead.changed(follow)
    this.#tell = tell
    show(text, this.prompter, over.signal)
      .catch(fail)
      .finally(() => {
        tell({ type: 'text.ended' })
        ended()
      })
    return () => {
      over.abort()
      unfollow()
      this.prompter.close()
      this.#tell = undefined
      this.#left.resolve()
    }
  }

  /** What was shown: a prefix of the text. */
  get spoken(): string {
    return this.prompter.spoken
  }
  /** All audio was heard. Resolves when the text has ended too, at the latest 1 000 ms later; at once where no machine runs. */
  finish(): Promise<void> {
    if (!this.#tell) return Promise.resolve()
    this.#tell({ type: 'finish' })
    return this.#left.promise
  }
  /** The utterance was cut: what was not heard is dropped. Gives back what was spoken, which is final. */
  cut(): string {
    this.prompter.close() // at once, also for whoever asks while the machine gives out a word
    this.#tell?.({ type: 'cut' })
    return this.spoken
  }
}

export type SyncHands = { showing: (id: string) => Showing | undefined; log: Log }

/** The sync machine on the words of each utterance. Text that is too late is logged as `show.late`. */
export const syncOn = ({ showing, log }: SyncHands) =>
  syncMachine.provide({
    actors: {
      text: fromCallback(({ input: { id }, sendBack }) => {
        const words = showing(id)
        if (words) return words.start(sendBack)
        sendBack({ type: 'cut' }) // its audio has failed before it began
      }),
    },
    actions: {
      run: ({ context: { id } }) => showing(id)?.prompter.run(),
      rest: ({ context: { id } }) => showing(id)?.prompter.rest(),
      release: ({ context: { id } }) => showing(id)?.prompter.release(),
      close: ({ context: { id } }) => showing(id)?.prompter.close(),
      logLate: ({ context: { id } }) => log('warn', 'show.late', { id }),
    },
  })
