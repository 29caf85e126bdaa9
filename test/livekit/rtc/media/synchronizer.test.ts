/** The synchronizer in virtual time: pictures at their rate, sound as its source takes it, and an end to every wait. */
import {
  AudioFrame,
  dispose,
  AudioSource as SdkAudioSource,
  VideoSource as SdkVideoSource,
  VideoBufferType,
  VideoFrame,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '../../../../src/clock.ts'
import { codeOf } from '../../../../src/errors.ts'
import { AudioSource } from '../../../../src/livekit/rtc/media/audio-source.ts'
import { AVSynchronizer, type AVSynchronizerOptions } from '../../../../src/livekit/rtc/media/synchronizer.ts'
import { VideoSource } from '../../../../src/livekit/rtc/media/video-source.ts'
import { virtualClock } from '../../../../src/virtual.ts'

const it = suite('rtc synchronizer')
it.after(() => dispose())

const { RGBA } = VideoBufferType
/** Picture number n. */
const picture = (n: number) => new VideoFrame(new Uint8Array([n, 0, 0, 0]), 1, 1, RGBA)
const sound = (ms: number) => new AudioFrame(new Int16Array(ms * 8), 8_000, 1, ms * 8)

const open = (options: Partial<AVSynchronizerOptions> = {}) => {
  const clock = virtualClock()
  const order: string[] = []
  const logged: [level: string, code: string, fields: unknown][] = []
  const log = (level: string, code: string, fields?: object) => void logged.push([level, code, fields])
  /** Takes 10 ms for each frame. */
  const audioSource = {
    queuedDuration: 0,
    playing: Promise.resolve(),
    async captureFrame({ samplesPerChannel }: AudioFrame) {
      await sleep(clock, 10)
      audioSource.queuedDuration += samplesPerChannel / 8
      order.push('sound')
    },
    clearQueue: () => void order.push('clear'),
    waitForPlayout: () => audioSource.playing,
  }
  const video = { shown: [] as number[], at: [] as number[], fails: false }
  const videoSource = {
    captureFrame: ({ data }: VideoFrame) => {
      if (video.fails) throw new Error('VideoSource is closed')
      order.push('picture')
      video.shown.push(data[0] ?? -1)
      video.at.push(clock.now())
    },
  }
  const sync = new AVSynchronizer({ audioSource, videoSource, videoFps: 10, clock, log, ...options })
  return { clock, sync, order, logged, audioSource, video }
}
/** What becomes of some work: it says so in `state`. */
const watched = (work: Promise<unknown>) => {
  const about = { state: 'waits', code: undefined as string | undefined }
  work.then(
    () => {
      about.state = 'done'
    },
    error => {
      about.state = 'failed'
      about.code = codeOf(error)
    },
  )
  return about
}
/** So many pictures fit, besides the one that waits for its turn. */
const roomFor = async (options: Partial<AVSynchronizerOptions>) => {
  const { clock, sync } = open(options)
  const pushes = Array.from({ length: 1_100 }, (_, n) => watched(sync.push(picture(n))))
  await clock.settle()
  const queued = pushes.filter(({ state }) => state === 'done').length
  await sync.close()
  return queued - 1 - 1 // the first was sent at once, the second waits for its turn
}

it('holds as many pictures as last for the time of its queue, and at least one (AVS-1)', async () => {
  assert.is(await roomFor({ videoFps: 30 }), 3)
  assert.is(await roomFor({ videoFps: 5 }), 1)
  assert.is(await roomFor({ videoFps: 29.97, videoQueueSizeMs: 1_000 }), 29)
  assert.is(await roomFor({ videoFps: 30, videoQueueSizeMs: 0 }), 1_000, 'without a bound of its own')
  assert.is(await roomFor({ videoFps: 30, videoQueueSizeMs: -1 }), 1_000)
})

it('waits until the audio source has taken a sound, and knows its end only then (AVS-2)', async () => {
  const { clock, sync, audioSource } = open()
  const pushed = watched(sync.push(sound(100), 0.1))
  await clock.advance(9)
  assert.equal([pushed.state, sync.lastAudioTime], ['waits', 0])
  await clock.advance(1)
  assert.is(pushed.state, 'done')
  audioSource.queuedDuration = 0
  assert.is(sync.lastAudioTime, 0.1)
  void sync.push(sound(100))
  await clock.advance(10)
  audioSource.queuedDuration = 0
  assert.is(sync.lastAudioTime, 0.1, 'one without a time leaves it as it is')
  await sync.close()
})

it('tells whoever pushes that the audio source refuses a sound (AVS-2)', async () => {
  const { sync, audioSource } = open()
  audioSource.captureFrame = () => Promise.reject(new Error('failed to capture frame'))
  const pushed = watched(sync.push(sound(10), 1))
  await new Promise(setImmediate)
  assert.equal([pushed.state, sync.lastAudioTime], ['failed', 0])
  await sync.close()
})

it('lets a picture wait while the queue is full, and never sends it in the turn of the push (AVS-3)', async () => {
  const { clock, sync, video } = open() // one may wait
  const first = sync.push(picture(0))
  assert.equal(video.shown, [])
  await first
  await clock.settle()
  const pushes = [1, 2, 3].map(n => watched(sync.push(picture(n))))
  await clock.settle()
  assert.equal(
    pushes.map(({ state }) => state),
    ['done', 'done', 'waits'],
  )
  await clock.advance(100)
  assert.is(pushes[2]?.state, 'done')
  await sync.close()
})

it('keeps pictures in the order of their pushes, though one is pushed in the turn in which others get room (AVS-3, AVS-4)', async () => {
  const { clock, sync, video } = open()
  for (const n of [0, 1, 2, 3]) void sync.push(picture(n))
  await clock.settle() // 0 is sent, 1 is next, 2 waits in the queue, 3 for room
  sync.clearQueue()
  void sync.push(picture(4))
  await clock.advance(1_000)
  assert.equal(video.shown, [0, 1, 3, 4])
  await sync.close()
})

it('sends pictures in order, each once and when it is due, and tells the time of the last (AVS-4)', async () => {
  const { clock, sync, video } = open()
  const pushing = async () => {
    for (const n of [0, 1, 2, 3, 4]) await sync.push(picture(n), n === 3 ? undefined : 7 + n / 10)
  }
  void pushing()
  const times: number[] = [sync.lastVideoTime]
  for (let n = 0; n < 5; n++) {
    await clock.settle()
    times.push(sync.lastVideoTime)
    await clock.advance(100)
  }
  assert.equal(video.shown, [0, 1, 2, 3, 4])
  assert.equal(video.at, [0, 100, 200, 300, 400])
  assert.equal(times, [0, 7, 7.1, 7.2, 7.2, 7.4])
  await sync.close()
})

it('clears the sound first, then the pictures that wait, but not the one that is next (AVS-5)', async () => {
  const { clock, sync, order, video } = open({ videoQueueSizeMs: 500 })
  for (const n of [0, 1, 2, 3]) await sync.push(picture(n))
  await clock.settle()
  const played = watched(sync.waitForPlayout())
  sync.clearQueue()
  await clock.settle()
  assert.equal(order, ['picture', 'clear'])
  assert.is(played.state, 'waits', 'for the one that is next')
  await clock.advance(1_000)
  assert.equal(video.shown, [0, 1])
  assert.is(played.state, 'done')
  await sync.push(picture(4))
  await clock.settle()
  assert.equal(video.shown, [0, 1, 4])
  await sync.close()
})

it('clears a picture that is pushed in that very turn too, also after others had to wait for room (AVS-5)', async () => {
  const { clock, sync, video } = open()
  for (const n of [0, 1, 2, 3]) {
    void sync.push(picture(n))
    await clock.settle() // 0 is sent, 1 is next, 2 waits in the queue, 3 for room
  }
  await clock.advance(1_000)
  void sync.push(picture(4))
  await clock.settle()
  void sync.push(picture(5))
  await clock.settle() // is next
  void sync.push(picture(6))
  sync.clearQueue()
  await clock.advance(1_000)
  assert.equal(video.shown, [0, 1, 2, 3, 4, 5])
  await sync.close()
})

it('has played out when the sound has and each picture was sent or dropped; at once when there is nothing (AVS-6)', async () => {
  const { clock, sync, audioSource, video } = open({ videoQueueSizeMs: 500 })
  const nothing = watched(sync.waitForPlayout())
  await clock.settle()
  assert.is(nothing.state, 'done')
  let play = () => {}
  audioSource.playing = new Promise<void>(resolve => {
    play = resolve
  })
  for (const n of [0, 1, 2]) await sync.push(picture(n))
  const played = watched(sync.waitForPlayout())
  await clock.advance(100)
  void sync.push(picture(3)) // one that is pushed meanwhile is waited for, too
  play()
  await clock.advance(100)
  assert.equal([played.state, video.shown], ['waits', [0, 1, 2]])
  await clock.advance(100)
  assert.equal([played.state, video.shown], ['done', [0, 1, 2, 3]])
  audioSource.playing = Promise.reject(new Error('the source is gone'))
  const failed = watched(sync.waitForPlayout())
  await clock.settle()
  assert.is(failed.state, 'failed')
  await sync.close()
})

it('knows the time of what is heard: the end of the last sound, less what is still queued (AVS-7)', async () => {
  const { clock, sync, audioSource } = open()
  assert.equal([sync.lastAudioTime, sync.lastVideoTime, sync.actualFps], [0, 0, 0])
  audioSource.queuedDuration = 40
  assert.is(sync.lastAudioTime, 0, 'nothing has an end yet')
  audioSource.queuedDuration = 0
  void sync.push(sound(200), 1.5)
  await clock.advance(10)
  assert.is(sync.lastAudioTime, 1.3)
  audioSource.queuedDuration = 50
  assert.is(sync.lastAudioTime, 1.45)
  await sync.close()
})

it('sends the next picture at once after a reset, also one that waits already, and keeps what waits (AVS-8)', async () => {
  const { clock, sync, video } = open({ videoFps: 1, videoQueueSizeMs: 3_000 })
  for (const n of [0, 1, 2, 3]) await sync.push(picture(n))
  await clock.advance(1_400)
  assert.is(sync.actualFps, 1)
  sync.reset()
  assert.is(sync.actualFps, 0)
  await clock.settle()
  assert.equal(video.at, [0, 1_000, 1_400])
  await clock.advance(1_000)
  assert.equal(video.at, [0, 1_000, 1_400, 2_400])
  assert.equal(video.shown, [0, 1, 2, 3])
  await sync.close()
})

it('sends nothing more once it is closed, ends every wait, and leaves the sources open (AVS-9, SD-7)', async () => {
  const { clock, sync, audioSource, video } = open()
  let closed = 0
  Object.assign(audioSource, { close: () => closed++, playing: new Promise(() => {}) })
  const pushes = [0, 1, 2, 3].map(n => watched(sync.push(picture(n))))
  await clock.settle()
  const heard = watched(sync.push(sound(10), 1))
  const played = watched(sync.waitForPlayout())
  assert.is(pushes[3]?.state, 'waits')
  const closing = [sync.close(), sync.aclose()]
  await Promise.all(closing)
  await clock.settle()
  assert.equal(
    [...pushes, heard, played].map(({ state }) => state),
    new Array(6).fill('done'),
  )
  await clock.advance(10_000)
  assert.equal([video.shown, closed, sync.lastAudioTime, clock.timers], [[0], 0, 0, 0])
  await sync.waitForPlayout()
  const late = [watched(sync.push(picture(9))), watched(sync.push(sound(10)))]
  await clock.settle()
  assert.equal(
    late.map(({ code }) => code),
    ['ERR_CLOSED', 'ERR_CLOSED'],
  )
})

it('does not fail when a sound is refused after it was closed (AVS-9)', async () => {
  const { clock, sync, audioSource } = open()
  audioSource.captureFrame = async () => {
    await sleep(clock, 50)
    throw new Error('AudioSource is closed')
  }
  const pushed = watched(sync.push(sound(10)))
  await sync.close()
  await clock.advance(100)
  assert.is(pushed.state, 'done')
})

it('tells of a source that refuses pictures, once in a row, goes on, and counts them as done (AVS-11, SD-7)', async () => {
  const { clock, sync, video, logged } = open({ videoQueueSizeMs: 1_000 })
  video.fails = true
  for (const n of [0, 1, 2]) await sync.push(picture(n), n)
  const played = watched(sync.waitForPlayout())
  await clock.advance(200)
  assert.equal([played.state, sync.lastVideoTime, sync.actualFps], ['done', 0, 0])
  assert.equal(logged, [['error', 'livekit.video.failed', { error: 'VideoSource is closed' }]])
  video.fails = false
  await sync.push(picture(3), 3)
  await clock.advance(100)
  assert.equal([video.shown, sync.lastVideoTime], [[3], 3])
  video.fails = true
  await sync.push(picture(4))
  await clock.advance(100)
  assert.is(logged.length, 2)
  await sync.close()
})

it('works on real sources, ours and rtc-node’s: sound and pictures of 0.2 s are played out', async () => {
  const pairs = [
    { audioSource: new AudioSource(8_000, 1), videoSource: new VideoSource(16, 16) },
    { audioSource: new SdkAudioSource(8_000, 1), videoSource: new SdkVideoSource(16, 16) },
  ]
  for (const sources of pairs) {
    const sync = new AVSynchronizer({ ...sources, videoFps: 50 })
    const within = new Int16Array(80 + 8).subarray(8) // what lies within a larger buffer is safe here
    for (let n = 0; n < 20; n++) {
      await sync.push({ ...sound(10), data: within }, (n + 1) / 100)
      if (n % 2) await sync.push(new VideoFrame(new Uint8Array(1_024), 16, 16, RGBA), n / 100)
    }
    await sync.waitForPlayout()
    assert.equal([sync.lastVideoTime, Math.round(sync.lastAudioTime * 10)], [0.19, 2])
    assert.ok(sync.actualFps > 2 && sync.actualFps < 70, `${sync.actualFps} a second`)
    await sync.close()
    await Promise.all([sources.audioSource.close(), sources.videoSource.close()])
  }
})

it('refuses what is no frame, a broken one, and a time that is none', async () => {
  const { sync } = open()
  const codeFrom = (work: Promise<unknown>) => work.then(() => 'accepted', codeOf)
  for (const wrong of [undefined, 7, {}, { samplesPerChannel: 10 }])
    assert.is(await codeFrom(Reflect.apply(sync.push, sync, [wrong])), 'ERR_FRAME')
  const short = { ...sound(10), data: new Int16Array(3) }
  assert.is(await codeFrom(sync.push(short)), 'ERR_FRAME')
  assert.is(await codeFrom(sync.push(new VideoFrame(new Uint8Array(3), 1, 1, RGBA))), 'ERR_FRAME')
  assert.is(await codeFrom(sync.push(sound(10), Number.NaN)), 'ERR_RANGE')
  await sync.close()
})

it('throws for numbers that cannot be kept to, and for what is no source', () => {
  const codeFrom = (options: object) => {
    try {
      open(options)
    } catch (error) {
      return codeOf(error)
    }
    return 'accepted'
  }
  const wrong = [
    { videoFps: 0 },
    { videoFps: Number.POSITIVE_INFINITY },
    { videoFps: Number.NaN },
    { videoQueueSizeMs: Number.NaN },
  ]
  for (const options of [...wrong, { maxDelayToleranceMs: -1 }]) assert.is(codeFrom(options), 'ERR_RANGE')
  assert.is(codeFrom({ maxDelayToleranceMs: 0 }), 'accepted')
  for (const options of [{ audioSource: {} }, { videoSource: undefined }]) assert.is(codeFrom(options), 'ERR_SOURCE')
})

it.run()
