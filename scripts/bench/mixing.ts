/** A process for what it costs to mix: 32 streams in real time, by ours and by rtc-node's mixer. */
import { AudioMixer as PlainMixer } from '@livekit/rtc-node'
import { hold } from '../../src/audio/buffer.ts'
import { AudioFrame } from '../../src/livekit/rtc/media/audio-frame.ts'
import { AudioMixer } from '../../src/livekit/rtc/media/mixer.ts'
import { serve } from './child.ts'

const streams = 32
const format = { sampleRate: 48_000, channels: 1 }
/** As an audio stream gives them. */
const frameMs = 10
/** Until the code is warm, in ms. */
const warmMs = 2_000

type Mixer = Pick<AudioMixer, 'addStream' | 'endInput'> & AsyncIterable<unknown>
export type MixingAsked = { ms: number; plain: boolean; blockMs: number }

/**
 * CPU time of this process ÷ time that passes. Each stream is a queue that is given a frame every 10 ms; all of it counts, what feeds
 * the queues too. Throws if not all was mixed.
 */
const mixing = async ({ ms, plain, blockMs }: MixingAsked): Promise<number> => {
  const options = { blocksize: (format.sampleRate * blockMs) / 1_000 }
  const { sampleRate, channels } = format
  const mixer: Mixer = plain ? new PlainMixer(sampleRate, channels, options) : new AudioMixer(sampleRate, channels, options)
  const frame = AudioFrame.create(sampleRate, channels, (sampleRate * frameMs) / 1_000) // the same for all: mixing copies it
  const sources = Array.from({ length: streams }, () => hold<AudioFrame>(100))
  for (const source of sources) mixer.addStream(source)
  let blocks = 0
  const read = async () => {
    for await (const _ of mixer) blocks++
  }
  const reading = read()
  const start = performance.now()
  let given = 0
  const feed = setInterval(() => {
    for (const due = (performance.now() - start) / frameMs; given < due; given++)
      for (const source of sources) void source.push(frame)
  }, frameMs)
  await new Promise(done => setTimeout(done, warmMs))
  const [used, from] = [process.cpuUsage(), performance.now()]
  await new Promise(done => setTimeout(done, ms))
  const { user, system } = process.cpuUsage(used)
  const share = (user + system) / 1_000 / (performance.now() - from)
  clearInterval(feed)
  const expected = (given * frameMs) / blockMs
  for (const source of sources) source.end()
  mixer.endInput() // not `aclose`: rtc-node's does not settle while a stream is silent
  await reading
  if (blocks < expected - 10) throw new Error(`${blocks} of ${expected} blocks were mixed`)
  return share
}

serve({ mixing: (asked: MixingAsked) => mixing(asked) })
