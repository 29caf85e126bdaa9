/** Plain rtc-node, as well as it can be done with what it says of itself: a bare source, frames as they come. */
import { AudioFrame, AudioSource, LocalAudioTrack, type Room, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'
import type { AudioFrame as Frame } from '../../src/audio/frame.ts'
import { now } from './recording.ts'
import type { Speaking, Voice } from './scenes.ts'
import { rate } from './signal.ts'

const queueMs = 200
/** A frame as it came, or what is left of one after a pause, and at most this. */
const most = rate / 10

export const floorIn = async (room: Room): Promise<Voice> => {
  const source = new AudioSource(rate, 1, queueMs)
  const track = LocalAudioTrack.createAudioTrack('floor', source)
  await room.localParticipant?.publishTrack(track, new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }))
  return new Floor(source)
}

class Floor implements Voice {
  readonly #source: AudioSource
  #utterance: Utterance | undefined

  constructor(source: AudioSource) {
    this.#source = source
  }
  say(audio: AsyncIterable<Frame>): Speaking {
    this.#source.clearQueue() // a rest of less than 10 ms stays in the queue and would open this one
    this.#utterance = new Utterance(this.#source, audio)
    return this.#utterance
  }
  pause(): void {
    this.#utterance?.pause()
  }
  resume(): void {
    this.#utterance?.resume()
  }
}

class Utterance implements Speaking {
  readonly #source: AudioSource
  #speech = new Int16Array(0)
  #sent = 0
  #ended = false
  #over = false
  #paused = false
  #wake: () => void = () => {}
  readonly finished: Promise<number>

  constructor(source: AudioSource, audio: AsyncIterable<Frame>) {
    this.#source = source
    this.finished = this.#play()
    void this.#read(audio)
  }
  pause(): void {
    this.#takeBack()
    this.#paused = true
  }
  resume(): void {
    this.#paused = false
    this.#wake()
  }
  interrupt(): number {
    if (!this.#paused) this.#takeBack()
    this.#over = true
    this.#wake()
    return this.#sent
  }

  #takeBack(): void {
    const left = Math.round((this.#source.queuedDuration * rate) / 1000)
    this.#source.clearQueue()
    this.#sent = Math.max(0, this.#sent - left)
  }
  async #read(audio: AsyncIterable<Frame>): Promise<void> {
    for await (const { data } of audio) {
      const longer = new Int16Array(this.#speech.length + data.length)
      longer.set(this.#speech)
      longer.set(data, this.#speech.length)
      this.#speech = longer
      this.#wake()
    }
    this.#ended = true
    this.#wake()
  }
  /** Resolves when all was heard; never, if it was interrupted. */
  async #play(): Promise<number> {
    while (!this.#over) {
      const left = this.#speech.length - this.#sent
      if (this.#paused || (left === 0 && !this.#ended)) {
        await new Promise<void>(wake => {
          this.#wake = wake
        })
      } else if (left > 0) {
        const data = this.#speech.slice(this.#sent, this.#sent + most)
        this.#sent += data.length
        await this.#source.captureFrame(new AudioFrame(data, rate, 1, data.length))
      } else {
        await this.#source.waitForPlayout()
        if (this.#sent === this.#speech.length && !this.#paused && !this.#over) return now()
      }
    }
    return new Promise(() => {})
  }
}
