// @ts-check
/**
 * An agent as one writes it with Python's `livekit.rtc`, on `chartroom/rtc`: all who speak in a room are mixed into one voice, which
 * it publishes; who calls its method `recording` gets the last seconds of it as a WAV file.
 *
 *     livekit-server --dev                       (or: node scripts/livekit.mjs)
 *     npm run build && node examples/rtc-mixer.mjs ws://127.0.0.1:7880 demo
 */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenFor } from 'chartroom/livekit'
import {
  AudioMixer,
  AudioSource,
  AudioStream,
  combineAudioFrames,
  dispose,
  LocalAudioTrack,
  Room,
  RpcError,
  TrackKind,
  TrackSource,
} from 'chartroom/rtc'

const RATE = 48_000
/** Frames of 10 ms: what is kept is ten seconds. */
const [BLOCK, KEPT] = [RATE / 100, 1_000]

const [url = 'ws://127.0.0.1:7880', name = 'demo'] = process.argv.slice(2)
const { LIVEKIT_API_KEY: apiKey = 'devkey', LIVEKIT_API_SECRET: apiSecret = 'secret' } = process.env

const room = new Room()
const mixer = new AudioMixer(RATE, 1, { blocksize: BLOCK })
const source = new AudioSource(RATE, 1, 200)
/** @type {import('chartroom/rtc').AudioFrame[]} */
const kept = []

room.on('trackSubscribed', ({ track, participant }) => {
  if (track.kind !== TrackKind.KIND_AUDIO) return
  console.log(`${participant.identity} is heard`)
  // It ends with the track, and the mixer goes on with the others.
  mixer.addStream(AudioStream.fromTrack({ track, sampleRate: RATE, numChannels: 1, capacity: 50 }))
})
room.on('participantDisconnected', ({ participant }) => console.log(`${participant.identity} has left`))

const mix = async () => {
  for await (const frame of mixer) {
    kept.push(frame)
    if (kept.length > KEPT) kept.shift()
    await source.captureFrame(frame) // waits while 200 ms are queued: that paces all of it
  }
}

await room.connect(url, await tokenFor({ apiKey, apiSecret, room: name, identity: 'mixer' }))
const { localParticipant } = room
await localParticipant.publishTrack(LocalAudioTrack.createAudioTrack('mix', source), { source: TrackSource.SOURCE_MICROPHONE })

localParticipant.registerRpcMethod('recording', async ({ callerIdentity, payload }) => {
  if (kept.length === 0) throw new RpcError(2_000, 'nobody has spoken yet')
  const seconds = Number(payload) || KEPT / 100
  const whole = combineAudioFrames(kept.slice(-100 * seconds))
  const path = join(tmpdir(), `mix-${process.pid}.wav`)
  await writeFile(path, whole.toWavBytes())
  const { streamId } = await localParticipant.sendFile(path, { topic: 'recordings', destinationIdentities: [callerIdentity] })
  return JSON.stringify({ streamId, seconds: whole.duration })
})

console.log(`${name} is mixed; Ctrl-C ends it`)
const leave = async () => {
  await room.disconnect()
  await mixer.close()
}
process.once('SIGINT', leave).once('SIGTERM', leave)
room.on('disconnected', () => void mixer.close())
await mix() // over when the mixer is closed
await source.close()
await dispose() // at the very end: LiveKit's SDK keeps the process alive
