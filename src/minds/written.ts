/** What people write to a mind that was made to listen. */
import type { ChatMessage, Conversation } from '../mind.ts'
import { until } from '../pipes/until.ts'

/** Tells what is written, one by one, until that is over or `signal` aborts. The agent was interrupted for it. */
export const readWritten = async ({ chat }: Conversation, take: (text: string) => void, signal: AbortSignal): Promise<void> => {
  for await (const { text } of until<ChatMessage>(signal)(chat())) take(text)
}
