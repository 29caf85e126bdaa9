/** A long conversation in virtual time, recorded: for whoever opens, seeks and replays recordings. */
import { setup } from 'xstate'
import { sleep } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import type { Word } from '../../src/ports.ts'
import { recorderIn } from '../../src/recording/write.ts'
import type { ChartRoom } from '../../src/room.ts'
import { openRoom } from '../../src/room.ts'
import { virtualClock } from '../../src/virtual.ts'
import { paced, samples, sound } from './call.ts'

/** How long caller and agent take by turns, in ms. */
const TURN = 6_000

async function* words(ms: number): AsyncGenerator<Word> {
  for (let at = 0; at < ms; at += 400) yield { text: ' word', startMs: at, endMs: at + 350 }
}
/** 0 to 1, the same for the same seed. */
const dice = (seed: number) => {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const tumbler = setup({
  types: { events: {} as { type: 'fall' } },
  actions: {
    fall: () => {
      throw new Error('it fell')
    },
  },
}).createMachine({ id: 'tumbler', initial: 'up', states: { up: { on: { fall: { actions: 'fall' } } } } })

export type LongCall = { minutes?: number; seed?: number; opened?: (room: ChartRoom) => void }
/**
 * Records `minutes` (60) of it into the folder, about 5 MB of sound each: a caller who speaks a quarter of the time, an agent who answers,
 * is paused and interrupted, and an actor of its owner's that fails every ten minutes. The same bytes for the same seed.
 */
export const longCall = async (folder: string, { minutes = 60, seed = 1, opened }: LongCall = {}): Promise<void> => {
  const clock = virtualClock()
  const hub = createLoopback({ clock, ids: seededIds(seed) })
  const random = dice(seed)
  const talk = async () => {
    const room = await openRoom(hub.world({ identity: 'agent' }), { recorder: recorderIn(folder) })
    opened?.(room)
    const caller = hub.participant({ identity: 'caller' })
    caller.join()
    const mic = caller.publish()
    void read(room)
    const guest = room.spawn(tumbler, { id: 'tumbler', restarts: 3 })
    for (let turn = 0; turn < (minutes * 60_000) / TURN; turn++) {
      if (turn % 100 === 99) guest.send({ type: 'fall' })
      await mic.speak(samples(1_500))
      const length = 1_000 + Math.floor(random() * 30) * 100
      const utterance = room.say({ audio: random() < 0.5 ? sound(length) : paced(clock, length), text: words(length) })
      await sleep(clock, 500 + random() * 500)
      if (random() < 0.3) room.pause()
      await sleep(clock, 300)
      room.resume()
      if (random() < 0.3) utterance.interrupt()
      await sleep(clock, TURN - 2_800)
    }
    await room.close()
  }
  await clock.runUntil(talk(), (minutes + 30) * 60_000)
}
const read = async (room: ChartRoom) => {
  for await (const _ of room.audio);
}
