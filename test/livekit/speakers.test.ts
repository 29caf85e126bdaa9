/** Publishing, with a participant whose server is the test; the queue and the track are native ones. */
import { type AudioFrame, AudioSource, dispose, LocalParticipant, LocalTrackPublication, Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AgentPlayout } from '../../src/agent-playout.ts'
import { realClock, sleep } from '../../src/clock.ts'
import { Line } from '../../src/livekit/line.ts'
import { AudioSource as CheckedSource } from '../../src/livekit/rtc/index.ts'
import { sinkOn, speakersOf } from '../../src/livekit/speakers.ts'
import { pieces, sound } from '../fakes/call.ts'

const it = suite('livekit speakers')

it('takes back what was published when nobody waits for it any more (OUT-30, OUT-31)', async () => {
  const line = new Line(realClock(), () => {})
  const publication: LocalTrackPublication = Object.assign(Object.create(LocalTrackPublication.prototype), {
    info: { sid: 'TR_1' },
  })
  const enough = new AbortController()
  const unpublished: unknown[] = []
  const localParticipant: LocalParticipant = Object.assign(Object.create(LocalParticipant.prototype), {
    publishTrack: async () => {
      setImmediate(() => enough.abort(new Error('enough'))) // the grid is not known yet
      return publication
    },
    unpublishTrack: async (sid: string) => void unpublished.push(sid),
  })
  line.room = Object.assign(new Room(), { localParticipant })
  const voice = { sampleRate: 24_000, channels: 1, name: 'voice', queueMs: 200 }
  const told = await speakersOf(line)
    .publish(voice, enough.signal)
    .catch((error: Error) => error.message)
  assert.is(told, 'enough')
  assert.equal(unpublished, ['TR_1'])
  assert.equal(line.open.speaker, 0)
})

it('plays an utterance into a source that somebody else has published (PLAY-16, PLAY-23)', async () => {
  const source = new AudioSource(24_000, 1, 200)
  const playout = new AgentPlayout({ audioSource: await sinkOn(source), log: () => {} })
  const silent = { ...{ playedText: '', closed: false }, segmentPlayoutStarted() {}, segmentPlayoutFinished() {}, close() {} }
  const captions = () => ({ ...silent, pushAudio() {}, markAudioSegmentEnd() {}, pushText() {}, markTextSegmentEnd() {} })
  const play = (itemId: string) =>
    playout.play({
      ...{ itemId, contentIndex: 0, transcriptionFwd: captions() },
      ...{ textStream: pieces<string>(), audioStream: sound(400) },
    })
  const { outcome, audioSamples } = await play('a').finished
  assert.equal([outcome, audioSamples], ['finished', 9_600])
  const cut = play('b')
  await sleep(realClock(), 250)
  cut.interrupt()
  assert.ok(cut.audioSamples > 2_400 && cut.audioSamples < 9_600, `${cut.audioSamples}`)
  await playout.close()
  await source.close()
})

it('hands a block over in the turn in which it is written, also to a source that lets others wait (OUT-12)', async () => {
  const source = new CheckedSource(24_000, 1, 200)
  const handed: number[] = []
  const captureAtOnce = source.captureAtOnce.bind(source)
  Object.assign(source, {
    captureAtOnce: (frame: AudioFrame) => {
      handed.push(frame.samplesPerChannel)
      return captureAtOnce(frame)
    },
  })
  const sink = await sinkOn(source, { log: () => {} })
  handed.length = 0
  const written = sink.write(new Int16Array(480))
  assert.equal(handed, [480])
  await written
  await source.close()
})

it('refuses what is no source, and one whose queue the native layer would not bear', async () => {
  const queue = { captureFrame: async () => {}, clearQueue: () => {} }
  const refused = (source: object) =>
    sinkOn(source as AudioSource).then(
      () => '',
      ({ name }: Error) => name,
    )
  assert.is(await refused({}), 'TypeError')
  assert.is(await refused({ ...queue, sampleRate: 24_000, numChannels: 1, queueSize: 15 }), 'RangeError')
  assert.is(await refused({ ...queue, sampleRate: 22_050, numChannels: 1, queueSize: 200 }), 'RangeError')
})

it.after(() => dispose()) // of the native layer, which would keep the process

it.run()
