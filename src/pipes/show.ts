/** show — the text of an utterance on its way to the room: source → until the utterance ends → the prompter, which knows when. */
import { pipe } from 'it-pipe'
import type { Word } from '../ports.ts'
import type { Prompter } from './prompter.ts'
import { until } from './until.ts'

/** Reads `text` until it ends or the signal aborts. Rejects if the source breaks: what came before goes on as it was. */
export const show = (text: AsyncIterable<string | Word>, prompter: Prompter, signal: AbortSignal): Promise<void> =>
  pipe(text, until<string | Word>(signal), into(prompter))

const into = (prompter: Prompter) => async (pieces: AsyncIterable<string | Word>) => {
  for await (const piece of pieces) await prompter.take(piece)
  prompter.end()
}
