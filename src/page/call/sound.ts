/** The sound of a call in a browser: the microphone on its way to the server, the agent's voice on its way to the loudspeaker. */
import type { Sound, SoundParts } from './phone.ts'
import { microphoneTrouble } from './trouble.ts'

const listenTo = async (signal: AbortSignal): Promise<MediaStream> => {
  if (!navigator.mediaDevices) throw new Error(microphoneTrouble(undefined, window.isSecureContext))
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }
  const stream = await navigator.mediaDevices.getUserMedia({ audio }).catch(error => {
    throw new Error(microphoneTrouble(error, window.isSecureContext))
  })
  const stop = () => {
    for (const track of stream.getTracks()) track.stop()
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop() // people take their time to allow it
  return stream
}

/** Rejects with a sentence for people. Must begin with a click: browsers want that. */
export const openSound = async ({ microphone, worklet, said, lost, signal }: SoundParts): Promise<Sound> => {
  const context = new AudioContext({ latencyHint: 'interactive' })
  signal.addEventListener('abort', () => void context.close(), { once: true })
  const [stream] = await Promise.all([
    microphone ? listenTo(signal) : undefined,
    context.audioWorklet.addModule(worklet).catch(() => {
      throw new Error('The sound cannot begin: load this page again.')
    }),
    context.resume(),
  ])
  signal.throwIfAborted()
  const playback = new AudioWorkletNode(context, 'playback', { numberOfInputs: 0, outputChannelCount: [1] })
  playback.connect(context.destination)
  if (stream) {
    const capture = new AudioWorkletNode(context, 'capture', {
      ...{ numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' },
    })
    capture.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => said(data)
    context.createMediaStreamSource(stream).connect(capture)
    for (const track of stream.getAudioTracks())
      track.addEventListener('ended', () => lost('The microphone is gone: plug it in, hang up, and begin again.'))
  }
  return {
    mute: muted => {
      for (const track of stream?.getAudioTracks() ?? []) track.enabled = !muted
    },
    play: (samples, channels) => playback.port.postMessage({ samples, channels }, [samples]),
  }
}
