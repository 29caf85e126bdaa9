// deadline: 180 s
// needs: test/agents/node_modules/@livekit/agents, from npm ci --prefix test/agents
/** The real AgentSession on our RoomIO on a real server, beside the same session with the RoomIO that it makes itself. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startServer } from '../../scripts/livekit.mjs'
import { shutdown } from '../../src/livekit/index.ts'
import { withOurs, withTheirs } from './place.ts'
import { goesOn, isInterrupted, scripts, TOLD, takesTurns } from './scenes.ts'
import { theirTimers } from './scripted.ts'

const it = suite('agents server')
const server = await startServer()
if (!server) throw new Error('there is no livekit-server, and no Go to build one')
it.after(async () => {
  await shutdown()
  await server.stop()
  await theirTimers()
})

/** Ends it also if the test fails. */
const inScene = async <S extends { close(): Promise<void> }, T>(
  opening: Promise<S>,
  play: (scene: S) => Promise<T>,
): Promise<T> => {
  const scene = await opening
  try {
    return await play(scene)
  } finally {
    await scene.close()
  }
}

it('hears, answers and takes turns in a room of the server (SESS-1, SESS-3, ROOM-14)', () =>
  inScene(withOurs(server, scripts.turns), takesTurns))

it('has in its history what was heard of a reply that was interrupted (SESS-2, SESS-4)', async () => {
  const { heard, committed } = await inScene(withOurs(server, scripts.interruption), isInterrupted)
  console.log(`${committed} words are in the history, ${heard.toFixed(1)} were heard`)
})

it('loses nothing over a false interruption, where the RoomIO of the session itself loses what was queued (OUT-20, OUT-22)', async () => {
  const ours = await inScene(withOurs(server, scripts.cough), goesOn)
  const theirs = await inScene(withTheirs(server, scripts.cough), goesOn)
  console.log(`lost over a false interruption: ${ours.toFixed(0)} ms with ours, ${theirs.toFixed(0)} ms with theirs`)
  assert.ok(Math.abs(ours) < TOLD, `${ours} ms are lost with ours`)
  assert.ok(theirs > 120, `${theirs} ms are lost with theirs: look whether this is mended there, and say so`)
})

it.run()
