/** Sound that comes live, in uneven pieces, is played a little later than it comes: enough for its unevenness, and no more. */
import { joined } from '../audio/frame.ts'

/** `leadMs`: so much later. `mostMs`: more than this never waits. */
export type LeadOptions = { sampleRate: number; leadMs: number; mostMs: number }
/** In samples but `late`: how often a piece came when all before it had been played. `filled`: silence put in for that; `dropped`: left out. */
export type LeadCounters = { late: number; filled: number; dropped: number }

/** Over so much sound the least that waited is what the lead could do without, in ms. */
const windowMs = 1_000
/** The lead is shortened when it is so much longer than it is to be, in ms: two clocks that differ by 100 ppm need it every 100 s. */
const slackMs = 10

/** What is placed for what comes, mono. Bursts, and a sender whose clock is fast, make the lead longer: then some is left out. */
export class Lead {
  readonly counters: LeadCounters = { late: 0, filled: 0, dropped: 0 }
  readonly #lead: number
  readonly #most: number
  readonly #window: number
  readonly #slack: number
  #begun = false
  /** The least that waited when a piece came, since so many samples ago. */
  #least = Number.POSITIVE_INFINITY
  #since = 0
  /** Still to be left out. */
  #spare = 0

  constructor({ sampleRate, leadMs, mostMs }: LeadOptions) {
    const samples = (ms: number) => Math.round((ms * sampleRate) / 1000)
    ;[this.#lead, this.#most] = [samples(leadMs), samples(mostMs)]
    ;[this.#window, this.#slack] = [samples(windowMs), samples(slackMs)]
  }

  /** `ahead`: how many samples wait to be played now. Gives back what is to be played after them. */
  place(data: Int16Array, ahead: number): Int16Array {
    if (data.length === 0) return data
    if (ahead <= 0) return this.#cut(this.#begin(data), 0)
    this.#least = Math.min(this.#least, ahead)
    this.#since += data.length
    if (this.#since >= this.#window) this.#look()
    return this.#cut(this.#spare > 0 ? this.#shorter(data) : data, ahead)
  }

  #begin(data: Int16Array): Int16Array {
    if (this.#begun) {
      this.counters.late++
      this.counters.filled += this.#lead
    }
    this.#begun = true
    this.#restart()
    this.#spare = 0
    return joined([new Int16Array(this.#lead), data])
  }
  #look(): void {
    const spare = this.#least - this.#lead
    this.#spare = spare >= this.#slack ? spare : 0
    this.#restart()
  }
  #restart(): void {
    this.#least = Number.POSITIVE_INFINITY
    this.#since = 0
  }
  /** Half of it at most is left out: its beginning fades into its end. */
  #shorter(data: Int16Array): Int16Array {
    const less = Math.min(this.#spare, Math.floor(data.length / 2))
    const length = data.length - less
    this.#spare -= less
    this.counters.dropped += less
    return Int16Array.from({ length }, (_, i) => {
      const share = i / Math.max(1, length - 1)
      return Math.round((data[i] ?? 0) * (1 - share) + (data[i + less] ?? 0) * share)
    })
  }
  /** What would wait beyond the bound is dropped. */
  #cut(data: Int16Array, ahead: number): Int16Array {
    const room = Math.max(0, this.#most - ahead)
    if (data.length <= room) return data
    this.counters.dropped += data.length - room
    return data.subarray(0, room)
  }
}
