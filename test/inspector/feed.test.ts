/** The feed: how a room stands, what came last, and whatever comes, for viewers that come late and are slow. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Feed, feedOf, type Viewer } from '../../src/inspector/feed.ts'
import type { Message } from '../../src/inspector/messages.ts'
import { apply, emptyScene, type Scene, type Snapshot } from '../../src/inspector/scene.ts'
import type { Watched } from '../../src/inspector/watched.ts'
import { sound, startCall, timed } from '../fakes/call.ts'

const it = suite('feed')

/** A viewer that folds what it is given, and can be slow. */
const viewer = () => {
  const state = { taken: [] as (Snapshot | Message)[], ready: true, scene: emptyScene() }
  const view: Viewer = {
    take: news => {
      state.taken.push(news)
      if (news.type === 'snapshot') state.scene = structuredClone(news.scene)
      else if (news.type !== 'gap') apply(state.scene, news)
    },
    ready: () => state.ready,
  }
  return { state, view }
}
/** What a message means for the picture, which has not the name of the event that a late viewer never saw. */
const pictureOf = ({ actors }: Scene) => Object.values(actors).map(({ last, ...actor }) => ({ ...actor, last: last?.seq }))

const talked = async (kept?: { kept: number; recent: number }) => {
  const call = await startCall()
  const feed = feedOf(call.room, kept)
  const talk = async (ms: number) => {
    call.room.say({ audio: sound(ms), text: timed(ms / 200) })
    await call.clock.advance(ms + 300)
  }
  return { ...call, feed, talk }
}

it('is what a server of pages takes', async () => {
  const { feed, room, clock } = await talked()
  const watched: Watched = feed
  assert.equal(watched.header, {
    type: 'tape',
    version: 1,
    product: '0.1.0',
    room: 'loopback',
    identity: 'agent',
    sampleRate: 24_000,
    replayable: false,
  })
  assert.ok(watched.definitions.has('room') && watched.definitions.has('output'))
  await clock.runUntil(room.close())
})

it('gives a snapshot, and then every message, to many who come at different times', async () => {
  const { feed, talk, clock, room } = await talked()
  const viewers = []
  for (let n = 0; n < 5; n++) {
    const one = viewer()
    viewers.push(one)
    feed.subscribe(one.view)
    await talk(400)
  }
  await clock.runUntil(room.close())
  const { scene } = feed.snapshot()
  for (const { state } of viewers) {
    const [first, ...rest] = state.taken
    assert.is(first?.type, 'snapshot')
    const start = first?.type === 'snapshot' ? first.scene.seq : 0
    assert.equal(
      rest.map(news => (news.type === 'snapshot' ? 0 : news.seq)),
      Array.from({ length: feed.seq - start }, (_, n) => start + n + 1),
    )
    assert.equal(pictureOf(state.scene), pictureOf(scene))
  }
})

const bounds = { kept: 50, recent: 20 }

it('keeps no more than it says, with all machines, and tells how much is lost', async () => {
  const { feed, talk, clock, room } = await talked(bounds)
  for (let n = 0; n < 4; n++) await talk(400)
  const { recent, lost } = feed.snapshot()
  const machines = recent.filter(({ type }) => type === 'machine')
  const seqs = recent.map(({ seq }) => seq)
  assert.equal(
    seqs.slice(-20),
    [...Array(20).keys()].map(n => feed.seq - 19 + n),
  )
  assert.equal(
    seqs,
    [...new Set(seqs)].sort((one, other) => one - other),
  )
  assert.ok(recent.length <= machines.length + 100)
  assert.ok(machines.length >= 8)
  assert.is(lost + recent.length, feed.seq)
  assert.is(feed.since(0), undefined)
  assert.equal(feed.since(feed.seq), [])
  assert.is(feed.since(feed.seq - 50)?.length, 50)
  assert.is(feed.since(feed.seq - 101), undefined)
  await clock.runUntil(room.close())
})

it('tells who comes late why actors are in their states, as far as it keeps that', async () => {
  const { feed, talk, room, clock } = await talked({ kept: 4000, recent: 20 })
  for (let n = 0; n < 4; n++) await talk(400)
  const { recent, scene } = feed.snapshot()
  const has = new Set(recent.map(({ seq }) => seq))
  for (const { status, machine, moved, path } of Object.values(scene.actors))
    if (status === 'active' && machine !== null) assert.ok(has.has(moved), path)
  for (const message of recent) if (message.type === 'step' && message.value !== undefined) assert.ok(has.has(message.cause))
  await clock.runUntil(room.close())
})

it('tells how things stood before what it keeps, so that who comes late can go back', async () => {
  const { feed, talk, room, clock } = await talked({ kept: 60, recent: 40 })
  const early = feed.snapshot()
  const all: Message[] = [...early.recent]
  const stop = feed.listen(message => all.push(message))
  for (let n = 0; n < 5; n++) {
    await talk(400)
    const { base = emptyScene(), recent, scene } = feed.snapshot()
    const first = recent.findLastIndex(({ seq }, index) => (recent[index - 1]?.seq ?? 0) < seq - 1)
    const kept = recent.slice(Math.max(0, first)) // the machines that came before are told as well
    assert.is(base.seq, (kept[0]?.seq ?? 0) - 1)
    const before = emptyScene()
    for (const message of all) if (message.seq <= base.seq) apply(before, message)
    assert.equal(pictureOf(base), pictureOf(before))
    for (const message of kept) apply(base, message)
    assert.equal(pictureOf(base), pictureOf(scene))
  }
  stop()
  await clock.runUntil(room.close())
})

it('lets a slow viewer catch up; of what has given way it tells, and how it stands now', async () => {
  const { feed, talk, clock, room } = await talked(bounds)
  const [slow, slower] = [viewer(), viewer()]
  const late = feed.subscribe(slow.view)
  const later = feed.subscribe(slower.view)
  slow.state.ready = slower.state.ready = false
  room.pause() // a few messages
  slow.state.ready = true
  late.resume()
  assert.not.ok(slow.state.taken.some(({ type }) => type === 'gap'))
  assert.is(slow.state.scene.seq, feed.seq)
  room.resume()
  for (let n = 0; n < 4; n++) await talk(400)
  const seen = slower.state.scene.seq
  slower.state.ready = true
  later.resume()
  const [gap, snapshot] = slower.state.taken.slice(1)
  assert.ok(gap?.type === 'gap' && snapshot?.type === 'snapshot')
  assert.is(gap.seq, seen + 1)
  const next = gap.seq + gap.count // the oldest that is kept
  assert.is(feed.since(next - 1)?.[0]?.seq, next)
  assert.is(feed.since(next - 2), undefined)
  assert.equal(slower.state.scene, feed.snapshot().scene)
  await clock.runUntil(room.close())
  assert.equal(pictureOf(slower.state.scene), pictureOf(feed.snapshot().scene))
  assert.equal(pictureOf(slow.state.scene), pictureOf(feed.snapshot().scene))
})

it('lets go of a viewer that throws or has ended, and of the room', async () => {
  const { feed, talk, clock, room, codes } = await talked()
  const [gone, still] = [viewer(), viewer()]
  const { end } = feed.subscribe(gone.view)
  feed.subscribe(still.view)
  let told = 0
  feed.listen(() => {
    told++
    throw new Error('closed')
  })
  end()
  await talk(200)
  assert.is(gone.state.taken.length, 1)
  assert.is(told, 1)
  assert.ok(still.state.taken.length > 20)
  feed.close()
  const { seq } = feed
  await talk(200)
  assert.is(feed.seq, seq)
  assert.equal(codes(), [])
  await clock.runUntil(room.close())
})

it('sends events to who is there', async () => {
  const { feed, talk, clock, room } = await talked()
  const sent = (path: string): boolean => feed.send(path, { type: 'pause' })
  assert.is(sent('room'), true)
  assert.ok(room.actor.getSnapshot().context.paused)
  assert.is(feed.send('room', { type: 'resume' }), true)
  assert.is(sent('room/output'), true)
  assert.is(sent('room/nobody'), false)
  assert.is(sent('elsewhere'), false)
  await talk(200)
  await clock.runUntil(room.close())
  assert.is(sent('room'), false)
})

const sizeOf = (feed: Feed) => JSON.stringify(feed.snapshot()).length
it('stays small, however long a room lives', async () => {
  const { feed, talk, clock, room } = await talked(bounds)
  for (let n = 0; n < 120; n++) await talk(40)
  const before = sizeOf(feed)
  for (let n = 0; n < 120; n++) await talk(40)
  assert.ok(sizeOf(feed) < 1.1 * before, `${sizeOf(feed)} after ${before}`)
  await clock.runUntil(room.close())
})

it.run()
