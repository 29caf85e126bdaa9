// deadline: 300 s
/** Sound and pictures through a real server, as streams: of a track, and of whatever somebody publishes as one source. */
import type { AudioFrame as SdkAudioFrame } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { joined } from '../../../src/audio/frame.ts'
import {
  type AudioFrame,
  AudioStream,
  FrameProcessor,
  type FrameProcessorStreamInfo,
  TrackKind,
  TrackSource,
  VideoBufferType,
  type VideoFrameEvent,
  VideoRotation,
  VideoStream,
} from '../../../src/livekit/rtc/index.ts'
import { loudMs } from '../../ports/sound.ts'
import { pass, within } from '../watch.ts'
import { offOf, showBars, size } from './camera.ts'
import { type Guest, suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc media')

const RATE = 24_000
/** A codec and a jitter buffer need a little to begin, in ms. */
const BEGINNING = 600
/** So far a codec is off in the middle of a bar, in steps of a byte (14 measured); another bar's colour is off by 175 in one of three. */
const COLOUR_ERROR = 24
const LIMIT = 20_000

/** Reads to the end; what it heard grows. */
const listen = (stream: AsyncIterable<AudioFrame>) => {
  const frames: AudioFrame[] = []
  const over = (async () => {
    for await (const frame of stream) frames.push(frame)
  })()
  const samples = (from = 0) => joined(frames.slice(from).map(({ data }) => data))
  /** What comes within so many ms from now on. */
  const next = async (ms: number) => {
    const from = frames.length
    await pass(ms)
    return samples(from)
  }
  return { frames, over, next }
}
const watch = (stream: AsyncIterable<VideoFrameEvent>) => {
  const seen: VideoFrameEvent[] = []
  const looks = new Set<() => void>()
  const over = (async () => {
    for await (const event of stream) {
      seen.push(event)
      for (const look of looks) look()
    }
  })()
  /** The first from now on that `is`. */
  const first = (what: string, is: (event: VideoFrameEvent) => boolean): Promise<VideoFrameEvent> => {
    const from = seen.length
    const found = new Promise<VideoFrameEvent>(resolve => {
      const look = () => {
        const event = seen.slice(from).find(is)
        if (!event) return
        looks.delete(look)
        resolve(event)
      }
      looks.add(look)
    })
    return within(what, found, LIMIT)
  }
  return { seen, over, first }
}
const levelOf = (samples: Int16Array) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length)
/** From the first to the last rise through zero. */
const pitchOf = (samples: Int16Array) => {
  const rises = [...samples.keys()].filter(n => (samples[n - 1] ?? 0) < 0 && (samples[n] ?? 0) >= 0)
  return ((rises.length - 1) * RATE) / ((rises.at(-1) ?? 0) - (rises[0] ?? 0))
}
const isPure = (samples: Int16Array, hz: number): void => {
  const pitch = pitchOf(samples)
  assert.ok(Math.abs(pitch - hz) < hz / 100, `${pitch} Hz for ${hz}`)
  const decibels = 20 * Math.log10(levelOf(samples) / (12_000 / Math.SQRT2))
  assert.ok(Math.abs(decibels) < 2, `${decibels} dB beside what was sent`)
  const whole = (samples.length * 1_000) / RATE
  assert.ok(whole - loudMs(samples, RATE) <= 20, `${whole - loudMs(samples, RATE)} of ${whole} ms are silent`)
}
const trackFor = async (guest: Guest, kind: TrackKind) =>
  (await guest.sees('trackSubscribed', event => event.track.kind === kind)).track

it('brings a tone as it was sent, by the track and by the participant: pitch, level and no gaps (AST-1, AST-4)', async stage => {
  const [ann, bob] = await stage.pair()
  await hum(stage, ann, 440)
  const options = { sampleRate: RATE, frameSizeMs: 20 }
  const track = await trackFor(bob, TrackKind.KIND_AUDIO)
  const participant = await bob.meets(ann)
  const trackSource = TrackSource.SOURCE_MICROPHONE
  const streams = [
    new AudioStream(track, options),
    new AudioStream(track.sdk, options),
    AudioStream.fromParticipant({ participant, trackSource, ...options }),
    AudioStream.fromParticipant({ participant: participant.sdk, trackSource, room: bob.room, ...options }),
  ]
  const heard = streams.map(listen)
  await pass(BEGINNING)
  for (const samples of await Promise.all(heard.map(one => one.next(2_000)))) {
    assert.ok(Math.abs(samples.length / RATE - 2) < 0.2, `${samples.length} samples in 2 s`)
    isPure(samples, 440)
  }
  for (const { frames } of heard) assert.equal([frames[0]?.data.length, frames[0]?.channels], [480, 1])
  for (const stream of streams) stream.close()
  await within('the streams end', Promise.all(heard.map(({ over }) => over)))
})

it('stays open while the track is muted, which is silence, and sounds on after it (AST-4, LT-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const { track: own } = await hum(stage, ann, 440)
  const track = await trackFor(bob, TrackKind.KIND_AUDIO)
  const participant = await bob.meets(ann)
  const streams = [
    new AudioStream(track, RATE),
    AudioStream.fromParticipant({ participant, trackSource: TrackSource.SOURCE_MICROPHONE, sampleRate: RATE }),
  ]
  const heard = streams.map(listen)
  await pass(BEGINNING)
  own.mute()
  await bob.sees('trackMuted')
  await pass(BEGINNING)
  for (const samples of await Promise.all(heard.map(one => one.next(500)))) assert.is(loudMs(samples, RATE), 0)
  own.unmute()
  await bob.sees('trackUnmuted')
  await pass(BEGINNING)
  for (const samples of await Promise.all(heard.map(one => one.next(500)))) isPure(samples, 440)
  for (const stream of streams) stream.close()
  await within('the streams end', Promise.all(heard.map(({ over }) => over)))
})

/** Lets all sound pass, and notes of which tracks it is. */
class Told extends FrameProcessor<SdkAudioFrame> {
  readonly sids: string[] = []
  closed = 0
  isEnabled() {
    return true
  }
  setEnabled() {}
  process(frame: SdkAudioFrame) {
    return frame
  }
  close() {
    this.closed++
  }
  override onStreamInfoUpdated({ participantIdentity, publicationSid }: FrameProcessorStreamInfo) {
    if (participantIdentity === 'ann') this.sids.push(publicationSid)
  }
}

it('follows somebody from before they publish, over unpublishing, other tracks and unsubscribing, until they leave (AST-4, AST-5)', async stage => {
  const [ann, bob] = await stage.pair()
  const participant = await bob.meets(ann)
  const processor = new Told()
  const stream = AudioStream.fromParticipant({
    ...{ participant, trackSource: TrackSource.SOURCE_MICROPHONE, sampleRate: RATE },
    noiseCancellation: processor,
  })
  const { next, frames, over } = listen(stream)
  assert.is((await next(200)).length, 0)
  const first = await hum(stage, ann, 440)
  await bob.sees('trackSubscribed')
  await pass(BEGINNING)
  isPure(await next(500), 440)

  await ann.local.unpublishTrack(first.publication.sid)
  await bob.sees('trackUnpublished')
  await pass(100)
  const silent = frames.length
  assert.is((await next(300)).length, 0)
  assert.is(frames.length, silent)

  const { publication } = await hum(stage, ann, 660)
  await bob.sees('trackSubscribed', event => event.publication.sid === publication.sid)
  await pass(BEGINNING)
  isPure(await next(500), 660)

  const theirs = participant.trackPublications.get(publication.sid)
  theirs?.setSubscribed(false)
  await bob.until('the track is unsubscribed', () => bob.all('trackUnsubscribed').length === 2)
  await pass(100)
  assert.is((await next(300)).length, 0)
  theirs?.setSubscribed(true)
  await bob.until('the track is subscribed again', () => bob.all('trackSubscribed').length === 3)
  await pass(BEGINNING)
  isPure(await next(500), 660)

  const left = within('the stream ends', over)
  await ann.room.disconnect()
  await left
  assert.equal([...new Set(processor.sids)], [first.publication.sid, publication.sid])
  assert.is(processor.closed, 1)
  stream.close()
})

it('ends for who waits when the track is unsubscribed, sound and picture (VST-2, AST-3)', async stage => {
  const [ann, bob] = await stage.pair()
  await hum(stage, ann)
  await showBars(stage, ann)
  const [audio, video] = [await trackFor(bob, TrackKind.KIND_AUDIO), await trackFor(bob, TrackKind.KIND_VIDEO)]
  const heard = listen(new AudioStream(audio))
  const seen = watch(new VideoStream(video))
  await seen.first('a picture', () => true)
  const participant = await bob.meets(ann)
  for (const publication of participant.trackPublications.values()) publication.setSubscribed(false)
  await within('both end', Promise.all([heard.over, seen.over]))
  assert.ok(heard.frames.length > 0)
})

it('ends when the room is left by its owner, also where nobody has published yet (AST-4, VST-3)', async stage => {
  const [ann, bob] = await stage.pair()
  await hum(stage, ann)
  await showBars(stage, ann)
  const [audio, video] = [await trackFor(bob, TrackKind.KIND_AUDIO), await trackFor(bob, TrackKind.KIND_VIDEO)]
  const participant = await bob.meets(ann)
  const from = (trackSource: TrackSource) => ({ participant, trackSource })
  const sounds = [
    new AudioStream(audio),
    AudioStream.fromParticipant(from(TrackSource.SOURCE_MICROPHONE)),
    AudioStream.fromParticipant(from(TrackSource.SOURCE_SCREENSHARE_AUDIO)),
  ].map(listen)
  const pictures = [
    new VideoStream(video),
    VideoStream.fromParticipant(from(TrackSource.SOURCE_CAMERA)),
    VideoStream.fromParticipant(from(TrackSource.SOURCE_SCREENSHARE)),
  ].map(watch)
  await pictures[0]?.first('a picture', () => true)
  await bob.room.disconnect()
  await within('all end', Promise.all([...sounds, ...pictures].map(({ over }) => over)))
})

it('brings colour bars, each within the error of the codec, by the track and by the participant (VST-1, VST-3)', async stage => {
  const [ann, bob] = await stage.pair()
  const participant = await bob.meets(ann)
  const format = VideoBufferType.RGBA
  const early = VideoStream.fromParticipant({ participant, trackSource: TrackSource.SOURCE_CAMERA, format })
  await showBars(stage, ann)
  const track = await trackFor(bob, TrackKind.KIND_VIDEO)
  const seen = [early, new VideoStream(track, { format })].map(watch)
  for (const one of seen) {
    const { frame, rotation } = await one.first('the bars in their colours', ({ frame }) => offOf(frame) < COLOUR_ERROR)
    assert.equal([frame.type, frame.width, frame.height, rotation], [format, size.width, size.height, 0])
    assert.is(frame.data.length, 4 * size.width * size.height)
  }
  const times = seen[1]?.seen.map(({ timestampUs }) => timestampUs) ?? []
  assert.ok(
    times.every((time, n) => n === 0 || time > (times[n - 1] ?? 0)),
    `${times}`,
  )
  const packed = watch(new VideoStream(track))
  const { frame } = await packed.first('a picture', () => true)
  assert.equal([frame.type, frame.data.length], [VideoBufferType.I420, (size.width * size.height * 3) / 2])
  await ann.room.disconnect()
  await within('all end', Promise.all([...seen, packed].map(({ over }) => over)))
})

it('brings a picture that lies on its side upright: the SDK turns it before it is sent', async stage => {
  const [ann, bob] = await stage.pair()
  await showBars(stage, ann, VideoRotation.VIDEO_ROTATION_90)
  const stream = new VideoStream(await trackFor(bob, TrackKind.KIND_VIDEO), { format: VideoBufferType.RGBA })
  const { first, over } = watch(stream)
  const { rotation } = await first('the bars, one above the other', ({ frame: { data, width, height } }) => {
    const isTurned = width === size.height && height === size.width
    const place = (y: number) => 4 * (y * width + (width >> 1))
    const pixel = (y: number) => [...data.subarray(place(y), place(y) + 3)]
    const bright = (y: number) => pixel(y).reduce((sum, byte) => sum + byte, 0)
    return isTurned && bright(40) > 450 && bright(height - 40) < 100
  })
  assert.is(rotation, VideoRotation.VIDEO_ROTATION_0)
  stream.close()
  await within('it ends', over)
})

it.run()
