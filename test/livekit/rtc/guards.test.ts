/** What would end the process or read past the end of something, done through us. Others are beside the tests of their parts. */
import {
  AudioFrame as SdkAudioFrame,
  AudioSource as SdkAudioSource,
  VideoFrame as SdkVideoFrame,
  VideoSource as SdkVideoSource,
  VideoBufferType,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import { AudioFrame } from '../../../src/livekit/rtc/media/audio-frame.ts'
import { AudioSource } from '../../../src/livekit/rtc/media/audio-source.ts'
import { VideoFrame } from '../../../src/livekit/rtc/media/video-frame.ts'
import { VideoSource } from '../../../src/livekit/rtc/media/video-source.ts'
import { shutdown } from '../../../src/livekit/rtc/room/lifetime.ts'
import { LocalAudioTrack, LocalVideoTrack } from '../../../src/livekit/rtc/room/track.ts'
import { guarded } from './guard.ts'

const it = suite('livekit rtc guards')
const { RGBA, ABGR, BGRA, I420, I010, NV12 } = VideoBufferType

it(
  'refuses a queue that the native layer cannot have (AS-6, law 11)',
  guarded({
    code: 'ERR_FORMAT',
    does: [15, -10, 10.5, Number.NaN, Number.POSITIVE_INFINITY, 4_294_967_290].map(
      queue => () => new AudioSource(48_000, 1, queue),
    ),
    alone: [15, 4_294_967_290].map(queue => () => new SdkAudioSource(48_000, 1, queue)),
  }),
)

it(
  'refuses more channels, and more samples in 10 ms, than a published track can have (AS-6, law 11)',
  guarded({
    code: 'ERR_FORMAT',
    does: [
      [48_000, 0],
      [48_000, 17],
      [8_000, 25],
      [384_100, 2],
      [1_000_000, 1],
      [4_000, 1],
      [0, 1],
      [Number.NaN, 1],
    ].map(
      ([rate = 0, channels = 0]) =>
        () =>
          new AudioSource(rate, channels),
    ),
  }),
)

const pairs: [VideoBufferType, VideoBufferType][] = [
  [ABGR, RGBA],
  [ABGR, I420],
  [I010, RGBA],
  [I010, BGRA],
  [I010, I420],
  [NV12, NV12],
]
const [width, height] = [16, 16]
const picture = new Uint8Array(4 * width * height)
it(
  'refuses the conversions that end the process (VF-3, law 11)',
  guarded({
    code: 'ERR_FORMAT',
    does: pairs.map(
      ([from, to]) =>
        () =>
          new VideoFrame(picture, width, height, from).convert(to),
    ),
    alone: pairs.map(
      ([from, to]) =>
        () =>
          new SdkVideoFrame(picture, width, height, from).convert(to),
    ),
  }),
)

it(
  'refuses pictures of no size, and of far too much (law 11)',
  guarded({
    code: 'ERR_FORMAT',
    does: [0, -1, 1.5, Number.NaN, 100_000].flatMap(side => [
      () => new VideoFrame(picture, side, height, RGBA),
      () => new VideoFrame(picture, width, side, I420),
      () => new VideoSource(side, height),
      () => new VideoSource(width, side),
    ]),
    alone: async () => {
      const source = new SdkVideoSource(8, 4)
      source.captureFrame(new SdkVideoFrame(picture, 0, 0, RGBA))
    },
  }),
)

const short = new Int16Array(479)
it(
  'refuses audio and pictures with less data than they declare, wherever they come from (AF-1, VF-1, law 11)',
  guarded({
    code: 'ERR_FRAME',
    does: [
      () => new AudioFrame(short, 48_000, 1, 480),
      () => new AudioSource(48_000, 1).captureFrame(new SdkAudioFrame(short, 48_000, 1, 480)),
      () => new VideoFrame(picture, width, height + 1, RGBA),
      () => new VideoSource(width, height).captureFrame(new SdkVideoFrame(picture, width, height + 1, RGBA)),
      () => new VideoSource(width, height).captureFrame(new SdkVideoFrame(picture.subarray(0, 383), width, height, I420)),
    ],
  }),
)

it(
  'refuses to do anything with a closed track (LT-1, TK-1, law 11)',
  guarded({
    code: 'ERR_TRACK',
    does: [
      async () => {
        const track = LocalAudioTrack.createAudioTrack('voice', new AudioSource(48_000, 1))
        await track.close()
        track.mute()
      },
      async () => {
        const track = LocalVideoTrack.createVideoTrack('face', new VideoSource(width, height))
        await track.close()
        track.unmute()
      },
      async () => {
        const track = LocalAudioTrack.createAudioTrack('voice', new AudioSource(48_000, 1))
        await track.close()
        await track.getStats()
      },
    ],
  }),
)

it(
  'lets go of who waits for a source at dispose, and takes nothing more (law 5)',
  guarded({
    code: 'ERR_DISPOSED',
    does: async () => {
      const source = new AudioSource(48_000, 1, 20)
      const frame = AudioFrame.create(48_000, 1, 4_800)
      const waiting = source.captureFrame(frame)
      await shutdown()
      await waiting
      await source.captureFrame(frame)
    },
  }),
)

it.run()
