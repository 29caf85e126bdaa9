/** Parrot: says back what it heard, as soon as the caller is quiet for half a second. */
import type { AudioFrame, Mind } from 'chartroom'

const isLoud = ({ data }: AudioFrame) => data.some(sample => Math.abs(sample) > 1_000)
async function* each<T>(items: T[]) {
  yield* items
}

const parrot: Mind = {
  start: async ({ hear, say, interrupt }) => {
    const heard: AudioFrame[] = []
    let quietMs = 0
    for await (const frame of hear()) {
      quietMs = isLoud(frame) ? 0 : quietMs + 50 // what a frame lasts unless you say otherwise
      if (quietMs === 0 && heard.length === 0) interrupt()
      if (quietMs === 0 || heard.length > 0) heard.push(frame)
      if (quietMs >= 500 && heard.length > 0) say({ audio: each(heard.splice(0)) })
    }
  },
}
export default parrot
