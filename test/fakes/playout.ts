/** A playout of the 0.x line on a device, with captions that are kept, and sources that say when they are let go. */
import { AgentPlayout, type AgentPlayoutOptions, type PlayOptions, type PlayoutHandle } from '../../src/agent-playout.ts'
import { seededIds } from '../../src/ids.ts'
import { Device } from '../../src/loopback/sink.ts'
import { type Forwarder, TtsForwarder, type TtsForwarderOptions } from '../../src/outbound/tts.ts'
import { virtualClock } from '../../src/virtual.ts'
import { format, sound, timed } from './call.ts'
import { fakeCaptions } from './captions.ts'

/** A playout on a loopback device at 24 kHz: 1 ms is 24 samples. */
export const scene = (options: Partial<AgentPlayoutOptions> = {}) => {
  const clock = virtualClock()
  const captions = fakeCaptions(clock)
  const refusals: Error[] = []
  const device = new Device({ ...format, queueMs: 200, name: 'voice' }, clock, { exact: true, refusal: () => refusals.shift() })
  const log = captions.room.log
  const playout = new AgentPlayout({ audioSource: device, clock, ids: seededIds(1), log, ...options })
  const told: string[] = []
  playout.on('playout_started', ({ handle }) => told.push(`${clock.now()} ${handle.itemId} started`))
  playout.on('playout_stopped', ({ handle, interrupted }) =>
    told.push(`${clock.now()} ${handle.itemId} stopped${interrupted ? ' interrupted' : ''}`),
  )
  const forwarder = (more: Partial<TtsForwarderOptions> = {}) =>
    new TtsForwarder({ room: captions.room, participant: 'agent', ...more })
  const play = (itemId: string, given: Partial<PlayOptions> = {}): PlayoutHandle =>
    playout.play({
      ...{ itemId, contentIndex: 0, transcriptionFwd: forwarder() },
      ...{ textStream: timed(5), audioStream: sound(1_000) },
      ...given,
    })
  return { ...captions, clock, device, refusals, playout, told, forwarder, play, pass: (ms: number) => clock.advance(ms) }
}
export const whole = 'word0 word1 word2 word3 word4'
/** A source that says what became of it. */
export const watched = <T>(source: AsyncIterable<T>) => {
  const seen = { asked: 0, returned: 0, ended: 0 }
  const iterable: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => {
      const iterator = source[Symbol.asyncIterator]()
      return {
        next: async () => {
          seen.asked++
          const step = await iterator.next()
          if (step.done) seen.ended++
          return step
        },
        return: async () => {
          seen.returned++
          return { done: true, value: undefined }
        },
      }
    },
  }
  return { seen, iterable }
}

/** A forwarder that keeps what it is told. */
export const noted = (throws = false) => {
  const calls: string[] = []
  const note = (call: string) => {
    calls.push(call)
    if (throws) throw new Error(`no ${call}`)
  }
  const forwarder: Forwarder = {
    playedText: 'played',
    closed: false,
    segmentPlayoutStarted: playhead => note(`started ${playhead?.heardMs() !== undefined}`),
    segmentPlayoutFinished: () => note('finished'),
    pushAudio: ({ samplesPerChannel }) => note(`audio ${samplesPerChannel}`),
    markAudioSegmentEnd: () => note('audio end'),
    pushText: piece => note(`text ${typeof piece === 'string' ? piece : piece.text}`),
    markTextSegmentEnd: () => note('text end'),
    close: () => note('close'),
  }
  return { calls, forwarder }
}
