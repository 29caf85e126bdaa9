/** The pictures of a track of our own, looped back without a server; and what is asked of the native layer, which is the test then. */
import {
  dispose,
  LocalAudioTrack,
  LocalVideoTrack,
  RemoteVideoTrack,
  Room,
  TrackKind,
  VideoBufferType,
  VideoRotation,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../../src/errors.ts'
import { AudioSource, VideoFrame, type VideoFrameEvent, VideoSource, VideoStream } from '../../../../src/livekit/rtc/index.ts'
import { type Native, replaceNative, type Told } from '../../../../src/livekit/rtc/native.ts'

const it = suite('rtc video stream')
it.after(dispose)

const { RGBA, ABGR, ARGB, BGRA, RGB24, I420, NV12 } = VideoBufferType
const size = { width: 64, height: 32 }
const colour = [200, 100, 50, 255]
/** A track that shows one colour again and again until it is closed. */
const showing = (rotation = VideoRotation.VIDEO_ROTATION_0) => {
  const source = new VideoSource(size.width, size.height)
  const track = LocalVideoTrack.createVideoTrack('camera', source)
  const data = Uint8Array.from({ length: 4 * size.width * size.height }, (_, n) => colour[n % 4] ?? 0)
  const timer = setInterval(() => source.captureFrame(new VideoFrame(data, size.width, size.height, RGBA), 0n, rotation), 20)
  const close = async () => {
    clearInterval(timer)
    await track.close()
  }
  return { track, close }
}
const isBlack = ({ frame }: VideoFrameEvent) => frame.type === I420 && frame.data[0] === 0
/** The first that is not one of the black ones of the beginning (VS-1). */
const seen = async (stream: VideoStream, is: (event: VideoFrameEvent) => boolean) => {
  let count = 0
  for await (const event of stream) {
    if (is(event)) return event
    if (++count > 200) break
  }
  throw new Error('it was not seen')
}
const refusal = (make: () => unknown) => {
  try {
    make()
    return 'none'
  } catch (error) {
    return `${error instanceof Error ? error.constructor.name : ''} ${codeOf(error)}`
  }
}
const near = (bytes: Iterable<number>, wanted: number[]) =>
  [...bytes].every((byte, n) => Math.abs(byte - (wanted[n] ?? Number.NaN)) <= 4)

it('gives pictures in the format asked for, I420 where none is (VST-1)', async () => {
  const { track, close } = showing()
  const [r = 0, g = 0, b = 0, a = 0] = colour
  const cases: [VideoBufferType, number[]][] = [
    [RGBA, [r, g, b, a]],
    [ABGR, [a, b, g, r]],
    [ARGB, [a, r, g, b]],
    [BGRA, [b, g, r, a]],
    [RGB24, [r, g, b]],
  ]
  for (const [format, pixel] of cases) {
    const isRight = ({ frame }: VideoFrameEvent) => near(frame.data.subarray(0, pixel.length), pixel)
    const { frame } = await seen(new VideoStream(track, { format }), isRight)
    assert.ok(frame instanceof VideoFrame)
    assert.equal([frame.type, frame.width, frame.height, frame.data.length], [format, 64, 32, 64 * 32 * pixel.length])
    assert.ok(near(frame.data.subarray(-pixel.length), pixel), `${VideoBufferType[format]}`)
  }
  const { frame } = await seen(VideoStream.fromTrack({ track: { sdk: track } }), event => !isBlack(event))
  assert.equal([frame.type, frame.data.length], [I420, (64 * 32 * 3) / 2])
  await close()
})

it('tells the rotation, and times as numbers of which the differences count', async () => {
  const { track, close } = showing(VideoRotation.VIDEO_ROTATION_90)
  const times: number[] = []
  for await (const { rotation, timestampUs } of new VideoStream(track, { capacity: 10 })) {
    if (rotation === VideoRotation.VIDEO_ROTATION_90) times.push(timestampUs)
    if (times.length === 5) break
  }
  assert.ok(
    times.every((time, n) => n === 0 || time > (times[n - 1] ?? 0)),
    `${times}`,
  )
  assert.ok((times[4] ?? 0) - (times[0] ?? 0) > 40_000, `${times}`)
  await close()
})

it('keeps the newest pictures only where it has that capacity, and ends with the track for who waits (VST-2, VST-3, AST-2)', async () => {
  const { track, close } = showing()
  const one = new VideoStream(track, { capacity: 1 })
  const pace = new VideoStream(track)
  let paced = 0
  for await (const _ of pace) if (++paced === 10) break
  assert.ok(one.dropped >= 5, `${one.dropped} were dropped`)
  const reader = one.getReader()
  await reader.read()
  const waiting = (async () => {
    while (!(await reader.read()).done);
  })()
  await close()
  await waiting
  await one.ended
})

it('refuses formats of which there are no pictures, what is no video track, and a closed one (law 10, law 11)', async () => {
  const { track, close } = showing()
  for (const format of [NV12, 11, -1])
    assert.is(
      refusal(() => new VideoStream(track, { format })),
      'TypeError ERR_FORMAT',
    )
  assert.throws(() => new VideoStream(track, { format: 'RGBA' as never }), /cannot give RGBA: use one of VideoBufferType, RGBA, /)
  assert.is(
    refusal(() => new VideoStream(track, { capacity: 0.5 })),
    'RangeError ERR_RANGE',
  )
  const audio = LocalAudioTrack.createAudioTrack('voice', new AudioSource(48_000, 1))
  assert.is(
    refusal(() => new VideoStream(audio)),
    'TypeError ERR_TRACK',
  )
  await audio.close()
  await close()
  assert.is(
    refusal(() => new VideoStream(track)),
    'Error ERR_STREAM',
  )
})

/** A native layer that notes what it is asked, and tells what the test has it tell. */
const fake = () => {
  const asked: unknown[] = []
  const given: bigint[] = []
  const listeners = new Set<(told: Told) => void>()
  const native: Native = {
    request: <T>(message: unknown) => {
      asked.push(message)
      return { stream: { handle: { id: 7n } } } as T // the only answer that is asked for here
    },
    listen: tell => {
      listeners.add(tell)
      return () => void listeners.delete(tell)
    },
    unlisten: () => {},
    own: id => Object.assign(Object.create(null), { handle: id, dispose: () => void given.push(id) }),
    pointerTo: () => 0n,
    copy: (_, length) => new Uint8Array(length).fill(9),
  }
  const tell = (message: object, streamHandle = 7n) => {
    for (const listener of [...listeners]) listener({ case: 'videoStreamEvent', value: { streamHandle, message } } as Told) // what it would be
  }
  const show = (id: bigint, timestampUs: bigint) => {
    const info = { dataPtr: 1n, width: 2, height: 2, type: I420, components: [] }
    tell({ case: 'frameReceived', value: { buffer: { handle: { id }, info }, timestampUs, rotation: 0 } })
  }
  return { asked, given, listeners, native, tell, show }
}
const remote = (room?: Room): RemoteVideoTrack =>
  Object.assign(Object.create(RemoteVideoTrack.prototype), {
    info: { sid: 'TR_1', kind: TrackKind.KIND_VIDEO },
    ffi_handle: { handle: 3n },
    roomRef: room ? new WeakRef(room) : null,
  })
const withFake = (test: (layer: ReturnType<typeof fake>) => Promise<void>) => async () => {
  const layer = fake()
  const back = replaceNative(layer.native)
  try {
    await test(layer)
  } finally {
    back()
  }
}

it(
  'asks for packed rows in the format, and gives back each picture and the stream (VST-1, law 5)',
  withFake(async ({ asked, given, listeners, tell, show }) => {
    const stream = new VideoStream(remote())
    assert.equal(asked, [{ case: 'newVideoStream', value: { trackHandle: 3n, type: 0, format: I420, normalizeStride: true } }])
    show(21n, 5n)
    tell({ case: 'eos', value: {} }, 8n)
    const steps = stream.values()
    const { value } = await steps.next()
    assert.equal([value?.timestampUs, value?.rotation, [...(value?.frame.data ?? [])]], [5, 0, [9, 9, 9, 9, 9, 9]])
    assert.equal(given, [21n])
    stream.close()
    show(22n, 6n)
    assert.equal(given, [21n, 7n, 22n])
    tell({ case: 'eos', value: {} })
    assert.is(listeners.size, 0)
    assert.ok((await steps.next()).done)
  }),
)

it(
  'ends for who waits when the track is unsubscribed: the native layer would go on (VST-2)',
  withFake(async ({ given }) => {
    const room = new Room()
    const track = remote(room)
    const before = room.eventNames().length
    const stream = new VideoStream(track)
    const waiting = stream.getReader().read()
    room.emit('trackUnsubscribed', remote(room), undefined as never, undefined as never)
    assert.equal(given, [])
    room.emit('trackUnsubscribed', track, undefined as never, undefined as never)
    assert.ok((await waiting).done)
    assert.equal([given, room.eventNames().length], [[7n], before])
  }),
)

it(
  'fails for its reader where a picture cannot be read, or is of another type (law 11)',
  withFake(async ({ native, show, given }) => {
    const other = new VideoStream(remote(), { format: RGBA })
    show(21n, 5n)
    assert.is(
      await other
        .getReader()
        .read()
        .then(() => 'none', codeOf),
      'ERR_FORMAT',
    )
    native.copy = () => {
      throw new Error('no memory')
    }
    const stream = new VideoStream(remote())
    show(22n, 5n)
    assert.match(
      await stream
        .getReader()
        .read()
        .then(() => 'none', String),
      'no memory',
    )
    assert.equal(given, [21n, 7n, 22n, 22n, 7n])
  }),
)

it.run()
