/** The process that speaks for a model: a MultimodalAgent in the room, and the scripted server of a model that speaks replies we know. */
import { dispose } from '@livekit/rtc-node'
import { livekit } from '../../src/livekit/index.ts'
import { OpenAIRealtimeModel } from '../../src/minds/openai/index.ts'
import { MultimodalAgent, type SpeechMessage } from '../../src/multimodal-agent.ts'
import { audio, type ScriptedServer, scriptedServer } from '../../test/fakes/openai/index.ts'
import { serve } from './child.ts'
import { now } from './recording.ts'
import type { Way } from './rooms.ts'
import type { Told } from './telling.ts'
import type { Cut } from './truncate.ts'

/** How many times faster than it sounds the model speaks, and the pieces in which it does, in ms. */
const pace = 8
const chunkMs = 100
/** The path takes 60 ms, and what is late is to be seen. */
const restMs = 350
const key = 'sk-bench'

let agent: MultimodalAgent | undefined
let server: ScriptedServer | undefined

const sleep = (ms: number) => new Promise<void>(done => setTimeout(done, ms))
const leave = async () => {
  await agent?.close()
  await server?.close()
}

const join = async ({ way }: { way: Way }) => {
  await leave()
  server = scriptedServer({ key })
  server.ignore('session.update', 'response.cancel')
  agent = new MultimodalAgent({ model: new OpenAIRealtimeModel({ apiKey: key, baseURL: await server.listen() }) })
  await agent.start(livekit(way))
}

/** The model speaks, and the caller interrupts it. */
const answer = async ({ words, speech, cutMs }: Cut): Promise<Told & { audioEndMs: number }> => {
  const [model, voice] = [server, agent]
  if (!model || !voice) throw new Error('it is in no room')
  const over = new Promise<SpeechMessage>(resolve => {
    const take = (message: SpeechMessage) => {
      voice.off('agent_speech_interrupted', take)
      resolve(message)
    }
    voice.on('agent_speech_interrupted', take)
  })
  const playedAt = now()
  const spoken = words.map(({ text, startMs }) => ({ text, atMs: startMs }))
  model.reply({ parts: [audio({ ms: (speech.length * 1000) / 24_000, words: spoken, sound: speech, chunkMs })], pace })
  await sleep(cutMs)
  const truncated = model.expect('conversation.item.truncate')
  const cutAt = now()
  model.speech({ end: 200, answers: false })
  const [{ audio_end_ms: audioEndMs }, { text }] = await Promise.all([truncated, over])
  await sleep(restMs)
  return { playedAt, cutAt, spoken: text.replace(/\.\.\.$/, ''), endedAt: now(), audioEndMs }
}

serve({ join, answer }, async () => {
  await leave()
  await dispose()
})
