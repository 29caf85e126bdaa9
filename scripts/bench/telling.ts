/** A reply with its words, said by ours, to its end or up to an interruption. All moments are `now()`. */
import type { ChartRoom } from '../../src/room.ts'
import { paced } from './paced.ts'
import { now } from './recording.ts'
import type { Reply } from './replies.ts'

/** `timed`: the words come with their times. `cutMs`: it is interrupted so long after it was said. */
export type Telling = Reply & { timed: boolean; cutMs?: number }
export type Told = { playedAt: number; cutAt?: number; spoken: string; endedAt: number }

/** From word to word, in ms. */
const everyMs = 20
/** The path takes 60 ms, and what is late is to be seen. */
const restMs = 350

const sleep = (ms: number) => new Promise<void>(done => setTimeout(done, ms))
async function* worded({ words, timed }: Telling) {
  const start = performance.now()
  for (const [n, word] of words.entries()) {
    await sleep(start + n * everyMs - performance.now())
    yield timed ? word : word.text
  }
}

export const tell = async (room: ChartRoom, telling: Telling): Promise<Told> => {
  const playedAt = now()
  const utterance = room.say({ audio: paced(telling.speech), text: worded(telling) })
  const { cutMs } = telling
  if (cutMs !== undefined) await sleep(cutMs)
  const cut = cutMs === undefined ? {} : { cutAt: now() }
  const { spoken = '' } = cutMs === undefined ? await utterance.played : utterance.interrupt()
  await sleep(restMs)
  return { playedAt, ...cut, spoken, endedAt: now() }
}
