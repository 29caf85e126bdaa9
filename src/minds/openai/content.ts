/** One part of a response, as it comes (MM-7). */
import type { AudioFrame } from '../../audio/frame.ts'
import type { FunctionCall, ResponseContent } from '../../realtime/port.ts'
import { Flow } from './flow.ts'
import { format } from './pcm.ts'

/** What a reader may be behind: ten minutes of sound, longer than any response; and as much text as nobody says in that time. */
const longest = { samples: 600 * format.sampleRate, characters: 200_000 }

type Place = { responseId: string; itemId: string; outputIndex: number; contentIndex: number }

export class Content implements ResponseContent {
  readonly responseId: string
  readonly itemId: string
  readonly outputIndex: number
  readonly contentIndex: number
  readonly contentType: 'text' | 'audio'
  readonly textStream: Flow<string>
  readonly audioStream: Flow<AudioFrame>
  readonly toolCalls: readonly FunctionCall[]
  /** That it is done was told. */
  done = false
  /** A field, not a getter: a journal sees what an object owns. */
  text = ''
  samples = 0

  constructor(place: Place, contentType: 'text' | 'audio', toolCalls: readonly FunctionCall[], full: (error: Error) => void) {
    this.responseId = place.responseId
    this.itemId = place.itemId
    this.outputIndex = place.outputIndex
    this.contentIndex = place.contentIndex
    this.contentType = contentType
    this.toolCalls = toolCalls
    this.textStream = new Flow(longest.characters, piece => piece.length, full)
    this.audioStream = new Flow(longest.samples, frame => frame.samplesPerChannel, full)
    if (contentType === 'text') this.audioStream.end()
  }

  say(piece: string): void {
    if (piece === '' || this.textStream.ended) return
    this.text += piece
    this.textStream.push(piece)
  }
  /** All of its text is known: what has not come piece by piece comes now. */
  sayAll(whole: string | undefined): void {
    if (whole?.startsWith(this.text)) this.say(whole.slice(this.text.length))
    this.textStream.end()
  }
  sound(frame: AudioFrame): void {
    if (!this.audioStream.ended) this.samples += frame.samplesPerChannel
    this.audioStream.push(frame)
  }
  end(error?: Error): void {
    this.textStream.end(error)
    this.audioStream.end(error)
  }
  drop(): void {
    this.textStream.drop()
    this.audioStream.drop()
  }
}
