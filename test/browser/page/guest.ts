/** A page of somebody's own, in a room of LiveKit's: what a person's browser does with `livekit-client`. The test drives it by `guest`. */
import { type RemoteTrack, Room, RoomEvent, Track } from 'livekit-client'

/** What the test hears of it; `heard` is sound: 16 bits, little endian, mono, at 24 kHz, in base64. */
export type Told =
  | { type: 'heard'; from: string; data: string }
  | { type: 'state'; from: string; state: string }
  | { type: 'text'; from: string; segment: string; final: string; text: string }
declare const tell: (told: Told) => Promise<void>

/** Passes on blocks of 100 ms: whole blocks of the ear's 10, and few calls. */
const worklet = `registerProcessor('ear', class extends AudioWorkletProcessor {
  block = new Int16Array(2_400)
  filled = 0
  process([[samples = new Float32Array(128)] = []]) {
    for (const sample of samples) {
      this.block[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)))
      if (this.filled < this.block.length) continue
      this.port.postMessage(this.block)
      this.filled = 0
    }
    return true
  }
})`

// Here, since `livekit-client` 2.23 looks for it nowhere else: with the options of a publication it has no effect.
const room = new Room({ publishDefaults: { preConnectBuffer: true, dtx: false } })
const context = new AudioContext({ sampleRate: 24_000 })
const ready = context.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: 'text/javascript' })))

const hear = async (track: RemoteTrack, from: string): Promise<void> => {
  if (track.kind !== Track.Kind.Audio || !track.mediaStream) return
  // Chromium decodes a remote track only while an element plays it.
  document.body.append(track.attach())
  await ready
  const ear = new AudioWorkletNode(context, 'ear', { numberOfOutputs: 0 })
  ear.port.onmessage = ({ data }: MessageEvent<Int16Array>) => {
    const bytes = new Uint8Array(data.buffer)
    void tell({ type: 'heard', from, data: btoa(String.fromCharCode(...bytes)) })
  }
  context.createMediaStreamSource(track.mediaStream).connect(ear)
}

const join = async (url: string, token: string): Promise<void> => {
  room.on(RoomEvent.TrackSubscribed, (track, _, { identity }) => void hear(track, identity))
  room.on(RoomEvent.ParticipantAttributesChanged, (changed, { identity }) => {
    const state = changed['lk.agent.state']
    if (state !== undefined) void tell({ type: 'state', from: identity, state })
  })
  room.registerTextStreamHandler('lk.transcription', async (reader, { identity }) => {
    const text = await reader.readAll()
    const { 'lk.segment_id': segment = '', 'lk.transcription_final': final = '' } = reader.info.attributes ?? {}
    void tell({ type: 'text', from: identity, segment, final, text })
  })
  await room.connect(url, token)
}

/** Opens the microphone. What is said before the agent is there is kept, and sent to it when it comes. */
const speak = async (): Promise<void> => {
  // The test compares sound: nothing may be made of it.
  await room.localParticipant.setMicrophoneEnabled(true, {
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
  })
}

const write = (text: string) => room.localParticipant.sendText(text, { topic: 'lk.chat' })
const leave = () => room.disconnect()

export const guest = { join, speak, write, leave }
Object.assign(globalThis, { guest })
