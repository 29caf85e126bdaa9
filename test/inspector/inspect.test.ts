import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, createMachine } from 'xstate'
import { realClock } from '../../src/clock.ts'
import { codeOf } from '../../src/errors.ts'
import { seededIds } from '../../src/ids.ts'
import { type InspectOptions, inspect } from '../../src/inspector/inspect.ts'
import { apply, type FromServer, type Scene, type Snapshot } from '../../src/inspector/scene.ts'
import type { Served } from '../../src/inspector/server.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import { openRoom } from '../../src/room.ts'
import { ask, Looker, type Place } from './place.ts'

const it = suite('inspect')
const ends: (() => Promise<unknown>)[] = []
it.after.each(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const roomIn = async () => {
  const hub = createLoopback({ clock: realClock(), ids: seededIds(1) })
  const room = await openRoom(hub.world({ identity: 'agent' }))
  ends.push(() => room.close())
  return { hub, room }
}
const placeOf = async (seen: Parameters<typeof inspect>[0], options?: InspectOptions): Promise<Place & { served: Served }> => {
  const served = await inspect(seen, options)
  ends.push(() => served.close())
  return { served, url: new URL(served.url), end: () => served.close() }
}
const isSnapshot = (message: FromServer): message is Snapshot => message.type === 'snapshot'
const sceneOf = (told: FromServer[]): Scene => {
  const scene = structuredClone(told.find(isSnapshot)?.scene ?? { seq: 0, at: 0, actors: {} })
  const types = new Map<number, string>()
  for (const message of told) {
    if (message.type === 'event') types.set(message.seq, message.event.type)
    if ('seq' in message) apply(scene, message, seq => types.get(seq))
  }
  return scene
}

it('shows a room of ours in one line: its actors, its charts, and whoever comes', async () => {
  const { hub, room } = await roomIn()
  const place = await placeOf(room)
  const looker = new Looker(place)
  const { scene } = await looker.until(isSnapshot)
  assert.equal(scene.actors.room?.value, 'running')
  assert.ok(scene.actors['room/link'])
  const caller = hub.participant({ identity: 'caller' })
  caller.join()
  await looker.until(message => message.type === 'fact' && message.fact.type === 'linked')
  const late = new Looker(place)
  const { scene: sceneOfLate } = await late.until(isSnapshot)
  assert.equal(sceneOf(looker.told.filter(message => !('seq' in message) || message.seq <= sceneOfLate.seq)), sceneOfLate)
  const chart = JSON.parse(String((await ask(place, `${place.url.pathname}charts/room.json`)).body))
  assert.is(chart.key, 'room')
  assert.ok(chart.nodes.length > 3)
})

it('sends an event to an actor, where that was allowed', async () => {
  const { room } = await roomIn()
  const looker = new Looker(await placeOf(room, { sends: true }))
  await looker.until(isSnapshot)
  looker.ask({ type: 'send', to: 'room', event: { type: 'pause' } })
  await looker.until(message => message.type === 'fact' && message.fact.type === 'paused')
})

it('shows a room that has closed, until it is closed itself', async () => {
  const { room } = await roomIn()
  const place = await placeOf(room)
  await room.close()
  const looker = new Looker(place)
  const { scene } = await looker.until(isSnapshot)
  assert.equal(scene.actors.room?.status, 'done')
  await place.end()
  assert.is((await looker.closed).code, 1001)
})

it('shows any actor of XState', async () => {
  const machine = createMachine({
    id: 'light',
    initial: 'red',
    states: { red: { on: { go: 'green' } }, green: { on: { stop: 'red' } } },
  })
  const actor = createActor(machine, { id: 'light' }).start()
  const place = await placeOf(actor, { sends: true })
  const looker = new Looker(place)
  const { scene } = await looker.until(isSnapshot)
  assert.equal(scene.actors.light?.next, ['go'])
  looker.ask({ type: 'send', to: 'light', event: { type: 'go' } })
  await looker.until(message => message.type === 'step' && message.value === 'green')
  assert.is(actor.getSnapshot().value, 'green')
  assert.is((await ask(place, `${place.url.pathname}charts/light.json`)).status, 200)
  actor.stop()
})

it('refuses what is over, what is no room, and an address that others reach', async () => {
  const { room } = await roomIn()
  const failure = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => assert.unreachable(),
      error => error,
    )
  assert.is(codeOf(await failure(inspect(room, { host: '0.0.0.0' }))), 'ERR_REMOTE')
  await room.close()
  assert.is(codeOf(await failure(inspect(room))), 'ERR_CLOSED')
  // @ts-expect-error neither is a room
  for (const nothing of [{}, undefined]) assert.instance(await failure(inspect(nothing)), TypeError)
})

it('tells when the first page looks, and leaves nothing behind when it closes', async () => {
  const { room } = await roomIn()
  const before = process.getActiveResourcesInfo().filter(kind => /TCP|Pipe/.test(kind)).length
  const place = await placeOf(room)
  let seen = false
  void place.served.seen.then(() => {
    seen = true
  })
  const looker = new Looker(place)
  await looker.until(isSnapshot)
  await place.served.seen
  assert.ok(seen)
  await place.end()
  await looker.closed
  await new Promise(setImmediate)
  assert.is(process.getActiveResourcesInfo().filter(kind => /TCP|Pipe/.test(kind)).length, before)
})

it.run()
