/** The mixer in virtual time: no sample is lost by a stall, and no stream harms another. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hold } from '../../../../src/audio/buffer.ts'
import { type AudioFrame, frameOf } from '../../../../src/audio/frame.ts'
import { sleep } from '../../../../src/clock.ts'
import { codeOf } from '../../../../src/errors.ts'
import { AudioMixer, type AudioMixerOptions } from '../../../../src/livekit/rtc/media/mixer.ts'
import { virtualClock } from '../../../../src/virtual.ts'
import { all } from '../../../fakes/sound.ts'
import { broken, dead, format, type Part, source, tone } from '../streams.ts'

const it = suite('rtc mixer')

type Logged = { level: string; code: string; fields: Record<string, unknown> | undefined }
const open = (options: AudioMixerOptions = {}) => {
  const clock = virtualClock()
  const logged: Logged[] = []
  const log = (level: string, code: string, fields?: Record<string, unknown>) => void logged.push({ level, code, fields })
  const mixer = new AudioMixer(1_000, 1, { blocksize: 10, streamTimeoutMs: 20, clock, log, ...options })
  return { clock, mixer, logged }
}
/** The first sample of each frame, as they come, and whether that was all. */
const reading = (mixer: AudioMixer) => {
  const heard = { values: [] as number[], frames: [] as AudioFrame[], over: false }
  const read = async () => {
    for await (const frame of mixer) {
      heard.frames.push(frame)
      heard.values.push(frame.data[0] ?? 0)
    }
    heard.over = true
  }
  void read()
  return heard
}
const waits = (ms: number) => ({ waitMs: ms })
const codeFrom = (misused: () => unknown) => {
  try {
    misused()
  } catch (error) {
    return codeOf(error)
  }
  return 'accepted'
}

it('gives frames of the mixer’s format and exactly the block, which is 100 ms where not given (MX-1)', async () => {
  const clock = virtualClock()
  for (const [mixer, samples] of [
    [new AudioMixer(11_025, 2, { clock }), 1_102],
    [new AudioMixer(11_025, 2, { blocksize: 7, clock }), 7],
  ] as const) {
    mixer.addStream(source(clock, [frameOf(new Int16Array(2 * 1_102).fill(5), { sampleRate: 11_025, channels: 2 })]))
    mixer.endInput()
    for (const frame of await all(mixer)) {
      assert.equal([frame.sampleRate, frame.channels, frame.samplesPerChannel], [11_025, 2, samples])
      assert.is(frame.data.length, 2 * samples)
    }
  }
})

it('gives nothing while no stream gives anything, and then at once (MX-2)', async () => {
  const { clock, mixer } = open()
  const heard = reading(mixer)
  mixer.addStream(source(clock, [waits(1_000), 7]))
  mixer.addStream(source(clock, [waits(1_050), 8]))
  await clock.advance(999)
  assert.equal(heard.values, [])
  await clock.advance(2)
  assert.equal(heard.values, [7])
  await clock.advance(50)
  assert.equal(heard.values, [7, 8])
  await mixer.close()
})

it('adds streams up, goes on with those that are left, and ends with the last (MX-3)', async () => {
  const { clock, mixer } = open()
  mixer.addStream(source(clock, [100, 100, 100]))
  mixer.addStream(source(clock, [50, 50]))
  mixer.endInput()
  const frames = await all(mixer)
  assert.equal(
    frames.map(({ data }) => [...new Set(data)]),
    [[150], [150], [100]],
  )
})

it('fills the last block up with silence (MX-4)', async () => {
  const clock = virtualClock()
  const mixer = new AudioMixer(48_000, 1, { clock })
  mixer.addStream(source(clock, [frameOf(new Int16Array(1_440).fill(9), { sampleRate: 48_000, channels: 1 })]))
  mixer.endInput()
  const [block, ...rest] = await all(mixer)
  assert.is(rest.length, 0)
  assert.equal([...(block?.data ?? [])], [...new Array(1_440).fill(9), ...new Array(3_360).fill(0)])
})

it('clips a sum to what a sample can be, both ways', async () => {
  const { clock, mixer } = open()
  for (let n = 0; n < 3; n++) mixer.addStream(source(clock, [20_000, -20_000]))
  mixer.endInput()
  assert.equal(
    (await all(mixer)).map(({ data }) => data[9]),
    [32_767, -32_768],
  )
})

it('mixes the others without a stream that stalls, or with the part that it had, and warns each time (MX-5)', async () => {
  const { clock, mixer, logged } = open()
  const heard = reading(mixer)
  mixer.addStream(source(clock, [1, 1, 1, 1]))
  mixer.addStream(source(clock, [20, tone(40, 4), waits(50), 80, waits(30), 160]))
  mixer.endInput()
  await clock.advance(200)
  assert.is(heard.over, true)
  assert.equal(heard.values, [21, 41, 1, 1, 80, 160])
  assert.equal([...(heard.frames[1]?.data ?? [])], [41, 41, 41, 41, 1, 1, 1, 1, 1, 1], 'its part, and then silence')
  const warning = { level: 'warn', code: 'livekit.mixer.stream.stalled', fields: { stream: 2, timeoutMs: 20 } }
  assert.equal(logged, [warning, warning])
})

it('loses nothing of a stream that stalled: the read stays pending, and its frame is mixed later (MX-6)', async () => {
  const { clock, mixer, logged } = open()
  const heard = reading(mixer)
  mixer.addStream(source(clock, [1, waits(60), 2, 3, 4]))
  mixer.endInput()
  await clock.advance(200)
  assert.equal(heard.values, [1, 2, 3, 4])
  assert.is(heard.over, true)
  assert.is(logged.length, 1)
  assert.is(clock.timers, 0)
})

it('waits for a dead stream once, and not again until its read has settled (MX-7)', async () => {
  const { clock, mixer, logged } = open({ streamTimeoutMs: 100 })
  const heard = reading(mixer)
  const live: Part[] = Array.from({ length: 100 }, (_, n) => [waits(10), n + 1]).flat()
  mixer.addStream(source(clock, live))
  mixer.addStream(dead())
  mixer.addStream(source(clock, [waits(550), 1_000, waits(1_000)]))
  await clock.advance(1_199)
  assert.is(heard.values.length, 100, 'a second of 10 ms each, and two waits of 100 ms in place of each 10 ms')
  assert.is(
    heard.values.reduce((sum, value) => sum + value),
    5_050 + 1_000,
  )
  assert.equal(
    logged.map(({ fields }) => fields?.stream),
    [2, 3, 3],
  )
  await mixer.close()
})

it('ends with endInput where no stream is, also for a reader who waits already (MX-8)', async () => {
  const [waited, ended] = [open(), open()]
  const heard = reading(waited.mixer)
  await waited.clock.settle()
  waited.mixer.endInput()
  await waited.clock.settle()
  assert.is(heard.over, true)
  ended.mixer.endInput()
  assert.equal(await all(ended.mixer), [])
})

it('ends with endInput when all streams have ended already, or end without a frame', async () => {
  const { clock, mixer } = open()
  const heard = reading(mixer)
  mixer.addStream(source(clock, [1]))
  mixer.addStream(source(clock, [waits(30)]))
  await clock.advance(10)
  mixer.endInput()
  await clock.advance(19)
  assert.is(heard.over, false)
  await clock.advance(2)
  assert.is(heard.over, true)
})

it('stays open when all streams have ended, and mixes one that is added later (MX-9)', async () => {
  const { clock, mixer } = open()
  const heard = reading(mixer)
  mixer.addStream(source(clock, [1, 2]))
  await clock.advance(5_000)
  assert.equal([heard.values, heard.over], [[1, 2], false])
  mixer.addStream(source(clock, [3]))
  await clock.advance(1)
  assert.equal([heard.values, heard.over], [[1, 2, 3], false])
  await mixer.close()
})

it('refuses a stream after endInput and after close, and what is no stream (MX-9)', async () => {
  const [ending, closed] = [open(), open()]
  ending.mixer.endInput()
  await closed.mixer.close()
  for (const { clock, mixer } of [ending, closed])
    assert.is(
      codeFrom(() => mixer.addStream(source(clock, [1]))),
      'ERR_CLOSED',
    )
  assert.is(
    codeFrom(() => Reflect.apply(open().mixer.addStream, open().mixer, [[1, 2]])),
    'ERR_STREAM',
  )
})

it('ends the wait of a reader and of a mixer that is full when it is closed, and keeps what was mixed (MX-10, SD-5)', async () => {
  const [waited, full] = [open(), open({ capacity: 2 })]
  const heard = reading(waited.mixer)
  waited.mixer.addStream(dead())
  await waited.clock.advance(100)
  await Promise.all([waited.mixer.close(), waited.mixer.aclose()])
  await waited.clock.settle()
  assert.is(heard.over, true)
  const endless = source(full.clock, new Array(50).fill(1))
  full.mixer.addStream(endless)
  await full.clock.settle()
  await full.mixer.close()
  assert.is((await all(full.mixer)).length, 2)
  assert.is(endless.about.returned, 1)
  assert.is(waited.clock.timers + full.clock.timers, 0)
})

it('stops reading when its queue is full, and goes on as it is read', async () => {
  const { clock, mixer } = open({ capacity: 3 })
  let given = 0
  const counted = async function* () {
    for (; given < 50; given++) yield tone(given)
  }
  mixer.addStream(counted())
  mixer.endInput()
  await clock.settle()
  assert.ok(given < 6, `${given} were read for a queue of 3`)
  assert.is((await all(mixer)).length, 50)
})

it('gives way to others though its streams are always ready and its reader is eager', async () => {
  const mixer = new AudioMixer(1_000, 1, { blocksize: 10 }) // on the real clock
  const endless = async function* () {
    for (;;) yield tone(1)
  }
  mixer.addStream(endless())
  const heard = reading(mixer)
  await new Promise(done => setTimeout(done, 5))
  await mixer.close()
  assert.ok(heard.values.length > 0)
})

it('has a bound where it is asked to have none, and still gives frames (MX-2)', async () => {
  const { clock, mixer } = open({ capacity: 0 })
  let given = 0
  const endless = async function* () {
    for (; ; given++) yield tone(1)
  }
  mixer.addStream(endless())
  await clock.advance(1_000)
  assert.ok(given >= 3_000 && given < 3_010, `${given} were read`)
  const reader = mixer[Symbol.asyncIterator]()
  assert.is((await reader.next()).value?.data[0], 1)
  await mixer.close()
})

it('refuses a frame of another rate, channel count or length, with an error for that stream only (MX-11)', async () => {
  const wrong = [
    frameOf(new Int16Array(20), { sampleRate: 2_000, channels: 1 }),
    frameOf(new Int16Array(20), { sampleRate: 1_000, channels: 2 }),
    { data: new Int16Array(3), samplesPerChannel: 10, ...format },
  ]
  const said = [/has 2000 Hz and 1 channel\(s\), the mixer 1000 Hz/, /has 1000 Hz and 2 channel\(s\)/, /needs 10 samples/]
  for (const [index, frame] of wrong.entries()) {
    const { clock, mixer, logged } = open()
    const bad = source(clock, [20, frame, 20])
    mixer.addStream(source(clock, [1, 1, 1]))
    mixer.addStream(bad)
    mixer.endInput()
    assert.equal(
      (await all(mixer)).map(({ data }) => data[0]),
      [21, 1, 1],
    )
    assert.is(logged.length, 1)
    assert.equal([logged[0]?.code, logged[0]?.fields?.stream], ['livekit.mixer.stream.failed', 2])
    assert.match(String(logged[0]?.fields?.error), said[index] ?? /never/)
    assert.is(bad.about.returned, 1)
  }
})

it('takes of a frame that holds more than it declares what it declares (MX-11)', async () => {
  const { clock, mixer } = open()
  mixer.addStream(source(clock, [{ ...tone(3, 15), samplesPerChannel: 10 }, 4]))
  mixer.endInput()
  assert.equal(
    (await all(mixer)).map(({ data }) => [...new Set(data)]),
    [[3], [4]],
  )
})

it('mixes what a stream gave before it failed, logs that once, and does without it (SD-5)', async () => {
  const { clock, mixer, logged } = open()
  mixer.addStream(source(clock, [1, 1, 1]))
  mixer.addStream(source(clock, [20, tone(40, 4), { fails: 'the line is dead' }]))
  mixer.endInput()
  assert.equal(
    (await all(mixer)).map(({ data }) => [data[0], data[9]]),
    [
      [21, 21],
      [41, 1],
      [1, 1],
    ],
  )
  assert.equal(
    logged.map(({ level, fields }) => [level, fields?.error]),
    [['error', 'the line is dead']],
  )
})

it('does without a stream for good once it has failed, and hears nothing of one that fails after it was removed (SD-5)', async () => {
  const { clock, mixer, logged } = open()
  const heard = reading(mixer)
  const [failed, removed] = [broken(clock, 0), broken(clock, 10)]
  mixer.addStream(failed)
  mixer.addStream(removed)
  mixer.addStream(source(clock, [1, 2, 3]))
  await clock.settle()
  mixer.removeStream(removed)
  await clock.advance(50)
  assert.equal([heard.values, failed.about.asked, removed.about.asked, logged.length], [[1, 2, 3], 1, 1, 1])
  await mixer.close()
})

it('drops what it has of a stream that is removed, also in mid-round, and gives it back (MX-12, SD-5)', async () => {
  const { clock, mixer } = open()
  const heard = reading(mixer)
  const gone = source(clock, [20, tone(20, 25), 20, 20])
  mixer.addStream(gone)
  mixer.addStream(source(clock, [1, waits(15), 1, waits(15), 1]))
  await clock.advance(5)
  assert.equal(heard.values, [21])
  mixer.removeStream(gone)
  mixer.removeStream(gone)
  await clock.advance(50)
  assert.equal(heard.values, [21, 1, 1])
  assert.is(gone.about.returned, 1)
  await mixer.close()
})

it('does not wait for a stream that is removed, and calls its return without waiting for it (MX-12)', async () => {
  const { clock, mixer, logged } = open()
  const heard = reading(mixer)
  const gone = dead()
  mixer.addStream(gone)
  mixer.addStream(source(clock, [1]))
  await clock.settle()
  assert.equal(heard.values, [])
  mixer.removeStream(gone)
  await clock.settle()
  assert.equal([heard.values, gone.about.returned, logged.length], [[1], 1, 0])
  await mixer.close()
})

it('mixes web streams, and lets go of one that never ends', async () => {
  const { clock, mixer } = open()
  const heard = reading(mixer)
  const web = (frames: AudioFrame[], isOver: boolean) =>
    new ReadableStream<AudioFrame>({
      start: control => {
        for (const frame of frames) control.enqueue(frame)
        if (isOver) control.close()
      },
    })
  const endless = web([tone(20)], false)
  mixer.addStream(web([tone(1), tone(2)], true))
  mixer.addStream(endless)
  await clock.advance(30)
  mixer.removeStream(endless)
  mixer.endInput()
  await clock.settle()
  assert.equal([heard.values, heard.over], [[21, 2], true])
})

it('keeps a stream that is added twice as it is', async () => {
  const { clock, mixer } = open()
  const heard = reading(mixer)
  const stream = source(clock, [tone(1, 15), waits(5), tone(2, 5), 3])
  mixer.addStream(stream)
  await clock.advance(1)
  mixer.addStream(stream) // of which half a block waits
  mixer.endInput()
  await clock.advance(10)
  assert.equal(
    heard.frames.map(({ data }) => `${data[0]} ${data[5]}`),
    ['1 1', '1 2', '3 3'],
  )
})

it('is closed by a reader who leaves, and gives its streams back', async () => {
  const { clock, mixer } = open()
  const stream = source(clock, new Array(500).fill(1))
  mixer.addStream(stream)
  for await (const _ of mixer) break
  await clock.settle()
  assert.is(stream.about.returned, 1)
  assert.is(
    codeFrom(() => mixer.addStream(stream)),
    'ERR_CLOSED',
  )
  assert.is(clock.timers, 0)
})

it('keeps its own copy of what it was given: a source may fill the same memory again', async () => {
  const { mixer } = open({ blocksize: 30 })
  const same = tone(0)
  const reusing = async function* () {
    for (let n = 1; n <= 3; n++) {
      same.data.fill(n)
      yield same
    }
  }
  mixer.addStream(reusing())
  mixer.endInput()
  assert.equal(
    (await all(mixer)).map(({ data }) => [data[0], data[10], data[20]]),
    [[1, 2, 3]],
  )
})

it('cuts a frame of any length into blocks', async () => {
  const { clock, mixer } = open()
  const long = Int16Array.from({ length: 12_345 }, (_, n) => n)
  mixer.addStream(source(clock, [tone(1, 3), frameOf(long, format)]))
  mixer.endInput()
  const out = (await all(mixer)).flatMap(({ data }) => [...data])
  assert.equal(out.slice(0, 12_348), [1, 1, 1, ...long])
})

it('does not drift in an hour in which a stream falls silent again and again: each block comes when its samples have come (MX-7)', async () => {
  const { clock, mixer, logged } = open({ blocksize: 100, streamTimeoutMs: 100 })
  const late: number[] = []
  let sum = 0
  const read = async () => {
    for await (const { data } of mixer) {
      late.push(clock.now() - (late.length + 1) * 100)
      sum += data.reduce((total, sample) => total + sample, 0)
    }
  }
  const reading = read()
  const [steady, broke] = [hold<AudioFrame>(10), hold<AudioFrame>(10)]
  mixer.addStream(steady)
  mixer.addStream(broke)
  const hourMs = 3_600_000
  let gaps = 0
  const feed = async () => {
    for (let at = 50; at <= hourMs; at += 50) {
      await sleep(clock, at - clock.now())
      void steady.push(tone(1, 50))
      if (at % 600_000 < 597_000) void broke.push(tone(2, 50))
      else gaps++
    }
    steady.end()
    broke.end()
    mixer.endInput()
  }
  await clock.runUntil(Promise.all([feed(), reading]), 2 * hourMs)
  assert.is(late.length, hourMs / 100)
  assert.is(sum, hourMs + 2 * (hourMs - 50 * gaps))
  assert.is(Math.min(...late.slice(-600)), 0)
  assert.is(late.at(-1), 0)
  assert.ok(
    late.every(ms => ms >= 0 && ms <= 100),
    `${late.find(ms => ms < 0 || ms > 100)}`,
  )
  assert.is(logged.length, 6)
})

it('throws for numbers that cannot be mixed with', () => {
  const wrong: Parameters<typeof open>[0][] = [
    { blocksize: -1 },
    { blocksize: 1.5 },
    { capacity: -1 },
    { capacity: 0.5 },
    { streamTimeoutMs: -1 },
    { streamTimeoutMs: Number.NaN },
    { streamTimeoutMs: Number.POSITIVE_INFINITY },
    { streamTimeoutMs: 2 ** 31 },
  ]
  for (const options of wrong)
    assert.is(
      codeFrom(() => open(options)),
      'ERR_RANGE',
    )
  for (const [rate, channels] of [
    [0, 1],
    [8_000.5, 1],
    [8_000, 0],
    [5, 1],
    [undefined as never, 1],
  ] as const)
    assert.is(
      codeFrom(() => new AudioMixer(rate, channels)),
      'ERR_RANGE',
    )
})

it.run()
