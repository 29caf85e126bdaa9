/** The ends of a call's sound in the browser's audio thread: `capture` tells pieces of the microphone, `playback` plays what it is told. */
import { Capture, Playback } from './call/voices.ts'

declare const sampleRate: number
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
declare const registerProcessor: (name: string, processor: new () => AudioWorkletProcessor) => void

class CaptureProcessor extends AudioWorkletProcessor {
  readonly #capture = new Capture(sampleRate)

  process([input = []]: Float32Array[][]): boolean {
    const [samples = new Float32Array(128)] = input // a microphone that is gone is silent
    const piece = this.#capture.push(samples)
    if (piece) this.port.postMessage(piece.buffer, [piece.buffer])
    return true
  }
}

class PlaybackProcessor extends AudioWorkletProcessor {
  readonly #playback = new Playback(sampleRate)

  constructor() {
    super()
    this.port.onmessage = ({ data }: MessageEvent<{ samples: ArrayBuffer; channels: 1 | 2 }>) => {
      this.#playback.push(new Int16Array(data.samples), data.channels)
    }
  }

  process(_: Float32Array[][], [output = []]: Float32Array[][]): boolean {
    const [left] = output
    if (left) this.#playback.pull(left)
    for (const other of output.slice(1)) if (left) other.set(left)
    return true
  }
}

registerProcessor('capture', CaptureProcessor)
registerProcessor('playback', PlaybackProcessor)
