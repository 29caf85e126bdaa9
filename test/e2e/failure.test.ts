// deadline: 180 s
import { startServer } from '../../scripts/livekit.mjs'
import { livekit, tokenFor } from '../../src/livekit/index.ts'
import { openRoom } from '../../src/room.ts'
import { framesOf, Stage, suiteOnServer } from './stage.ts'
import { sweep } from './sweep.ts'
import { pass } from './watch.ts'
const it = await suiteOnServer('e2e failure')
it('scratch', async stage => {
  const { server } = stage
  const tries: Record<string, () => Promise<{url: string, token: string}>> = {
    unreachable: async () => ({ url: 'ws://127.0.0.1:9', token: await tokenFor({ ...server, room: 'x', identity: 'a' }) }),
    secret: async () => ({ url: server.url, token: await tokenFor({ ...server, apiSecret: 'wrong', room: 'x', identity: 'a' }) }),
    key: async () => ({ url: server.url, token: await tokenFor({ ...server, apiKey: 'wrong', room: 'x', identity: 'a' }) }),
    nonsense: async () => ({ url: server.url, token: 'nonsense' }),
    expired: async () => ({ url: server.url, token: await tokenFor({ ...server, room: 'x', identity: 'a', ttl: -100 }) }),
  }
  for (const [k, f] of Object.entries(tries)) {
    const t0 = performance.now()
    try { await openRoom(livekit(await f())); console.log(k, 'opened') } catch (e) { console.log(k, Math.round(performance.now() - t0), (e as {code: string}).code, (e as Error).message) }
  }
})
for (const signal of ['SIGTERM', 'SIGKILL'] as const) it('killed ' + signal, async () => {
  const server = (await startServer())!
  const stage = new Stage(server)
  const agent = await stage.agent()
  const caller = await stage.caller()
  const u = agent.room.say({ audio: framesOf(sweep(9000, 24000)) })
  await caller.ear.sound()
  await pass(1000)
  const t0 = performance.now()
  agent.room.on(f => console.log(Math.round(performance.now() - t0), JSON.stringify(f)))
  void agent.room.closed.then(r => console.log(Math.round(performance.now() - t0), 'closed', r))
  for (const e of ['reconnecting', 'reconnected', 'disconnected'] as const) agent.sdk.on(e, (...a: unknown[]) => console.log(Math.round(performance.now() - t0), e, ...a))
  void u.played.then(p => console.log(Math.round(performance.now() - t0), p))
  await server.stop(signal)
  console.log(Math.round(performance.now() - t0), 'stopped')
  await pass(signal === 'SIGKILL' ? 70_000 : 20_000)
  await stage.close()
})
it.run()
