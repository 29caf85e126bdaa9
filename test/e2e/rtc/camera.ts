/** A camera that shows colour bars: for tests that need a picture. */
import {
  LocalVideoTrack,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  type VideoRotation,
  VideoSource,
} from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import type { Guest, Stage } from './stage.ts'

/** Of the pictures, in pixels. */
export const size = { width: 640, height: 360 }
/** From left to right, all as wide: red, green and blue of each. */
export const bars = [
  [191, 191, 191],
  [191, 191, 0],
  [0, 191, 191],
  [0, 191, 0],
  [191, 0, 191],
  [191, 0, 0],
  [0, 0, 191],
  [16, 16, 16],
] as const
const EVERY = 50 // ms

const picture = (): VideoFrame => {
  const data = new Uint8Array(4 * size.width * size.height).fill(255)
  for (let n = 0; n < size.width * size.height; n++)
    data.set(bars[Math.floor(((n % size.width) * bars.length) / size.width)] ?? [], 4 * n)
  return new VideoFrame(data, size.width, size.height, VideoBufferType.RGBA)
}

/** Publishes the bars as a camera of `guest`'s, until it is unpublished or the test ends. */
export const showBars = async (stage: Stage, guest: Guest, rotation: VideoRotation = 0) => {
  const source = new VideoSource(size.width, size.height)
  const track = LocalVideoTrack.createVideoTrack('camera', source)
  const publication = await within(
    `${guest.identity} publishes`,
    guest.local.publishTrack(track, { source: TrackSource.SOURCE_CAMERA, simulcast: false }),
  )
  const frame = picture()
  const showing = setInterval(() => source.captureFrame(frame, 0, rotation), EVERY)
  stage.ends(`the bars of ${guest.identity}`, async () => {
    clearInterval(showing)
    await track.close()
  })
  return { track, publication }
}

/** How far the middle of each bar is from its colour, at most, in steps of a byte; of an RGBA picture. */
export const offOf = ({ data, width, height }: VideoFrame): number => {
  const off = bars.flatMap((colour, bar) => {
    const left = Math.floor(((bar + 0.25) * width) / bars.length)
    const right = Math.floor(((bar + 0.75) * width) / bars.length)
    return colour.map((wanted, channel) => {
      let sum = 0
      let count = 0
      for (let y = height >> 2; y < height - (height >> 2); y++)
        for (let x = left; x < right; x++, count++) sum += data[4 * (y * width + x) + channel] ?? 0
      return Math.abs(sum / count - wanted)
    })
  })
  return Math.max(...off)
}
