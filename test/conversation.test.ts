// node: --expose-gc
/** Half an hour on the phone, in seconds: everything that may happen in a call happens again and again, and nothing of it stays. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '../src/clock.ts'
import type { Conversation } from '../src/mind.ts'
import type { Played } from '../src/ports.ts'
import { type Call, perMs, samples, sound, startCall, timed } from './fakes/call.ts'

const it = suite('conversation')

const MB = 1024 * 1024
/** What is used, in MB, when all that can go has gone: buffers outside of the heap take a turn or two. */
const used = async () => {
  for (let n = 0; n < 4; n++) {
    globalThis.gc?.()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / MB
}

type Books = { turns: number; heardMs: number; saidMs: number; words: number; outcomes: Record<Played['outcome'], number> }
type Scene = Call & { books: Books; conversation: () => Conversation | undefined }

/** Ten seconds: the caller asks, the agent answers, is held for a moment, and every third time interrupted. */
const turn = async (
  { clock, room, hub, facts, logged, caller, books, conversation }: Scene,
  mic: ReturnType<Call['caller']['publish']>,
) => {
  const n = books.turns++
  void mic.speak(samples(3_000))
  for (const text of ['What', 'What time', 'What time is it?']) {
    conversation()?.heard(text, text.endsWith('?'))
    await sleep(clock, 1_000)
  }
  const reply = room.say({ audio: sound(6_000), text: timed(30) })
  const next = room.say({ audio: sound(500), text: timed(2) })
  await sleep(clock, 1_000)
  room.pause()
  await sleep(clock, 300)
  room.resume()
  await sleep(clock, 700)
  if (n % 3 === 2) room.interrupt()
  if (n % 4 === 3) room.setAttached(false)
  if (n % 7 === 6) mic.replace()
  if (n % 11 === 10) hub.reconnect(n % 2 ? 'full' : 'signal', 400, { identity: 'agent' })
  if (n % 13 === 12) hub.failNext('write', new Error('refused'), 'agent')
  if (n % 17 === 16) hub.failNext('writeSound', new Error('refused'), 'agent')
  if (n % 19 === 18) caller.sendText('somewhere', ['for nobody'])
  await sleep(clock, 5_000)
  room.setAttached(true)
  for (const { outcome, heard } of await Promise.all([reply.played, next.played])) {
    books.outcomes[outcome]++
    books.saidMs += heard / perMs
  }
  for (const fact of facts) if (fact.type === 'words.shown') books.words++
  facts.length = 0
  logged.length = 0
}

it('talks for 30 minutes, and needs no more memory at the end than after the first five (law 17)', async () => {
  let conversation: Conversation | undefined
  const mind = {
    start: (given: Conversation) => {
      conversation = given
      return new Promise<void>(() => {})
    },
  }
  const call = await startCall({ options: { mind } })
  const { clock, room, caller, hub } = call
  const books: Books = { turns: 0, heardMs: 0, saidMs: 0, words: 0, outcomes: { finished: 0, interrupted: 0, abandoned: 0 } }
  const scene: Scene = { ...call, books, conversation: () => conversation }
  const mic = caller.publish()
  const ear = caller.hears('agent')
  const read = async () => {
    for await (const { data } of room.audio) if (data.some(sample => sample !== 0)) books.heardMs += 50
  }
  const reading = read()
  const talk = async (minutes: number) => {
    const until = clock.now() + minutes * 60_000
    while (clock.now() < until) {
      await turn(scene, mic)
      ear.take()
    }
  }
  await clock.runUntil(talk(5))
  const [before, began] = [await used(), performance.now()]
  await clock.runUntil(talk(25))
  const seconds = (performance.now() - began) / 1_000
  const after = await used()
  assert.ok(clock.now() >= 30 * 60_000)
  console.log(`25 min in ${seconds.toFixed(1)} s, ${books.turns} turns, the heap has grown by ${(after - before).toFixed(2)} MB`)
  // An utterance of 6 s that is held keeps 288 kB: eight of 300 would be found. XState keeps about 1 kB of each (docs/why.md).
  assert.ok(after - before < 2.5, `the heap has grown by ${(after - before).toFixed(2)} MB`)
  const { finished, interrupted, abandoned } = books.outcomes
  assert.is(finished + interrupted + abandoned, 2 * books.turns, 'an utterance has no end, or several')
  assert.is(abandoned, 0)
  assert.ok(finished >= books.turns && interrupted > 0)
  assert.ok(books.saidMs > books.turns * 3_000, `${books.saidMs} ms were heard of the agent`)
  assert.ok(books.heardMs > books.turns * 2_000, `${books.heardMs} ms were heard of the caller`)
  assert.ok(books.words > books.turns * 15, `${books.words} words were shown`)
  assert.ok(seconds < 60, `25 minutes took ${seconds} s`)
  await clock.runUntil(room.close())
  await reading
  await clock.advance(1)
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0)
})

it.run()
