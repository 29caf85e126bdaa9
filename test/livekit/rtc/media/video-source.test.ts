/** The video source, looked at through a stream of its own track. */
import {
  dispose,
  LocalVideoTrack,
  VideoFrame as SdkVideoFrame,
  VideoBufferType,
  type VideoFrameEvent,
  VideoRotation,
  VideoStream,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock } from '../../../../src/clock.ts'
import { VideoFrame, VideoSource } from '../../../../src/livekit/rtc/index.ts'
import { bytesOf } from '../../../../src/livekit/rtc/media/video-frame.ts'
import { kindOf } from '../refusal.ts'

const it = suite('rtc video source')

const { RGBA, ABGR, ARGB, BGRA, RGB24, I420, I420A, I422, I444, I010, NV12 } = VideoBufferType
const [width, height] = [32, 16]
/** All bytes alike: how bright it is depends on the type. */
const frameOf = (value: number, type: VideoBufferType = RGBA) =>
  new VideoFrame(new Uint8Array(bytesOf(type, width, height)).fill(value), width, height, type)

/** Sends something again and again, every few ms, and gives the first that comes of which `wanted` says so: a stream may leave out some. */
const seen = async (source: VideoSource, send: (n: number) => void, wanted: (event: VideoFrameEvent, n: number) => boolean) => {
  const track = LocalVideoTrack.createVideoTrack('seen', source)
  const reader = new VideoStream(track).getReader()
  const clock = realClock()
  let sent = 0
  let timer: unknown
  const again = () => {
    send(sent++)
    timer = clock.setTimeout(again, 20)
  }
  try {
    for (let n = 0, step = await reader.read(); !step.done; step = await reader.read()) {
      if (wanted(step.value, n++)) return step.value
      if (n === 1) again()
    }
    throw new Error('the stream ended')
  } finally {
    clock.clearTimeout(timer)
    await reader.cancel()
    await track.close(false)
  }
}

it('sends black frames of its own size until its first one (VS-1)', async () => {
  const source = new VideoSource(64, 48)
  const sizes: string[] = []
  const event = await seen(
    source,
    () => source.captureFrame(frameOf(200)),
    ({ frame }) => {
      if (frame.width !== width) sizes.push(`${frame.width}x${frame.height} ${frame.data[0]}`)
      return frame.width === width
    },
  )
  assert.ok(sizes.length > 0)
  assert.equal([...new Set(sizes)], [sizes[0]])
  assert.match(sizes[0] ?? '', /^64x48 (0|16)$/)
  assert.equal([event.frame.height, event.frame.type], [height, I420])
  await source.close()
})

it('keeps the rotation, and the order and the differences of times (VS-2)', async () => {
  const source = new VideoSource(width, height)
  const events: VideoFrameEvent[] = []
  await seen(
    source,
    n => source.captureFrame(frameOf(100), 1_000_000 + n * 20_000, VideoRotation.VIDEO_ROTATION_180),
    event => {
      if (event.rotation === VideoRotation.VIDEO_ROTATION_180) events.push(event)
      return events.length === 5
    },
  )
  const times = events.map(({ timestampUs }) => timestampUs)
  for (const [n, time] of times.entries()) assert.ok(n === 0 || time > (times[n - 1] ?? 0n), `${times}`)
  await source.close()
})

it('takes frames of all types, also those that a stream cannot read (law 11)', async () => {
  // The brightness of a grey of 200: full range as it is in the YUV types, made of limited range from the others.
  for (const type of [RGBA, ABGR, ARGB, BGRA, RGB24, I420, I420A, I422, I444, I010, NV12]) {
    const source = new VideoSource(64, 48)
    const isOurs = ({ frame }: VideoFrameEvent) => frame.width === width
    const bytes = frameOf(200, type)
    if (type === I010) new Uint16Array(bytes.data.buffer).fill(800)
    const { frame } = await seen(source, () => source.captureFrame(bytes), isOurs)
    const isPacked = [RGBA, ABGR, ARGB, BGRA, RGB24].includes(type)
    const brightness = isPacked ? 188 : 200
    assert.is(frame.data[0], brightness, VideoBufferType[type])
    await source.close()
  }
})

it('sends the right rows of a frame that lies within something larger (law 11)', async () => {
  const source = new VideoSource(64, 48)
  const size = bytesOf(I420, width, height)
  const whole = new Uint8Array(2 * size).fill(50, 0, size).fill(150, size)
  const bare = new SdkVideoFrame(whole.subarray(size), width, height, I420)
  const { frame } = await seen(
    source,
    () => source.captureFrame(bare),
    ({ frame }) => frame.width === width,
  )
  assert.is(frame.data[0], 150)
  await source.close()
})

it('refuses sizes, frames, times and rotations that the native layer cannot take (law 11)', async () => {
  for (const side of [0, -1, 1.5, 100_000]) {
    assert.is(
      kindOf(() => new VideoSource(side, 16)),
      'RangeError ERR_FORMAT',
    )
    assert.is(
      kindOf(() => new VideoSource(16, side)),
      'RangeError ERR_FORMAT',
    )
  }
  const source = new VideoSource(width, height)
  const captured = (...args: unknown[]) => kindOf(() => Reflect.apply(source.captureFrame, source, args))
  assert.is(captured(undefined), 'TypeError ERR_FRAME')
  assert.is(captured(new SdkVideoFrame(new Uint8Array(10), width, height, RGBA)), 'RangeError ERR_FRAME')
  assert.is(captured(new SdkVideoFrame(new Uint8Array(), 0, 0, RGBA)), 'RangeError ERR_FORMAT')
  assert.is(captured({ data: new Uint8Array(9_999), width, height, type: 77 }), 'RangeError ERR_FORMAT')
  for (const time of [0.5, Number.NaN, 2n ** 63n, '7']) assert.is(captured(frameOf(1), time), 'RangeError ERR_RANGE')
  for (const rotation of [90, -1, 'VIDEO_ROTATION_90']) assert.is(captured(frameOf(1), 0n, rotation), 'RangeError ERR_RANGE')
  await source.close()
})

it('says so when it is captured into after its end, and ends once', async () => {
  const source = new VideoSource(width, height)
  await source.close()
  await source.close()
  assert.is(
    kindOf(() => source.captureFrame(frameOf(1))),
    'Error ERR_CLOSED',
  )
})

it.after(() => dispose()) // of the native layer, which would keep the process

it.run()
