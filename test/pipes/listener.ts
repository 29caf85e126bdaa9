/** An ear on tracks and recordings that a test feeds, with a reader. */
import type { AudioFrame } from '../../src/audio/frame.ts'
import { createEar, type EarOptions } from '../../src/inbound/ear.ts'
import type { Dropped } from '../../src/inbound/input.ts'
import { virtualClock } from '../../src/virtual.ts'
import { person } from '../fakes/people.ts'
import { framesOf, joined } from '../fakes/sound.ts'
import { fakeBytes, fakeTracks } from '../fakes/tracks.ts'

export const format = { sampleRate: 24_000, channels: 1 }
export const perMs = 24
/** The account of the input, law 6. */
export const balance = ({
  received,
  silence,
  delivered,
  dropped,
  gated,
  overlap,
  buffered,
}: ReturnType<typeof createEar>['counters']) => received + silence - delivered - dropped - gated - overlap - buffered

/** An ear in a room that stands still until the test moves it. */
export const listener = (options: EarOptions = {}, { deaf = false } = {}) => {
  const clock = virtualClock()
  const { tracks, feed } = fakeTracks({ deaf })
  const { byteIn, send, topics } = fakeBytes()
  const logged: string[] = []
  const runs: Dropped[] = []
  const ear = createEar(
    { tracks, byteIn, clock, log: (_, code) => logged.push(code) },
    { dropped: run => runs.push(run), ...options },
  )
  ear.start()
  const chosen = (key: string) => ({ identity: 'ann', sid: 'TR_1', key, participant: person('ann') })
  /** Reads a track that has nothing before it. */
  const read = (key: string) => {
    feed(key)
    const stop = new AbortController()
    const done = ear.read(chosen(key), stop.signal)
    ear.pass()
    return { done, stop: () => stop.abort() }
  }
  /** Reads a track whose pre-connect audio is `sid`'s. */
  const readAfter = (key: string) => {
    feed(key)
    const stop = new AbortController()
    const done = ear.read(chosen(key), stop.signal)
    const claimed = ear.claim({ identity: 'ann', sid: 'TR_1', sole: true }, stop.signal)
    return { done, claimed, stop: () => stop.abort() }
  }
  /** A reader who is always there. */
  const reader = () => {
    const frames: AudioFrame[] = []
    void (async () => {
      for await (const frame of ear.audio) frames.push(frame)
    })()
    return { frames, data: () => joined(frames) }
  }
  return { clock, ear, feed, read, readAfter, reader, send, topics, logged, runs }
}
/** As a live track sends it: 10 ms at a time, one after the other. */
export const live = (data: Int16Array) => framesOf(data, 240, format)
