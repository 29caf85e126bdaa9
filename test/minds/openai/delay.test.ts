/**
 * What the engine adds to the model's own time, from the end of what the caller says to the first sample of the reply: with the real client
 * and the real adapter, in virtual time, where no machine is slow. The model's own time is from the piece with the end of the speech, which
 * goes out when it is full, to the first sound of the reply, as the service sees both.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OpenAIRealtimeModel } from '../../../src/minds/openai/index.ts'
import { MultimodalAgent, type MultimodalAgentOptions } from '../../../src/multimodal-agent.ts'
import { newCall, perMs, samples } from '../../fakes/call.ts'
import { audio, type Reply, scriptedServer } from '../../fakes/openai/index.ts'
import { samplesIn } from '../../fakes/openai/sound.ts'

const it = suite('openai delay')
/** Of issue 5. */
const mostMs = 10

const enter = async (options: Partial<MultimodalAgentOptions> = {}) => {
  const call = newCall()
  const server = scriptedServer({ clock: call.clock })
  const model = new OpenAIRealtimeModel({ apiKey: 'sk-test', baseURL: server.plug() })
  const agent = new MultimodalAgent({ model, ...options })
  const ear = call.caller.hears('agent')
  const mic = call.caller.publish()
  await call.clock.runUntil(agent.start(call.world))
  const end = async () => {
    await call.clock.runUntil(agent.close())
    await server.close()
  }
  return { ...call, server, ear, mic, end }
}
type Stage = Awaited<ReturnType<typeof enter>>

/** When the service had the last sample that is not silent. */
const arrivedMs = ({ server }: Stage) =>
  server.said('input_audio_buffer.append').findLast(({ audio }) => samplesIn(String(audio)).some(sample => sample !== 0))?.atMs ??
  0
/** One turn, of which every moment is known, in ms of the clock. */
const converse = async (stage: Stage, speechMs: number, reply: Reply, thinkMs: number) => {
  const { clock, server, ear, mic } = stage
  ear.take()
  const [beganMs, saidBefore] = [clock.now(), server.recording.entries.length]
  void mic.speak(samples(speechMs))
  await clock.advance(speechMs + 150 + thinkMs)
  server.reply(reply)
  await clock.advance(2_000)
  const deltaMs = server.recording.entries.slice(saidBefore).find(({ type }) => type === 'response.output_audio.delta')?.atMs ?? 0
  const firstMs = beganMs + ear.take().findIndex(sample => sample !== 0) / perMs
  return { endMs: beganMs + speechMs, arrivedMs: arrivedMs(stage), deltaMs, firstMs }
}

it(`adds at most ${mostMs} ms, however the reply comes`, async () => {
  const stage = await enter()
  const replies: Reply[] = [
    { parts: [audio({ ms: 1_000 })] },
    { parts: [audio({ ms: 1_000 })], pace: 1 },
    { parts: [audio({ ms: 1_000, chunkMs: 20 })], pace: 1 },
    { parts: [audio({ ms: 1_000, words: 'It is noon.', leadMs: -300 })], pace: 2, thinkMs: 170 },
  ]
  for (const [n, reply] of replies.entries()) {
    // Speech that ends with a piece of 100 ms: what waits for more is the wish of `inputChunkMs`.
    await stage.clock.advance(100 - (stage.clock.now() % 100))
    const { endMs, arrivedMs, deltaMs, firstMs } = await converse(stage, 400 + 100 * n, reply, 37 * n)
    const addedMs = firstMs - endMs - (deltaMs - arrivedMs)
    assert.ok(
      addedMs >= 0 && addedMs <= mostMs,
      `reply ${n}: ${addedMs} ms, ${arrivedMs - endMs} of them on the way to the model`,
    )
  }
  await stage.end()
})

it('holds no sound back longer than a piece lasts, and adds the same behind it', async () => {
  const inputChunkMs = 20
  const stage = await enter({ inputChunkMs })
  for (let n = 0; n < 12; n++) {
    await stage.clock.advance(100 + 7 * n)
    const { endMs, arrivedMs, deltaMs, firstMs } = await converse(stage, 300 + 13 * n, { parts: [audio({ ms: 500 })] }, 11 * n)
    const [inMs, outMs] = [arrivedMs - endMs, firstMs - deltaMs]
    assert.ok(inMs >= 0 && inMs <= inputChunkMs + mostMs, `turn ${n}: ${inMs} ms on the way to the model`)
    assert.ok(outMs >= 0 && outMs <= mostMs, `turn ${n}: ${outMs} ms on the way to the room`)
  }
  await stage.end()
})

it.run()
