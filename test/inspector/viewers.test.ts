// node: --expose-gc
import FakeTimers from '@sinonjs/fake-timers'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CallAsked, CallHost, CallPage } from '../../src/inspector/host.ts'
import { apply, type FromServer, type Scene, type Snapshot } from '../../src/inspector/scene.ts'
import { limiter } from '../../src/inspector/viewer.ts'
import type { Watched } from '../../src/inspector/watched.ts'
import { feedOf, Looker, liveOf, type Place } from './place.ts'

const it = suite('viewers')
const places: Place[] = []
const live = async (...args: Parameters<typeof liveOf>): Promise<Place> => {
  const place = await liveOf(...args)
  places.push(place)
  return place
}
it.after.each(async () => {
  for (const place of places.splice(0)) await place.end()
})

const isSnapshot = (message: FromServer): message is Snapshot => message.type === 'snapshot'
const isUpTo =
  (seq: number) =>
  (message: FromServer): boolean =>
    ('seq' in message && message.seq === seq) || (isSnapshot(message) && message.scene.seq >= seq)
/** What a page makes of all that it was told. */
const sceneOf = (told: FromServer[]): Scene | undefined => {
  const last = told.findLastIndex(isSnapshot)
  const snapshot = told[last]
  if (!snapshot || !isSnapshot(snapshot)) return undefined
  const scene = structuredClone(snapshot.scene)
  for (const message of told.slice(last + 1)) if ('seq' in message) apply(scene, message)
  return scene
}

it('greets each page, and tells it how things stand before what happens', async () => {
  const { feed, tell } = feedOf()
  const place = await live({ feed, sends: true })
  const looker = new Looker(place)
  await looker.until(isSnapshot)
  tell()
  await looker.until(isUpTo(2))
  assert.equal(
    looker.told.map(({ type }) => type),
    ['hello', 'snapshot', 'step'],
  )
  assert.equal(looker.told[0], { type: 'hello', mode: 'live', header: feed.header, sends: true, minds: [] })
})

it('shows the same to who came early and to who came late', async () => {
  const { feed, tell, scene } = feedOf()
  const place = await live({ feed })
  const early = new Looker(place)
  await early.until(isSnapshot)
  for (let i = 0; i < 300; i++) tell()
  const late = new Looker(place)
  await late.until(isSnapshot)
  for (let i = 0; i < 50; i++) tell()
  await Promise.all([early, late].map(looker => looker.until(isUpTo(351))))
  assert.equal(sceneOf(early.told), scene)
  assert.equal(sceneOf(late.told), scene)
})

it('lets many look, tells the next one why not, and lets it in when there is room', async () => {
  const { feed, tell, listeners } = feedOf()
  const place = await live({ feed })
  const lookers = Array.from({ length: 32 }, () => new Looker(place))
  await Promise.all(lookers.map(looker => looker.until(isSnapshot)))
  const other = new Looker(place)
  assert.equal(await other.until(({ type }) => type === 'refused'), {
    type: 'refused',
    text: '32 pages look already: close one of them',
  })
  assert.is((await other.closed).code, 1013)
  tell()
  await Promise.all(lookers.map(looker => looker.until(isUpTo(2))))
  await lookers[0]?.leave()
  const next = new Looker(place)
  await next.until(isSnapshot)
  await Promise.all([...lookers.slice(1), next].map(looker => looker.leave()))
  while (place.served.viewers > 0) await new Promise(setImmediate)
  assert.is(listeners.size, 1, 'the lanes alone listen on')
})

const memory = (): number => {
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}
it('tells a page that was too slow of the gap, and keeps nothing for it', async () => {
  const { feed, tell, scene } = feedOf(50)
  const place = await live({ feed })
  const slow = new Looker(place)
  const quick = new Looker(place)
  await Promise.all([slow.until(isSnapshot), quick.until(isSnapshot)])
  slow.socket.pause()
  const before = memory()
  for (let i = 0; i < 800; i++) {
    tell(100_000)
    if (i % 10 === 9) await quick.until(isUpTo(scene.seq))
    quick.told.length = 0
  }
  const kept = memory() - before
  assert.ok(kept < 30_000_000, `80 MB were told, and ${Math.round(kept / 1e6)} MB are kept`)
  slow.socket.resume()
  await slow.until(isUpTo(scene.seq))
  const again = slow.told.filter(isSnapshot).at(-1)
  const [gap] = again?.recent ?? []
  assert.is(gap?.type, 'gap')
  const passed = slow.told.filter(message => message.type === 'step').map(({ seq }) => seq)
  if (gap?.type === 'gap') {
    assert.is(gap.why, 'this page was too slow')
    assert.ok(passed.includes(gap.seq - 1) && !passed.includes(gap.seq))
    assert.is(again?.recent[1]?.seq, gap.seq + gap.count)
  }
  assert.equal(sceneOf(slow.told), scene)
})

it('lets a page come back, which then sees what it missed', async () => {
  const { feed, tell, scene } = feedOf()
  const place = await live({ feed })
  const first = new Looker(place)
  await first.until(isSnapshot)
  first.socket.terminate()
  await first.closed
  for (let i = 0; i < 9; i++) tell()
  const second = new Looker(place)
  await second.until(isSnapshot)
  assert.equal(sceneOf(second.told), scene)
})

it('refuses a message that is too large, and a flood, each with its reason', async () => {
  const place = await live({ feed: feedOf().feed })
  const large = new Looker(place)
  await large.until(isSnapshot)
  large.socket.on('error', () => {})
  large.socket.send('x'.repeat(70_000))
  assert.is((await large.closed).code, 1009)
  const flood = new Looker(place)
  await flood.until(isSnapshot)
  for (let id = 0; id < 2_000; id++) flood.ask({ type: 'span', id, from: 0, to: 1 })
  assert.equal(await flood.closed, { code: 1008, reason: 'too many messages: at most 200 a second' })
  const calm = new Looker(place)
  await calm.until(isSnapshot)
})

it('lets as many through in a second as it says, and no more at once', () => {
  let now = 0
  const allows = limiter(() => now, 10, 20)
  const through = () => {
    let count = 0
    while (allows()) count++
    return count
  }
  assert.is(through(), 20)
  now = 500
  assert.is(through(), 5)
  now = 100_000
  assert.is(through(), 20)
})

const nonsense = [
  ...['', '{', 'null', '[]', '"seek"', '{"type":"other"}', '{"type":"seek","id":"x","at":0}', '{"type":"seek","id":1,"at":null}'],
  ...[
    '{"type":"send","to":"room"}',
    '{"type":"send","to":"room","event":{"type":1}}',
    '{"type":"call.write"}',
    '{"type":"__proto__"}',
  ],
]
it('answers what it does not know in a line, and changes nothing', async () => {
  const { feed, sent } = feedOf()
  const looker = new Looker(await live({ feed, sends: true }))
  await looker.until(isSnapshot)
  for (const text of nonsense) looker.socket.send(text)
  while (looker.told.filter(({ type }) => type === 'refused').length < nonsense.length) await looker.changed()
  assert.equal(sent, [])
})

it('sends events to actors only where that was allowed', async () => {
  const watched = feedOf()
  const event = { type: 'pause' }
  const mayNot = new Looker(await live({ feed: watched.feed }))
  await mayNot.until(isSnapshot)
  mayNot.ask({ type: 'send', to: 'room', event })
  assert.match(JSON.stringify(await mayNot.until(({ type }) => type === 'refused')), /--send/)
  assert.equal(watched.sent, [])

  const may = new Looker(await live({ feed: watched.feed, sends: true }))
  await may.until(isSnapshot)
  may.ask({ type: 'send', to: 'room', event })
  may.ask({ type: 'send', to: 'room/gone', event })
  assert.match(JSON.stringify(await may.until(({ type }) => type === 'refused')), /room\/gone is not there any more/)
  assert.equal(watched.sent, [
    ['room', event],
    ['room/gone', event],
  ])
  may.ask({ type: 'send', to: 'room', event: { type: 'long', text: 'x'.repeat(20_000) } })
  await may.until(message => message.type === 'refused' && /too long/.test(message.text))
  may.ask({ type: 'send', to: 'room', event: { type: 'xstate.stop' } })
  await may.until(message => message.type === 'refused' && /XState's own/.test(message.text))
  assert.is(watched.sent.length, 2)
})

it('carries the call of a page to whoever holds calls, and back', async () => {
  const asked: CallAsked[] = []
  const heard: number[] = []
  const pages: CallPage<Watched>[] = []
  let left = 0
  const host: CallHost<Watched> = {
    minds: ['docent'],
    attach: page => {
      pages.push(page)
      page.tell({ type: 'call', state: 'idle' })
      return { ask: one => asked.push(one), hear: samples => heard.push(...samples), leave: () => void left++ }
    },
    close: async () => {},
  }
  const looker = new Looker(await live({ host }))
  const snapshot = await looker.until(isSnapshot)
  assert.equal(snapshot.scene.actors, {})
  looker.ask({ type: 'call.start', mind: 'docent', voice: 'none' })
  looker.socket.send(new Uint8Array([1, 0, 255, 255, 7]))
  const { feed, tell } = feedOf()
  while (heard.length === 0) await new Promise(setImmediate)
  pages[0]?.watch(feed)
  assert.equal(pages[0]?.play(Int16Array.of(5, -5)), { sent: true })
  pages[0]?.tell({ type: 'call', state: 'talking', mind: 'docent' })
  tell()
  await looker.until(isUpTo(2))
  assert.equal(asked, [{ type: 'call.start', mind: 'docent', voice: 'none' }])
  assert.equal(heard, [1, -1])
  assert.equal([...(looker.sounds[0] ?? [])], [5, 0, 251, 255])
  assert.equal(
    looker.told.map(({ type }) => type),
    ['call', 'hello', 'snapshot', 'hello', 'snapshot', 'call', 'step'],
  )
  await looker.leave()
  while (left === 0) await new Promise(setImmediate)
})

it('gives up a page that does not answer, and keeps one that does', async () => {
  const clock = FakeTimers.install({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const place = await live({ feed: feedOf().feed })
    const dead = new Looker(place, {}, undefined, { autoPong: false })
    const alive = new Looker(place)
    await Promise.all([dead.until(isSnapshot), alive.until(isSnapshot)])
    const pinged = new Promise(done => alive.socket.on('ping', done))
    clock.tick(15_000)
    await pinged
    // The answer is on its way before whatever the page asks now.
    alive.ask({ type: 'span', id: 1, from: 0, to: 1 })
    await alive.until(({ type }) => type === 'span')
    clock.tick(15_000)
    assert.is((await dead.closed).code, 1006)
    alive.ask({ type: 'span', id: 2, from: 0, to: 1 })
    await alive.until(message => message.type === 'span' && message.id === 2)
  } finally {
    clock.uninstall()
  }
})

it('says in a line what went wrong where something was asked, and where there is nothing to see', async () => {
  const broken = feedOf()
  broken.feed.send = () => {
    throw new Error('no such luck')
  }
  const looker = new Looker(await live({ feed: broken.feed, sends: true }))
  await looker.until(isSnapshot)
  looker.ask({ type: 'send', to: 'room', event: { type: 'pause' } })
  const refused = await looker.until(({ type }) => type === 'refused')
  assert.equal(refused, { type: 'refused', text: 'that could not be done: no such luck' })
  broken.feed.snapshot = () => {
    throw new Error('weg für immer'.repeat(9))
  }
  const [place] = places
  if (!place) return assert.unreachable()
  const other = new Looker(place)
  assert.equal(await other.until(({ type }) => type === 'refused'), {
    type: 'refused',
    text: `there is nothing to see: ${'weg für immer'.repeat(9)}`,
  })
  assert.is((await other.closed).code, 1013)
})

it('shows the lanes of a living room from its beginning', async () => {
  const { feed, tell } = feedOf()
  const looker = new Looker(await live({ feed }))
  tell()
  await looker.until(isSnapshot)
  looker.ask({ type: 'span', id: 7, from: 0, to: 1_000 })
  const span = await looker.until(({ type }) => type === 'span')
  assert.equal(span, { type: 'span', id: 7, from: 0, to: 1_000, messages: [] })
})

it.run()
