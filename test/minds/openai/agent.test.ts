/** A whole agent with a model of OpenAI: the real client, the scripted server, a room on the loopback; all of it in virtual time. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OpenAIRealtimeModel } from '../../../src/minds/openai/index.ts'
import { MultimodalAgent, type MultimodalAgentOptions } from '../../../src/multimodal-agent.ts'
import type { AgentEvent } from '../../../src/realtime/news.ts'
import { newCall, outcomeOf, samples } from '../../fakes/call.ts'
import { audio, call, type ServerOptions, scriptedServer, text } from '../../fakes/openai/index.ts'

const it = suite('openai agent')
const key = 'sk-secret-0123456789'
const names = [
  'user_started_speaking',
  'user_stopped_speaking',
  'agent_started_speaking',
  'agent_stopped_speaking',
  'user_speech_committed',
  'agent_speech_committed',
  'agent_speech_interrupted',
  'function_calls_finished',
  'error',
  'closed',
] as const satisfies AgentEvent[]

const newStage = (options: Partial<MultimodalAgentOptions> = {}, serverOptions: ServerOptions = {}) => {
  const all = newCall()
  const server = scriptedServer({ clock: all.clock, key, ...serverOptions })
  const model = new OpenAIRealtimeModel({ apiKey: key, baseURL: server.plug() })
  const agent = new MultimodalAgent({ model, ...options })
  const told: { event: AgentEvent; payload: unknown }[] = []
  for (const event of names) agent.on(event, payload => told.push({ event, payload }))
  const of = (event: AgentEvent) => told.flatMap(one => (one.event === event ? [Object(one.payload)] : []))
  const end = async () => {
    await all.clock.runUntil(agent.close())
    assert.is(told.at(-1)?.event, 'closed')
    await server.close()
    all.caller.leave()
    await all.clock.advance(1)
    assert.is(all.clock.timers, 0)
  }
  return { ...all, server, agent, told, of, events: () => told.map(({ event }) => event), end }
}
const liveStage = async (options?: Partial<MultimodalAgentOptions>, serverOptions?: ServerOptions) => {
  const stage = newStage(options, serverOptions)
  const mic = stage.caller.publish()
  const ear = stage.caller.hears('agent')
  await stage.clock.runUntil(stage.agent.start(stage.world))
  return { ...stage, mic, ear }
}

it('talks: the caller speaks, the model answers, both are committed', async () => {
  const { server, clock, mic, events, of, end } = await liveStage()
  server.answer({ parts: [audio({ ms: 1_000, words: 'It is noon.' })], thinkMs: 200 })
  void mic.speak(samples(1_000))
  server.speech({ end: 1_000, transcript: 'What time is it?', afterMs: 300 })
  await clock.advance(5_000)
  assert.equal(events(), [
    'user_started_speaking',
    'user_stopped_speaking',
    'agent_started_speaking',
    'user_speech_committed',
    'agent_stopped_speaking',
    'agent_speech_committed',
  ])
  assert.is(of('user_speech_committed')[0].text, 'What time is it?')
  assert.is(of('agent_speech_committed')[0].text, 'It is noon.')
  assert.ok(server.session.receivedMs >= 1_000)
  await end()
})

it('tells the model how much of a reply was heard, and commits those words, at 40 interruptions (MM-28, MM-29)', async () => {
  const { server, clock, ear, of, end } = await liveStage()
  const words = Array.from({ length: 20 }, (_, n) => `${n ? ' ' : ''}word${String.fromCharCode(97 + n)}`)
  const wordMs = 400
  for (let n = 0; n < 40; n++) {
    ear.take()
    const reply = server.reply({ parts: [audio({ ms: 20 * wordMs, words })], pace: n % 2 ? 1.2 : 8 })
    await clock.advance(300 + n * 137)
    server.speech({ end: 200 })
    await clock.advance(600)
    await reply.done
    const heardMs = ear.take().filter(sample => sample !== 0).length / 24
    const cut = server.said('conversation.item.truncate')[n]
    const { id, text } = of('agent_speech_interrupted')[n]
    assert.is(cut?.item_id, id)
    assert.ok(Math.abs(Number(cut?.audio_end_ms) - heardMs) <= 20, `${cut?.audio_end_ms} ms were told, ${heardMs} heard`)
    const said = text
      .replace(/\.\.\.$/, '')
      .split(' ')
      .filter(Boolean).length
    const begun = Math.ceil(heardMs / wordMs)
    assert.ok(Math.abs(said - begun) <= 1, `${said} words were committed, of ${begun} something was heard`)
  }
  await end()
})

it('adds no more than 10 ms to what the model takes', async () => {
  const { server, clock, ear, end } = await liveStage()
  for (let n = 0; n < 10; n++) {
    await clock.advance(1_000 + n * 13.7)
    ear.take()
    server.reply({ parts: [audio({ ms: 300 })], pace: 4 })
    await clock.advance(1_000)
    const first = ear.take().findIndex(sample => sample !== 0)
    assert.ok(first >= 0 && first <= 240, `${first / 24} ms`)
  }
  await end()
})

it('is the same with a journal in between, and the same in every run', async () => {
  const hold = async () => {
    const lines: string[] = []
    const fncCtx = [{ name: 'now', execute: () => 'noon' }]
    const journal: MultimodalAgentOptions['journal'] = line => void lines.push(JSON.stringify(line))
    const { server, clock, mic, of, agent, end } = await liveStage({ fncCtx, journal })
    server.answer(
      { parts: [audio({ ms: 500, words: 'Let me look.' }), call('now')] },
      { parts: [audio({ ms: 800, words: 'It is noon.' })] },
    )
    void mic.speak(samples(1_000))
    server.speech({ end: 1_000, transcript: 'What time is it?', afterMs: 300 })
    await clock.advance(5_000)
    await agent.setChatCtx({ items: [] })
    assert.equal(
      of('agent_speech_committed').map(({ text }) => text),
      ['Let me look.', 'It is noon.'],
    )
    await end()
    return lines
  }
  const first = await hold()
  assert.ok(first.some(line => line.includes('input_speech_transcription_completed')))
  assert.not.ok(first.some(line => line.includes(key)))
  assert.equal(await hold(), first)
})

it('says no text: asks for it anew as speech (MM-35, MM-36)', async () => {
  const { server, clock, of, end } = await liveStage()
  server.answer({ parts: [audio({ ms: 500, words: 'Aloud.' })] })
  server.reply({ parts: [text('I only write.')] })
  await clock.advance(3_000)
  assert.is(of('agent_speech_committed')[0]?.text, 'Aloud.')
  assert.equal(of('error'), [])
  await end()
})

it('calls a function, and speaks about it (MM-41)', async () => {
  const { server, clock, agent, of, end } = await liveStage({
    fncCtx: [{ name: 'now', parameters: { type: 'object' }, execute: () => 'noon' }],
  })
  server.answer({ parts: [audio({ ms: 500, words: 'It is noon.' })] })
  server.reply({ parts: [audio({ ms: 500, words: 'Let me look.' }), call('now')] })
  await clock.advance(4_000)
  assert.equal(
    of('agent_speech_committed').map(({ text }) => text),
    ['Let me look.', 'It is noon.'],
  )
  assert.is(of('function_calls_finished').length, 1)
  const named = (name: string) => [{ name, execute: () => 'x' }]
  assert.throws(() => {
    agent.fncCtx = named('look up')
  }, /^OpenAI takes no function "look up": a name has letters/)
  await end()
  assert.equal(
    agent.fncCtx.map(({ name }) => name),
    ['now'],
  )
  const other = newStage({ fncCtx: named('né') })
  const { error } = await outcomeOf(other.clock, other.agent.start(other.world))
  await other.clock.advance(100)
  assert.match(String(error), /OpenAI takes no function "né"/)
  await other.end()
})

it('lets a function run on while the caller speaks (MM-33)', async () => {
  let found: (what: string) => void = () => {}
  let signal: AbortSignal | undefined
  const execute = (_: unknown, context: { signal: AbortSignal }) => {
    signal = context.signal
    return new Promise<string>(resolve => {
      found = resolve
    })
  }
  const { server, clock, events, of, end } = await liveStage({ fncCtx: [{ name: 'look', execute }] })
  server.reply({ parts: [audio({ ms: 3_000, words: 'Let me look that up.' }), call('look')], pace: 8 })
  await clock.advance(1_000)
  server.speech({ end: 500, transcript: 'Well?' })
  await clock.advance(1_500)
  assert.ok(events().includes('agent_speech_interrupted') && events().includes('user_stopped_speaking'))
  assert.is(signal?.aborted, false)
  found('it is there')
  await clock.advance(500)
  assert.equal(
    of('function_calls_finished').map(([{ result }]) => result),
    ['it is there'],
  )
  assert.is(Object(server.said('conversation.item.create').at(-1)?.item).output, 'it is there')
  await end()
})

it('tells each error of the service once (MM-49, MM-50)', async () => {
  const { server, clock, of, end, agent } = await liveStage()
  server.reply({ parts: [audio({ ms: 200 })], status: 'failed', error: { type: 'server_error', code: 'overloaded' } })
  await clock.advance(1_000)
  assert.is(of('error').length, 1)
  server.fault({ refuse: 'conversation.item.truncate', code: 'no' })
  server.reply({ parts: [audio({ ms: 5_000 })], pace: 4 })
  await clock.advance(1_000)
  agent.interrupt()
  await clock.advance(1_000)
  assert.is(of('error').length, 2)
  await end()
})

it('ends in order when the connection is lost (MM-48)', async () => {
  const { server, clock, of, end } = await liveStage()
  server.reply({ parts: [audio({ ms: 5_000, words: 'a long story' })], pace: 2 })
  await clock.advance(1_000)
  server.session.close(1011, 'oops')
  await clock.advance(6_000)
  assert.match(of('error').at(-1)?.error.message, /was lost \(1011 oops\)/)
  assert.equal([of('closed').length, of('agent_speech_interrupted').length], [1, 1])
  await end()
})

it('does not start with a wrong key, and says why in one line', async () => {
  const stage = newStage({}, { key: 'another' })
  const outcome = await outcomeOf(stage.clock, stage.agent.start(stage.world))
  assert.match(String(Object(outcome).error), /refuses the API key \(401 invalid_api_key\)/)
  await stage.end()
})

it.run()
