/** A process for what the engine adds to a model's reply in real time: the real client and adapter, a socket, a scripted service, the loopback. */
import { sleep } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import { createLoopback, realClock } from '../../src/index.ts'
import { OpenAIRealtimeModel } from '../../src/minds/openai/index.ts'
import { MultimodalAgent } from '../../src/multimodal-agent.ts'
import type { Sink, World } from '../../src/ports.ts'
import { audio, scriptedServer } from '../../test/fakes/openai/index.ts'
import { serve } from './child.ts'

/** How long a reply is, and the rest before the next one, in ms. */
const replyMs = 300
const restMs = 50

/** The same sink, of which `told` learns that sound is handed over. */
const overheard = (sink: Sink, told: () => void): Sink =>
  new Proxy(sink, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function') return member
      return (...given: unknown[]) => {
        if (key === 'write') told()
        return Reflect.apply(member, target, given)
      }
    },
  })
const overhearing = (world: World, told: () => void): World => ({
  ...world,
  speakers: {
    publish: async (track, signal) => {
      const publication = await world.speakers.publish(track, signal)
      return { ...publication, sink: overheard(publication.sink, told) }
    },
  },
})

/** From the first sound of a reply at the service to its first block in the device's queue, in ms: `count` of them after `warm`. */
const replies = async (count: number, warm: number): Promise<number[]> => {
  const clock = realClock()
  const hub = createLoopback({ clock, ids: seededIds(1) })
  const server = scriptedServer({ clock })
  const model = new OpenAIRealtimeModel({ apiKey: 'sk-test', baseURL: await server.listen() })
  hub.participant({ identity: 'caller' }).join()
  let firstAt: number | undefined
  const agent = new MultimodalAgent({ model })
  await agent.start(
    overhearing(hub.world({ identity: 'agent' }), () => {
      firstAt ??= performance.now()
    }),
  )
  const delays: number[] = []
  for (let n = 0; n < warm + count; n++) {
    const over = new Promise(resolve => agent.on('agent_stopped_speaking', resolve))
    firstAt = undefined
    const saidAt = performance.now() // not by the clock: it stands still within a turn, and a socket of this machine may need no more
    server.reply({ parts: [audio({ ms: replyMs, words: 'It is noon.' })], pace: 4 })
    await over
    delays.push((firstAt ?? Number.NaN) - saidAt)
    await sleep(clock, restMs)
  }
  await agent.close()
  await server.close()
  return delays.slice(warm)
}

serve({ replies: () => replies(30, 5) })
