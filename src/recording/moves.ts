/** When each living actor came into the state that it is in: why it did, the messages just before that tell. */
import type { Message, Path } from '../inspector/messages.ts'

/** `seq`: of the step, or of its start; `cause`: of the event. */
export type Move = { seq: number; cause: number }
export type Moves = Map<Path, Move>

export const noteMove = (moves: Moves, message: Message): void => {
  if (message.type === 'started') moves.set(message.path, { seq: message.seq, cause: message.seq })
  else if (message.type === 'ended') moves.delete(message.path)
  else if (message.type === 'step' && message.value !== undefined)
    moves.set(message.path, { seq: message.seq, cause: message.cause })
}

/** So many messages before a cause are told with it: the senders of a chain act in the same turn. */
const BEFORE = 30
/** From so many stretches of the tape, the newest: long-lived actors have moved together, when the call began. */
const STRETCHES = 6

/** Of what was moved before the message `first`: by stretch of the tape, from which message to which. `stretchOf`: where a message is. */
export const reasonsBefore = (
  moves: Moves,
  first: number,
  stretchOf: (seq: number) => number,
): Map<number, [number, number][]> => {
  const old = [...moves.values()].filter(({ seq }) => seq < first).sort((one, other) => other.seq - one.seq)
  const found = new Map<number, [number, number][]>()
  for (const { seq, cause } of old) {
    const stretch = stretchOf(seq)
    const known = found.get(stretch) ?? []
    if (known.length === 0 && found.size >= STRETCHES) continue
    found.set(stretch, [...known, [Math.max(1, cause - BEFORE), seq]])
  }
  return found
}
