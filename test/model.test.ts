/** How to test a machine with model.ts, on a small one of its own; and each part catches what was planted for it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AnyStateMachine, assign, enqueueActions, fromPromise, not, raise, setup } from 'xstate'
import { unbound } from '../machines/unbound.ts'
import { done, explore, failed, ignored, pending, table, walk } from './model.ts'

type KettleEvent = { type: 'fill'; cups: number } | { type: 'boil' } | { type: 'stop' } | { type: 'valve.shut'; left: number }
const noteLeft = { type: 'noteLeft' as const, params: ({ event }: { event: { left: number } }) => event.left }

/** idle → heating → boiled, or stopped on the way; the valve answers within the step that shuts it. */
const kettleMachine = setup({
  types: {
    input: {} as { limit: number },
    events: {} as KettleEvent,
    context: {} as { cups: number; limit: number; left: number },
  },
  actors: { heat: fromPromise<{ degrees: number }, { cups: number }>(unbound('heat')) },
  actions: {
    ring: unbound('ring'),
    shutValve: unbound('shutValve'),
    noteCups: assign({ cups: ({ context }, cups: number) => context.cups + cups }),
    noteLeft: assign({ left: (_, left: number) => left }),
  },
  guards: { isEmpty: ({ context }) => context.cups === 0, isFull: ({ context }) => context.cups >= context.limit },
  delays: { heatTimeout: 90_000 },
}).createMachine({
  id: 'kettle',
  context: ({ input }) => ({ cups: 0, left: 0, limit: input.limit }),
  initial: 'idle',
  states: {
    idle: {
      on: {
        fill: { guard: not('isFull'), actions: { type: 'noteCups', params: ({ event }) => event.cups } },
        boil: [{ guard: 'isEmpty' }, { target: 'heating' }],
        stop: 'stopping',
      },
    },
    heating: {
      invoke: {
        id: 'heat',
        src: 'heat',
        input: ({ context: { cups } }) => ({ cups }),
        onDone: { target: 'boiled', actions: 'ring' },
      },
      after: { heatTimeout: 'stopping' },
      on: { stop: 'stopping' },
    },
    stopping: { entry: 'shutValve', on: { 'valve.shut': { target: 'stopped', actions: noteLeft } } },
    boiled: { type: 'final' },
    stopped: { type: 'final' },
  },
})

/** Where the binding answers an action with an event, the model must say so too: one `raise`, no I/O. */
const modelOf = (machine: typeof kettleMachine) =>
  machine.provide({ actions: { shutValve: raise({ type: 'valve.shut', left: 1 }) } })

/** The binding under test; in a real test it comes from src/. */
const kettleOn = (stove: { heat(cups: number): Promise<{ degrees: number }>; ring(): void; shut(): number }) =>
  kettleMachine.provide({
    actors: { heat: fromPromise(({ input }) => stove.heat(input.cups)) },
    actions: {
      ring: () => stove.ring(),
      shutValve: enqueueActions(({ enqueue }) => enqueue.raise({ type: 'valve.shut', left: stove.shut() })),
    },
  })

const it = suite('model')

it('writes a machine out as a table', () => {
  assert.equal(table(kettleMachine), {
    '': '→idle',
    idle: 'fill[!isFull]→· boil[isEmpty]→- boil→heating stop→stopping',
    heating: 'stop→stopping done:heat→boiled after:heatTimeout→stopping',
    stopping: 'valve.shut→stopped',
    boiled: 'final',
    stopped: 'final',
  })
})

it('says what each state ignores', () => {
  assert.equal(ignored(kettleMachine), {
    idle: 'valve.shut', // the valve only answers
    heating: 'fill boil valve.shut', // the lid is shut; it boils already
    stopping: 'fill boil stop', // passes within one step
  })
})

const events = [{ type: 'fill', cups: 1 }, { type: 'boil' }, { type: 'stop' }, done('heat', { degrees: 100 })] as const

it('explores every sequence of events', () => {
  const seen = explore(modelOf(kettleMachine), {
    input: { limit: 2 },
    events,
    invariant: ({ event, before, snapshot, effects, past }) => {
      assert.ok(snapshot.context.cups <= 2, 'overflows')
      if (snapshot.value === 'heating' && before?.value === 'idle') {
        assert.equal(effects, ['delay after:heatTimeout', 'start heat'])
        assert.ok(
          past.some(step => step.event.type === 'fill'),
          'heats without water',
        )
      }
      if (event.type === 'boil') assert.not(effects.includes('ring'), 'rings too early')
    },
  })
  assert.ok(seen.sequences > 100)
  assert.is(seen.states, 10)
})

/** The live side: a stove that does nothing by itself. */
const liveKettle = (bind: typeof kettleOn = kettleOn) => {
  const heat = pending<{ degrees: number }>()
  const rung: string[] = []
  return {
    machine: bind({ heat: () => heat.promise, ring: () => rung.push('ring'), shut: () => 1 }),
    act: { 'done:heat': () => heat.resolve({ degrees: 100 }) },
    check: ({ snapshot, model }: { snapshot: { value: unknown; context: unknown }; model: { context: unknown } }) => {
      assert.equal(snapshot.context, model.context)
      assert.is(rung.length, snapshot.value === 'boiled' ? 1 : 0)
    },
  }
}

it('walks every transition of the live machine', async () => {
  const walked = await walk(modelOf(kettleMachine), { input: { limit: 2 }, events, live: () => liveKettle() })
  assert.ok(walked.paths > 3 && walked.steps > walked.paths)
})

/** The message with which `work` rejects or throws. */
const fault = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  throw new Error('the planted fault was not caught')
}

/** Two states and an effect, with a place for a fault. */
const lamp = (on: object, off: object, root: object = {}): AnyStateMachine =>
  setup({ actions: { light: () => {}, dark: () => {} } }).createMachine({
    id: 'lamp',
    initial: 'off',
    ...root,
    states: { off: { entry: 'dark', ...off }, on: { entry: 'light', ...on }, broken: { type: 'final' } },
  })
const lampEvents = [{ type: 'press' }, { type: 'smash' }]

it('table refuses a root transition in a machine that can end', () => {
  assert.throws(() => table(lamp({}, {}, { on: { press: '.on' } })), 'must not have "on" at its root')
})

it('table shows nested and parallel states, re-entry, delays and choices', () => {
  const machine = setup({ guards: { a: () => true, b: () => true }, delays: { aTimeout: 5 } }).createMachine({
    id: 'nest',
    initial: 'x',
    states: {
      x: {
        initial: 'y',
        on: { go: 'both' },
        states: { y: { after: { aTimeout: 'z' } }, z: { always: { guard: 'a', target: '#nest.both' } } },
      },
      both: { type: 'parallel', on: { go: { target: 'both', reenter: true } }, states: { l: {}, r: { on: { hum: {} } } } },
    },
  })
  assert.equal(table(machine), {
    '': '→x',
    x: '→x.y go→both',
    'x.y': 'after:aTimeout→x.z',
    'x.z': 'always[a]→both',
    both: 'parallel go↻both',
    'both.l': '',
    'both.r': 'hum→-',
  })
  assert.equal(ignored(machine), { 'x.y': 'hum', 'x.z': 'hum' })
})

it('counts an event as heard if a wildcard hears it', () => {
  const machine = lamp({ on: { 'press.*': 'off' } }, {})
  assert.equal(ignored(machine, ['press.hard', 'smash']), { off: 'press.hard smash', on: 'smash' })
})

it('explore catches a swallowed event, by the shortest sequence', async () => {
  const deaf = lamp({ on: { smash: 'broken' } }, { on: { press: 'on' } }) // smash is forgotten in the dark
  const message = await fault(() =>
    explore(deaf, {
      events: lampEvents,
      invariant: ({ event, snapshot }) => {
        if (event.type === 'smash') assert.is(snapshot.value, 'broken', 'survives a smash')
      },
    }),
  )
  assert.is(message, 'after smash: survives a smash')
})

it('explore catches an effect that is not asked for', async () => {
  const message = await fault(() =>
    explore(lamp({ entry: [], on: { press: 'off' } }, { on: { press: 'on' } }), {
      events: lampEvents,
      invariant: ({ before, snapshot, effects }) => {
        if (snapshot.value === 'on' && before?.value === 'off') assert.ok(effects.includes('light'), 'is on without light')
      },
    }),
  )
  assert.is(message, 'after press: is on without light')
})

it('walk catches a binding that does nothing', async () => {
  const mute: typeof kettleOn = stove => kettleOn({ ...stove, ring: () => {} })
  const message = await fault(() => walk(modelOf(kettleMachine), { input: { limit: 2 }, events, live: () => liveKettle(mute) }))
  assert.match(message, /^after fill → .*boil → done:heat: /)
})

it('walk catches an answer that does not come within the step', async () => {
  const late: typeof kettleOn = stove => kettleOn(stove).provide({ actions: { shutValve: () => stove.shut() } })
  const message = await fault(() => walk(modelOf(kettleMachine), { input: { limit: 2 }, events, live: () => liveKettle(late) }))
  assert.match(message, 'the table says stopped, the actor is stopping')
})

it('walk fails if a transition is never taken, unless that is excepted with its reason', async () => {
  const machine = lamp({ on: { press: 'off', smash: 'broken', repair: 'off' } }, { on: { press: 'on' } })
  const walking = { events: lampEvents, live: () => ({ machine }) }
  assert.is(await fault(() => walk(machine, walking)), 'never taken: on repair→off')
  await walk(machine, { ...walking, except: { 'on repair→off': 'nobody repairs lamps' } })
  const stale = { ...walking, except: { 'on repair→off': 'nobody repairs lamps', 'on press→off': 'a lie' } }
  assert.is(await fault(() => walk(machine, stale)), 'excepted, but taken or not there: on press→off')
})

it('walk wants to be told how an invoked actor ends', async () => {
  const live = () => ({ ...liveKettle(), act: {} })
  const message = await fault(() => walk(modelOf(kettleMachine), { input: { limit: 2 }, events, live }))
  assert.match(message, 'how does done:heat come about? Say it in "act"')
})

it('walk follows a failure that the machine lets through', async () => {
  const live = () => {
    const heat = pending<{ degrees: number }>()
    return {
      machine: kettleOn({ heat: () => heat.promise, ring: () => {}, shut: () => 1 }),
      act: { 'done:heat': () => heat.resolve({ degrees: 100 }), 'error:heat': () => heat.reject(new Error('no gas')) },
    }
  }
  await walk(modelOf(kettleMachine), { input: { limit: 1 }, events: [...events, failed('heat')], live })
})

it('walk says so when the context counts without an end', async () => {
  const endless = setup({
    types: { events: {} as { type: 'more' }, context: {} as { count: number } },
    actions: { noteMore: assign({ count: ({ context }) => context.count + 1 }) },
  }).createMachine({ id: 'endless', context: { count: 0 }, on: { more: { actions: 'noteMore' } } })
  const walking = { events: [{ type: 'more' } as const], live: () => ({ machine: endless }), limit: 50 }
  assert.match(await fault(() => walk(endless, walking)), 'more than 50 edges')
  await walk(endless, { ...walking, key: ({ context }) => String(Math.min(context.count, 3)) })
})

it.run()
