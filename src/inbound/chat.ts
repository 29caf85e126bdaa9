/** What the chat machine asks for, done by an inbox. */
import { fromPromise } from 'xstate'
import { chatMachine, type Message } from '../../machines/inbound/chat.ts'
import { lineOf } from '../errors.ts'
import type { Log } from '../ports.ts'

/** The hands of the chat machine. */
export type ChatHands = {
  readonly log: Log
  /** The oldest message that nobody took, as soon as there is one; its text may still be coming. */
  take(signal: AbortSignal): Promise<Message>
  /** Resolves when the message that was taken last is dealt with; rejects if whoever deals with it fails. */
  answer(signal: AbortSignal): Promise<void>
  /** Lets go of all messages, and of the topic. */
  close(): void
}

/** The chat machine on these hands: an `Inbox`. What an answer throws is logged as `chat.failed`. */
export const chatOn = (hands: ChatHands) =>
  chatMachine.provide({
    actors: {
      take: fromPromise(({ signal }) => hands.take(signal)),
      answer: fromPromise(({ signal }) => hands.answer(signal)),
    },
    actions: {
      logFailure: (_, { message, error }) => hands.log('error', 'chat.failed', { ...message, error: lineOf(error) }),
      endChat: () => hands.close(),
    },
  })
