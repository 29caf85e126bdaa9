/** A file that is only added to, at once and in whole pieces: what was written is there, whatever becomes of the process. */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'

export class Pages {
  readonly #file: number
  /** Bytes that are in the file. */
  #written = 0
  #waiting: Uint8Array[] = []
  #text: string[] = []
  /** Of what waits: bytes, and for text about as many. */
  #size = 0

  /** Throws if the file is there already, or cannot be made. */
  constructor(path: string) {
    this.#file = openSync(path, 'wx')
  }

  /** How much waits, in bytes. */
  get waiting(): number {
    return this.#size
  }
  add(text: string): void {
    this.#text.push(text)
    this.#size += text.length
  }
  /** Takes the bytes as they are now, and gives back where they will be; not for a file of text. */
  append(bytes: Uint8Array): number {
    const place = this.#written + this.#size
    this.#waiting.push(bytes.slice())
    this.#size += bytes.length
    return place
  }

  /** Writes what waits. Throws what the system says; then the file ends with the last whole piece, and nothing waits. */
  flush(): void {
    if (this.#size === 0) return
    const all = this.#text.length > 0 ? Buffer.from(this.#text.join('')) : Buffer.concat(this.#waiting)
    this.#text = []
    this.#waiting = []
    this.#size = 0
    this.#write(all)
  }
  /** Writes over what is at the start of the file: text of the same length in bytes. */
  amend(text: string): void {
    this.flush()
    writeSync(this.#file, text, 0)
  }
  /** Nobody will find it any more: it was deleted. */
  get isGone(): boolean {
    return fstatSync(this.#file).nlink === 0
  }
  close(): void {
    closeSync(this.#file)
  }

  #write(all: Uint8Array): void {
    try {
      for (let done = 0; done < all.length; ) done += writeSync(this.#file, all, done, all.length - done, this.#written + done)
    } catch (error) {
      this.#trim()
      throw error
    }
    this.#written += all.length
  }
  /** Takes the half of a piece away that was written last. */
  #trim(): void {
    try {
      ftruncateSync(this.#file, this.#written)
    } catch {} // then its reader finds half a line at the end, and leaves it out
  }
}
