/** What of the messages that are kept was not seen before. */
import type { Message } from '../../inspector/messages.ts'

export type News = {
  /** Oldest first. */
  fresh: readonly Message[]
  /** It does not go on from what was seen: forget it. */
  anew: boolean
}

/** The index of the first message that is newer. */
const after = (messages: readonly Message[], seq: number): number => {
  let [low, high] = [0, messages.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((messages[middle]?.seq ?? 0) <= seq) low = middle + 1
    else high = middle
  }
  return low
}

/** Remembers the last message. An array that has lost its oldest goes on too, if that one is in it, or comes right before its first. */
export const newsOf = (): ((messages: readonly Message[]) => News) => {
  let last: Message | undefined
  let list: readonly Message[] | undefined
  return messages => {
    const first = after(messages, last?.seq ?? 0)
    const goesOn = last !== undefined && (list === messages || messages[first - 1] === last)
    list = messages
    const fresh = goesOn ? messages.slice(first) : messages
    last = messages.at(-1) ?? (goesOn ? last : undefined)
    return { fresh, anew: !goesOn }
  }
}
