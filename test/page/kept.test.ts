import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message } from '../../src/inspector/messages.ts'
import { apply, emptyScene, type Scene } from '../../src/inspector/scene.ts'
import { findMessage, indexAt, Kept, stepFrom, stretchOf } from '../../src/page/kept.ts'
import { tape, way } from './tapes.ts'

const it = suite('what a page keeps')

/** A call of so many steps, with children that come and go. */
const call = (steps: number): Message[] => {
  const { messages, started, event, step, ended } = tape()
  started('room')
  for (let n = 0; n < steps; n++) {
    const [from, to] = n % 2 ? ['b', 'a'] : ['a', 'b']
    step('room', event(null, 'room', 'go'), {
      taken: [way(`room.${from}`, `room.${to}`)],
      value: to,
      context: { set: { n } },
    })
    if (n % 3 === 0) started(`room/child:${n}`)
    if (n % 3 === 1) ended(`room/child:${n - 1}`)
  }
  return messages
}
/** The slow way: everything from the first message on. */
const folded = (messages: readonly Message[], upTo: number): Scene => {
  const scene = emptyScene()
  const typeOf = (seq: number) => {
    const found = messages.find(message => message.seq === seq)
    return found?.type === 'event' ? found.event.type : undefined
  }
  for (const message of messages) if (message.seq <= upTo) apply(scene, message, typeOf)
  return scene
}

/** Of a step whose event is not kept any more nobody knows what it was. */
const known = (scene: Scene, first: number): Scene => {
  const copy = structuredClone(scene)
  for (const { last } of Object.values(copy.actors)) if (last && last.cause < first) last.event = ''
  return copy
}

it('shows how things stood after any of its messages', () => {
  const messages = call(60)
  const kept = new Kept({ limit: 10_000, stride: 7 })
  kept.begin({ scene: emptyScene(), messages })
  for (const { seq, at } of messages) {
    assert.equal(kept.sceneAt(at), folded(messages, seq), `at ${at}`)
    assert.equal(kept.sceneAt(at + 9), folded(messages, seq), `before the next of ${at}`)
  }
})

it('stands right after the message that was named, where several came at once', () => {
  const messages = call(20).map(message => ({ ...message, at: 100 * Math.ceil(message.seq / 10) }))
  const kept = new Kept({ stride: 4 })
  kept.begin({ scene: emptyScene(), messages })
  for (const { seq, at } of messages) assert.equal(kept.sceneAt(at, seq), folded(messages, seq))
  assert.is(kept.sceneAt(100).seq, 10)
})

it('forgets the oldest, never more than it must, and still goes back to what is left', () => {
  const messages = call(400)
  const kept = new Kept({ limit: 200, stride: 30 })
  kept.begin({ scene: emptyScene(), messages: [] })
  for (const message of messages) {
    kept.add(message)
    assert.ok(kept.messages.length <= 200)
    assert.is(kept.lost + kept.messages.length, message.seq)
  }
  assert.ok(kept.messages.length >= 180)
  const [first] = kept.messages
  assert.ok(first && kept.from < first.at)
  const shown = (at: number) => known(kept.sceneAt(at), first.seq)
  for (const { seq, at } of kept.messages) assert.equal(shown(at), known(folded(messages, seq), first.seq))
  assert.equal(shown(0), known(folded(messages, kept.lost), first.seq), 'what was before is the earliest that is known')
})

it('takes a snapshot, and what is before it only where it is told how things stood then', () => {
  const messages = call(50)
  const [recent, late] = [messages.slice(40, 80), messages.slice(80)]
  const scene = folded(messages, 80)
  const kept = new Kept({ stride: 5 })
  kept.begin({ scene, messages: recent, lost: 40 })
  assert.equal(kept.newest, scene)
  assert.is(kept.from, scene.at)
  for (const message of late) kept.add(message)
  for (const { seq, at } of late) assert.equal(kept.sceneAt(at), folded(messages, seq))
  kept.begin({ scene, messages: recent, lost: 40, base: folded(messages, 40) })
  assert.equal(kept.newest, scene)
  for (const { seq, at } of recent) assert.equal(known(kept.sceneAt(at), 41), known(folded(messages, seq), 41))
})

it('goes on with what overlaps, and says no where something is missing', () => {
  const messages = call(50)
  const kept = new Kept()
  kept.begin({ scene: emptyScene(), messages: messages.slice(0, 50) })
  assert.ok(kept.extend(messages.slice(30, 60)))
  assert.ok(kept.extend(messages.slice(10, 20)), 'it has all of that')
  assert.is(kept.newest.seq, 60)
  assert.not(kept.extend(messages.slice(70)))
  assert.is(kept.newest.seq, 60)
  assert.equal(kept.newest, folded(messages, 60))
  assert.not(new Kept().extend(messages), 'what has not begun goes on with nothing')
})

it('takes what comes after the last hole for one stretch', () => {
  const messages = call(20)
  const [first, second, ...rest] = messages
  assert.ok(first && second)
  assert.is(stretchOf(messages).length, messages.length)
  assert.equal(stretchOf([first, ...rest.slice(4)]), rest.slice(4))
  const gap: Message = { type: 'gap', seq: 2, at: 15, count: 1, why: 'too slow' }
  assert.equal(stretchOf([first, gap, ...rest]), [first, gap, ...rest])
  assert.equal(stretchOf([]), [])
})

it('finds messages among holes', () => {
  const messages = call(30).filter(({ seq }) => seq % 7 !== 0)
  for (let seq = 1; seq < 60; seq++) assert.is(findMessage(messages, seq)?.seq, seq % 7 === 0 ? undefined : seq)
  assert.is(indexAt(messages, 5), -1)
  assert.is(messages[indexAt(messages, 75)]?.seq, 6)
})

it('goes from transition to transition of one actor', () => {
  const { messages, started, event, step } = tape()
  started('a')
  const steps = [1, 2, 3].map(n => {
    step('b', event(null, 'b', 'go'), { taken: [way('b.x', 'b.y')] })
    step('a', event(null, 'a', 'ignored'))
    return step('a', event(null, 'a', 'go'), { taken: [way('a.x', 'a.y')], value: `${n}` })
  })
  const [first, second, third] = steps
  const from = (seq: number, direction: 1 | -1) => stepFrom(messages, 'a', seq, direction)?.seq
  assert.equal([from(0, 1), from(first ?? 0, 1), from(second ?? 0, 1), from(third ?? 0, 1)], [first, second, third, undefined])
  assert.equal([from(first ?? 0, -1), from(second ?? 0, -1), from(third ?? 0, -1)], [undefined, first, second])
})

it('gives no scene away that changes later', () => {
  const messages = call(30)
  const kept = new Kept({ stride: 5 })
  kept.begin({ scene: emptyScene(), messages: messages.slice(0, 40) })
  const moments = [messages[20]?.at ?? 0, kept.to, kept.to + 5]
  const then = moments.map(at => kept.sceneAt(at))
  const copy = structuredClone(then)
  for (const message of messages.slice(40)) kept.add(message)
  assert.equal(then, copy)
})

it('does not make up a moment from messages with a hole between', () => {
  const messages = call(60)
  const [first] = messages
  const recent = messages.slice(100, 150)
  const scene = folded(messages, 120)
  const kept = new Kept()
  kept.begin({ scene, messages: first ? [first, ...recent] : recent })
  for (const seq of [120, 121, 140])
    assert.equal(kept.sceneAt(Infinity, seq).actors.room?.context, folded(messages, seq).actors.room?.context)
  assert.equal(kept.sceneAt(Infinity, 120).actors, scene.actors)
})

it('knows what is before it among messages of one moment', () => {
  const messages = call(60)
  const scene = folded(messages, 120)
  const kept = new Kept()
  kept.begin({ scene, messages: messages.slice(100, 150), lost: 100 })
  assert.ok(kept.isBefore(scene.at - 1) && kept.isBefore(scene.at, 119))
  assert.not.ok(kept.isBefore(scene.at) || kept.isBefore(scene.at, 120) || kept.isBefore(scene.at + 1, 119))
})

it.run()
