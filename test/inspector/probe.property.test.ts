// deadline: 240 s
/** The probe on random calls: what it tells folds to what is, at every message, and a late viewer sees what an early one does. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { setup } from 'xstate'
import type { Message } from '../../src/inspector/messages.ts'
import { members, pathOf } from '../../src/inspector/plain.ts'
import { probe } from '../../src/inspector/probe.ts'
import { apply, emptyScene, type Scene } from '../../src/inspector/scene.ts'
import { type Call, samples, sound, startCall, timed } from '../fakes/call.ts'
import { actorsIn, lookedAt, type Tape, taped } from '../fakes/tape.ts'

const it = suite('probe')

const guest = setup({
  types: { events: {} as { type: 'fall' | 'end' } },
  actions: {
    fall: () => {
      throw new Error('it fell')
    },
  },
}).createMachine({
  id: 'guest',
  initial: 'up',
  states: { up: { on: { fall: { actions: 'fall' }, end: 'gone' } }, gone: { type: 'final' } },
})

/** What may happen, and for how long, in ms, time then goes on. */
const deeds = {
  say: ({ room }: Call) => void room.say({ audio: sound(400), text: timed(2) }),
  tell: ({ room }: Call) => room.show('something'),
  pause: ({ room }: Call) => room.pause(),
  resume: ({ room }: Call) => room.resume(),
  interrupt: ({ room }: Call) => room.interrupt(),
  detach: ({ room }: Call) => room.setAttached(false),
  attach: ({ room }: Call) => room.setAttached(true),
  relink: ({ room }: Call) => room.setParticipant('ann'),
  speak: ({ caller }: Call) => void caller.publish().speak(samples(200)),
  reconnect: ({ hub }: Call) => hub.reconnect('full', 50),
  fail: ({ hub }: Call) => hub.failNext('setAttributes', new Error('not allowed')),
  spawn: ({ room }: Call) => {
    const { send } = room.spawn(guest, { id: room.nextId(), restarts: 1 })
    void room.closed.then(() => send({ type: 'end' }))
    queueMicrotask(() => send({ type: 'fall' }))
  },
}
type Deed = keyof typeof deeds
const plans = fc.array(
  fc.record({
    deed: fc.constantFrom(...(Object.keys(deeds) as Deed[])),
    ms: fc.constantFrom(0, 0, 1, 30, 150, 700),
  }),
  { minLength: 5, maxLength: 25 },
)

/** Each actor that was told of is as it was told, or in the middle of what will be told. */
const check = (call: Call, scene: Scene): void => {
  for (const actor of actorsIn(call.room.actor)) {
    const told = scene.actors[pathOf(actor)]
    const { value, context, status } = actor.getSnapshot()
    if (!told || status !== 'active') continue
    assert.equal(told.value, value, told.path)
    assert.equal(told.context, context && members(context), told.path)
  }
}

it('folds to what is, early and late, whatever happens', async () => {
  const run = async (plan: { deed: Deed; ms: number }[]) => {
    const call = await startCall()
    const scene = emptyScene()
    const messages: Message[] = []
    probe(call.room, {
      sink: message => {
        messages.push(message)
        apply(scene, message)
        check(call, scene)
      },
    })
    for (const { deed, ms } of plan) {
      if (call.room.isOpen) deeds[deed](call)
      await call.clock.advance(ms)
      const late: Tape = { messages: [], scene: emptyScene() }
      taped(call.room, late)()
      assert.equal(lookedAt(late.scene), lookedAt(scene))
    }
    await call.clock.runUntil(call.room.close())
    assert.not.ok(call.codes().includes('inspector.failed'), call.logged.map(({ fields }) => JSON.stringify(fields)).join())
    assert.equal(
      messages.map(({ seq }) => seq),
      messages.map((_, index) => index + 1),
    )
    const events = new Set(messages.filter(({ type }) => type === 'event').map(({ seq }) => seq))
    for (const message of messages) if (message.type === 'step') assert.ok(events.has(message.cause) || message.cause === 0)
    assert.equal(
      Object.values(scene.actors).filter(({ status }) => status === 'active'),
      [],
    )
  }
  const seed = Date.now() & 0xffff
  console.log(`seed ${seed}`)
  await fc.assert(fc.asyncProperty(plans, run), { numRuns: 60, seed })
})

it.run()
