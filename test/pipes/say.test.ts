import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AudioFrame } from '../../src/audio/frame.ts'
import { say } from '../../src/pipes/say.ts'
import { stage } from '../outbound/stage.ts'

const it = suite('say')

/** One utterance, `a`, in the line of a speaker; what its machine is told is kept. */
const scene = (options: Parameters<typeof stage>[0] = {}) => {
  const all = stage(options)
  const facts: string[] = []
  const remove = all.speaker.add('a', fact => facts.push('error' in fact ? `${fact.type}: ${fact.error}` : fact.type))
  const over = new AbortController()
  const start = (audio: AsyncIterable<AudioFrame>) => say(audio, all.speaker, 'a', over.signal)
  return { ...all, facts, over, remove, start }
}
/** `ms` of sound each; says how often it was asked and whether it was let go of. */
const source = (sound: (ms: number) => AudioFrame, sizes: number[], end: () => void = () => {}) => {
  const state = { pulled: 0, returned: false }
  async function* frames() {
    try {
      for (const ms of sizes) {
        state.pulled++
        yield sound(ms)
      }
      end()
    } finally {
      state.returned = true
    }
  }
  return { state, frames: frames() }
}

it('pushes every frame, and says that it ended', async () => {
  const { start, sound, speaker, facts, clock } = scene()
  await start(source(sound, [10, 20, 30]).frames)
  await clock.settle()
  assert.equal(speaker.tally('a'), { pushed: 60 * 24, heard: 0, discarded: 0 })
  assert.equal(facts, ['source.ended'])
})

it('takes a source without a frame as an utterance without a sample (OUT-8)', async () => {
  const { start, sound, facts, clock } = scene()
  await start(source(sound, []).frames)
  await clock.settle()
  assert.equal(facts, ['source.ended', 'queue.drained'])
})

it('tells of a source that throws, with what came before in the account; it does not reject itself (section 13)', async () => {
  const { start, sound, speaker, facts, clock } = scene()
  const broken = () => {
    throw new Error('the voice broke')
  }
  await start(source(sound, [10], broken).frames)
  await clock.settle()
  assert.equal(facts, ['source.failed: the voice broke'])
  assert.is(speaker.tally('a').pushed, 240)
})

it('tells of a frame of another kind in the same way, and lets go of the source (OUT-15)', async () => {
  const { start, sound, speaker, facts, clock } = scene()
  const { frames, state } = source(ms => ({ ...sound(ms), sampleRate: ms === 20 ? 48_000 : 24_000 }), [10, 20, 30])
  await start(frames)
  await clock.settle()
  assert.match(facts.join(), /^source\.failed: the frame has 48000 Hz/)
  assert.is(speaker.tally('a').pushed, 240)
  assert.equal(state, { pulled: 2, returned: true })
})

it('tells of something that is no source', async () => {
  const { start, facts, clock } = scene()
  await start({} as AsyncIterable<AudioFrame>) // a caller without types
  await clock.settle()
  assert.match(facts.join(), 'source.failed')
})

it('does not pull beyond the bound, and goes on as it is heard (OUT-13)', async () => {
  const { start, sound, speaker, device, clock } = scene({ maxPendingMs: 1_000 })
  const { frames, state } = source(sound, new Array<number>(50).fill(100))
  void start(frames)
  await clock.advance(0)
  assert.is(state.pulled, 11)
  await clock.advance(10_000)
  assert.is(state.pulled, 11) // nobody hears it
  speaker.plug(device())
  await clock.advance(1_000)
  assert.is(state.pulled, 22) // 1 000 ms heard, 200 in the device, whose next 100 go in this very moment
  await clock.advance(4_100)
  assert.equal(state, { pulled: 50, returned: true })
})

it('stops when the utterance is over, and lets go of the source at once (PLAY-15, OUT-26)', async () => {
  const { start, sound, speaker, facts, over, remove, clock, codes } = scene({ maxPendingMs: 100 })
  const { frames, state } = source(sound, [50, 50, 50, 50])
  const saying = start(frames)
  await clock.settle()
  over.abort()
  remove()
  await saying
  assert.is(state.returned, true)
  assert.ok(state.pulled < 4)
  await clock.settle()
  assert.equal(facts, [])
  assert.equal(codes(), [])
  assert.not.ok(speaker.has('a'))
  assert.is(clock.timers, 0)
})

it('stops on a source that never answers (PLAY-15)', async () => {
  const { start, over, clock } = scene()
  let isReturned = false
  const silent: AsyncIterable<AudioFrame> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: () => {
        isReturned = true
        return new Promise(() => {})
      },
    }),
  }
  const saying = start(silent)
  await clock.settle()
  over.abort()
  await saying
  assert.ok(isReturned)
})

it('stops pulling when the utterance takes no more, without a signal too', async () => {
  const { start, sound, speaker, clock } = scene({ maxPendingMs: 100 })
  const { frames, state } = source(sound, [100, 100, 100, 100])
  const saying = start(frames)
  await clock.settle()
  speaker.clear('a')
  await saying
  assert.equal(state, { pulled: 2, returned: true })
})

it.run()
