import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { playoutMachine } from '../../machines/outbound/playout.ts'
import { definitionOf } from '../../src/charts/definition.ts'
import type { Message } from '../../src/inspector/messages.ts'
import { statelyMessages } from '../../src/recording/stately.ts'
import { stateText, type TraceEvent, traceOf } from '../../src/recording/trace.ts'

const it = suite('trace')

type Bare<M> = M extends Message ? Omit<M, 'seq'> : never
const tape = (...messages: Bare<Message>[]): Message[] => messages.map((message, n) => ({ ...message, seq: n + 1 }) as Message) // of the same type, with its number
const traced = (messages: Message[]): TraceEvent[] => {
  const trace = traceOf({ room: 'demo', identity: 'agent', sampleRate: 1_000 })
  return [...messages.flatMap(message => trace.take(message)), ...trace.end()]
}
const trackOf = (events: TraceEvent[], name: string) => {
  const named = events.find(event => event.name === 'thread_name' && event.args?.name === name)
  return events.filter(({ ph, pid, tid }) => ph !== 'M' && pid === named?.pid && tid === named?.tid)
}
const played = { id: 'SG_1', outcome: 'interrupted', pushed: 900, heard: 400, discarded: 500, spoken: 'I was' } as const
const actor = { parent: 'room', machine: 'playout', src: 'playout', restarts: 0 }

const call = tape(
  { type: 'machine', at: 100, definition: definitionOf(playoutMachine) },
  { type: 'started', at: 100, path: 'room/playout:SG_1', ...actor, value: 'queued', context: { heard: 0 } },
  { type: 'event', at: 150, from: 'room', to: 'room/playout:SG_1', event: { type: 'playhead.entered' } },
  {
    ...{ type: 'step', at: 150, path: 'room/playout:SG_1', cause: 3, value: 'playing', actions: ['noteStarted'] },
    taken: [{ edge: 'playout.queued|playhead.entered|1', source: 'playout.queued', targets: ['playout.playing'] }],
  },
  { type: 'fact', at: 150, fact: { type: 'utterance.started', id: 'SG_1', at: 150 } },
  { type: 'stall', at: 300, ms: 80 },
  { type: 'fact', at: 550, fact: { type: 'utterance.progressed', id: 'SG_1', startedAt: 150, offset: 0, duration: 400 } },
  { type: 'fact', at: 550, fact: { type: 'utterance.ended', played, at: 550 } },
  { type: 'ended', at: 551.5, path: 'room/playout:SG_1', status: 'done' },
  { type: 'gap', at: 560, count: 3, why: 'the disk is full' },
)

it('shows each state of an actor as a stretch, and what it was sent', () => {
  const events = trackOf(traced(call), 'room/playout')
  assert.equal(
    events.map(({ ph, name, ts, dur }) => [ph, name, ts, dur]),
    [
      ['i', 'playhead.entered', 50_000, undefined],
      ['X', 'queued', 0, 50_000],
      ['X', 'playing', 50_000, 401_500],
      ['i', 'done', 451_500, undefined],
    ],
  )
  assert.equal(events[0]?.args, { from: 'room' })
})

it('shows what was heard of an utterance, and where the loop stood still', () => {
  const events = traced(call)
  assert.equal(
    trackOf(events, 'agent').map(({ name, ts, dur, args }) => [name, ts, dur, args?.spoken]),
    [['SG_1 interrupted', 50_000, 400_000, 'I was']],
  )
  assert.equal(
    trackOf(events, 'agent heard').map(({ ts, dur }) => [ts, dur]),
    [[50_000, 400_000]],
  )
  assert.equal(
    trackOf(events, 'event loop').map(({ ph, name, ts }) => [ph, name, ts]),
    [
      ['X', 'stall', 120_000],
      ['i', '3 messages missing', 460_000],
    ],
  )
})

it('closes at the end what is open then, and loses nothing of a tape that was cut', () => {
  const events = trackOf(traced(call.slice(0, 6)), 'room/playout')
  assert.equal(events.at(-1), {
    ...{ ph: 'X', name: 'playing', pid: 2, tid: 1, ts: 50_000, dur: 150_000 },
    args: { path: 'room/playout:SG_1', taken: ['playout.queued|playhead.entered|1'], actions: ['noteStarted'] },
  })
})

it('has one track for actors of a kind, as long as they come one after another', () => {
  const one = (id: string, at: number, end: number) =>
    [
      { type: 'started', at, path: `room/playout:${id}`, ...actor, value: 'queued' },
      { type: 'ended', at: end, path: `room/playout:${id}`, status: 'done' },
    ] as const
  const [first, second, third] = [one('a', 0, 5), one('b', 3, 9), one('c', 6, 8)]
  const events = traced(tape(first[0], second[0], first[1], third[0], third[1], second[1]))
  const lanes = events.filter(({ ph, pid }) => ph === 'X' && pid === 2).map(({ tid, args }) => `${tid} ${args?.path}`)
  assert.equal(lanes, ['1 room/playout:a', '1 room/playout:c', '2 room/playout:b'])
})

it('shows stalls that overlap as one', () => {
  const stalls = tape(
    { type: 'log', at: 0, level: 'info', code: 'x' },
    { type: 'stall', at: 90, ms: 40 },
    { type: 'stall', at: 99, ms: 60 },
  )
  const lengths = trackOf(traced(stalls), 'event loop').map(({ ts, dur }) => [ts, dur])
  assert.equal(lengths, [[50_000, 40_000], [90_000, 9_000]]) // biome-ignore format: two stretches
})

it('puts nested and parallel states into words', () => {
  assert.is(stateText({ linked: 'subscribed' }), 'linked.subscribed')
  assert.is(stateText({ voice: { open: 'loud' }, text: 'shut' }), 'voice.open.loud + text.shut')
})

it("speaks as Stately's inspector does", () => {
  const tell = statelyMessages({ startedAt: '1970-01-01T00:00:01.000Z' })
  const told = call.flatMap(message => tell(message))
  assert.equal(
    told.map(({ type }) => type),
    ['@xstate.actor', '@xstate.event', '@xstate.snapshot', '@xstate.snapshot'],
  )
  const [first, event, step, end] = told
  const base = { _version: '0.7.2', id: null, rootId: 'room', sessionId: 'room/playout:SG_1' }
  assert.is(first?.type === '@xstate.actor' && JSON.parse(first.definition).id, 'playout')
  assert.equal(event, {
    ...{ type: '@xstate.event', ...base, createdAt: '1150', sourceId: 'room', event: { type: 'playhead.entered' } },
  })
  assert.equal(step, {
    ...{ type: '@xstate.snapshot', ...base, createdAt: '1150', event: { type: 'playhead.entered' } },
    snapshot: { status: 'active', value: 'playing', context: { heard: 0 } },
  })
  assert.is(end?.type === '@xstate.snapshot' && end.snapshot.status, 'done')
})

it.run()
