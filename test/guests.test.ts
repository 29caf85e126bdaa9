/** Actors of the owner's own in a room: supervised as its crew is, with a policy of their own. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AnyActorLogic, assign, fromCallback, fromPromise, setup, toPromise, waitFor } from 'xstate'
import { sleep } from '../src/clock.ts'
import { codeOf } from '../src/errors.ts'
import type { Guest } from '../src/guests.ts'
import type { Conversation } from '../src/mind.ts'
import type { ChartRoom } from '../src/room.ts'
import { type Call, sound, startCall } from './fakes/call.ts'

const it = suite('guests')
const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
console.log(`guests: seed ${seed} (again: CHARTROOM_SEED=${seed})`)

/** Counts what it is told; breaks when it is told so. */
const counter = setup({
  types: { input: {} as { from: number }, events: {} as { type: 'count' | 'break' | 'end' }, context: {} as { n: number } },
  actions: {
    fail: () => {
      throw new Error('broken')
    },
  },
}).createMachine({
  context: ({ input }) => ({ n: input.from }),
  output: ({ context: { n } }) => n,
  initial: 'counting',
  states: {
    counting: {
      on: { count: { actions: assign({ n: ({ context: { n } }) => n + 1 }) }, break: { actions: 'fail' }, end: 'ended' },
    },
    ended: { type: 'final' },
  },
})
const failedIn = ({ facts }: Call) =>
  facts.flatMap(fact => (fact.type === 'failed' ? [[fact.actor, fact.error, fact.restarted]] : []))
const childrenOf = (room: ChartRoom) => Object.keys(room.actor.getSnapshot().children)
/** Nothing of it is left. */
const checkOver = async ({ room, clock, caller }: Call) => {
  await clock.runUntil(room.close())
  caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0)
}
const contextOf = (room: ChartRoom) => room.actor.getSnapshot().context
const codeFrom = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    return codeOf(error) ?? error
  }
  return undefined
}

it('starts an actor in the room, typed and in sight, and lets it end', async () => {
  const call = await startCall()
  const { room, clock, facts } = call
  const guest = room.spawn(counter, { id: 'counter', input: { from: 5 } })
  assert.equal([guest.send({ type: 'count' }), guest.ref.getSnapshot().context], [true, { n: 6 }])
  assert.ok(childrenOf(room).includes('guest:counter'))
  assert.is(room.actor.getSnapshot().children['guest:counter'], guest.ref)
  assert.is(guest.ref.getSnapshot().machine, counter)
  // @ts-expect-error a machine that has an input gets it
  void (() => room.spawn(counter, { id: 'other' }))
  const done = toPromise(guest.ref)
  guest.send({ type: 'end' })
  assert.equal([await done, guest.send({ type: 'count' }), guest.ref.getSnapshot().output], [6, false, 6])
  assert.not.ok(childrenOf(room).includes('guest:counter'))
  assert.equal(contextOf(room).guests, {})
  await clock.runUntil(room.close())
  assert.equal([failedIn(call), facts.at(-1)?.type], [[], 'closed'])
})

it('goes on without one that fails, and says which it was (ROOM-17)', async () => {
  const call = await startCall()
  const { room, clock, codes } = call
  const logics: Record<string, AnyActorLogic> = {
    rejects: fromPromise(() => Promise.reject(new Error('broken'))),
    throws: fromPromise(() => {
      throw new Error('broken')
    }),
    'throws as it begins': fromCallback(() => {
      throw new Error('broken')
    }),
    'throws at first': setup({
      actions: {
        fail: () => {
          throw new Error('broken')
        },
      },
    }).createMachine({ entry: 'fail' }),
    'throws before that': {
      getInitialSnapshot: () => {
        throw new Error('broken')
      },
      transition: snapshot => snapshot,
      getPersistedSnapshot: snapshot => snapshot,
    },
  }
  for (const [id, logic] of Object.entries(logics)) room.spawn(logic, { id })
  room.spawn(counter, { id: 'breaks', input: { from: 1 } }).send({ type: 'break' })
  await clock.advance(1_000)
  assert.equal(failedIn(call).sort(), [...Object.keys(logics), 'breaks'].map(id => [`guest:${id}`, 'broken', false]).sort())
  assert.equal([room.isOpen, contextOf(room).guests, codes()], [true, {}, Array(6).fill('actor.failed')])
  await checkOver(call)
})

it('starts it again as often as its owner wants, with the same input, and then does what its owner wants (ROOM-17)', async () => {
  for (const otherwise of ['without', 'close'] as const) {
    const call = await startCall()
    const { room, clock, facts } = call
    const guest = room.spawn(counter, { id: 'c', input: { from: 7 }, restarts: 2, otherwise })
    const refs = new Set([guest.ref])
    for (const wait of [100, 200]) {
      guest.send({ type: 'count' })
      guest.send({ type: 'break' })
      assert.equal([guest.send({ type: 'count' }), guest.ref.getSnapshot().status], [false, 'error'])
      await clock.advance(wait - 1)
      assert.is(guest.ref.getSnapshot().status, 'error')
      await clock.advance(1)
      assert.equal(guest.ref.getSnapshot().context, { n: 7 })
      refs.add(guest.ref)
    }
    assert.is(refs.size, 3)
    assert.is(
      codeFrom(() => room.spawn(counter, { id: 'c', input: { from: 0 } })),
      'ERR_DUPLICATE_ACTOR',
    )
    guest.send({ type: 'break' })
    await clock.advance(1_000)
    assert.equal(
      failedIn(call).map(([, , restarted]) => restarted),
      [true, true, false],
    )
    assert.is(room.isOpen, otherwise === 'without')
    if (otherwise === 'close')
      assert.equal(facts.at(-1), {
        type: 'closed',
        reason: 'failed',
        at: facts.at(-1)?.type === 'closed' ? 301 : 0,
        error: 'broken',
      })
    await checkOver(call)
  }
})

it('counts the failures of each by themselves, and takes an id again that is free', async () => {
  const { room, clock } = await startCall()
  const [a, b] = ['a', 'b'].map(id => room.spawn(counter, { id, input: { from: 0 }, restarts: 1 }))
  a?.send({ type: 'break' })
  b?.send({ type: 'break' })
  await clock.advance(100)
  assert.equal([a?.send({ type: 'count' }), b?.send({ type: 'count' })], [true, true])
  a?.send({ type: 'end' })
  const next = room.spawn(counter, { id: 'a', input: { from: 3 } })
  assert.equal(
    [a?.send({ type: 'count' }), next.send({ type: 'count' }), next.ref.getSnapshot().context],
    [false, true, { n: 4 }],
  )
  await clock.runUntil(room.close())
})

it('stops all of them when the room closes, the newest first, after the mind (ROOM-9)', async () => {
  const ends: string[] = []
  const lasting = (name: string) => fromCallback(() => () => void ends.push(name))
  const call = await startCall({ options: { mind: () => lasting('mind') } })
  const { room, clock } = call
  const deep = setup({ actors: { inside: lasting('inside c') } }).createMachine({ invoke: { src: 'inside' } })
  room.spawn(lasting('a'), { id: 'a' })
  room.spawn(lasting('b'), { id: 'b', restarts: 3 })
  room.spawn(deep, { id: 'c' })
  const at = clock.now()
  await clock.runUntil(room.close())
  assert.equal(ends, ['mind', 'inside c', 'b', 'a'])
  assert.ok(clock.now() - at < 10)
  assert.is(
    codeFrom(() => room.spawn(lasting('d'), { id: 'd' })),
    'ERR_CLOSED',
  )
  await checkOver(call)
})

it('closes though one throws as it is stopped, and says so', async () => {
  const bad = fromCallback(() => () => {
    throw new Error('will not go')
  })
  const call = await startCall()
  call.room.spawn(bad, { id: 'bad' })
  await checkOver(call)
  assert.equal([await call.room.closed, failedIn(call)], ['closed', [['guest:bad', 'will not go', false]]])
})

it('does not start again what fails while the room closes', async () => {
  let starts = 0
  const flaky = fromPromise(async () => {
    starts++
    throw new Error('broken')
  })
  const call = await startCall()
  const { room, clock } = call
  room.spawn(flaky, { id: 'flaky', restarts: 5 })
  await clock.settle()
  await clock.runUntil(room.close())
  await clock.advance(10_000)
  assert.is(starts, 1)
  await checkOver(call)
})

it('leaves the process alone when a guest fails, or who watches it does (law 10)', async () => {
  const uncaught: unknown[] = []
  const note = (error: unknown) => void uncaught.push(error)
  process.on('uncaughtException', note)
  const { room, clock, codes } = await startCall()
  const guest = room.spawn(counter, { id: 'c', input: { from: 0 }, restarts: 1 })
  const seen: unknown[] = []
  guest.ref.subscribe(({ context }) => seen.push(context.n))
  guest.ref.subscribe({
    next: () => {
      throw new Error('the watcher')
    },
  })
  const told: unknown[] = []
  guest.ref.subscribe({ error: error => told.push(error instanceof Error && error.message) })
  guest.send({ type: 'count' })
  guest.send({ type: 'break' })
  await clock.advance(1_000)
  await new Promise(resolve => setImmediate(resolve))
  const waiting = waitFor(guest.ref, ({ context }) => context.n === 1)
  guest.send({ type: 'count' })
  assert.is((await waiting).context.n, 1)
  await clock.runUntil(room.close())
  process.off('uncaughtException', note)
  assert.equal([seen, told, uncaught], [[1], ['broken'], []])
  assert.equal(codes(), ['listener.failed', 'actor.failed'])
})

it('passes on to it what the room tells, if its owner does', async () => {
  const log = setup({ types: { events: {} as { type: string }, context: {} as { types: string[] } } }).createMachine({
    context: { types: [] },
    on: { '*': { actions: assign({ types: ({ context: { types }, event }) => [...types, event.type] }) } },
  })
  const { room, clock } = await startCall()
  const guest = room.spawn(log, { id: 'log' })
  room.on(fact => guest.send(fact))
  room.show('Hello.')
  await clock.advance(10)
  assert.equal(guest.ref.getSnapshot().context.types, ['words.shown'])
  await clock.runUntil(room.close())
})

it('gives a helper what a mind has, if it is a function (typed)', async () => {
  const { room, clock, ends } = await startCall()
  const timer = ({ say }: Conversation) =>
    setup({ actors: { ring: fromPromise(() => say({ audio: sound(200) }).played) } }).createMachine({
      initial: 'waiting',
      states: {
        waiting: { after: { 300: 'ringing' } },
        ringing: { invoke: { src: 'ring', onDone: 'done' } },
        done: { type: 'final' },
      },
    })
  const guest = room.spawn(timer, { id: 'timer' })
  assert.is(guest.ref.getSnapshot().value, 'waiting')
  await clock.advance(1_000)
  assert.equal([guest.ref.getSnapshot().value, ends().map(({ outcome }) => outcome)], ['done', ['finished']])
  await clock.runUntil(room.close())
})

it('keeps its account, whatever becomes of whom and when (laws 4, 5)', async () => {
  const act = fc.record({ id: fc.constantFrom('a', 'b', 'c'), what: fc.constantFrom('spawn', 'break', 'end', 'wait') })
  const policy = fc.record({ restarts: fc.nat(2), otherwise: fc.constantFrom('without', 'without', 'close') })
  const acts = fc.array(fc.tuple(act, policy, fc.nat(250)), { maxLength: 25 })
  const whatever = fc.asyncProperty(acts, async steps => {
    const call = await startCall()
    const { room, clock } = call
    const guests = new Map<string, Guest<typeof counter>>()
    let broken = 0
    for (const [{ id, what }, { restarts, otherwise }, ms] of steps) {
      if (!room.isOpen) break
      const guest = guests.get(id)
      if (what === 'spawn' && !(`guest:${id}` in contextOf(room).guests))
        guests.set(id, room.spawn(counter, { id, input: { from: 0 }, restarts, otherwise }))
      if (what === 'break') broken += guest?.send({ type: 'break' }) ? 1 : 0
      if (what === 'end') guest?.send({ type: 'end' })
      if (what === 'wait') await clock.advance(ms)
      for (const [name, { ref }] of guests)
        assert.is(`guest:${name}` in contextOf(room).crew, ref.getSnapshot().status === 'active', name)
    }
    const wasOpen = room.isOpen
    await checkOver(call)
    assert.is(failedIn(call).length, broken)
    assert.is(await room.closed, wasOpen ? 'closed' : 'failed')
    for (const { ref } of guests.values()) assert.is.not(ref.getSnapshot().status, 'active')
  })
  await fc.assert(whatever, { seed, numRuns: 100 })
})

it('starts one that an actor asks for as it begins, right after that', async () => {
  let room: ChartRoom | undefined
  const codes: unknown[] = []
  const parent = setup({
    actions: {
      ask: () => {
        const guest = room?.spawn(counter, { id: 'child', input: { from: 1 } })
        codes.push(guest && codeFrom(() => guest.ref), guest?.send({ type: 'count' }))
      },
    },
  }).createMachine({ entry: 'ask' })
  const call = await startCall()
  room = call.room
  room.spawn(parent, { id: 'parent' })
  assert.equal(codes, ['ERR_NOT_STARTED', false])
  assert.ok(childrenOf(room).includes('guest:child'))
  await call.clock.runUntil(room.close())
})

const wrong: [what: string, logic: unknown, options: object | undefined, says: RegExp][] = [
  ['no logic', {}, { id: 'a' }, /^what is started is the logic of an actor/],
  ['nothing', undefined, { id: 'a' }, /^what is started is the logic of an actor/],
  ['no id', counter, {}, /^the id of an actor is a text/],
  ['an empty id', counter, { id: '' }, /^the id of an actor is a text/],
  ['restarts below 0', counter, { id: 'a', restarts: -1 }, /^restarts is -1/],
  ['restarts that are not whole', counter, { id: 'a', restarts: 0.5 }, /^restarts is 0.5/],
  ['no options', counter, undefined, /^the id of an actor is a text/],
  ['a misspelt option', counter, { id: 'a', restart: 2 }, /^options has no "restart": it knows id, input, restarts, otherwise/],
  ['another policy', counter, { id: 'a', otherwise: 'panic' }, /^otherwise is "panic": use close, without/],
]
it('refuses what cannot be started, and changes nothing (law 10)', async () => {
  const { room, clock } = await startCall()
  const before = childrenOf(room)
  for (const [what, logic, options, says] of wrong) {
    // What no type allows.
    const error = codeFrom(() => room.spawn(logic as typeof counter, options as { id: string; input: { from: number } }))
    assert.match(error instanceof Error ? error.message : '', says, what)
  }
  assert.equal(childrenOf(room), before)
  const same = { id: 'a', input: { from: 0 } }
  room.spawn(counter, same)
  assert.is(
    codeFrom(() => room.spawn(counter, same)),
    'ERR_DUPLICATE_ACTOR',
  )
  await clock.runUntil(room.close())
})

it('cannot take the place of a concern of the room', async () => {
  const { room, clock } = await startCall()
  for (const id of ['microphone', 'agent', 'playout:SG_1'])
    room.spawn(
      fromPromise(() => sleep(clock, 50)),
      { id },
    )
  await clock.advance(100)
  assert.ok(childrenOf(room).includes('microphone'))
  assert.ok(room.isOpen)
  await clock.runUntil(room.close())
})

it.run()
