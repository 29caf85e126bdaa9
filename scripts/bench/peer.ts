/** The audio of `@livekit/agents`, used as its own session uses it. From its own folder, so with its own rtc-node. */
import { AudioFrame, type Room, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'
import type { AudioFrame as Frame } from '../../src/audio/frame.ts'
import { now } from './recording.ts'
import type { Speaking, Voice } from './scenes.ts'
import { rate } from './signal.ts'

/** What of it is used; `_output.js` and `_input.js` are not among its exports. */
type Output = {
  start(signal: AbortSignal): Promise<void>
  captureFrame(frame: AudioFrame): Promise<void>
  flush(): void
  clearBuffer(): void
  pause(): void
  resume(): void
  waitForPlayout(): Promise<{ playbackPosition: number; interrupted: boolean }>
}
type Input = { stream: ReadableStream<AudioFrame>; setParticipant(identity: string): void }
type Parts = {
  ParticipantAudioOutput: new (room: Room, options: object) => Output
  ParticipantAudioInputStream: new (options: object) => Input
  initializeLogger: (options: { pretty: boolean; level: string }) => void
}

const partsOf = async (): Promise<Parts> => {
  const entry = import.meta.resolve('@livekit/agents')
  const files = [entry, ...['_output', '_input'].map(name => new URL(`voice/room_io/${name}.js`, entry).href)]
  const [agents, output, input] = await Promise.all(files.map(file => import(file)))
  agents.initializeLogger({ pretty: false, level: 'silent' })
  return { ...agents, ...output, ...input }
}
let loaded: Promise<Parts> | undefined
const load = () => {
  loaded ??= partsOf()
  return loaded
}

/** Published, and somebody hears it. */
export const outputIn = async (room: Room): Promise<Output> => {
  const { ParticipantAudioOutput } = await load()
  const trackPublishOptions = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE })
  const output = new ParticipantAudioOutput(room, { sampleRate: rate, numChannels: 1, queueSizeMs: 200, trackPublishOptions })
  await output.start(new AbortController().signal)
  return output
}
/** Its input stream on the voice of `identity`. */
export const inputIn = async (room: Room, identity: string): Promise<ReadableStream<AudioFrame>> => {
  const { ParticipantAudioInputStream } = await load()
  const input = new ParticipantAudioInputStream({ room, sampleRate: rate, numChannels: 1 })
  input.setParticipant(identity)
  return input.stream
}

export const frameIn = ({ data }: Frame) => new AudioFrame(data, rate, 1, data.length)

/** One segment after the other, as it wants them: every capture awaited, then a flush, then the end of the playout. */
export const voiceOf = (output: Output): Voice => ({
  say: (audio: AsyncIterable<Frame>): Speaking => {
    let over = false
    const feed = async () => {
      for await (const frame of audio) {
        if (over) return
        await output.captureFrame(frameIn(frame))
      }
      if (!over) output.flush()
    }
    const finish = async () => {
      await feed()
      const { interrupted } = await output.waitForPlayout()
      return interrupted ? new Promise<number>(() => {}) : now()
    }
    return {
      finished: finish(),
      interrupt: async () => {
        over = true
        output.clearBuffer()
        const { playbackPosition } = await output.waitForPlayout()
        return Math.round(playbackPosition * rate)
      },
    }
  },
  pause: () => output.pause(),
  resume: () => output.resume(),
})
