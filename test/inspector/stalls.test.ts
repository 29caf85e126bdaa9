/** When the event loop stood still. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, createMachine } from 'xstate'
import { realClock } from '../../src/clock.ts'
import type { Message } from '../../src/inspector/messages.ts'
import { probe } from '../../src/inspector/probe.ts'
import { watchStalls } from '../../src/inspector/stalls.ts'

const it = suite('stalls')

const block = (ms: number) => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

it('tells all who watch of a loop that stood still, as long as they do', async () => {
  const told: number[] = []
  let stop = () => {}
  const first = new Promise<number>(resolve => {
    stop = watchStalls(resolve)
  })
  watchStalls(ms => told.push(ms))()
  setImmediate(() => block(200))
  const alive = setTimeout(() => {}, 60_000) // the watch keeps no process alive
  const ms = await first
  assert.ok(ms >= 100, `${ms}`)
  stop()
  clearTimeout(alive)
  assert.equal(told, [])
})

it('are not told of rooms that are over, and nothing is kept of these', async () => {
  const none = () => () => {}
  const watched = (end: (room: { stop(): void; send(event: { type: 'fail' | 'end' }): void }) => void) => {
    const on = {
      end: '.over',
      fail: {
        actions: () => {
          throw new Error('refused')
        },
      },
    }
    const actor = createActor(createMachine({ initial: 'open', states: { open: {}, over: { type: 'final' } }, on }))
    actor.subscribe({ error: () => {} })
    actor.start()
    const told: Message[] = []
    probe(
      { actor, on: none, taps: { clock: realClock(), log: () => {}, sampleRate: 24_000, add: none } },
      { sink: m => told.push(m) },
    )
    end(actor)
    assert.is(told.at(-1)?.type, 'ended')
    return told
  }
  const rooms = [
    watched(one => one.stop()),
    watched(one => one.send({ type: 'end' })),
    watched(one => one.send({ type: 'fail' })),
  ]
  const alive = setTimeout(() => {}, 60_000)
  const stop = await new Promise<() => void>(resolve => {
    const unwatch = watchStalls(() => resolve(unwatch))
    setImmediate(() => block(200))
  })
  stop()
  clearTimeout(alive)
  for (const told of rooms) assert.not.ok(told.some(({ type }) => type === 'stall'))
})

it.run()
