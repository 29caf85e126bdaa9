/** A speech-to-speech model in a room: its life, whom it hears, what it says, and how it ends. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../src/errors.ts'
import { MultimodalAgent } from '../src/multimodal-agent.ts'
import { newCall, outcomeOf, perMs, samples } from './fakes/call.ts'
import { FakeModel } from './fakes/model.ts'
import { liveStage, newStage, type Stage } from './realtime/stage.ts'

const it = suite('multimodal-agent')

const words = ['Let ', 'me ', 'look ', 'that ', 'up.']
const checkGone = async ({ clock, hub, caller, model }: Stage) => {
  await clock.settle()
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  for (const session of model.sessions) assert.equal([session.listeners, session.closed], [0, true])
  if (caller.here) caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0)
}

it('starts once, resolves when it listens, and says so (MM-3, MM-4, MM-6)', async () => {
  const here = newStage()
  const seen: (string | undefined)[] = []
  here.caller.watch(event => event.type === 'participant.changed' && seen.push(event.attributes['lk.agent.state']))
  const starting = here.agent.start(here.world)
  assert.throws(
    () => here.agent.start(here.world),
    (error: unknown) => codeOf(error) === 'ERR_STARTED',
  )
  await here.clock.runUntil(starting)
  await here.clock.advance(1)
  assert.is(here.attribute(), 'listening')
  assert.equal(seen, ['initializing', 'listening'])
  await here.close()
  assert.throws(
    () => here.agent.start(here.world),
    (error: unknown) => codeOf(error) === 'ERR_CLOSED',
  )
  await checkGone(here)
})

it('waits until somebody hears it: what the model says meanwhile is queued and plays then (MM-5, MM-14)', async () => {
  const here = newStage({ caller: { subscribes: false } })
  void here.caller.publish().speak(samples(300))
  const starting = outcomeOf(here.clock, here.agent.start(here.world))
  await here.clock.advance(1_000)
  const { now: session } = here.model
  session.emit('input_speech_started', {})
  session.emit('input_speech_committed', { itemId: 'u1' })
  session.emit('input_speech_stopped', {})
  session.reply(500, words)
  await here.clock.advance(500)
  assert.equal([here.attribute(), session.given.length], ['initializing', 0])
  assert.equal(here.events(), ['user_started_speaking', 'user_stopped_speaking'])
  here.caller.subscribe('agent')
  await here.clock.advance(900)
  assert.ok('value' in (await starting))
  assert.equal(here.events().slice(2), ['agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_committed'])
  const heard = session.given.flatMap(({ data }) => [...data])
  assert.ok(heard.includes(1) && heard.includes(300 * perMs), 'loses what was said meanwhile')
  await here.close()
  await checkGone(here)
})

it('hears ann in pieces of 100 ms, mono, through every track, in order, pre-connect audio first (MM-12, MM-13, MM-15)', async () => {
  const here = newStage()
  const mic = here.caller.publish({ preconnect: true, channels: 2, sampleRate: 48_000 })
  here.agent.start(here.world)
  await here.clock.advance(10)
  here.caller.sendBytes('lk.agent.pre-connect-audio-buffer', [new Uint8Array(samples(500).buffer)], {
    attributes: { trackId: mic.sid, sampleRate: '24000', channels: '1' },
  })
  await here.clock.advance(1_000)
  const { now: session } = here.model
  for (const { samplesPerChannel, sampleRate, channels } of session.given)
    assert.equal([samplesPerChannel, sampleRate, channels], [2_400, 24_000, 1])
  assert.equal([...(session.given[0]?.data.subarray(0, 3) ?? [])], [1, 2, 3])
  const before = session.given.length
  mic.replace()
  await here.clock.advance(1_000)
  assert.ok(session.given.length >= before + 9)
  await here.close()
})

it('hears each track after the other, and never two at once (MM-12, MM-13)', async () => {
  const here = await liveStage()
  void here.mic.speak(samples(700))
  await here.clock.advance(350)
  here.mic.replace()
  await here.clock.advance(1_000)
  const heard = here.session.given.flatMap(({ data }) => [...data].filter(sample => sample > 0))
  assert.ok(heard.length > 300 * perMs, `${heard.length / perMs} ms were heard`)
  assert.ok(
    heard.every((sample, n) => n === 0 || sample > (heard[n - 1] ?? 0)),
    'mixes the tracks',
  )
  await here.close()
})

it('is alone with its session, though another agent has the same model', async () => {
  const model = new FakeModel()
  const stages = [newCall(), newCall()].map(call => ({ ...call, agent: new MultimodalAgent({ model }), told: [] as string[] }))
  for (const { agent, world, caller, clock, told } of stages) {
    caller.publish()
    for (const event of ['user_started_speaking', 'agent_started_speaking', 'agent_speech_interrupted', 'closed'] as const)
      agent.on(event, () => told.push(event))
    await clock.runUntil(agent.start(world))
  }
  const [one, other] = model.sessions
  for (const session of [one, other]) session?.reply(2_000, words, { itemId: 'same' })
  for (const { clock } of stages) await clock.advance(500)
  one?.emit('input_speech_started', {})
  for (const { clock } of stages) await clock.advance(100)
  assert.equal([one?.named('truncate').length, other?.named('truncate').length], [1, 0])
  await stages[0]?.clock.runUntil(stages[0].agent.close())
  assert.equal([one?.closed, other?.closed, other?.listeners !== 0], [true, false, true])
  assert.equal(
    stages.map(({ told }) => told),
    [['agent_started_speaking', 'user_started_speaking', 'agent_speech_interrupted', 'closed'], ['agent_started_speaking']],
  )
  await stages[1]?.clock.runUntil(stages[1].agent.close())
})

it('plays with 24 kHz mono on a track of its own name, and a model of other rates at those (MM-18, MM-13)', async () => {
  const here = newStage({ model: { inputSampleRate: 16_000, outputSampleRate: 16_000 } })
  const names: string[] = []
  const publish = here.world.speakers.publish.bind(here.world.speakers)
  here.caller.publish()
  const world = {
    ...here.world,
    speakers: {
      publish: (track: Parameters<typeof publish>[0], signal: AbortSignal) => {
        names.push(`${track.name} ${track.sampleRate} ${track.channels} ${track.queueMs}`)
        return publish(track, signal)
      },
    },
  }
  await here.clock.runUntil(here.agent.start(world))
  await here.clock.advance(300)
  assert.equal(names, ['assistant_voice 16000 1 200'])
  assert.equal([here.model.now.given[0]?.sampleRate, here.model.now.given[0]?.samplesPerChannel], [16_000, 1_600])
  await here.close()
})

it('drops the oldest of what the model does not take, and sends the rest in order (MM-14)', async () => {
  const here = newStage({ options: { maxInputBufferMs: 500 } })
  const mic = here.caller.publish()
  await here.clock.runUntil(here.agent.start(here.world))
  const { now: session } = here.model
  session.full = true
  void mic.speak(samples(2_000))
  await here.clock.advance(2_000)
  assert.equal([session.given.length, here.facts.length], [0, 0])
  session.drain()
  await here.clock.settle()
  assert.is(session.given.length, 6) // one in hand, and what was kept
  const { delivered, dropped, buffered, received } = here.agent.chart?.counters ?? {}
  assert.is(received, (delivered ?? 0) + (dropped ?? 0) + (buffered ?? 0))
  assert.ok((dropped ?? 0) >= 1_200 * perMs)
  await here.close()
})

it('links who is named, now or when they come, else the first who may be (MM-9, MM-10, MM-11)', async () => {
  const named = newStage()
  named.agent.start(named.world, { identity: 'bob' })
  await named.clock.advance(100)
  assert.is(named.agent.chart?.linkedParticipant, undefined)
  named.hub.participant({ identity: 'bob' }).join()
  await named.clock.advance(100)
  assert.is(named.agent.chart?.linkedParticipant, 'bob')
  await named.close()

  const open = newStage({ caller: false })
  open.hub.participant({ identity: 'avatar', attributes: { 'lk.publish_on_behalf': 'agent' } }).join()
  open.hub.participant({ identity: 'other agent', kind: 'agent' }).join()
  open.agent.start(open.world)
  await open.clock.advance(100)
  assert.is(open.agent.chart?.linkedParticipant, undefined)
  open.caller.join()
  await open.clock.advance(100)
  assert.is(open.agent.chart?.linkedParticipant, 'ann')
  open.hub.participant({ identity: 'bob' }).join()
  await open.clock.advance(100)
  assert.is(open.agent.chart?.linkedParticipant, 'ann')
  await open.close()
})

it('tells the start and the stop of each utterance, and commits what was heard of it (MM-20, MM-22, MM-23, MM-24)', async () => {
  const here = await liveStage()
  const { clock, session } = here
  session.reply(500, words, { itemId: 'item_a' })
  await clock.advance(100)
  assert.equal([here.attribute(), here.events()], ['speaking', ['agent_started_speaking']])
  await clock.advance(900)
  assert.is(here.attribute(), 'listening')
  assert.equal(here.events(), ['agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_committed'])
  assert.equal(here.of('agent_speech_committed'), [{ id: 'item_a', role: 'assistant', text: words.join('') }])
  assert.is(session.textOf('item_a'), words.join(''))
  assert.equal(session.named('truncate'), [])
  await here.close()
  await checkGone(here)
})

it('plays contents one after the other, and is not said to listen in between (MM-17, MM-23)', async () => {
  const here = await liveStage()
  const { clock, session } = here
  const states: (string | undefined)[] = []
  here.caller.watch(event => event.type === 'participant.changed' && states.push(event.attributes['lk.agent.state']))
  session.reply(500, ['One.'], { itemId: 'a' })
  session.reply(500, ['Two.'], { itemId: 'b' })
  await clock.advance(1_500)
  assert.equal(states, ['speaking', 'listening'])
  assert.equal(here.commits(), [
    { id: 'a', role: 'assistant', text: 'One.' },
    { id: 'b', role: 'assistant', text: 'Two.' },
  ])
  const twice = ['agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_committed'] as const
  assert.equal(here.events(), [...twice, ...twice])
  await here.close()
})

it('cuts what sounds and what waits when the caller speaks, and tells the model to the ms (MM-25, MM-28, MM-29, MM-30, MM-31)', async () => {
  const here = await liveStage()
  const { clock, session, ear } = here
  session.reply(3_000, words, { itemId: 'a' })
  session.reply(1_000, ['Next.'], { itemId: 'b' })
  await clock.advance(777)
  session.emit('input_speech_started', { itemId: 'u' })
  await clock.advance(500)
  const heard = Math.max(...ear.samples()) // sample n says n, but for the ramp at the end
  const cuts = session.named('truncate') as { itemId: string; contentIndex: number; audioEndMs: number }[]
  assert.equal(
    cuts.map(({ itemId }) => itemId),
    ['a', 'b'],
  )
  const [first, second] = cuts
  assert.equal([second?.audioEndMs, first?.contentIndex], [0, 0])
  assert.ok(Math.abs((first?.audioEndMs ?? 0) - heard / perMs) <= 10, `${first?.audioEndMs} told, ${heard / perMs} heard`)
  assert.is(here.attribute(), 'listening')
  assert.equal(here.events(), [
    ...['agent_started_speaking', 'user_started_speaking', 'agent_stopped_speaking', 'agent_speech_interrupted'],
  ])
  const [message] = here.of('agent_speech_interrupted')
  assert.is(message?.id, 'a')
  assert.match(message?.text ?? '', /^Let.*\.\.\.$/)
  assert.equal([session.textOf('a'), session.textOf('b')], [message?.text, ''])
  session.emit('input_speech_started', {}) // nothing is active any more
  await clock.advance(100)
  assert.is(session.named('truncate').length, 2)
  await here.close()
})

it('takes back also what has come and was not looked at yet (MM-25, MM-30)', async () => {
  const here = await liveStage()
  for (const itemId of ['a', 'b']) here.session.reply(2_000, words, { itemId })
  here.session.emit('input_speech_started', {})
  await here.clock.advance(100)
  assert.equal(here.session.named('truncate'), [
    { itemId: 'a', contentIndex: 0, audioEndMs: 0 },
    { itemId: 'b', contentIndex: 0, audioEndMs: 0 },
  ])
  await here.close()
})

it('tells the model also of what somebody else has cut, once, and where it was paused (MM-29, MM-31)', async () => {
  const here = await liveStage()
  const { clock, session, agent } = here
  session.reply(3_000, words, { itemId: 'a' })
  await clock.advance(500)
  agent.chart?.pause()
  await clock.advance(5_000)
  agent.chart?.interrupt()
  await clock.settle()
  session.emit('input_speech_started', {})
  await clock.advance(100)
  const [end] = session.named('truncate') as { audioEndMs: number }[]
  assert.equal(
    session.orders.map(({ name }) => name),
    ['truncate'],
  )
  assert.ok(Math.abs((end?.audioEndMs ?? 0) - 505) <= 10, `${end?.audioEndMs}`)
  agent.chart?.resume()
  session.reply(200, ['Next.'], { itemId: 'b' })
  await clock.advance(600)
  assert.is(here.commits().length, 2)
  await here.close()
})

it('stops a response that is still being made, and says nothing more of it (MM-32)', async () => {
  const here = await liveStage()
  const { clock, session } = here
  const response = session.begins()
  const content = response.content({ itemId: 'a' }).push(1_000)
  await clock.advance(300)
  session.emit('input_speech_started', {})
  assert.equal(
    session.orders.map(({ name }) => name),
    ['cancel', 'truncate'],
  )
  assert.equal(session.named('cancel'), [response.id])
  const late = response.content({ itemId: 'b' }).push(500).end()
  content.push(100).end()
  response.done('cancelled')
  await clock.advance(1_000)
  assert.equal(late.released, ['audio', 'text'])
  assert.is(here.commits().length, 1)

  const other = await liveStage({ model: { truncate: false } })
  other.session.begins().content().push(1_000)
  await other.clock.advance(300)
  other.session.emit('input_speech_started', {})
  await other.clock.advance(300)
  assert.equal(other.session.orders, [])
  assert.is(other.commits().length, 1)
  await here.close()
  await other.close()
})

it('takes nothing back of what has no sound yet: the server would refuse (MM-25, MM-32)', async () => {
  const here = await liveStage()
  const { clock, session } = here
  const response = session.begins()
  response.content({ itemId: 'a' }).push(1_000)
  response.content({ itemId: 'b' }).say('Not ', 'yet.')
  await clock.advance(300)
  session.emit('input_speech_started', {})
  await clock.advance(100)
  assert.equal(
    session.orders.map(({ name, args: [cut] }) => [name, Reflect.get(Object(cut), 'itemId')]),
    [
      ['cancel', undefined],
      ['truncate', 'a'],
    ],
  )
  assert.equal([here.commits().length, session.textOf('b')], [1, ''])
  await here.close()
})

it('leaves running functions alone when somebody begins and stops to speak (MM-33)', async () => {
  const here = await liveStage()
  const call = { toolCallId: 'c', name: 'look', rawArguments: '', arguments: {} }
  here.session.emit('function_calls_collected', [call])
  here.session.emit('input_speech_started', {})
  here.session.emit('input_speech_stopped', {})
  here.session.emit('function_calls_finished', [{ call, result: 'found' }])
  await here.clock.settle()
  assert.equal(here.events(), [
    ...['function_calls_collected', 'user_started_speaking', 'user_stopped_speaking', 'function_calls_finished'],
  ])
  assert.equal(here.session.orders, [])
  await here.close()
})

it('interrupts for its owner without a user event, and asks for a reply (MM-34)', async () => {
  const here = await liveStage({ model: { turnDetection: false } })
  const { clock, session, agent } = here
  session.reply(2_000, words, { itemId: 'a' })
  await clock.advance(300)
  agent.interrupt()
  await clock.settle()
  assert.equal(here.events(), ['agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_interrupted'])
  assert.is(session.named('truncate').length, 1)
  await clock.runUntil(agent.generateReply({ instructions: 'Be brief.' }))
  assert.equal(
    session.orders.map(({ name }) => name),
    ['truncate', 'commit', 'response'],
  )
  await here.close()

  const silent = newStage({ model: { turnDetection: false } })
  await silent.clock.runUntil(silent.agent.start(silent.world))
  await silent.clock.runUntil(silent.agent.generateReply()) // nothing was said that could be committed
  assert.equal(
    silent.model.now.orders.map(({ name }) => name),
    ['response'],
  )
  await silent.close()
  const detecting = await liveStage()
  await detecting.clock.runUntil(detecting.agent.generateReply())
  assert.equal(
    detecting.session.orders.map(({ name }) => name),
    ['response'],
  )
  await detecting.close()
  const { error } = await outcomeOf(detecting.clock, detecting.agent.generateReply())
  assert.equal([codeOf(error), String(error)], ['ERR_NOT_LIVE', 'Error: this agent is closed: make another for an answer'])
  const idle = newStage()
  idle.agent.interrupt()
  const early = await outcomeOf(idle.clock, idle.agent.generateReply())
  assert.is(codeOf(early.error), 'ERR_NOT_LIVE')
  assert.match(String(early.error), /wait for start/)
})

it.run()
