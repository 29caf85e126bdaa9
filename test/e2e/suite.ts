/** Suites on a real server: one server for all of their tests, one stage for each. */
import { suite } from 'uvu'
import { type Server, startServer } from '../../scripts/livekit.mjs'
import { shutdown } from '../../src/livekit/index.ts'

/** A suite on a server of its own, which is there for `run`; without one, or with something else that it `lacks`, its tests are skipped. */
export const suiteOn = async <Stage extends { close(): Promise<void> }>(
  name: string,
  stageOn: (server: Server) => Stage,
  lacks?: string,
) => {
  const server = lacks ? undefined : await startServer()
  const it = suite(name)
  let tests = 0
  const test = (sentence: string, body: (stage: Stage) => Promise<void>) => {
    tests++
    if (!server) return
    it(sentence, async () => {
      const stage = stageOn(server)
      try {
        await body(stage)
      } catch (error) {
        await stage.close().catch(also => console.log('and then:', also)) // what went wrong first is what is told
        throw error
      }
      await stage.close()
    })
  }
  const run = () => {
    if (!server) return console.log(`SKIPPED ${tests}: ${lacks ?? 'there is no livekit-server, and no Go to build one'}`)
    it.after(async () => {
      await shutdown()
      await server.stop()
    })
    it.run()
  }
  return Object.assign(test, { run, server, after: it.after })
}
