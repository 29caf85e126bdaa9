import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyScene } from '../../src/inspector/scene.ts'
import { addressOf } from '../../src/page/address.ts'
import { nextTowards, panned, readable, whole, zoomed } from '../../src/page/chart/sight.ts'
import { Kept } from '../../src/page/kept.ts'
import { payloadOf, whyNot } from '../../src/page/state/payload.ts'
import { clockText, spanText } from '../../src/page/times.ts'
import { rowsOf } from '../../src/page/tree/rows.ts'
import { activeIds, conditionOf, eventText, nameOf, shortly, stateText } from '../../src/page/words.ts'
import { tape } from './tapes.ts'

const it = suite('the words and pictures of the page')

it('names states, nested and side by side', () => {
  assert.is(stateText('playing'), 'playing')
  assert.is(stateText({ online: 'seeking' }), 'online.seeking')
  assert.is(stateText({ voice: { open: 'loud' }, screen: 'shut' }), 'voice.open.loud + screen.shut')
  assert.is(stateText(undefined), '')
  assert.equal(activeIds('m', { voice: { open: 'loud' }, screen: 'shut' }), [
    'm',
    'm.voice',
    'm.voice.open',
    'm.voice.open.loud',
    'm.screen',
    'm.screen.shut',
  ])
  assert.equal(activeIds('m', ''), ['m'])
  assert.is(nameOf('room/playout:SG_1'), 'playout:SG_1')
})

it('reads events of XState as a person does', () => {
  assert.is(eventText('xstate.done.actor.drain'), 'done drain')
  assert.is(eventText('xstate.error.actor.*'), 'failed *')
  assert.is(eventText('xstate.after.500.line.busy'), 'after 500 ms')
  assert.is(eventText('xstate.after.drainTimeout.playout.flushing'), 'after drainTimeout')
  assert.is(eventText('voice.held'), 'voice.held')
})

it('writes times as a person reads them', () => {
  assert.is(clockText(0), '0:00.000')
  assert.is(clockText(83_456.4), '1:23.456')
  assert.is(clockText(3_723_004), '1:02:03.004')
  assert.is(clockText(-5), '0:00.000')
  assert.equal([3.6, 999, 1_234, 61_000, 7_200_000].map(spanText), ['4 ms', '999 ms', '1.2 s', '1 min', '2 h'])
})

it('says where JSON is wrong', () => {
  assert.equal(payloadOf(''), { payload: {} })
  assert.equal(payloadOf('{ "a": [1] }'), { payload: { a: [1] } })
  assert.match(JSON.stringify(payloadOf('{ "a": 1,\n  b }')), /This is not JSON.*line 2, column 3/)
  for (const wrong of ['[1]', '1', 'null', '"text"']) assert.match(JSON.stringify(payloadOf(wrong)), /object/)
  assert.match(JSON.stringify(payloadOf('{ "type": "x" }')), /leave it out/)
})

it('gives a reason wherever nothing can be sent', () => {
  assert.is(whyNot({ life: 'following', sends: true, recorded: false }), '')
  assert.match(whyNot({ life: 'following', sends: false, recorded: false }), /switched off/)
  assert.match(whyNot({ life: 'travelling', sends: true, recorded: false }), /past/)
  assert.match(whyNot({ life: 'lost', sends: true, recorded: false }), /away/)
  assert.match(whyNot({ life: 'following', sends: true, recorded: true }), /recording/)
})

it('finds everything beside the page, under its token', () => {
  const { socket, file, page } = addressOf('http://127.0.0.1:4711/toke_n/#x')
  assert.is(socket, 'ws://127.0.0.1:4711/toke_n/socket')
  assert.is(file('charts/room.json'), 'http://127.0.0.1:4711/toke_n/charts/room.json')
  assert.is(page, 'http://127.0.0.1:4711/toke_n/')
  assert.is(addressOf('https://x.example/t/').socket, 'wss://x.example/t/socket')
})

const playing = () => {
  const { messages, started, ended } = tape()
  started('room', { value: 'running' })
  for (let n = 0; n < 5; n++) started(`room/playout:${n}`)
  started('room/read', { machine: null, value: '' })
  for (let n = 0; n < 4; n++) ended(`room/playout:${n}`, n === 0 ? 'error' : 'done')
  const kept = new Kept()
  kept.begin({ scene: emptyScene(), messages })
  return kept.newest
}

it('shows who lives first, then who ended last, and what failed always', () => {
  const rows = rowsOf(playing(), (_, usual) => usual)
  assert.equal(
    rows.map(({ key, level }) => `${level} ${key}`),
    ['1 room', '2 room/playout:4', '2 room/read', '2 room/playout:3', '2 room/playout:2', '2 room/playout:1', '2 room/playout:0'],
  )
  const shut = rowsOf(playing(), () => false)
  assert.equal(
    shut.map(({ key }) => key),
    ['room'],
  )
})

it('says what became of an actor', () => {
  const { actors } = playing()
  const all = ['room', 'room/playout:0', 'room/playout:1', 'room/read'].flatMap(path => actors[path] ?? [])
  assert.equal(all.map(conditionOf), ['running', 'failed', 'done in idle', 'running'])
  assert.equal(all.map(shortly), ['running', 'failed', 'done', 'running'])
})

it('shows a whole chart in the middle, and of one that is too large what matters', () => {
  const view = { width: 400, height: 300 }
  const small = whole({ width: 200, height: 100 }, view)
  assert.is(small.scale, 1.15)
  assert.is(small.x + view.width / small.scale / 2, 100)
  const tall = { width: 300, height: 3_000 }
  const state = { x: 100, y: 2_900, width: 100, height: 50 }
  const seen = readable(tall, view, state)
  assert.ok(seen.scale >= 0.85)
  assert.ok(seen.y <= state.y && seen.y + view.height / seen.scale >= state.y + state.height)
  assert.ok(seen.y + view.height / seen.scale <= tall.height + 20 / seen.scale + 1e-6, 'no more emptiness than there has to be')
  assert.equal(readable(tall, view, undefined), whole(tall, view))
})

it('keeps under the finger what is there, closer or not', () => {
  const sight = { x: 10, y: 20, scale: 0.5 }
  const at = { x: 120, y: 80 }
  const closer = zoomed(sight, 2, at)
  const under = ({ x, y, scale }: typeof sight) => [x + at.x / scale, y + at.y / scale]
  assert.equal(under(closer), under(sight))
  assert.is(zoomed(sight, 1_000, at).scale, 4)
  assert.equal(panned(sight, { x: 5, y: -5 }), { x: 0, y: 30, scale: 0.5 })
})

it('goes to the state that lies next in a direction', () => {
  const box = (x: number, y: number) => ({ x, y, width: 10, height: 10 })
  const [here, right, far, below] = [box(0, 0), box(30, 4), box(60, 0), box(3, 40)]
  const all = [here, right, far, below]
  assert.is(nextTowards(here, { x: 1, y: 0 }, all), right)
  assert.is(nextTowards(here, { x: 0, y: 1 }, all), below)
  assert.is(nextTowards(here, { x: -1, y: 0 }, all), undefined)
})

it.run()
