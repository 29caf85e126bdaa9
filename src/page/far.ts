/** Messages of long ago, apart from those that are kept: they tell why things stand as they do. */
import type { Message } from '../inspector/messages.ts'
import { findMessage } from './kept.ts'

/**
 * By the number of a message: those before it, with holes. Of an actor that lived then no message is left out which came after the last one
 * that is there and changed its state.
 */
export type Far = ReadonlyMap<number, readonly Message[]>

/** So many moments are remembered; then the one that came first goes. */
const REMEMBERED = 24

export const farWith = (far: Far, seq: number, messages: readonly Message[]): Far => {
  const others = [...far].filter(([other]) => other !== seq)
  return new Map([...others, [seq, messages] as const].slice(-REMEMBERED))
}

/** A message by its number, in whichever of these it is. */
export const findIn = (lists: readonly (readonly Message[])[], seq: number): Message | undefined => {
  for (const messages of lists) {
    const found = findMessage(messages, seq)
    if (found) return found
  }
  return undefined
}
