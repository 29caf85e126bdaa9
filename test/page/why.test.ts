import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message } from '../../src/inspector/messages.ts'
import { type Far, farWith } from '../../src/page/far.ts'
import { endWords, linkWords, whyOf } from '../../src/page/state/why.ts'
import { tape, way } from './tapes.ts'

const it = suite('why an actor is in its state')

/** Of an actor as it stands after the message `seq`. */
const why = (messages: readonly Message[], path: string, seq: number, far?: Far) => {
  const isMove = (message: Message) => message.type === 'started' || (message.type === 'step' && message.value !== undefined)
  const last = messages.findLast(message => isMove(message) && 'path' in message && message.path === path && message.seq <= seq)
  return whyOf(messages, last?.seq ?? 0, far)
}
const told = (...[messages, path, seq]: Parameters<typeof why>) => {
  const { links, end } = why(messages, path, seq)
  return [
    ...links.map(link =>
      linkWords(link)
        .map(({ text }) => text)
        .join(''),
    ),
    endWords[end],
  ]
}
const all = Number.POSITIVE_INFINITY

it('follows events from sender to sender, back to the outside', () => {
  const { messages, started, event, step } = tape()
  started('room', { value: 'running' })
  started('room/agent', { value: 'listening' })
  started('room/playout', { value: 'playing' })
  const heard = event(null, 'room/agent', 'speech.started')
  step('room/agent', heard, { taken: [way('agent.listening', 'agent.yielding')], value: 'yielding' })
  const hold = event('room/agent', 'room', 'voice.held')
  step('room', hold, { taken: [way('room.running', 'room.running')], actions: ['noteHeld', 'pass'] })
  const pause = event('room', 'room/playout', 'pause')
  const last = step('room/playout', pause, { taken: [way('playout.playing', 'playout.paused')], value: 'paused' })
  step('room/playout', event('room', 'room/playout', 'progress'), { actions: ['noteHeard'] }) // changes no state
  assert.equal(told(messages, 'room/playout', all), [
    'room sent playout pause (playing → paused)',
    'agent sent room voice.held (it did noteHeld, pass)',
    'speech.started came from outside to agent (listening → yielding)',
    'That came from outside.',
  ])
  assert.is(why(messages, 'room/playout', all).links[0]?.seq, last)
})

it('tells of the moment that is shown, not of what came later', () => {
  const { messages, started, event, step } = tape()
  started('room', { value: 'a' })
  const first = step('room', event(null, 'room', 'one'), { taken: [way('room.a', 'room.b')], value: 'b' })
  step('room', event(null, 'room', 'two'), { taken: [way('room.b', 'room.c')], value: 'c' })
  assert.equal(told(messages, 'room', first)[0], 'one came from outside to room (a → b)')
  assert.equal(told(messages, 'room', all)[0], 'two came from outside to room (b → c)')
})

it('takes the step of the sender that came before what it sent, not one that came after', () => {
  const { messages, started, event, step } = tape()
  started('room', { value: 'a' })
  started('room/one', { value: 'a' })
  const go = event(null, 'room', 'go')
  const went = step('room', go, { taken: [way('room.a', 'room.b')], value: 'b' })
  const sent = event('room', 'room/one', 'go')
  const back = event('room/one', 'room', 'gone') // taken only when `room` is through
  step('room/one', sent, { taken: [way('one.a', 'one.b')], value: 'b' })
  step('room', back, { taken: [way('room.b', 'room.c')], value: 'c' })
  assert.equal(
    why(messages, 'room/one', all).links.map(({ seq }) => seq),
    [messages.length - 1, went],
  )
})

it('says how long a delay was, and why the actor was there in the first place', () => {
  const { messages, started, event, step } = tape()
  started('line', { value: 'idle' })
  step('line', event(null, 'line', 'begin'), { taken: [way('line.idle', 'line.busy')], value: 'busy' })
  step('line', event(null, 'line', 'more'), { actions: ['noteMore'] })
  step('line', event('line', 'line', 'xstate.after.500.line.busy'), { taken: [way('line.busy', 'line.late')], value: 'late' })
  assert.equal(told(messages, 'line', all), [
    '500 ms had passed in busy (busy → late)',
    'begin came from outside to line (idle → busy)',
    'That came from outside.',
  ])
  const { messages: named, ...other } = tape()
  other.started('line', { value: 'busy' })
  other.step('line', other.event('line', 'line', 'xstate.after.writeTimeout.line.busy'), {
    taken: [way('line.busy', 'line.late')],
    value: 'late',
  })
  assert.equal(told(named, 'line', all).slice(0, 1), ['writeTimeout had passed in busy (busy → late)'])
})

it('ends at a child that is no machine: that is what the world did', () => {
  const { messages, started, event, step } = tape()
  started('line', { value: 'busy' })
  started('line/write', { machine: null })
  step('line', event('line/write', 'line', 'xstate.done.actor.write'), { taken: [way('line.busy', 'line.idle')], value: 'idle' })
  assert.equal(told(messages, 'line', all), ['its write was done (busy → idle)', 'That came from outside.'])
})

it('goes through a child that is a machine', () => {
  const { messages, started, event, step, ended } = tape()
  started('room', { value: 'a' })
  started('room/one', { value: 'a' })
  step('room/one', event(null, 'room/one', 'stop'), { taken: [way('one.a', 'one.over')], value: 'over' })
  ended('room/one')
  step('room', event('room/one', 'room', 'xstate.done.actor.one'), { taken: [way('room.a', 'room.b')], value: 'b' })
  assert.equal(told(messages, 'room', all).slice(0, 2), ['its one was done (a → b)', 'stop came from outside to one (a → over)'])
})

it('says who started an actor that never moved', () => {
  const { messages, started, event, step } = tape()
  started('room', { value: 'a' })
  step('room', event(null, 'room', 'open'), { taken: [way('room.a', 'room.b')], value: 'b' })
  started('room/one')
  assert.equal(told(messages, 'room/one', all).slice(0, 2), ['room started one', 'open came from outside to room (a → b)'])
  assert.equal(told(messages.slice(0, 1), 'room', all), ['room stood so when this tape begins', 'There is nothing before that.'])
})

it('says where its memory ends', () => {
  const { messages, started, event, step } = tape()
  started('room')
  step('room', event(null, 'room', 'go'), { value: 'b' })
  assert.equal(told(messages.slice(2), 'room', all), ['What was before is not kept any more.'])
  assert.equal(why(messages, 'nobody', all), { links: [], end: 'lost', missing: 0 })
})

it('asks for what it lacks, link by link, and takes no older step for the last one', () => {
  const { messages, started, event, step } = tape()
  started('room', { value: 'a' })
  started('room/one', { value: 'a' })
  step('room/one', event(null, 'room/one', 'early'), { taken: [way('one.a', 'one.b')], value: 'b' })
  const noise = () => {
    for (let n = 0; n < 50; n++) event(null, 'room', 'noise')
  }
  noise()
  const woken = step('room/one', event(null, 'room/one', 'late'), { taken: [way('one.b', 'one.a')], value: 'a' })
  noise()
  const timer = event('room/one', 'room/one', 'xstate.after.500.one.a')
  const moved = step('room/one', timer, { taken: [way('one.a', 'one.b')], value: 'b' })
  noise()
  const kept = messages.slice(-10)
  const asked: number[] = []
  let far: Far = new Map()
  let chain = whyOf(kept, moved, far)
  for (; chain.missing !== undefined; chain = whyOf(kept, moved, far)) {
    asked.push(chain.missing)
    const upTo = chain.missing
    // As a recording answers: what is near, and before it what tells why an actor is in its state.
    const near = ({ seq }: Message) => (seq <= upTo && seq > upTo - 5) || (upTo > woken && (seq === woken || seq === woken - 1))
    far = farWith(far, upTo, messages.filter(near))
  }
  assert.equal(asked, [moved, timer])
  assert.is(chain.end, 'outside')
  assert.equal(
    chain.links.map(({ seq }) => seq),
    [moved, woken],
  )
})

it('does not tell for ever', () => {
  const { messages, started, event, step } = tape()
  started('a')
  started('b')
  let cause = event(null, 'a', 'go')
  for (let n = 0; n < 100; n++) {
    const [here, there] = n % 2 ? ['b', 'a'] : ['a', 'b']
    step(here, cause, { value: `s${n}` })
    cause = event(here, there, 'go')
  }
  const { links, end } = why(messages, 'a', all)
  assert.is(links.length, 12)
  assert.is(end, 'long')
})

it.run()
