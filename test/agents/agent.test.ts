// needs: test/agents/node_modules/@livekit/agents, from npm ci --prefix test/agents
/** A MultimodalAgent with a realtime model made of the base classes of LiveKit's agents, in a room on the loopback, in real time. */
import { AudioFrame } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import { agentsModel } from '../../src/minds/livekit-agents/index.ts'
import { type AgentEvent, MultimodalAgent } from '../../src/multimodal-agent.ts'
import type { FunctionContext } from '../../src/realtime/port.ts'
import { Ear, runsOf } from '../e2e/ear.ts'
import { sweep } from '../e2e/sweep.ts'
import { pass, Watch, within } from '../e2e/watch.ts'
import { tone } from '../fakes/sound.ts'
import { ScriptedModel } from './model.ts'
import { voiceRate } from './scripted.ts'

const it = suite('agents multimodal')

const names: AgentEvent[] = [
  ...(['user_started_speaking', 'agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_committed'] as const),
  ...(['agent_speech_interrupted', 'user_speech_committed', 'function_calls_finished', 'error', 'closed'] as const),
]
const begin = async (fncCtx: FunctionContext = []) => {
  const watch = new Watch()
  const clock = realClock()
  const hub = createLoopback({ clock, ids: seededIds(1), log: () => {} })
  const caller = hub.participant({ identity: 'caller' })
  caller.join()
  const ear = new Ear(watch)
  const over = new AbortController()
  const listen = async () => {
    for await (const { data } of caller.hears('agent').frames(10, over.signal)) ear.push(data)
  }
  void listen()
  const theirs = new ScriptedModel()
  const agent = new MultimodalAgent({ model: agentsModel(theirs), fncCtx })
  const told: [AgentEvent, unknown][] = []
  for (const name of names)
    agent.on(name, payload => {
      told.push([name, payload])
      watch.look()
    })
  const first = (event: AgentEvent) => watch.until(`${event} is told`, () => told.find(([name]) => name === event))
  await within('it starts', agent.start(hub.world({ identity: 'agent' })))
  const [session] = theirs.sessions
  if (!session) throw new Error('there is no session')
  const close = async () => {
    await within('it closes', agent.close())
    over.abort()
    caller.leave()
  }
  return { agent, session, caller, ear, told, first, close, watch }
}
/** A sweep of so many ms. */
const framesOf = (ms: number) => {
  const all = sweep(ms, voiceRate)
  const size = voiceRate / 10
  return Array.from({ length: ms / 100 }, (_, n) => new AudioFrame(all.slice(n * size, (n + 1) * size), voiceRate, 1, size))
}

it('speaks, and tells the model how much of it was heard when the caller speaks up (MM-13, MM-24, MM-28, MM-29, MM-32)', async () => {
  const { session, caller, ear, told, first, close, watch } = await begin()
  await caller.publish().speak(tone(12_000, 440, 24_000))
  await watch.until('the model hears', () => session.heard.length >= 3 || undefined)
  assert.ok(session.heard.every(({ samplesPerChannel, sampleRate }) => samplesPerChannel === 2_400 && sampleRate === voiceRate))

  const script = session.generate('resp_a')
  const message = script.message('item_a', ['audio', 'text'])
  message.words.put('One two three four five six.')
  message.put(...framesOf(3_000))
  await ear.sound()
  await pass(1_000)
  session.emit('input_speech_started', {})
  const [, interrupted] = await first('agent_speech_interrupted')
  await ear.silence()
  const [run] = runsOf(ear.places())
  await watch.until('the model is told', () => session.names.includes('truncate') || undefined)
  assert.equal(
    session.asked.map(([name]) => name),
    ['interrupt', 'truncate'],
  )
  const [, itemId, audioEndMs] = session.asked[1] ?? []
  assert.is(itemId, 'item_a')
  assert.ok(Math.abs(Number(audioEndMs) - (run?.to ?? 0)) < 30, `${audioEndMs} ms were told, ${run?.to} ms were heard`)
  const { id, text } = interrupted as { id: string; text: string }
  assert.is(id, 'item_a')
  assert.ok('One two three four five six.'.startsWith(text.replace(/\.{3}$/, '')) && text.endsWith('...'), text)

  const next = session.generate('resp_b').message('item_b', ['audio'])
  next.words.put('All right.')
  next.put(...framesOf(500))
  next.words.end()
  next.end()
  const [, committed] = await first('agent_speech_committed')
  assert.equal(committed, { id: 'item_b', role: 'assistant', text: 'All right.' })
  await close()
  assert.equal([told.at(-1)?.[0], session.isClosed], ['closed', true])
})

it('runs the functions that the model calls, and has it go on (MM-41, MM-44)', async () => {
  const { agent, session, first, close } = await begin([{ name: 'time', execute: () => 'noon' }])
  const script = session.generate('resp_a')
  script.call('c1', 'time', '{}')
  script.end()
  const [, finished] = await first('function_calls_finished')
  assert.is((finished as { result: unknown }[])[0]?.result, 'noon')
  for (let n = 0; n < 50 && !session.names.includes('generateReply'); n++) await pass(10)
  assert.equal(session.names, ['updateTools', 'updateChatCtx', 'generateReply'])
  assert.equal(
    agent.chatCtxCopy().items.map(({ type }) => type),
    ['call', 'output'],
  )
  await close()
})

it('closes when the model is lost for good, and says why (MM-48)', async () => {
  const { session, first, told, close } = await begin()
  const error = new Error('the connection is lost')
  session.emit('error', { type: 'realtime_model_error', timestamp: 0, label: '', error, recoverable: false })
  const [, closed] = await first('closed')
  assert.match(String((closed as { error?: Error }).error?.message), /the connection is lost/)
  assert.is(told.at(-1)?.[0], 'closed')
  await close()
})

it.run()
