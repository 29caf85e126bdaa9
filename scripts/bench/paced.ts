/** Speech as a synthesizer gives it: chunks of 100 ms at 8 times real time. */
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { rate } from './signal.ts'

const format = { sampleRate: rate, channels: 1 }
const chunkMs = 100
const times = 8

/** `everyMs` from chunk to chunk; 0: all of them at once. */
export async function* paced(speech: Int16Array, everyMs = chunkMs / times): AsyncGenerator<AudioFrame> {
  const size = (chunkMs * rate) / 1000
  const start = performance.now()
  for (let at = 0; at < speech.length; at += size) {
    const wait = start + (at / size) * everyMs - performance.now()
    if (wait > 0) await new Promise(done => setTimeout(done, wait))
    yield frameOf(speech.slice(at, at + size), format)
  }
}

/** The whole of it in one frame. */
export async function* lumped(speech: Int16Array): AsyncGenerator<AudioFrame> {
  yield frameOf(speech.slice(), format)
}
