/** A speech-to-speech model as the mind of a room. */
import { lineOf } from '../errors.ts'
import type { Conversation, Mind } from '../mind.ts'
import { Dialogue } from './dialogue.ts'
import type { AgentNews } from './news.ts'
import { dialogueOf, type RealtimeOptions, realtimeOf } from './options.ts'

export type RealtimeMindOptions = RealtimeOptions & {
  /** Gets what happens, as the events of a `MultimodalAgent`; `closed` is the room's to tell. What it throws is logged. */
  tell?: (news: AgentNews) => void
}

/**
 * The mind for `openRoom`. What the model hears is cut and converted for it, what it says for the room; a room of the model's own rates and
 * of frames of `inputChunkMs` saves that. Throws a TypeError or RangeError that names the option.
 */
export const realtimeMind = (given: RealtimeMindOptions) => {
  const { tell = () => {}, ...options } = given ?? {}
  const settings = realtimeOf(options)
  if (typeof tell !== 'function') throw new TypeError('tell must be a function of what happens')
  const begin = (conversation: Conversation) => {
    const dialogue = new Dialogue({
      ...dialogueOf(settings),
      tell: (event, payload) => {
        try {
          tell({ event, payload } as AgentNews)
        } catch (error) {
          conversation.outside.log('error', 'listener.failed', { event, error: lineOf(error) })
        }
      },
    })
    return dialogue.in(conversation)
  }
  return Object.assign(begin, { attending: 'initializing' } satisfies Pick<Mind, 'attending'>)
}
