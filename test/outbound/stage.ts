/** A speaker on a loopback device in virtual time, with all that was told and all that was played on record. */
import { type AudioFrame, type Format, frameOf } from '../../src/audio/frame.ts'
import { Device } from '../../src/loopback/sink.ts'
import { type Heard, Speaker } from '../../src/outbound/speaker.ts'
import { virtualClock } from '../../src/virtual.ts'

/** What a device has played, by position: samples per channel since the clock's zero. */
export class Tape {
  readonly #channels: number
  #pieces: { at: number; data: Int16Array }[] = []

  constructor(channels: number) {
    this.#channels = channels
  }
  wrote(at: number, data: Int16Array): void {
    this.#pieces.push({ at, data })
  }
  cut(at: number): void {
    this.#pieces = this.#pieces
      .filter(piece => piece.at < at)
      .map(piece => ({ at: piece.at, data: piece.data.subarray(0, (at - piece.at) * this.#channels) }))
  }
  /** Lays what was played before position `end` over `into`. */
  lay(into: Int16Array, end: number): void {
    for (const { at, data } of this.#pieces) {
      const count = Math.min(data.length, Math.max(0, end - at) * this.#channels)
      for (let index = 0, to = at * this.#channels; index < count; index++, to++) {
        if (into[to] !== 0 && data[index] !== 0) throw new Error('two devices sound at once')
        into[to] = data[index] || (into[to] ?? 0)
      }
    }
  }
}

export type StageOptions = Partial<Format> & {
  fadeMs?: number
  maxPendingMs?: number
  queueMs?: number
  exact?: boolean
  rewindMs?: number
  tell?: (fact: Heard) => void
}

export const stage = (options: StageOptions = {}) => {
  const {
    sampleRate = 24_000,
    channels = 1,
    exact = true,
    queueMs = 200,
    fadeMs,
    maxPendingMs,
    rewindMs = 0,
    tell = () => {},
  } = options
  const clock = virtualClock()
  const format = { sampleRate, channels }
  const told: (Heard & { told: number })[] = []
  const logged: { code: string; fields: Record<string, unknown> }[] = []
  const speaker = new Speaker({
    ...{ ...format, clock, rewindMs },
    log: (_level, code, fields = {}) => logged.push({ code, fields }),
    tell: fact => {
      told.push({ ...fact, told: clock.now() })
      tell(fact)
    },
    ...(fadeMs === undefined ? {} : { fadeMs }),
    ...(maxPendingMs === undefined ? {} : { maxPendingMs }),
  })

  const tapes: Tape[] = []
  const refusals: Error[] = []
  /** Another device; the speaker is not plugged into it yet. */
  const device = () => {
    const made = new Device({ ...format, queueMs, name: 'voice' }, clock, { exact, refusal: () => refusals.shift() })
    const tape = new Tape(channels)
    made.timeline.watch(tape)
    tapes.push(tape)
    return made
  }
  /** All that was played up to now: interleaved samples since the clock's zero. */
  const played = () => {
    const end = Math.floor((clock.now() * sampleRate) / 1000)
    const into = new Int16Array(end * channels)
    for (const tape of tapes) tape.lay(into, end)
    return into
  }
  return {
    ...{ clock, format, speaker, told, logged, refusals, device, played },
    /** Its facts, without the moment at which they were told. */
    facts: () => told.map(({ told: _, ...fact }) => fact),
    codes: () => logged.map(({ code }) => code),
    frame: (data: Int16Array): AudioFrame => frameOf(data, format),
    /** `ms` of sound whose samples say which they are: 1, 2, 3 … after `from`. */
    sound: (ms: number, from = 0) =>
      frameOf(
        Int16Array.from({ length: ((ms * sampleRate) / 1000) * channels }, (_, n) => from + Math.floor(n / channels) + 1),
        format,
      ),
    timers: () => clock.timers,
  }
}
