// needs: test/agents/node_modules/@livekit/agents-plugin-openai, from npm ci --prefix test/agents
/** OpenAI's realtime model as LiveKit's plugin has it, behind the port of models: the plugin's own class, on a scripted server. */
import { realtime } from '@livekit/agents-plugin-openai'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import { agentsModel } from '../../src/minds/livekit-agents/index.ts'
import type { FunctionContext, SessionEvents } from '../../src/realtime/port.ts'
import { Watch, within } from '../e2e/watch.ts'
import { audio, call, scriptedServer } from '../fakes/openai/index.ts'
import { all, ramp } from '../fakes/sound.ts'
import './scripted.ts' // their logger, which every session wants

const it = suite('agents openai')

const names = [
  'response_content_added',
  'response_done',
  'function_calls_finished',
  'metrics_collected',
  'error',
  'closed',
] as const
const begin = async (fncCtx: FunctionContext = []) => {
  const server = scriptedServer()
  const baseURL = await server.listen()
  const plugin = new realtime.RealtimeModel({ apiKey: 'sk-test', baseURL, model: 'gpt-realtime' })
  const watch = new Watch()
  const told: [keyof SessionEvents, unknown][] = []
  const session = agentsModel(plugin, { instructions: 'Be brief.' }).session(
    { chatCtx: { items: [{ id: 'item_a', type: 'message', role: 'user', content: ['Hello.'] }] }, fncCtx },
    { clock: realClock(), ids: seededIds(1), log: () => {}, timeoutMs: 3_000 },
  )
  for (const name of names)
    session.on(name, payload => {
      told.push([name, payload])
      watch.look()
    })
  const first = <E extends keyof SessionEvents>(name: E) =>
    watch.until(`it tells of ${name}`, () => told.find(([type]) => type === name)?.[1] as SessionEvents[E] | undefined)
  await within('it is ready', session.ready)
  const close = async () => {
    await within('it closes', session.close())
    await server.close()
  }
  return { server, session, told, first, close }
}

it('is configured, hears, answers, is interrupted and told how much was heard (MM-14, MM-16, MM-28)', async () => {
  const { server, session, first, close } = await begin()
  server.ignore('session.update')
  server.ignore('conversation.item.create')
  server.ignore('input_audio_buffer.append')
  const whole = ramp(4_800)
  session.inputAudioBuffer.append({ data: whole.subarray(2_400), sampleRate: 24_000, channels: 1, samplesPerChannel: 2_400 })
  const { audio: said } = await server.expect('input_audio_buffer.append')
  assert.equal(new Int16Array(Uint8Array.from(Buffer.from(String(said), 'base64')).buffer), whole.slice(2_400))

  server.reply({ parts: [audio({ ms: 1_000, words: 'It is ten past two.' })] })
  const content = await first('response_content_added')
  const words = (await all(content.textStream)).join('')
  const frames = await all(content.audioStream)
  assert.is(words, 'It is ten past two.')
  assert.is(
    frames.reduce((sum, { samplesPerChannel }) => sum + samplesPerChannel, 0),
    24_000,
  )
  assert.is((await first('response_done')).status, 'completed')
  assert.is((await first('metrics_collected')).requestId, content.responseId)
  await session.conversation.item.truncate({ itemId: content.itemId, contentIndex: 0, audioEndMs: 640 })
  assert.is((await server.expect('conversation.item.truncate')).audio_end_ms, 640)
  await close()
})

it('runs a function, gives its output to the model and asks for a response (MM-41)', async () => {
  const { server, session, first, close } = await begin([{ name: 'time', execute: () => 'noon' }])
  server.ignore('session.update')
  server.ignore('conversation.item.create')
  server.ignore('response.create')
  server.answer({ parts: [audio({ ms: 200, words: 'It is noon.' })] })
  server.reply({ parts: [call('time')] })
  const [finished] = await first('function_calls_finished')
  assert.is(finished?.result, 'noon')
  const content = await first('response_content_added')
  assert.is((await all(content.textStream)).join(''), 'It is noon.')
  assert.equal(
    session.chatCtxCopy().items.map(({ type }) => type),
    ['message', 'call', 'output', 'message'],
  )
  await close()
})

it.run()
