/** A source of pictures: what would end the process is refused. */
import { VideoFrame as SdkVideoFrame, VideoSource as SdkVideoSource, VideoBufferType, VideoRotation } from '@livekit/rtc-node'
import { coded } from '../../../errors.ts'
import { outside } from '../errors.ts'
import { bytesOf, checkSize, safeVideoFrame, VideoFrame } from './video-frame.ts'

const { I420, I010, NV12 } = VideoBufferType
const rotations = [
  VideoRotation.VIDEO_ROTATION_0,
  VideoRotation.VIDEO_ROTATION_90,
  VideoRotation.VIDEO_ROTATION_180,
  VideoRotation.VIDEO_ROTATION_270,
]

/**
 * In pixels. Once the track is published WebRTC makes smaller ones of each picture, for its layers and for slow receivers, and of
 * one that comes out with a side of 0 it ends the process: it did so for sides of 1 to 3, and not from 4 on.
 */
const SHORTEST_SIDE = 16

export class VideoSource extends SdkVideoSource {
  /** In pixels. Until its first frame it sends black ones of this size. Throws a RangeError, code ERR_FORMAT, for a size that cannot be. */
  constructor(width: number, height: number) {
    checkSize(width, height, SHORTEST_SIDE)
    super(width, height)
  }

  /**
   * Sends a frame, which may be of another size. Of `timestampUs`, whole microseconds, the native layer keeps the differences. Throws for a
   * broken frame (ERR_FRAME, ERR_FORMAT), a time or a rotation that there is not (ERR_RANGE), and after `close` (ERR_CLOSED).
   */
  override captureFrame(
    frame: SdkVideoFrame,
    timestampUs: bigint | number = 0n,
    rotation: VideoRotation = VideoRotation.VIDEO_ROTATION_0,
  ): void {
    if (this.closed) throw coded('ERR_CLOSED', 'the video source is closed: make another one')
    const safe = safeVideoFrame(frame)
    checkSize(safe.width, safe.height, SHORTEST_SIDE)
    if (!isTime(timestampUs)) throw outside('ERR_RANGE', `timestampUs is ${timestampUs}: use a whole number of 64 bits`)
    if (!rotations.includes(rotation)) throw outside('ERR_RANGE', `rotation is ${rotation}: use one of VideoRotation`)
    super.captureFrame(readable(safe), BigInt(timestampUs), rotation)
  }

  /** Frees it. A second one does nothing. */
  override async close(): Promise<void> {
    if (!this.closed) await super.close()
  }
}

const isTime = (us: bigint | number): boolean =>
  typeof us === 'bigint' ? BigInt.asIntN(64, us) === us : Number.isSafeInteger(us)

/**
 * What streams of its track can read too: from NV12 they end the process, and of I010 they give nothing (unless WebRTC scales the frame).
 * Eight bits are what the codecs send anyway.
 */
const readable = (frame: SdkVideoFrame): SdkVideoFrame => {
  const { data, width, height, type } = frame
  if (type === NV12) return new VideoFrame(data, width, height, type).convert(I420)
  return type === I010 ? new SdkVideoFrame(eightBits(data, bytesOf(I420, width, height)), width, height, I420) : frame
}

/** Of 10 bits, in 16 and little-endian. */
const eightBits = (data: Uint8Array, samples: number): Uint8Array => {
  const out = new Uint8Array(samples)
  for (let i = 0; i < samples; i++) out[i] = Math.min(255, (((data[2 * i + 1] ?? 0) << 8) | (data[2 * i] ?? 0)) >> 2)
  return out
}
