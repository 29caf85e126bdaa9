/** One page at its socket: what it is told is bounded, and so is what it may ask. */
import type { RawData, WebSocket } from 'ws'
import { lineOf } from '../errors.ts'
import { askedIn } from './asked.ts'
import type { FromServer } from './scene.ts'
import type { Page, PageSeat, Show } from './show.ts'

/** The largest message that a page may send, in bytes: an event, or a second of sound. */
export const LARGEST = 64 * 1024
/** Messages a second that a page may send, and how many at once: a microphone sends fifty. */
const [RATE, BURST] = [200, 400]
/** Bytes that wait: from so many on a page is behind; it has caught up with so few; with so many it is given up. */
const [BEHIND, CAUGHT_UP, HOPELESS] = [1_000_000, 64_000, 16_000_000]
/** Sound that waits longer than a second is of no use, in bytes. */
const SOUND_BEHIND = 48_000
/** So often a page is asked whether it is there, and given up if it was not since, in ms. */
const PING_MS = 15_000

/** The same message goes to many pages. */
const texts = new WeakMap<FromServer, string>()
const textOf = (message: FromServer): string => {
  const known = texts.get(message) ?? JSON.stringify(message)
  texts.set(message, known)
  return known
}

/** Lets so many through in a second, after so many at once; `now` in ms. */
export const limiter = (now: () => number, rate = RATE, burst = BURST) => {
  let left = burst
  let last = now()
  return (): boolean => {
    const at = now()
    left = Math.min(burst, left + ((at - last) * rate) / 1000)
    last = at
    if (left < 1) return false
    left--
    return true
  }
}

export class Viewer implements Page {
  /** Resolves when its socket is closed, and all of it has ended. */
  readonly gone: Promise<void>
  readonly #socket: WebSocket
  readonly #seat: PageSeat
  readonly #allows = limiter(() => performance.now())
  readonly #pings: NodeJS.Timeout
  #alive = true
  #over = false
  #behind = false

  constructor(socket: WebSocket, show: Show) {
    this.#socket = socket
    this.#seat = show.attach(this)
    this.#pings = setInterval(() => this.#look(), PING_MS)
    socket.on('pong', () => {
      this.#alive = true
    })
    socket.on('message', (data, isBinary) => this.#take(data, isBinary))
    socket.on('error', () => socket.terminate()) // a frame that breaks the rules; `close` follows
    this.gone = new Promise(gone => {
      socket.on('close', () => {
        this.#over = true
        clearInterval(this.#pings)
        this.#seat.leave()
        gone()
      })
    })
  }

  get isFull(): boolean {
    this.#behind ||= this.#socket.bufferedAmount >= BEHIND
    return this.#over || this.#behind
  }
  tell(message: FromServer): void {
    if (this.#over) return
    if (this.#socket.bufferedAmount > HOPELESS) this.end(1013, 'this page cannot keep up: reload it')
    else this.#socket.send(textOf(message), () => this.#sent())
  }
  play(samples: Int16Array): { sent: boolean } {
    const sent = !this.#over && this.#socket.bufferedAmount < SOUND_BEHIND
    if (sent) this.#socket.send(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), () => this.#sent())
    return { sent }
  }
  /** `reason`: at most 123 bytes. */
  end(code: number, reason: string): void {
    this.#over = true
    this.#socket.close(code, reason)
  }
  terminate(): void {
    this.#socket.terminate()
  }

  #sent(): void {
    if (!this.#behind || this.#over || this.#socket.bufferedAmount > CAUGHT_UP) return
    this.#behind = false
    this.#seat.drained()
  }
  #look(): void {
    if (this.#alive) this.#socket.ping()
    else this.terminate()
    this.#alive = false
  }
  #take(data: RawData, isBinary: boolean): void {
    if (this.#over) return
    const bytes = Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data)
    if (!this.#allows()) this.end(1008, `too many messages: at most ${RATE} a second`)
    else if (isBinary) this.#hear(bytes)
    else this.#ask(new TextDecoder().decode(bytes))
  }
  #ask(text: string): void {
    const asked = askedIn(text)
    try {
      if (asked) this.#seat.ask(asked)
      else this.#refuse('the server does not know what this page asks: reload it')
    } catch (error) {
      this.#refuse(`that could not be done: ${lineOf(error)}`) // a logic of somebody's, that an event was sent to
    }
  }
  #refuse(text: string): void {
    this.tell({ type: 'refused', text })
  }
  #hear(bytes: Uint8Array): void {
    // A copy begins where samples may begin.
    const samples = new Int16Array(bytes.slice().buffer, 0, bytes.length >> 1)
    if (samples.length > 0) this.#seat.hear(samples)
  }
}
