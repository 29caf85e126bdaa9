/** Our own voice: a native queue, the track that it feeds, and its publication. */
import {
  AudioFrame,
  LocalAudioTrack,
  type LocalParticipant,
  type LocalTrackPublication,
  type AudioSource as SdkAudioSource,
  TrackSource,
} from '@livekit/rtc-node'
import { lineOf } from '../errors.ts'
import type { Log, Publication, Sink, Speakers, SpeakerTrack } from '../ports.ts'
import type { Line } from './line.ts'
import { AudioSource } from './rtc/media/audio-source.ts'
import { sdkPublishOptions } from './rtc/room/options.ts'
import { type NativeQueue, NativeSink } from './sink.ts'
import { TICK } from './tick.ts'
import { reasonOf, within } from './wait.ts'

/** A server that does not answer a publication in this time, in ms, will not (usually 0.03 to 0.3 s). */
const PUBLISH_TIMEOUT = 10_000
/** How long closing waits for the server, in ms: the queue is freed all the same. */
const UNPUBLISH_TIMEOUT = 3_000

export const speakersOf = (line: Line): Speakers => ({
  publish: async (about, signal) => {
    checkTrack(about)
    if (signal.aborted) throw reasonOf(signal)
    const { participant } = line
    const voice = new Voice(line, about)
    try {
      const [publication] = await Promise.all([voice.publish(participant, signal), voice.sink.tune(signal)])
      if (!signal.aborted) return voice.given(participant, publication)
      void voice.close(participant, publication) // nobody waits for it any more
      throw reasonOf(signal)
    } catch (error) {
      voice.free()
      throw error
    }
  },
})

/** What the sink can count in; of the queue as such AudioSource asks less. */
export const checkTrack = ({ sampleRate, channels, queueMs }: SpeakerTrack): void => {
  if (!Number.isInteger(sampleRate / 100) || sampleRate <= 0)
    throw new RangeError(`sampleRate is ${sampleRate}: 10 ms must be a whole number of samples, use a multiple of 100`)
  if (!Number.isInteger(channels) || channels < 1) throw new RangeError(`channels is ${channels}: use 1 or more`)
  if (!Number.isInteger(queueMs / TICK) || queueMs <= 0)
    throw new RangeError(`queueMs is ${queueMs}: use a positive multiple of ${TICK}`)
}

/** A source as the sink wants it: the sink captures whole blocks, one after the other, and knows better when the next one may go. */
const queueOf = (source: SdkAudioSource): NativeQueue => ({
  capture: data => {
    const frame = new AudioFrame(data, source.sampleRate, source.numChannels, data.length / source.numChannels)
    return source instanceof AudioSource ? source.captureAtOnce(frame) : source.captureFrame(frame)
  },
  clear: () => source.clearQueue(),
})

/**
 * An audio source that its owner publishes, as what a playout plays into; from then on nobody else may capture into it. Resolves once it
 * is known when the source plays, mostly after 0.12 s. Rejects with a TypeError or RangeError for what cannot be played into.
 */
export const sinkOn = async (source: SdkAudioSource, { log = () => {}, signal }: Playing = {}): Promise<Sink> => {
  if (typeof source?.captureFrame !== 'function' || typeof source.clearQueue !== 'function')
    throw new TypeError('the source must be an AudioSource of @livekit/rtc-node')
  const { sampleRate, numChannels: channels, queueSize: queueMs } = source
  checkTrack({ sampleRate, channels, queueMs, name: '' })
  const sink = new NativeSink(queueOf(source), { sampleRate, channels, queueMs, log })
  await sink.tune(signal ?? new AbortController().signal)
  return sink
}
type Playing = { log?: Log; signal?: AbortSignal }

class Voice {
  readonly sink: NativeSink
  readonly #line: Line
  readonly #track: LocalAudioTrack
  readonly #options: object
  readonly #release: () => void
  #freed = false

  constructor(line: Line, about: SpeakerTrack) {
    const source = new AudioSource(about.sampleRate, about.channels, about.queueMs)
    this.#line = line
    this.#track = LocalAudioTrack.createAudioTrack(about.name, source)
    this.#options = about.options ?? {}
    this.sink = new NativeSink(queueOf(source), { ...about, log: line.log })
    this.#release = line.hold('speaker', () => this.free())
  }

  /** If the server answers after the wait was given up, the track is taken back. */
  async publish(participant: LocalParticipant, signal: AbortSignal): Promise<LocalTrackPublication> {
    const { clock } = this.#line
    const options = sdkPublishOptions({ source: TrackSource.SOURCE_MICROPHONE, ...this.#options })
    const publishing = participant.publishTrack(this.#track, options)
    publishing.then(
      publication => (this.#freed ? this.#unpublish(participant, publication) : undefined),
      () => {}, // told to whoever waits for it, below
    )
    return within(publishing, { clock, ms: PUBLISH_TIMEOUT, what: 'publishing the voice', signal })
  }

  given(participant: LocalParticipant, publication: LocalTrackPublication): Publication {
    let closed: Promise<void> | undefined
    this.#line.audience.published(publication.sid ?? '')
    return {
      get sid() {
        return publication.sid ?? '' // another one after a full reconnect
      },
      sink: this.sink,
      close: () => {
        closed ??= this.close(participant, publication)
        return closed
      },
    }
  }

  /** Ends it and its publication. Never rejects. */
  async close(participant: LocalParticipant, publication: LocalTrackPublication): Promise<void> {
    this.free()
    await this.#unpublish(participant, publication)
  }

  /** Gives the native queue and the track back. */
  free(): void {
    if (this.#freed) return
    this.#freed = true
    this.#release()
    this.sink.close()
    this.#track.close().catch(error => this.#line.log('warn', 'livekit.speaker.failed', { error: lineOf(error) }))
  }

  async #unpublish(participant: LocalParticipant, { sid }: LocalTrackPublication): Promise<void> {
    const { clock, log, gone } = this.#line
    if (gone.signal.aborted || sid === undefined) return // the server forgets the tracks of those who leave
    try {
      await within(participant.unpublishTrack(sid), {
        clock,
        ms: UNPUBLISH_TIMEOUT,
        what: 'unpublishing the voice',
        signal: gone.signal,
      })
    } catch (error) {
      if (!gone.signal.aborted) log('warn', 'livekit.unpublish.failed', { sid, error: lineOf(error) })
    }
  }
}
