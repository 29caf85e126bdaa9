// deadline: 240 s
// beside: another
// node: --expose-gc
/** A whole session with all there is, and what is left of it: nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TrackSource, VideoBufferType } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { deferred } from '../../../src/deferred.ts'
import {
  AudioMixer,
  AudioStream,
  AVSynchronizer,
  LocalVideoTrack,
  VideoFrame,
  VideoSource,
  VideoStream,
} from '../../../src/livekit/rtc/index.ts'
import { type Residue, residue } from '../residue.ts'
import { within } from '../watch.ts'
import { type Guest, nothingLeft, type Stage, suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc session')
const folder = mkdtempSync(join(tmpdir(), 'chartroom-rtc-'))
it.after(() => rmSync(folder, { recursive: true }))

const first = async <T>(what: string, items: AsyncIterable<T>): Promise<T> => {
  const one = async () => {
    for await (const item of items) return item // leaving it gives its source back
    throw new Error(`${what} is over`)
  }
  return within(what, one(), 20_000)
}
const picture = (shade: number) => new VideoFrame(new Uint8Array(64 * 48 * 4).fill(shade), 64, 48, VideoBufferType.RGBA)

/** What both hear and see of each other, through every kind of stream. */
const media = async (stage: Stage, ann: Guest, bob: Guest) => {
  const { source: voice } = await hum(stage, bob)
  const heard = await ann.sees('trackSubscribed')
  const video = new VideoSource(64, 48)
  const track = LocalVideoTrack.createVideoTrack('eye', video)
  const { sid } = await bob.local.publishTrack(track, { source: TrackSource.SOURCE_CAMERA })
  const seen = await ann.sees('trackSubscribed', event => event.publication.sid === sid)
  const synchronizer = new AVSynchronizer({ audioSource: voice, videoSource: video, videoFps: 20 })
  let showing = true
  const shown = (async () => {
    for (let n = 0; showing; n++) await synchronizer.push(picture(n % 250), n / 20)
  })()

  const participant = await ann.meets(bob)
  const mixer = new AudioMixer(48_000, 1, { blocksize: 480 })
  mixer.addStream(AudioStream.fromTrack({ track: heard.track }))
  const { samplesPerChannel } = await first('the mix', mixer)
  assert.is(samplesPerChannel, 480)
  await mixer.close()
  const { room } = ann
  const ofBob = AudioStream.fromParticipant({ participant, trackSource: TrackSource.SOURCE_MICROPHONE, room })
  const { frame } = await first('the sound of a participant', ofBob.events())
  assert.is(frame.sampleRate, 48_000)
  const { frame: image } = await first('a picture', VideoStream.fromTrack({ track: seen.track, format: VideoBufferType.RGBA }))
  assert.is(image.type, VideoBufferType.RGBA)
  AudioStream.fromTrack({ track: heard.track }) // nobody reads this one, nor closes it: the end of its track does
  VideoStream.fromTrack({ track: seen.track })

  showing = false
  await synchronizer.close()
  await within('the last picture', shown)
  return { sid, end: () => video.close() }
}

const words = async (ann: Guest, bob: Guest) => {
  const texts: string[] = []
  const sizes: number[] = []
  const { room } = ann
  room.registerTextStreamHandler('notes', async reader => {
    texts.push(await reader.readAll())
    ann.watch.look()
  })
  room.registerByteStreamHandler('files', async reader => {
    for await (const chunk of reader) sizes.push(chunk.length)
    ann.watch.look()
  })
  room.registerTextStreamHandler('unread', () => {})
  await bob.local.sendText('a note', { topic: 'notes' })
  await bob.local.sendText('for nobody', { topic: 'nobody' })
  await bob.local.sendText('not read', { topic: 'unread' })
  const path = join(folder, 'notes.txt')
  writeFileSync(path, 'x'.repeat(40_000))
  const info = await bob.local.sendFile(path, { topic: 'files' })
  assert.equal([info.name, info.mimeType, info.totalSize], ['notes.txt', 'text/plain', 40_000])
  await ann.until('the text', () => texts.length === 1)
  await ann.until('the file', () => sizes.reduce((sum, size) => sum + size, 0) === 40_000)
  assert.equal(texts, ['a note'])
  assert.throws(() => room.registerByteStreamHandler('files', () => {}), /has a handler/)
  room.unregisterByteStreamHandler('files')
  room.unregisterByteStreamHandler('of nobody')
  room.unregisterTextStreamHandler('unread')
  room.registerByteStreamHandler('files', reader => reader.close())
  const open = await bob.local.streamText({ topic: 'notes' })
  await open.write('never closed') // the end of the room ends it, on both sides
}

const calls = async (ann: Guest, bob: Guest) => {
  bob.local.registerRpcMethod('double', async ({ payload }) => payload + payload)
  let came = false
  let cancelled: unknown
  bob.local.registerRpcMethod('wait', ({ signal }) => {
    came = true
    bob.watch.look()
    const { promise, resolve } = deferred<string>()
    signal.addEventListener('abort', () => {
      cancelled = signal.reason
      resolve('')
    })
    return promise
  })
  const call = { destinationIdentity: 'bob', payload: 'ab' }
  assert.is(await within('the answer', ann.local.performRpc({ ...call, method: 'double' })), 'abab')
  const waiting = ann.local.performRpc({ ...call, method: 'wait', responseTimeoutMs: 60_000 }).catch(error => error)
  await bob.until('the call has come', () => came)
  return async () => {
    const { code } = await within('the call ends', waiting)
    assert.is(code, 1_503)
    assert.ok(cancelled)
  }
}

const session = async (stage: Stage): Promise<void> => {
  const [ann, bob] = await stage.pair()
  const shown = await media(stage, ann, bob)
  await words(ann, bob)
  const ended = await calls(ann, bob)
  await bob.local.publishData('bye')
  await ann.sees('dataReceived')
  await within('bob leaves', bob.room.disconnect())
  await ended()
  await shown.end()
}

it('leaves nothing behind: no listener, no timer, no port, no object of a room (RM-10, RM-11, RM-13, BSR-4, SD-9)', async stage => {
  const before: Residue = residue()
  await session(stage)
  await stage.close()
  await nothingLeft(before)
})

it.run()
