/** Processes that work for the bench: asked by messages, one answer to each, and ended with the bench whatever happens. */
import { type ChildProcess, fork } from 'node:child_process'

type Request = { id: number; ask: string; with: unknown }
type Answer = { id: number; answer?: unknown; error?: string }

/** So long may an answer take, in ms, where nothing else is said: joining a room takes up to 15 s on a busy machine. */
const answerTimeout = 60_000
/** Between asking a child to end and ending it, in ms. */
const endTimeout = 3_000
/** How much of what a child prints is kept for the error message, in characters. */
const kept = 2_000

const running = new Set<Child>()
/** Ends what is left, at once. */
export const killAll = (): void => {
  for (const child of running) child.kill()
}

export class Child {
  readonly #process: ChildProcess
  readonly #name: string
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>()
  readonly #gone: Promise<void>
  #said = ''
  #asked = 0

  /** Starts a bundled script. */
  constructor(name: string, file: string, args: readonly string[] = []) {
    this.#name = name
    // rtc-node writes its debug lines to stdout unless it is told that this is production.
    const env = { ...process.env, NODE_ENV: 'production' }
    this.#process = fork(file, args, { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], serialization: 'advanced' })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.on('data', piece => {
        this.#said = (this.#said + piece).slice(-kept)
      })
    this.#process.on('message', (message: Answer) => this.#answered(message)) // only our own scripts send here
    this.#gone = new Promise(done => {
      const end = (how: string) => {
        this.#end(how)
        done()
      }
      // Not "close": Node never emits it after a disconnect by the parent.
      this.#process.once('error', error => end(error.message))
      this.#process.once('exit', (code, signal) => end(`it ended with ${signal ?? `exit code ${code}`}`))
    })
    running.add(this)
  }

  /** The answer to a question; rejects with the child's error, if it ends, or when it takes too long. `T` is what the child's script answers. */
  ask<T>(ask: string, about: unknown = {}, timeoutMs = answerTimeout): Promise<T> {
    const id = ++this.#asked
    return new Promise<T>((resolve, reject) => {
      const give = () => {
        clearTimeout(timer)
        this.#waiting.delete(id)
      }
      const refuse = (error: Error) => {
        give()
        reject(error)
      }
      const timer = setTimeout(() => refuse(this.#fault(`did not answer "${ask}" in ${timeoutMs / 1000} s`)), timeoutMs)
      const take = (answer: unknown) => {
        give()
        resolve(answer as T) // the other end is our own script
      }
      this.#waiting.set(id, { resolve: take, reject: refuse })
      this.#process.send({ id, ask, with: about } satisfies Request)
    })
  }
  /** Lets it end by itself, and if it does not, ends it. */
  async end(): Promise<void> {
    if (this.#process.connected) this.#process.disconnect()
    const timer = setTimeout(() => this.kill(), endTimeout)
    await this.#gone
    clearTimeout(timer)
  }
  kill(): void {
    this.#process.kill('SIGKILL')
  }
  /** The last that it printed. */
  get said(): string {
    return this.#said.trim()
  }

  #answered({ id, answer, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    if (error === undefined) waiting?.resolve(answer)
    else waiting?.reject(this.#fault(error))
  }
  #end(how: string): void {
    running.delete(this)
    for (const { reject } of [...this.#waiting.values()]) reject(this.#fault(how))
  }
  #fault(what: string): Error {
    return new Error(`the ${this.#name} process: ${what}${this.#said ? `\n${this.#said.trim()}` : ''}`)
  }
}

/** The child's side: answers what it is asked, and ends with its parent. `ending` is awaited before. */
export const serve = (
  answers: Record<string, (about: never) => unknown>,
  ending: () => Promise<unknown> = async () => {},
): void => {
  process.on('message', async ({ id, ask, with: about }: Request) => {
    const send = (answer: Answer) => process.connected && process.send?.(answer)
    try {
      const answer = answers[ask]
      if (!answer) throw new Error(`nobody answers "${ask}"`)
      send({ id, answer: await answer(about as never) }) // the parent is our own script
    } catch (error) {
      send({ id, error: error instanceof Error ? error.message : String(error) })
    }
  })
  process.once('disconnect', () => {
    ending().finally(() => process.exit(0))
  })
}
