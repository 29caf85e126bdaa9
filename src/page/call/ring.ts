/** Samples that wait, oldest first, in a place that never grows: what does not fit is refused. */
export class Ring {
  readonly #samples: Int16Array
  #from = 0
  #size = 0

  constructor(limit: number) {
    this.#samples = new Int16Array(limit)
  }

  get size(): number {
    return this.#size
  }
  /** Gives back how many of them found room. */
  write(data: Int16Array): number {
    const { length } = this.#samples
    const count = Math.min(data.length, length - this.#size)
    for (let i = 0; i < count; i++) this.#samples[(this.#from + this.#size + i) % length] = data[i] ?? 0
    this.#size += count
    return count
  }
  /** The next samples as floats; silence where there are none. Gives back how many there were. */
  read(into: Float32Array): number {
    const { length } = this.#samples
    const count = Math.min(into.length, this.#size)
    for (let i = 0; i < count; i++) into[i] = (this.#samples[(this.#from + i) % length] ?? 0) / 32_768
    into.fill(0, count)
    this.#from = (this.#from + count) % length
    this.#size -= count
    return count
  }
  clear(): void {
    this.#size = 0
  }
}
