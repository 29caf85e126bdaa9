// deadline: 300 s
/** Sound and pictures of one source, through a real server: whoever is there sees a flash when its beep is heard. */
import * as assert from 'uvu/assert'
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  AVSynchronizer,
  LocalAudioTrack,
  LocalVideoTrack,
  TrackKind,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
  VideoStream,
} from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import { suiteOnServer } from './stage.ts'

const it = await suiteOnServer('rtc together')

const RATE = 48_000
const FPS = 25
const STEP = RATE / FPS
const SECONDS = 8
/** Each second begins with a flash and a beep of so many pictures. */
const FLASH = 5
const size = { width: 320, height: 180 }
/** Median of how far a flash and its beep arrive apart, in ms: 22 were measured. Decoders share two cores with whatever else runs. */
const APART = 200

const isBright = (n: number) => n % FPS < FLASH
const picture = (n: number) => {
  const data = new Uint8Array(4 * size.width * size.height).fill(isBright(n) ? 255 : 0)
  return new VideoFrame(data, size.width, size.height, VideoBufferType.RGBA)
}
const sound = (n: number) => {
  const wave = (index: number) => (isBright(n) ? Math.round(12_000 * Math.sin((2 * Math.PI * 600 * index) / RATE)) : 0)
  return new AudioFrame(
    Int16Array.from({ length: STEP }, (_, index) => wave(index)),
    RATE,
    1,
    STEP,
  )
}
/** When what was dark, or silent, became bright or loud, in ms. */
const edges = <T>(isOn: (one: T) => boolean) => {
  const at: number[] = []
  let was = false
  const see = (one: T) => {
    const is = isOn(one)
    if (is && !was && performance.now() - (at.at(-1) ?? Number.NEGATIVE_INFINITY) > 500) at.push(performance.now())
    was = is
  }
  return { at, see }
}

it('brings each flash with its beep, and pictures at the rate asked for (AVS-2, AVS-4, AVS-6, AVS-7, AVS-10, VE-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const [audioSource, videoSource] = [new AudioSource(RATE, 1, 100), new VideoSource(size.width, size.height)]
  const tracks = [
    LocalAudioTrack.createAudioTrack('voice', audioSource),
    LocalVideoTrack.createVideoTrack('camera', videoSource),
  ] as const
  stage.ends('the sources', () => Promise.all(tracks.map(track => track.close())))
  await within('the voice', ann.local.publishTrack(tracks[0], { source: TrackSource.SOURCE_MICROPHONE }))
  // Of pictures this small the native layer would send 15 a second.
  const videoEncoding = { maxBitrate: 1_500_000n, maxFramerate: 30 }
  const camera = { source: TrackSource.SOURCE_CAMERA, simulcast: false, videoEncoding }
  await within('the camera', ann.local.publishTrack(tracks[1], camera))
  const seen = async (kind: TrackKind) => (await bob.sees('trackSubscribed', ({ track }) => track.kind === kind)).track
  const hearing = new AudioStream(await seen(TrackKind.KIND_AUDIO), { sampleRate: RATE })
  const watching = new VideoStream(await seen(TrackKind.KIND_VIDEO), { format: VideoBufferType.I420 })
  const beeps = edges<AudioFrame>(({ data }) => data.some(sample => Math.abs(sample) > 3_000))
  const flashes = edges<VideoFrame>(({ data, width, height }) => (data[(width * height) >> 1] ?? 0) > 128)
  let pictures = 0
  const hear = async () => {
    for await (const frame of hearing) beeps.see(frame)
  }
  const watch = async () => {
    for await (const { frame } of watching) {
      pictures++
      flashes.see(frame)
    }
  }
  const over = Promise.all([hear(), watch()])
  const sync = new AVSynchronizer({ audioSource, videoSource, videoFps: FPS })
  stage.ends('the synchronizer', () => sync.close())
  const begun = performance.now()
  for (let n = 0; n < FPS * SECONDS; n++) {
    await sync.push(sound(n), (n + 1) / FPS)
    await sync.push(picture(n), n / FPS)
    if (n === FPS * 4) assert.ok(Math.abs(sync.lastAudioTime - sync.lastVideoTime) < 0.5, 'both are about as far')
  }
  const { actualFps } = sync
  await within('all is played out', sync.waitForPlayout())
  const tookMs = performance.now() - begun
  assert.ok(Math.abs(tookMs / 1_000 - SECONDS) < 1, `${SECONDS} s took ${tookMs} ms`)
  assert.equal([sync.lastVideoTime, Math.round(sync.lastAudioTime)], [SECONDS - 1 / FPS, SECONDS])
  assert.ok(Math.abs(actualFps - FPS) < 5, `${actualFps} a second`)
  for (const stream of [hearing, watching]) stream.close()
  await within('the streams end', over)
  // A decoder may need a second to begin: pairs are what lies less than half a second apart.
  const apart = flashes.at.flatMap(at => beeps.at.map(beep => at - beep).filter(ms => Math.abs(ms) < 500)).sort((a, b) => a - b)
  console.log(`flash − beep, ms: ${apart.map(Math.round).join(' ')}; ${pictures} pictures`)
  assert.ok(apart.length >= SECONDS - 3, `${flashes.at.length} flashes and ${beeps.at.length} beeps`)
  assert.ok(Math.abs(apart[apart.length >> 1] ?? Number.NaN) < APART, `${apart.map(Math.round)}`)
  assert.ok(pictures > FPS * (SECONDS - 2) * 0.8, `${pictures} pictures`)
})

it.run()
