/** The probe: what happens in a room as messages, which fold to what is. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assign, fromCallback, fromPromise, setup } from 'xstate'
import { sleep } from '../../src/clock.ts'
import type { Message, SoundMessage } from '../../src/inspector/messages.ts'
import { members, pathOf } from '../../src/inspector/plain.ts'
import { probe } from '../../src/inspector/probe.ts'
import { apply, emptyScene, type Scene } from '../../src/inspector/scene.ts'
import { realtimeMind } from '../../src/multimodal-agent.ts'
import type { ChartRoom } from '../../src/room.ts'
import { type CallOptions, newCall, samples, sound, startCall, timed } from '../fakes/call.ts'
import { FakeModel } from '../fakes/model.ts'
import { actorsIn, lookedAt, type Tape, taped } from '../fakes/tape.ts'

const it = suite('probe')

const of = <T extends Message['type']>(messages: Message[], type: T) =>
  messages.filter((message): message is Extract<Message, { type: T }> => message.type === type)

/** A call with a caller who talks, an answer that is paused, one that is cut, a failure, and an end. */
const smallCall = async (options: CallOptions = {}) => {
  const call = newCall(options)
  const tape: Tape = { messages: [], scene: emptyScene() }
  const talk = async () => {
    const room = call.open()
    const stop = taped(room, tape)
    const deaf = room.on(() => {
      throw new Error('deaf')
    })
    await room.opened
    deaf()
    const mic = call.caller.publish()
    void mic.speak(samples(900))
    await sleep(call.clock, 300)
    const cut = room.say({ audio: sound(1_000), text: timed(5) })
    await sleep(call.clock, 400)
    room.pause()
    call.hub.failNext('setAttributes', new Error('not allowed'))
    await sleep(call.clock, 200)
    room.resume()
    await sleep(call.clock, 100)
    cut.interrupt()
    await room.say({ audio: sound(300) }).played
    await room.close()
    return { room, stop }
  }
  const { room, stop } = await call.clock.runUntil(talk())
  stop()
  return { ...call, room, ...tape }
}

it('numbers messages without a hole, in the order of time, and each is JSON', async () => {
  const { messages } = await smallCall()
  assert.ok(messages.length > 200, `${messages.length}`)
  for (const [index, { seq, at }] of messages.entries()) {
    assert.is(seq, index + 1)
    assert.ok(at >= (messages[index - 1]?.at ?? 0))
  }
  assert.equal(JSON.parse(JSON.stringify(messages)), messages)
})

it('tells of each machine before its first actor, of parents before children, and of every end', async () => {
  const { messages, scene } = await smallCall()
  const [defined, here] = [new Set<string>(), new Set<string>()]
  for (const message of messages) {
    if (message.type === 'machine') {
      assert.not.ok(defined.has(message.definition.key))
      defined.add(message.definition.key)
    }
    if (message.type === 'started') {
      if (message.machine !== null) assert.ok(defined.has(message.machine), message.path)
      if (message.parent === null) assert.is(message.path, 'room')
      else assert.ok(here.has(message.parent), message.path)
      here.add(message.path)
    }
  }
  for (const name of ['room', 'link', 'microphone', 'output', 'presence', 'playout', 'transcript', 'sync'])
    assert.ok(defined.has(name), name)
  assert.equal(
    Object.values(scene.actors).filter(({ status }) => status === 'active'),
    [],
  )
})

it('names the edges that were taken and what was done, for every step', async () => {
  const { messages } = await smallCall()
  const edges = new Set(of(messages, 'machine').flatMap(({ definition }) => definition.edges.map(({ id }) => id)))
  const events = new Map(of(messages, 'event').map(message => [message.seq, message]))
  const steps = of(messages, 'step')
  assert.ok(steps.length > 60)
  for (const { cause, path, taken } of steps) {
    assert.is(events.get(cause)?.to, path)
    for (const { edge } of taken) assert.ok(edges.has(edge), edge)
  }
  const pause = steps.find(({ cause, path }) => path === 'room' && events.get(cause)?.event.type === 'pause')
  assert.equal(pause?.taken, [{ edge: 'room.running|pause|0', source: 'room.running', targets: [] }])
  const paused = steps.find(({ value, path }) => value === 'paused' && path.startsWith('room/playout:'))
  assert.equal(
    paused?.taken.map(({ edge }) => edge),
    ['playout.flushing|pause|0', 'playout.paused|queue.taken|0'],
  )
  assert.equal(paused?.actions, ['shutGate', 'noteTally'])
  assert.ok(paused?.next?.includes('resume'))
})

it('tells facts, the log, and sound in pieces of 200 ms with their place', async () => {
  const { messages } = await smallCall()
  assert.ok(of(messages, 'fact').some(({ fact }) => fact.type === 'utterance.ended'))
  assert.equal(of(messages, 'log')[0]?.code, 'listener.failed')
  assert.equal(of(messages, 'log')[0]?.fields, { error: 'deaf' })
  const sounds = new Map<string, SoundMessage[]>()
  for (const message of of(messages, 'sound')) sounds.set(message.of, [...(sounds.get(message.of) ?? []), message])
  const length = (sounds.get('caller') ?? []).reduce((all, piece) => all + piece.samples, 0)
  assert.ok(length >= 900 * 24, `${length}`)
  for (const pieces of sounds.values())
    for (const [index, { offset, samples: n, peaks, stepMs }] of pieces.entries()) {
      const before = pieces[index - 1]
      assert.is(offset, before ? before.offset + before.samples : 0)
      assert.ok(n <= 200 * 24)
      assert.is(peaks.length, Math.ceil(n / (stepMs * 24)))
      assert.ok(peaks.every(peak => peak >= 0 && peak <= 100))
    }
})

it('folds to the value and the context that each actor has, after each message', async () => {
  const { clock, caller, open } = newCall()
  let checked = 0
  const talk = async () => {
    const room = open()
    const scene = emptyScene()
    const stop = probe(room, {
      sink: message => {
        apply(scene, message)
        checked += check(room, scene)
      },
    })
    await room.opened
    void caller.publish().speak(samples(300))
    const { interrupt } = room.say({ audio: sound(500), text: timed(3) })
    await sleep(clock, 200)
    room.pause()
    room.resume()
    interrupt()
    await room.close()
    stop()
  }
  await clock.runUntil(talk())
  assert.ok(checked > 500, `${checked}`)
})
/** Each actor that lives is in the scene as it is: those in the middle of a step as they were before it. */
const check = (room: ChartRoom, scene: Scene): number => {
  const living = actorsIn(room.actor)
  for (const actor of living) {
    const told = scene.actors[pathOf(actor)]
    if (!told) continue // it is about to be told
    const { value, context, status } = actor.getSnapshot()
    if (status !== 'active') continue // so is its end
    assert.equal(told.value, value, told.path)
    assert.equal(told.context, context && members(context), told.path)
  }
  return living.length
}

it('gives the same scene to who comes late as to who was there from the start', async () => {
  const { clock, caller, room } = await startCall()
  const early: Tape = { messages: [], scene: emptyScene() }
  taped(room, early)
  void caller.publish().speak(samples(1_000))
  room.say({ audio: sound(2_000), text: timed(10) })
  for (let n = 0; n < 12; n++) {
    await clock.advance(100)
    const late: Tape = { messages: [], scene: emptyScene() }
    const stop = taped(room, late)
    assert.equal(lookedAt(late.scene), lookedAt(early.scene))
    if (n % 3 === 0) room.pause()
    if (n % 3 === 1) room.resume()
    assert.equal(lookedAt(late.scene), lookedAt(early.scene))
    stop()
    const { length } = late.messages
    await clock.advance(20)
    assert.is(late.messages.length, length)
  }
  await clock.runUntil(room.close())
})

it('tells the same in two runs', async () => {
  const lines = async () => (await smallCall({ seed: 3 })).messages.map(message => JSON.stringify(message))
  assert.equal(await lines(), await lines())
})

it('counts how often a guest was begun anew, and tells why it ended', async () => {
  const { clock, room } = await startCall()
  const tape: Tape = { messages: [], scene: emptyScene() }
  taped(room, tape)
  const guest = setup({
    types: { events: {} as { type: 'break' } },
    actions: {
      fall: () => {
        throw new Error('it fell')
      },
    },
  }).createMachine({ id: 'tumbler', initial: 'up', states: { up: { on: { break: { actions: 'fall' } } } } })
  const { send } = room.spawn(guest, { id: 'tumbler', restarts: 2 })
  for (let n = 0; n < 3; n++) {
    await clock.advance(1_000)
    send({ type: 'break' })
  }
  await clock.advance(10)
  const started = of(tape.messages, 'started').filter(({ path }) => path === 'room/guest:tumbler')
  assert.equal(
    started.map(({ restarts, machine }) => [restarts, machine]),
    [
      [0, 'tumbler'],
      [1, 'tumbler'],
      [2, 'tumbler'],
    ],
  )
  const ended = of(tape.messages, 'ended').filter(({ path }) => path === 'room/guest:tumbler')
  assert.equal(
    ended.map(({ status, error }) => [status, error]),
    Array.from({ length: 3 }, () => ['error', 'it fell']),
  )
  await clock.runUntil(room.close())
})

it('tells guests of all kinds, with values of any kind, and letters to the dead', async () => {
  const { clock, room } = await startCall()
  const tape: Tape = { messages: [], scene: emptyScene() }
  taped(room, tape)
  const loop: Record<string, unknown> = { name: 'loop' }
  loop.self = loop
  const values = {
    loop,
    big: 'x'.repeat(5_000),
    never: new Promise(() => {}),
    sound: samples(10),
    when: new Date(0),
    call: () => {},
    list: Array.from({ length: 500 }, (_, n) => n),
  }
  const keeper = setup({
    types: { context: {} as Record<string, unknown>, events: {} as { type: 'take' | 'end'; more?: unknown } },
  }).createMachine({
    id: 'keeper',
    context: { ...values, none: undefined },
    initial: 'open',
    states: {
      open: { on: { take: { actions: assign({ taken: ({ event }) => event.more, big: () => undefined }) }, end: 'gone' } },
      gone: { type: 'final' },
    },
  })
  const guest = room.spawn(keeper, { id: 'keeper' })
  room.spawn(
    fromPromise(async () => ({ fine: true })),
    { id: 'promise' },
  )
  room.spawn(
    fromCallback(() => {}),
    { id: 'callback' },
  )
  await clock.advance(1)
  const { ref } = guest
  guest.send({ type: 'take', more: { room: room.actor, error: new Error('two\nlines') } })
  guest.send({ type: 'end' })
  ref.send({ type: 'take' })
  await clock.advance(1)
  const start = of(tape.messages, 'started').find(({ path }) => path === 'room/guest:keeper')
  assert.equal(start?.context?.loop, { name: 'loop', self: '[cycle]' })
  assert.equal(start?.context?.big, `${'x'.repeat(1_000)}… (+4000)`)
  assert.equal(start?.context?.sound, { samples: 240, peak: 1 })
  assert.equal(start?.context?.when, '1970-01-01T00:00:00.000Z')
  const { list } = start?.context ?? {}
  assert.is(Array.isArray(list) && list.at(-1), '… (+400)')
  for (const key of ['never', 'call', 'none']) assert.not.ok(key in (start?.context ?? {}), key)
  const step = of(tape.messages, 'step').find(({ path, context }) => path === 'room/guest:keeper' && context)
  assert.equal(step?.context, { set: { taken: { room: { actor: 'room' }, error: 'two' } }, gone: ['big'] })
  assert.equal(
    of(tape.messages, 'event')
      .filter(({ dead }) => dead)
      .map(({ to, event }) => [to, event]),
    [['room/guest:keeper', { type: 'take' }]],
  )
  const ended = of(tape.messages, 'ended').find(({ path }) => path === 'room/guest:promise')
  assert.equal(ended?.output, { fine: true })
  await clock.runUntil(room.close())
})

it('keeps two machines of one name apart, and knows one that is made again', async () => {
  const { clock, room } = await startCall()
  const tape: Tape = { messages: [], scene: emptyScene() }
  taped(room, tape)
  const make = (state: string) => setup({}).createMachine({ id: 'twin', initial: state, states: { [state]: {} } })
  for (const [n, state] of ['a', 'b', 'a'].entries()) room.spawn(make(state), { id: `${n}` })
  await clock.advance(1)
  const keys = of(tape.messages, 'started')
    .filter(({ src }) => src === 'guest')
    .map(({ machine }) => machine)
  assert.equal(keys, ['twin', 'twin~2', 'twin'])
  await clock.runUntil(room.close())
})

it('tells of a mind that is an actor, with all of its machine', async () => {
  const model = new FakeModel()
  const { clock, room } = await startCall({ options: { mind: realtimeMind({ model }) } })
  const tape: Tape = { messages: [], scene: emptyScene() }
  taped(room, tape)
  await clock.advance(10)
  model.now.reply(500, ['Well ', 'then.'], { itemId: 'a' })
  await clock.advance(1_000)
  const mind = tape.scene.actors['room/agent/mind']
  assert.is(mind?.machine, 'realtime')
  assert.equal(mind?.value, room.actor.getSnapshot().context.crew.agent?.getSnapshot().children.mind.getSnapshot().value)
  assert.ok(of(tape.messages, 'step').some(({ path }) => path === 'room/agent/mind'))
  await clock.runUntil(room.close())
})

it('leaves other observers, other probes and the room as they were', async () => {
  const { clock, room } = await startCall()
  const { system } = room.actor
  const before = Reflect.get(system, '_sendInspectionEvent')
  const theirs: string[] = []
  const told = [false, false, false]
  const { unsubscribe } = system.inspect({ next: ({ type }) => theirs.push(type) })
  const stops = told.map((_, n) =>
    probe(room, {
      sink: () => {
        told[n] = true
      },
    }),
  )
  const pause = () => {
    told.fill(false)
    theirs.length = 0
    room.pause()
    room.resume()
    return [...told]
  }
  assert.equal(pause(), [true, true, true])
  assert.is(theirs.filter(type => type === '@xstate.event').length, 2)
  stops[1]?.()
  assert.equal(pause(), [true, false, true])
  stops[0]?.()
  stops[2]?.()
  assert.equal(pause(), [false, false, false])
  assert.is(theirs.filter(type => type === '@xstate.event').length, 2)
  assert.is(Reflect.get(system, '_sendInspectionEvent'), before)
  unsubscribe()
  await clock.runUntil(room.close())
})

it('can be put on in the middle of a step', async () => {
  const { clock, room, codes } = await startCall()
  const tape: Tape = { messages: [], scene: emptyScene() }
  const nosy = setup({
    types: { context: {} as { n: number }, events: {} as { type: 'look' } },
    actions: { look: () => void taped(room, tape), count: assign({ n: ({ context }) => context.n + 1 }) },
  }).createMachine({
    id: 'nosy',
    context: { n: 0 },
    initial: 'asleep',
    states: {
      asleep: { on: { look: { target: 'awake', actions: ['look', 'count'] } } },
      awake: { on: { look: { actions: 'count' } } },
    },
  })
  const { send } = room.spawn(nosy, { id: 'nosy' })
  await clock.advance(1)
  send({ type: 'look' })
  const here = () => tape.scene.actors['room/guest:nosy']
  assert.equal([here()?.value, here()?.context], ['awake', { n: 1 }])
  assert.equal(
    of(tape.messages, 'step').map(({ cause, path }) => [cause, path]),
    [[0, 'room/guest:nosy']],
  )
  send({ type: 'look' })
  assert.equal(here()?.context, { n: 2 })
  assert.ok(of(tape.messages, 'step').every(({ cause }, n) => n === 0 || cause > 0))
  await clock.runUntil(room.close())
  assert.equal(codes(), [])
})

it('is taken off, with one line, when whoever is told throws; the room goes on', async () => {
  const { clock, room, codes, facts } = await startCall()
  let told = 0
  probe(room, {
    sink: () => {
      if (++told === 40) throw new Error('full')
    },
  })
  await room.say({ audio: sound(300) }).played.then.call(clock.runUntil(room.say({ audio: sound(300) }).played), () => {})
  assert.is(told, 40)
  assert.equal(codes(), ['inspector.failed'])
  assert.ok(facts.some(({ type }) => type === 'utterance.ended'))
  await clock.runUntil(room.close())
})

it.run()
