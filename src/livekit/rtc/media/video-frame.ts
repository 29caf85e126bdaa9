/**
 * One picture. Checked when it is made: of one with too little data the native layer would read past the end, and for some sizes,
 * types and conversions it ends the process.
 */
import { VideoFrame as SdkVideoFrame, VideoBufferType } from '@livekit/rtc-node'
import { coded, lineOf } from '../../../errors.ts'
import { misuse, outside } from '../errors.ts'
import { native } from '../native.ts'
import { firstOf, fromBase64, isFields, numberIn, toBase64 } from './json.ts'

/** `type`: the name of its VideoBufferType. `data`: base64. */
export type VideoFrameJson = { width: number; height: number; type: string; data: string }
type Owned = Parameters<typeof SdkVideoFrame.fromOwnedInfo>[0]
type Converted = { message: { case: 'buffer'; value: Owned } | { case: 'error'; value: string } | { case: undefined } }

/** Rows packed, plane after plane; `data` is the frame's own and starts its own buffer. */
export class VideoFrame extends SdkVideoFrame {
  declare readonly data: Uint8Array
  declare readonly width: number
  declare readonly height: number
  declare readonly type: VideoBufferType

  /**
   * Copies `data`, of which there may be more than it needs. Throws a TypeError for what is no Uint8Array and a RangeError for too little,
   * code ERR_FRAME; a RangeError for a size or a type that there is not, code ERR_FORMAT.
   */
  constructor(data: Uint8Array, width: number, height: number, type: VideoBufferType) {
    checkVideoFrame({ data, width, height, type })
    super(new Uint8Array(data), width, height, type)
  }

  /** Takes what the native layer gives out, where rtc-node's own would read too much or too little of NV12 and I420A. @internal */
  static override fromOwnedInfo({ info, handle }: Owned): VideoFrame {
    const { dataPtr = 0n, width = 0, height = 0, type = VideoBufferType.I420 } = info ?? {}
    try {
      return adoptedVideo(new SdkVideoFrame(native().copy(dataPtr, bytesOf(type, width, height)), width, height, type))
    } finally {
      native()
        .own(handle?.id ?? 0n)
        .dispose()
    }
  }

  /** A frame of its JSON form; a frame (rtc-node's is copied), or the first item of an array. Throws a TypeError, code ERR_JSON. */
  static fromJSON(value: unknown): VideoFrame {
    const one = firstOf(value)
    if (one instanceof VideoFrame) return one
    if (one instanceof SdkVideoFrame) return new VideoFrame(one.data, one.width, one.height, one.type)
    if (!isFields(one)) throw misuse('ERR_JSON', 'this is no video frame: it has width, height, type, data')
    const type = types.find(type => nameOf(type) === one.type)
    if (type === undefined) throw misuse('ERR_JSON', `there is no type ${one.type} of video frames: use ${types.map(nameOf)}`)
    const [width, height, data] = [numberIn(one, 'width'), numberIn(one, 'height'), fromBase64(one.data)]
    try {
      return new VideoFrame(data, width, height, type)
    } catch (error) {
      throw misuse('ERR_JSON', lineOf(error))
    }
  }

  /** A view of its n-th plane, from 0 on; undefined where there is none, and for packed types. */
  override getPlane(n: number): Uint8Array | undefined {
    const sizes = planesOf(this.type, this.width, this.height)
    const size = sizes[n]
    if (size === undefined) return undefined
    const start = sizes.slice(0, n).reduce((sum, before) => sum + before, 0)
    return this.data.subarray(start, start + size)
  }

  /** A new frame of another type, upside down with `flipY`. Throws for what cannot be done: a TypeError, code ERR_FORMAT. */
  override convert(type: VideoBufferType, flipY = false): VideoFrame {
    const { type: from } = this
    if (!routes[from]?.includes(type)) throw misuse('ERR_FORMAT', wayRound(from, type))
    const frame = safeVideoFrame(this)
    const { message } = holding(frame, () =>
      native().request<Converted>({ case: 'videoConvert', value: { flipY, dstType: type, buffer: frame.protoInfo() } }),
    )
    if (message.case === 'buffer') return VideoFrame.fromOwnedInfo(message.value)
    throw coded('ERR_CONVERT', `${nameOf(from)} did not become ${nameOf(type)}: ${message.case ? message.value : 'no answer'}`)
  }

  toJSON(): VideoFrameJson {
    return { width: this.width, height: this.height, type: nameOf(this.type), data: toBase64(this.data) }
  }

  override toString(): string {
    return `rtc.VideoFrame(width=${this.width}, height=${this.height}, type=${nameOf(this.type)})`
  }
}

/** One of rtc-node's made ours where it is, unchecked: for frames that are whole and that nobody else has. */
export const adoptedVideo = (frame: SdkVideoFrame): VideoFrame =>
  frame instanceof VideoFrame ? frame : Object.setPrototypeOf(frame, VideoFrame.prototype)

/** The same frame as rtc-node may have it: checked, and copied only if its data lies within a larger buffer. */
export const safeVideoFrame = (frame: SdkVideoFrame): SdkVideoFrame => {
  checkVideoFrame(frame)
  const { data, width, height, type } = frame
  return data.byteLength === data.buffer.byteLength ? frame : new SdkVideoFrame(data.slice(), width, height, type)
}

const held = new Set<SdkVideoFrame>()
/** Does the work while the frame cannot be collected: the native layer is only told where its bytes lie. */
const holding = <T>(frame: SdkVideoFrame, work: () => T): T => {
  held.add(frame)
  try {
    return work()
  } finally {
    held.delete(frame)
  }
}

/** Throws what the constructor throws. */
const checkVideoFrame = (frame: Pick<SdkVideoFrame, 'data' | 'width' | 'height' | 'type'>): void => {
  const { data, width, height, type } = frame ?? {}
  if (!(data instanceof Uint8Array))
    throw misuse('ERR_FRAME', 'a video frame needs data: a Uint8Array of packed rows, plane after plane')
  checkSize(width, height)
  if (!types.includes(type)) throw outside('ERR_FORMAT', `the type ${type} is not known: use one of VideoBufferType`)
  const needed = bytesOf(type, width, height)
  if (data.length < needed)
    throw outside('ERR_FRAME', `the frame needs ${needed} bytes (${width} × ${height} ${nameOf(type)}), but holds ${data.length}`)
}

/** No codec of the protocol knows a longer side; far beyond it the native layer ends the process, as it does for 0. */
const LONGEST_SIDE = 16_384

export const checkSize = (width: number, height: number, least = 1): void => {
  for (const [name, value] of Object.entries({ width, height }))
    if (!Number.isInteger(value) || value < least || value > LONGEST_SIDE)
      throw outside('ERR_FORMAT', `${name} is ${value}: use an integer from ${least} to ${LONGEST_SIDE}`)
}

const { RGBA, ABGR, ARGB, BGRA, RGB24, I420, I420A, I422, I444, I010, NV12 } = VideoBufferType
const types = [RGBA, ABGR, ARGB, BGRA, RGB24, I420, I420A, I422, I444, I010, NV12]
/** Of anything else, as untyped code may give it, that itself. */
export const nameOf = (type: VideoBufferType): string => (typeof type === 'number' && VideoBufferType[type]) || String(type)

/** The bytes of each plane: none of those that have all of a pixel together. */
const planesOf = (type: VideoBufferType, width: number, height: number): number[] => {
  const [all, halfWidth, halfHeight] = [width * height, Math.ceil(width / 2), Math.ceil(height / 2)]
  const quarter = halfWidth * halfHeight
  if (type === I420) return [all, quarter, quarter]
  if (type === I420A) return [all, quarter, quarter, all]
  if (type === I422) return [all, halfWidth * height, halfWidth * height]
  if (type === I444) return [all, all, all]
  if (type === I010) return [2 * all, 2 * quarter, 2 * quarter]
  return type === NV12 ? [all, 2 * quarter] : []
}

/** How many bytes a frame has at least. */
export const bytesOf = (type: VideoBufferType, width: number, height: number): number => {
  const planes = planesOf(type, width, height)
  return planes.length > 0 ? planes.reduce((sum, size) => sum + size, 0) : width * height * (type === RGB24 ? 3 : 4)
}

/**
 * What this native layer can make of what (all 121 pairs tried with the bindings 0.12.73). Others it refuses; from ABGR, and from
 * I010 and NV12 some, end the process.
 */
const routes: { [from: number]: VideoBufferType[] } = {
  [RGBA]: [BGRA, I420],
  [BGRA]: [RGBA, I420],
  [ARGB]: [I420],
  [RGB24]: [I420],
  [I420]: [RGBA, ABGR, ARGB, BGRA, RGB24, I420],
  [I420A]: [I420, I420A],
  [I422]: [RGBA, ABGR, ARGB, I420, I422],
  [I444]: [RGBA, BGRA, I420, I444],
  [NV12]: [RGBA, BGRA, I420],
}

const wayRound = (from: VideoBufferType, to: VideoBufferType): string => {
  const refusal = `${nameOf(from)} cannot become ${nameOf(to)}`
  if (routes[from]?.includes(I420) && routes[I420]?.includes(to))
    return `${refusal} at once: convert it to I420 first, and that frame to ${nameOf(to)}`
  const known = routes[from]?.map(nameOf).join(', ')
  return `${refusal}: ${known ? `use ${known}` : `nothing can be made of ${nameOf(from)}`}`
}
