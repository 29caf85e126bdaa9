/** The ports of a mind's ears: what tells speech from noise, and what makes words of it. */
import type { AudioFrame } from '../audio/frame.ts'
import type { Word } from '../ports.ts'

/** One speech detector at work: `isSpeech` takes frames of exactly `frameMs` mono audio at `sampleRate`. */
export interface Detector {
  readonly sampleRate: number
  readonly frameMs: number
  isSpeech(data: Int16Array): boolean
  close(): void
}
/** Voice activity detection. */
export interface VoiceActivity {
  open(signal: AbortSignal): Promise<Detector>
}
/** Something that transcribes the caller: `heardMs` positions of the frames given are the time base of the words that come back. */
export interface Hearing {
  words(frames: AsyncIterable<AudioFrame>, signal: AbortSignal): AsyncIterable<Word & { final: boolean }>
}
