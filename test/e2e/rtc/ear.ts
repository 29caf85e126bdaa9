/** The ear of a guest: whether somebody else's tone is heard. */
import { AudioStream } from '../../../src/livekit/rtc/index.ts'
import { pass } from '../watch.ts'
import type { Guest, Stage } from './stage.ts'

/** A third of a second, of frames of 10 ms: longer than what concealment of lost frames or a jitter buffer makes of the sound before. */
const SOME = 33
/** Above it is the tone, whose level is 8500; what is concealed fades soon. */
const AUDIBLE = 3_000
/** How long is waited for it, in ms: the server may take seconds to change who hears whom. */
const LIMIT = 20_000
/** Hears the first track that this guest is subscribed to. */
export const listen = async (stage: Stage, guest: Guest) => {
  const { track } = await guest.sees('trackSubscribed', () => true, LIMIT)
  const stream = new AudioStream(track)
  const levels: number[] = []
  const over = (async () => {
    for await (const { data } of stream) {
      levels.push(Math.sqrt(data.reduce((sum, sample) => sum + sample ** 2, 0) / data.length))
      guest.watch.look()
    }
  })()
  stage.ends(`the ear of ${guest.identity}`, async () => {
    await stream.close()
    await over
  })
  /** Until all frames of a while are so, of those from now on. */
  const until = (what: string, is: (level: number) => boolean) => {
    const from = levels.length
    return guest.until(
      `${guest.identity} hears ${what}`,
      () => levels.length >= from + SOME && levels.slice(-SOME).every(is),
      20_000,
    )
  }
  /** As `silence`, and also where no frames come any more. */
  const quiet = async () => {
    for (const over = performance.now() + LIMIT; performance.now() < over; ) {
      const from = levels.length
      await pass(10 * SOME)
      if (levels.slice(from).every(level => level < AUDIBLE / 10)) return
    }
    throw new Error(`${guest.identity} hears on`)
  }
  return {
    quiet,
    tone: () => until('the tone', level => level > AUDIBLE),
    silence: () => until('nothing', level => level < AUDIBLE / 10),
  }
}
