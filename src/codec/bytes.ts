/** Bytes that come in pieces of any size, read in pieces that a format needs. */

/** What no packet or element of recorded speech is longer than, in bytes: a length beyond it is damage, or an attack on our memory. */
export const LONGEST = 1 << 20

/** Reads ahead of nothing: a byte is asked of the source when it is needed. Each byte is copied once. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array()
  #at = 0

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source
  }

  /** The next `count` bytes; undefined if the source ends right here. Throws if it ends within them. */
  async take(count: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(count)
    for (let filled = 0; filled < count; ) {
      if (this.#at === this.#chunk.length && !(await this.#pull())) {
        if (filled === 0) return undefined
        throw truncated()
      }
      const part = this.#chunk.subarray(this.#at, this.#at + count - filled)
      bytes.set(part, filled)
      filled += part.length
      this.#at += part.length
    }
    return bytes
  }

  /** The same where the format says that there is more. */
  async need(count: number): Promise<Uint8Array> {
    const bytes = await this.take(count)
    if (!bytes) throw truncated()
    return bytes
  }

  /** The next `count` bytes, which stay to be taken. */
  async peek(count: number): Promise<Uint8Array> {
    const bytes = await this.need(count)
    const rest = this.#chunk.subarray(this.#at)
    this.#chunk = new Uint8Array(count + rest.length)
    this.#chunk.set(bytes)
    this.#chunk.set(rest, count)
    this.#at = 0
    return bytes
  }

  async #pull(): Promise<boolean> {
    const step = await this.#source.next()
    this.#at = 0
    this.#chunk = step.done ? new Uint8Array() : step.value
    return !step.done
  }
}

const truncated = () => new Error('the audio stream ends in the middle of a packet')
