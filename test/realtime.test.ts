/** The conversation with a model as a table: where each fact leads, and that the agent is never left mute. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type RealtimeEvent, type RealtimeInput, realtimeMachine } from '../machines/realtime.ts'
import { type RealtimeHands, realtimeOn } from '../src/realtime/realtime.ts'
import { type VirtualClock, virtualClock } from '../src/virtual.ts'
import { done, explore, failed, ignored, pending, table, walk } from './model.ts'

const it = suite('realtime')

const input: RealtimeInput = {
  ...{ maxTextResponseRetries: 1, initTimeoutMs: 10_000, closeTimeoutMs: 2_500, reportThinking: true },
  reconnect: { attempts: 2, backoffMs: 500 },
}

it('has exactly these transitions', () => {
  /** What the model tells, and the owner's close. */
  const told =
    'response.created→· response.settled→· content.added→· content.voiced→· content.written[canRetry]→· content.written→closing speech.started→· close→closing'
  const lost = 'session.lost[canReconnect]→reconnecting session.lost→closing'
  assert.equal(table(realtimeMachine), {
    '': '→connecting',
    connecting: `${told} session.lost→closing done:connect→joining error:connect→closing after:initTimeout→closing`,
    joining: `${told} ${lost} done:join→live error:join→closing`,
    live: `→live.listening ${told} interrupt→· ${lost} after:steady→·`,
    'live.listening': 'utterance.started→live.speaking',
    'live.speaking': 'utterance.ended→live.listening',
    reconnecting: '→reconnecting.resting',
    'reconnecting.resting': 'close→closing after:backoff→reconnecting.opening',
    'reconnecting.opening': `${told} session.lost[canReconnect]→reconnecting.resting session.lost→closing done:connect→joining error:connect[canReconnect]→reconnecting.resting error:connect→closing after:initTimeout[canReconnect]→reconnecting.resting after:initTimeout→closing`,
    closing: 'done:leave→closed error:leave→closed after:closeTimeout→closed',
    closed: 'final',
  })
  const model = 'response.created response.settled content.added content.voiced content.written speech.started'
  assert.equal(ignored(realtimeMachine), {
    // What the owner interrupts is not heard yet (MM-34), and nothing sounds.
    connecting: 'interrupt utterance.started utterance.ended',
    joining: 'interrupt utterance.started utterance.ended', // a start shortly before the last step is one without its end
    'live.listening': 'utterance.ended', // cut before it was heard
    'live.speaking': 'utterance.started', // one at a time: its end comes first
    'reconnecting.resting': `${model} session.lost interrupt utterance.started utterance.ended`, // nobody is there to tell any of it
    'reconnecting.opening': 'interrupt utterance.started utterance.ended', // as when it connects first
    closing: `${model} close session.lost interrupt utterance.started utterance.ended`, // it closes already
  })
})

const lost = new Error('the socket closed')
const events = [
  { type: 'interrupt' },
  { type: 'close', reason: 'enough' },
  { type: 'speech.started' },
  { type: 'response.created', id: 'r' },
  { type: 'response.settled', id: 'r' },
  { type: 'content.added', id: 'a' },
  { type: 'content.voiced' },
  { type: 'content.written', itemId: 'b', text: 'words' },
  { type: 'utterance.started' },
  { type: 'utterance.ended' },
  { type: 'session.lost', error: lost },
  done('connect'),
  failed('connect'),
  done('join'),
  failed('join'),
  done('leave'),
  failed('leave'),
] satisfies (RealtimeEvent | { type: `xstate.${string}` })[]
/** A response is created once. */
const can = ({ context }: { context: { pending: string[] } }, event: { type: string }) =>
  event.type !== 'response.created' || context.pending.length === 0

it('is never live and mute, and always has an end (MM-35, MM-37)', () => {
  const seen = explore(realtimeMachine, {
    ...{ events, input, can },
    depth: 5,
    invariant: ({ event, before, snapshot, effects, past }) => {
      const { context, status, value } = snapshot
      assert.ok(context.retries <= input.maxTextResponseRetries, 'asks for speech too often')
      assert.ok(context.attempts <= 2, 'connects for ever')
      assert.is(status, value === 'closed' ? 'done' : 'active')
      if (status === 'done') assert.is(typeof snapshot.output?.reason, 'string')
      const wasOpen = before !== undefined && before.value !== 'closing'
      if (value === 'closing' && wasOpen) assert.ok(effects.includes('hush') && effects.includes('start leave'))
      if (value === 'closed') assert.not(effects.includes('speak'))
      if (effects.includes('tellFailed')) assert.is(value, 'closing')
      if (effects.includes('recover')) assert.is(event.type, 'content.written')
      if (event.type === 'content.added' && !['closing', 'closed'].includes(String(before?.value)) && before)
        assert.ok(effects.includes('speak') || before.matches({ reconnecting: 'resting' }), 'loses what the model says')
      if (event.type === 'interrupt') assert.is(effects.includes('interrupt'), before?.matches('live') ?? false)
      const live = past.concat({ event, before, snapshot, effects }).filter(step => step.effects.includes('tellLive')).length
      if (live === 0) assert.not(effects.includes('start feed'), 'hears before anybody hears us')
    },
  })
  assert.ok(seen.sequences > 1_000)
})

type Rig = { hands: RealtimeHands; asked: string[]; tell: (event: RealtimeEvent) => void; running: Set<string> }
const rig = (): Rig & Record<'connect' | 'join' | 'leave', ReturnType<typeof pending<void>>[]> => {
  const asked: string[] = []
  const running = new Set<string>()
  const works = {
    connect: [] as ReturnType<typeof pending<void>>[],
    join: [] as ReturnType<typeof pending<void>>[],
    leave: [] as ReturnType<typeof pending<void>>[],
  }
  const begin = (name: keyof typeof works) => {
    const work = pending<void>()
    works[name].push(work)
    return work.promise
  }
  const lasting = (name: string, signal: AbortSignal) => {
    running.add(name)
    signal.addEventListener('abort', () => running.delete(name), { once: true })
    return new Promise<void>(() => {})
  }
  const note = (name: string) => () => void asked.push(name)
  const rigged = { asked, running, tell: (_: RealtimeEvent) => {}, ...works }
  const hands: RealtimeHands = {
    enter: tell => {
      running.add('dialogue')
      rigged.tell = tell
      return () => void running.delete('dialogue')
    },
    connect: () => begin('connect'),
    join: () => begin('join'),
    leave: () => begin('leave'),
    feed: signal => lasting('feed', signal),
    read: signal => lasting('read', signal),
    speak: id => void asked.push(`speak ${id}`),
    interrupt: note('interrupt'),
    hush: note('hush'),
    recover: (itemId, _, retries) => void asked.push(`recover ${itemId} ${retries}`),
    attend: state => void asked.push(state),
    live: note('live'),
    lost: note('lost'),
    failed: note('failed'),
    overrun: note('overrun'),
  }
  return Object.assign(rigged, { hands })
}

it('does so with its binding, on every transition', async () => {
  await walk(realtimeMachine, {
    ...{ events, input, can },
    key: ({ value, context: { retries, attempts, pending: waiting, reason } }) =>
      JSON.stringify([value, retries, attempts, waiting.length, reason]),
    live: () => {
      const { hands, asked, running, connect, join, leave } = rig()
      return {
        machine: realtimeOn(hands, input),
        act: {
          'done:connect': () => connect.at(-1)?.resolve(),
          'error:connect': () => connect.at(-1)?.reject(lost),
          'done:join': () => join.at(-1)?.resolve(),
          'error:join': () => join.at(-1)?.reject(lost),
          'done:leave': () => leave.at(-1)?.resolve(),
          'error:leave': () => leave.at(-1)?.reject(lost),
        },
        check: ({ snapshot }) => {
          assert.is(running.has('dialogue'), snapshot.status === 'active')
          for (const work of ['feed', 'read']) assert.is(running.has(work), snapshot.matches('live'))
          if (snapshot.matches('live')) assert.ok(asked.includes('live'))
        },
        end: () => assert.is(running.size, 0),
      }
    },
  })
})

const start = (settings: Partial<RealtimeInput> = {}, clock: VirtualClock = virtualClock()) => {
  const here = rig()
  const actor = createActor(realtimeOn(here.hands, { ...input, ...settings }), { clock, id: 'realtime' })
  actor.start()
  const settle = () => clock.settle()
  const go = async () => {
    here.connect.at(-1)?.resolve()
    await settle()
    here.join.at(-1)?.resolve()
    await settle()
  }
  return { ...here, actor, clock, go, send: (event: RealtimeEvent) => actor.send(event) }
}

it('connects, joins and is live, and says what it is only then (MM-6)', async () => {
  const { actor, asked, go } = start()
  assert.equal([actor.getSnapshot().value, asked], ['connecting', []])
  await go()
  assert.equal([actor.getSnapshot().value, asked], [{ live: 'listening' }, ['listening', 'live']])
})

it('thinks from a response until its first sound, if it shall say so (MM-27)', async () => {
  const { asked, go, send } = start()
  await go()
  send({ type: 'response.created', id: 'r' })
  send({ type: 'response.created', id: 's' })
  send({ type: 'response.settled', id: 'r' })
  send({ type: 'response.settled', id: 's' })
  assert.equal(asked.slice(2), ['thinking', 'thinking', 'thinking', 'listening'])
  const quiet = start({ reportThinking: false })
  await quiet.go()
  quiet.send({ type: 'response.created', id: 'r' })
  assert.not(quiet.asked.includes('thinking'))
})

it('connects anew after 500 ms, then 1 000, and then no more; what holds for 10 s forgets that', async () => {
  const { actor, asked, clock, connect, go, send } = start()
  await go()
  send({ type: 'session.lost', error: lost })
  assert.equal(asked.slice(2), ['lost', 'hush', 'initializing'])
  await clock.advance(499)
  assert.is(connect.length, 1)
  await clock.advance(1)
  assert.is(connect.length, 2)
  connect[1]?.reject(lost)
  await clock.advance(999)
  assert.is(connect.length, 2)
  await clock.advance(1)
  await go()
  assert.equal(
    [actor.getSnapshot().value, asked.slice(5)],
    [{ live: 'listening' }, ['hush', 'initializing', 'listening', 'live']],
  )
  await clock.advance(10_000)
  const { error, reason, attempts } = actor.getSnapshot().context
  assert.equal([error, reason, attempts], [undefined, null, 0])
  send({ type: 'session.lost', error: lost })
  for (const ms of [500, 1_000]) {
    await clock.advance(ms)
    connect.at(-1)?.reject(lost)
    await clock.settle()
  }
  assert.equal([actor.getSnapshot().value, asked.at(-2)], ['closing', 'failed'])
})

it('gives up what comes back only to drop again', async () => {
  const { actor, clock, go, send } = start()
  for (const ms of [500, 1_000, 0]) {
    await go()
    send({ type: 'session.lost', error: lost })
    await clock.advance(ms)
  }
  assert.is(actor.getSnapshot().value, 'closing')
})

it('ends with what ended it (MM-46)', async () => {
  const asked = start()
  asked.send({ type: 'close', reason: 'enough' })
  asked.leave[0]?.resolve()
  await asked.clock.settle()
  assert.equal(asked.actor.getSnapshot().output, { reason: 'enough' })

  const dropped = start({ reconnect: null })
  await dropped.go()
  dropped.send({ type: 'session.lost', error: lost })
  await dropped.clock.advance(2_500) // nobody answers
  assert.equal(dropped.actor.getSnapshot().output, { reason: 'failed', error: lost })
  assert.equal(dropped.asked.slice(2), ['failed', 'hush', 'overrun'])

  const slow = start()
  await slow.clock.advance(10_000)
  slow.leave[0]?.resolve()
  await slow.clock.settle()
  assert.match(String(slow.actor.getSnapshot().output?.error), 'within 10 s')
})

it.run()
