/** What was asked of the server, by number, until it is answered. */
import type { Found, FromPage, FromServer, Listed, Moment, Span } from '../inspector/scene.ts'

export type Answer = Moment | Span | Listed | Found
export const isAnswer = (message: FromServer): message is Answer => ['moment', 'span', 'listed', 'found'].includes(message.type)
type Question<Type> = Omit<Extract<FromPage, { type: Type }>, 'type' | 'id'>
/** Of a recording: rows of its event log, and matches of a search. They reject where the server is away, or does not answer. */
export type Reading = {
  list(asked: Question<'list'>, signal: AbortSignal): Promise<Listed>
  find(asked: Question<'find'>, signal: AbortSignal): Promise<Found>
}
type Asked = { resolve(answer: Answer): void; reject(error: Error): void }

export class Questions {
  readonly #asked = new Map<number, Asked>()
  #last = 0

  /** Sends a question, and resolves with its answer; rejects when it cannot be sent, when `signal` aborts, and when the server is lost. */
  ask(send: (message: FromPage) => boolean, question: (id: number) => FromPage, signal: AbortSignal): Promise<Answer> {
    const id = ++this.#last
    const promise = new Promise<Answer>((resolve, reject) => this.#asked.set(id, { resolve, reject }))
    const give = () => this.#take(id)?.reject(new Error('given up'))
    signal.addEventListener('abort', give, { once: true })
    if (signal.aborted) give()
    else if (!send(question(id))) this.#take(id)?.reject(new Error('the server is away'))
    return promise.finally(() => signal.removeEventListener('abort', give))
  }

  answer(answer: Answer): void {
    this.#take(answer.id)?.resolve(answer)
  }

  /** Nobody is there who could answer. */
  end(): void {
    for (const id of [...this.#asked.keys()]) this.#take(id)?.reject(new Error('the server is away'))
  }

  #take(id: number): Asked | undefined {
    const asked = this.#asked.get(id)
    this.#asked.delete(id)
    return asked
  }
}
