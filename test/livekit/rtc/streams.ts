/** Streams of frames for a mixer, in virtual time: they wait, fail, hang, and tell when they were left. */
import { type AudioFrame, frameOf } from '../../../src/audio/frame.ts'
import { sleep } from '../../../src/clock.ts'
import type { Clock } from '../../../src/ports.ts'

export const format = { sampleRate: 1_000, channels: 1 }
/** A frame of a block, of 10 ms unless told. */
export const tone = (value: number, samples = 10) => frameOf(new Int16Array(samples).fill(value), format)
export type Part = number | { waitMs: number } | { fails: string } | AudioFrame
/** Gives frames of 10 ms with these values, and waits in between; `returned` tells when it was left. */
export const source = (clock: Clock, parts: Part[]) => {
  const about = { returned: 0 }
  const frames = async function* () {
    let open = true
    try {
      for (const part of parts)
        if (typeof part === 'number') yield tone(part)
        else if ('data' in part) yield part
        else if ('fails' in part) throw new Error(part.fails)
        else await sleep(clock, part.waitMs)
      open = false
    } finally {
      if (open) about.returned++
    }
  }
  return Object.assign(frames(), { about })
}
/** Never gives anything, and does not settle when it is left. */
export const dead = () => {
  const about = { returned: 0 }
  const iterator = {
    next: () => new Promise<IteratorResult<AudioFrame>>(() => {}),
    return: () => {
      about.returned++
      return new Promise<IteratorResult<AudioFrame>>(() => {})
    },
  }
  return { about, [Symbol.asyncIterator]: () => iterator }
}
/** Fails so many ms after each time that it is asked. */
export const broken = (clock: Clock, ms: number) => {
  const about = { asked: 0 }
  const next = async (): Promise<IteratorResult<AudioFrame>> => {
    about.asked++
    await sleep(clock, ms)
    throw new Error('again and again')
  }
  return { about, [Symbol.asyncIterator]: () => ({ next }) }
}
