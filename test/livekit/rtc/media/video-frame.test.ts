// node: --expose-gc
/** Video frames: checked and their own, their planes, and what can be made of which by the native layer. */
import { dispose, VideoFrame as SdkVideoFrame, VideoBufferType } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { VideoFrame } from '../../../../src/livekit/rtc/index.ts'
import { bytesOf, safeVideoFrame } from '../../../../src/livekit/rtc/media/video-frame.ts'
import { native, replaceNative } from '../../../../src/livekit/rtc/native.ts'
import { kindOf, refusal } from '../refusal.ts'

const it = suite('rtc video frame')

const { RGBA, ABGR, ARGB, BGRA, RGB24, I420, I420A, I422, I444, I010, NV12 } = VideoBufferType
const types = [RGBA, ABGR, ARGB, BGRA, RGB24, I420, I420A, I422, I444, I010, NV12]
const frameOf = (type: VideoBufferType, width = 6, height = 4) =>
  new VideoFrame(new Uint8Array(bytesOf(type, width, height)).fill(100), width, height, type)

/** The sizes at 5 × 3, counted by hand: 15 pixels, of which a quarter is 3 × 2 and a half 3 × 3. */
const sizes: Record<string, number> = {
  ...{ RGBA: 60, ABGR: 60, ARGB: 60, BGRA: 60, RGB24: 45 },
  ...{ I420: 27, I420A: 42, I422: 33, I444: 45, I010: 54, NV12: 27 },
}
const planes: Record<string, number> = { I420: 3, I422: 3, I444: 3, I010: 3, I420A: 4, NV12: 2 }
/** Widths with heights: even and odd, upright and not, and the smallest. */
const shapes = ['6x4', '5x3', '8x4', '4x8', '7x3', '3x7', '1x1'].map(shape => shape.split('x').map(Number))

it('needs as many bytes as its type has, and says how many are missing (VF-1)', () => {
  for (const type of types) {
    const size = sizes[VideoBufferType[type]] ?? 0
    assert.is(new VideoFrame(new Uint8Array(size), 5, 3, type).data.length, size)
    assert.is(new VideoFrame(new Uint8Array(size + 3), 5, 3, type).data.length, size + 3)
    const { kind, code, message } = refusal(() => new VideoFrame(new Uint8Array(size - 1), 5, 3, type))
    assert.equal([kind, code], ['RangeError', 'ERR_FRAME'])
    assert.match(message, new RegExp(`${size} .*${size - 1}`))
  }
})

it('is a copy that begins where its buffer does (VF-1)', () => {
  const whole = new Uint8Array(5 + 16).fill(1)
  const frame = new VideoFrame(whole.subarray(5), 2, 2, RGBA)
  whole.fill(7)
  assert.equal([frame.data.byteOffset, frame.data.buffer.byteLength, frame.data[0]], [0, 16, 1])
  const bare = new SdkVideoFrame(whole.subarray(5), 2, 2, RGBA)
  assert.equal([safeVideoFrame(bare).data.byteOffset, safeVideoFrame(frame) === frame], [0, true])
})

it('refuses what are no bytes, and sizes and types that there are not (VF-1, law 11)', () => {
  for (const data of [undefined, 'abc', [1], new Uint8ClampedArray(16), new ArrayBuffer(16)])
    assert.is(
      kindOf(() => Reflect.construct(VideoFrame, [data, 2, 2, RGBA])),
      'TypeError ERR_FRAME',
    )
  for (const side of [0, -2, 1.5, Number.NaN, 16_385, Number.POSITIVE_INFINITY]) {
    assert.is(
      kindOf(() => new VideoFrame(new Uint8Array(64), side, 2, RGBA)),
      'RangeError ERR_FORMAT',
    )
    assert.is(
      kindOf(() => new VideoFrame(new Uint8Array(64), 2, side, RGBA)),
      'RangeError ERR_FORMAT',
    )
  }
  for (const type of [-1, 11, 1.5])
    assert.is(
      kindOf(() => new VideoFrame(new Uint8Array(64), 2, 2, type)),
      'RangeError ERR_FORMAT',
    )
})

it('has converted frames of exactly their size, also where rtc-node reads too much or too little (VF-2)', () => {
  for (const [width = 0, height = 0] of shapes) {
    const size = bytesOf(I420A, width, height)
    const data = Uint8Array.from({ length: size }, (_, i) => i + 1)
    const same = new VideoFrame(data, width, height, I420A).convert(I420A)
    assert.equal([same.data.length, same.data.buffer.byteLength], [size, size], `${width} × ${height}`)
    assert.equal(same.data, data)
  }
  assert.is(new SdkVideoFrame(new Uint8Array(96), 8, 4, I420A).convert(I420A).data.length, 96, "rtc-node's own")
})

/** By the statement. */
const routes = new Map<VideoBufferType, VideoBufferType[]>([
  [RGBA, [BGRA, I420]],
  [BGRA, [RGBA, I420]],
  [ARGB, [I420]],
  [RGB24, [I420]],
  [I420, [RGBA, ABGR, ARGB, BGRA, RGB24, I420]],
  [I420A, [I420, I420A]],
  [I422, [RGBA, ABGR, ARGB, I420, I422]],
  [I444, [RGBA, BGRA, I420, I444]],
  [NV12, [RGBA, BGRA, I420]],
])

it('becomes what the native layer can make of it, at even and odd sizes (VF-3)', () => {
  for (const [from, to] of routes)
    for (const type of to)
      for (const [width = 0, height = 0] of shapes) {
        const frame = frameOf(from, width, height).convert(type)
        assert.ok(frame instanceof VideoFrame)
        assert.equal(
          [frame.type, frame.width, frame.height, frame.data.length],
          [type, width, height, bytesOf(type, width, height)],
        )
      }
})

it('keeps its colour through I420 and back (VF-3)', () => {
  const data = Uint8Array.from({ length: 64 }, (_, i) => [220, 30, 40, 255][i % 4] ?? 0)
  const red = new VideoFrame(data, 4, 4, RGBA)
  const back = red.convert(I420).convert(RGBA).data
  for (const [i, value] of data.entries()) assert.ok(Math.abs(value - (back[i] ?? 0)) <= 4, `${back[i]} for ${value}`)
  assert.equal([...red.convert(BGRA).data.subarray(0, 4)], [40, 30, 220, 255])
})

it('refuses all else without asking the native layer, which some of it would end (VF-3, law 11)', () => {
  const never = () => {
    throw new Error('the native layer was asked')
  }
  const restore = replaceNative({ ...native(), request: never })
  try {
    for (const from of types)
      for (const to of [...types, 11, -1]) {
        if (routes.get(from)?.includes(to)) continue
        assert.is(
          kindOf(() => frameOf(from).convert(to)),
          'TypeError ERR_FORMAT',
          `${from} to ${to}`,
        )
      }
  } finally {
    restore()
  }
})

it('is checked once more before it is converted (VF-3)', () => {
  const frame = Object.assign(frameOf(RGBA), { height: 400 })
  assert.is(
    kindOf(() => frame.convert(I420)),
    'RangeError ERR_FRAME',
  )
})

it('is kept until it is converted, also where a copy of it has to be (FFI-6, law 11)', () => {
  const bytes = 640 * 480 * 4
  const frame = new VideoFrame(new Uint8Array(bytes), 640, 480, RGBA)
  Object.assign(frame, { data: new Uint8Array(2 * bytes).fill(7).subarray(bytes) }) // as untyped code may
  const door = native()
  const read: unknown[] = []
  const request = <T>(asked: Parameters<typeof door.request>[0]): T => {
    globalThis.gc?.()
    for (let n = 0; n < 8; n++) new Uint8Array(bytes).fill(99) // takes the place of what is free
    if (asked.case === 'videoConvert') read.push(door.copy(asked.value.buffer?.dataPtr ?? 0n, bytes)[bytes / 2])
    return door.request<T>(asked)
  }
  const restore = replaceNative({ ...door, request })
  try {
    for (let n = 0; n < 30; n++) frame.convert(BGRA)
  } finally {
    restore()
  }
  assert.equal(read, new Array(30).fill(7))
})

it('tells what the native layer says when it does not convert (VF-3, law 10)', () => {
  const request = <T>(): T => Object({ message: { case: 'error', value: 'not today' } })
  const restore = replaceNative({ ...native(), request })
  try {
    const { code, message } = refusal(() => frameOf(RGBA).convert(I420))
    assert.equal([code, message], ['ERR_CONVERT', 'RGBA did not become I420: not today'])
  } finally {
    restore()
  }
})

it('turns its rows upside down (VF-4)', () => {
  const flipped = new VideoFrame(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18), 2, 2, RGBA).convert(
    BGRA,
    true,
  )
  assert.equal([flipped.type, flipped.width, flipped.height], [BGRA, 2, 2])
  assert.equal([...flipped.data], [13, 12, 11, 14, 17, 16, 15, 18, 3, 2, 1, 4, 7, 6, 5, 8])
})

it('says the way round by I420 where there is one (VF-5)', () => {
  const bgra = frameOf(BGRA)
  assert.match(refusal(() => bgra.convert(RGB24)).message, 'convert it to I420 first')
  assert.is(bgra.convert(I420).convert(RGB24).data.length, 72)
  assert.match(refusal(() => frameOf(ABGR).convert(I420)).message, 'nothing can be made of ABGR')
  assert.match(refusal(() => frameOf(NV12).convert(I422)).message, 'use RGBA, BGRA, I420')
})

it('has as many planes as its type, as views of its data (VF-6)', () => {
  for (const type of types) {
    const frame = frameOf(type, 5, 3)
    const views = Array.from({ length: 5 }, (_, n) => frame.getPlane(n)).filter(view => view !== undefined)
    assert.is(views.length, planes[VideoBufferType[type]] ?? 0, VideoBufferType[type])
    if (views.length === 0) continue
    assert.is(
      views.reduce((sum, { length }) => sum + length, 0),
      frame.data.length,
    )
    views[1]?.fill(7)
    assert.is(frame.data[views[0]?.length ?? 0], 7)
  }
  for (const n of [-1, 0.5, Number.NaN]) assert.is(frameOf(I420).getPlane(n), undefined)
})

it('comes back from JSON, and from nothing else than its own form (VF-7)', () => {
  for (const type of types) {
    const frame = frameOf(type, 5, 3)
    const json = JSON.parse(JSON.stringify(frame))
    assert.is(json.type, VideoBufferType[type])
    const { data, width, height, type: again } = VideoFrame.fromJSON(json)
    assert.equal([data, width, height, again], [frame.data, 5, 3, type])
  }
  const frame = frameOf(I420)
  assert.is(VideoFrame.fromJSON([frame]), frame)
  assert.ok(VideoFrame.fromJSON(new SdkVideoFrame(new Uint8Array(16), 2, 2, RGBA)) instanceof VideoFrame)
  const good = frame.toJSON()
  const wrong = [
    ...[null, 5, [], {}, { ...good, type: 'RGB' }, { ...good, type: 5 }, { ...good, width: '6' }, { ...good, data: '%' }],
    ...[
      { ...good, height: 5 },
      { ...good, width: 0 },
    ],
  ]
  for (const value of wrong)
    assert.is(
      kindOf(() => VideoFrame.fromJSON(value)),
      'TypeError ERR_JSON',
      JSON.stringify(value),
    )
})

it('says what it is, as the frames of other SDKs do', () => {
  assert.is(String(frameOf(NV12)), 'rtc.VideoFrame(width=6, height=4, type=NV12)')
})

it.after(() => dispose()) // of the native layer, which would keep the process

it.run()
