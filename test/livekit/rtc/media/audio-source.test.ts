/** The audio source on its real native queue, which plays in real time: what must not come early is held to the millisecond, else there is time. */
import { AudioStream, dispose, LocalAudioTrack, AudioFrame as SdkAudioFrame } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AudioFrame, AudioSource } from '../../../../src/livekit/rtc/index.ts'
import { secondsQueued } from '../../../../src/livekit/rtc/media/audio-source.ts'
import { kindOf, rejection } from '../refusal.ts'

const it = suite('rtc audio source')

const rate = 16_000
/** What a busy machine may take longer, in ms. */
const slack = 400
/** A tick of the native queue, and what its grid leaves open, in ms. */
const early = 12
const tone = (ms: number, level = 1_000) =>
  new AudioFrame(new Int16Array((rate * ms) / 1_000).fill(level), rate, 1, (rate * ms) / 1_000)
const sourceOf = async (queueMs: number, use: (source: AudioSource) => Promise<void>) => {
  const source = new AudioSource(rate, 1, queueMs)
  try {
    await use(source)
  } finally {
    await source.close()
  }
}
/** How many ms it takes. */
const timed = async (work: Promise<unknown>): Promise<number> => {
  const from = performance.now()
  await work
  return performance.now() - from
}
const isWithin = (ms: number, least: number, most: number) =>
  assert.ok(ms >= least && ms <= most, `${ms} ms, not ${least} to ${most}`)

/** Keeps the process from doing anything else. */
const busy = (ms: number) => {
  for (const from = performance.now(); performance.now() - from < ms; );
}

/** The loudest sample of each 10 ms that the track of a source sends, until `enough` says so of all of them. */
const heard = async (source: AudioSource, enough: (levels: number[]) => boolean): Promise<number[]> => {
  const reader = new AudioStream(LocalAudioTrack.createAudioTrack('heard', source), rate, 1).getReader()
  const levels: number[] = []
  for (let step = await reader.read(); !step.done && !enough(levels); step = await reader.read())
    levels.push(step.value.data.reduce((most, value) => Math.max(most, value), 0))
  await reader.cancel()
  return levels
}

it('gives what is queued in seconds too (AS-1)', () =>
  sourceOf(1_000, async source => {
    await source.captureFrame(tone(500))
    const [seconds, ms] = [secondsQueued(source), source.queuedDuration]
    isWithin(seconds * 1_000, ms, ms + slack)
  }))

it('knows how much is queued: never less than nothing, and after a gap no less than came (AS-2, SD-10)', () =>
  sourceOf(1_000, async source => {
    assert.is(source.queuedDuration, 0)
    await Promise.all([source.captureFrame(tone(300)), source.captureFrame(tone(300))])
    isWithin(source.queuedDuration, 200, 600)
    const waited = await timed(source.waitForPlayout())
    isWithin(waited, 200, 600 + slack)
    assert.is(source.queuedDuration, 0)
    busy(250)
    const captured = source.captureFrame(tone(200))
    isWithin(source.queuedDuration, 1, 200) // and not what the gap leaves of it
    await captured
  }))

it('takes what there is room for at once, and lets the rest wait for room (AS-3)', () =>
  sourceOf(200, async source => {
    const free = await timed(source.captureFrame(tone(100)).then(() => source.captureFrame(tone(100))))
    isWithin(await timed(source.captureFrame(tone(100))), 100 - free - early, 100 + slack)
  }))

it('takes a frame longer than its queue until only a queue full of it is left (AS-3)', () =>
  sourceOf(200, async source => {
    isWithin(await timed(source.captureFrame(tone(500))), 300 - early, 300 + slack)
  }))

it('waits for what is captured after the wait began too (AS-4)', () =>
  sourceOf(1_000, async source => {
    await source.captureFrame(tone(100))
    const waiting = timed(source.waitForPlayout())
    await source.captureFrame(tone(200))
    isWithin(await waiting, 280, 300 + slack)
    assert.ok((await timed(source.waitForPlayout())) < slack, 'nothing is queued')
  }))

it('releases who waits when it is cleared and when it is closed, and not by an old timer later (AS-4)', () =>
  sourceOf(1_000, async source => {
    await source.captureFrame(tone(900))
    const cleared = source.waitForPlayout()
    source.clearQueue()
    assert.ok((await timed(cleared)) < slack)
    await source.captureFrame(tone(300))
    source.clearQueue()
    await source.captureFrame(tone(900))
    isWithin(await timed(source.waitForPlayout()), 800, 900 + slack) // not when the 300 would have been over
    await source.captureFrame(tone(900))
    const closed = source.waitForPlayout()
    await source.close()
    assert.ok((await timed(closed)) < slack)
  }))

it('never says that all was played while some of it waits, however busy the process is (AS-4)', () =>
  sourceOf(100, async source => {
    await new Promise(resolve => setImmediate(resolve)) // after it timers come first, and only then the native layer's news
    let isTaken = false
    const taken = source.captureFrame(tone(400)).then(() => {
      isTaken = true
    })
    const waiting = source.waitForPlayout()
    busy(450) // longer than all of it would play
    await waiting
    assert.ok(isTaken)
    assert.is(source.queuedDuration, 0)
    await taken
  }))

it('captures in the order of the calls, and what waits is a copy (AS-5)', () =>
  sourceOf(20, async source => {
    const levels = heard(source, all => all.at(-1) === 6_000)
    const data = new Int16Array(rate / 50)
    const captures = [1, 2, 3, 4, 5, 6].map(n => {
      data.fill(n * 1_000)
      return source.captureFrame({ data, sampleRate: rate, channels: 1, samplesPerChannel: data.length })
    })
    isWithin(source.queuedDuration, 60, 120)
    const order: number[] = []
    await Promise.all(captures.map((capture, n) => capture.then(() => order.push(n))))
    assert.equal(order, [0, 1, 2, 3, 4, 5])
    const sound = (await levels).filter(level => level > 0)
    assert.equal(
      sound.filter((level, n) => level !== sound[n - 1]),
      [1_000, 2_000, 3_000, 4_000, 5_000, 6_000],
    )
  }))

it('goes on after a capture that failed (AS-5)', () =>
  sourceOf(20, async source => {
    const captures = [source.captureFrame(tone(60)), source.captureFrame(tone(20, 7)), source.captureFrame(tone(20))]
    const { ffiHandle } = source
    Object.assign(source, { ffiHandle: { handle: 1n } }) // of nothing
    const told = await Promise.allSettled(captures)
    assert.equal(
      told.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    )
    await source.waitForPlayout()
    assert.is(source.queuedDuration, 0)
    Object.assign(source, { ffiHandle })
  }))

it('lets nobody fill the memory with captures that wait (AS-5, law 6)', () =>
  sourceOf(10, async source => {
    const minutes = Array.from({ length: 12 }, () => rejection(source.captureFrame(tone(60_000))))
    const last = await rejection(source.captureFrame(tone(10)))
    assert.is(last.code, 'ERR_FULL')
    source.clearQueue()
    const codes = (await Promise.all(minutes)).map(({ code }) => code)
    assert.equal([codes[0], codes[10], codes[11]], [undefined, undefined, 'ERR_FULL'])
  }))

it('drops with a clear what waits for its turn and the rest of a long frame (AS-4, AS-5)', () =>
  sourceOf(100, async source => {
    const levels = heard(source, all => all.at(-1) === 9_000)
    const [long, next] = [source.captureFrame(tone(2_000, 1_000)), source.captureFrame(tone(2_000, 2_000))]
    const waiting = source.waitForPlayout()
    source.clearQueue()
    assert.is(source.queuedDuration, 0)
    assert.ok((await timed(Promise.all([long, next, waiting]))) < slack)
    await source.captureFrame(tone(20, 9_000))
    const loud = (await levels).filter(level => level > 0 && level < 9_000)
    assert.ok(loud.length <= 20, `${loud.length} of what was cleared were heard`)
  }))

it('is made only with what the native layer can count (AS-6, law 11)', () => {
  const queues = [15, -10, 0.5, Number.NaN, 2 ** 32, 70_000_000]
  for (const queue of queues)
    assert.is(
      kindOf(() => new AudioSource(rate, 1, queue)),
      'RangeError ERR_FORMAT',
      `${queue} ms`,
    )
  for (const [hertz, channels] of [
    [0, 1],
    [100, 1],
    [48_000.5, 1],
    [rate, 0],
    [rate, 1.5],
  ])
    assert.is(
      kindOf(() => new AudioSource(hertz ?? 0, channels ?? 0)),
      'RangeError ERR_FORMAT',
      `${hertz} Hz, ${channels}`,
    )
  assert.is(new AudioSource(22_050, 2).queueSize, 1_000)
})

it('without a queue takes exactly 10 ms at a time (AS-6)', () =>
  sourceOf(0, async source => {
    const { kind, code } = await rejection(source.captureFrame(tone(20)))
    assert.equal([kind, code], ['RangeError', 'ERR_FRAME'])
    assert.is(source.queuedDuration, 0)
    await source.captureFrame(tone(10))
    await source.waitForPlayout()
  }))

it('refuses a frame of another format, and then nothing is queued (AS-7)', () =>
  sourceOf(1_000, async source => {
    for (const frame of [AudioFrame.create(48_000, 1, 480), AudioFrame.create(rate, 2, 160)]) {
      const { kind, code } = await rejection(source.captureFrame(frame))
      assert.equal([kind, code], ['TypeError', 'ERR_FORMAT'])
    }
    assert.is(source.queuedDuration, 0)
    await source.captureFrame(AudioFrame.create(rate, 1, 0))
    assert.is(source.queuedDuration, 0)
  }))

it('says so when it is captured into after its end; all else does nothing then (AS-8)', async () => {
  const source = new AudioSource(rate, 1)
  await source.captureFrame(tone(500))
  await source.close()
  const { code, message } = await rejection(source.captureFrame(tone(10)))
  assert.equal([code, message], ['ERR_CLOSED', 'the audio source is closed: make another one'])
  source.clearQueue()
  await source.waitForPlayout()
  await source.close()
  assert.is(source.queuedDuration, 0)
})

it('settles what waits for its turn when it is closed (AS-8, law 4)', async () => {
  const source = new AudioSource(rate, 1, 50)
  const captures = [source.captureFrame(tone(1_000)), source.captureFrame(tone(1_000))]
  await source.close()
  assert.ok((await timed(Promise.all(captures))) < slack)
})

it('checks every frame, and plays the samples of a sub-array (AS-9)', () =>
  sourceOf(1_000, async source => {
    const short = new SdkAudioFrame(new Int16Array(10), rate, 1, 160)
    const { kind, code } = await rejection(source.captureFrame(short))
    assert.equal([kind, code, source.queuedDuration], ['RangeError', 'ERR_FRAME', 0])
    const { code: none } = await rejection(Reflect.apply(source.captureFrame, source, [undefined]))
    assert.is(none, 'ERR_FRAME')
    const levels = heard(source, all => (all.at(-1) ?? 0) > 0)
    const whole = new Int16Array(rate / 5).fill(9_000, 0, rate / 10).fill(2_000, rate / 10)
    await source.captureFrame(new SdkAudioFrame(whole.subarray(rate / 10), rate, 1, rate / 10))
    assert.is((await levels).at(-1), 2_000)
  }))

it.after(() => dispose()) // of the native layer, which would keep the process

it.run()
