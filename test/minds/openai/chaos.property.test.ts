// deadline: 300 s
/**
 * The laws of an agent with a model, whatever the service does: it stalls, drops, answers late or in text, complains, says what is no JSON,
 * what nobody knows, everything twice or the wrong way round, and cuts the socket. Through the real client, the real adapter and a room in
 * virtual time. A failing run prints how to repeat it: `CHARTROOM_SEED` (with `CHARTROOM_PATH` for one scene only); `CHARTROOM_RUNS` makes
 * them so many times more.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hasSettled, heldTrue } from './laws/laws.ts'
import { type Scene, scene } from './laws/scene.ts'
import { budgets, close, enter, isOver, isSpeaking, perform, type Stage } from './laws/stage.ts'

const it = suite('openai chaos')

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const path = process.env.CHARTROOM_PATH
const runs = Math.ceil(Number(process.env.CHARTROOM_RUNS ?? 1) * (process.env.CI === 'true' ? 500 : 150))
/** Longer than anything waits: for an answer, for a connection that comes back, for an utterance to be heard. */
const quietMs = 5 * budgets.initMs

/** How often what the laws are about has happened. */
const seen = {
  committed: 0,
  interrupted: 0,
  truncated: 0,
  cancelled: 0,
  retried: 0,
  called: 0,
  turns: 0,
  complaints: 0,
  lost: 0,
  refused: 0,
}
const count = ({ told, server, logged, waits }: Stage) => {
  const events = (name: string) => told.filter(({ event }) => event === name).length
  seen.committed += events('agent_speech_committed')
  seen.interrupted += events('agent_speech_interrupted')
  seen.turns += events('user_speech_committed')
  seen.called += events('function_calls_finished')
  seen.complaints += events('error')
  seen.truncated += server.said('conversation.item.truncate').length
  seen.cancelled += server.said('response.cancel').length
  seen.retried += logged.filter(({ code }) => code === 'model.text').length
  seen.lost += server.sessions.length > 1 || told.some(({ event, payload }) => event === 'error' && !payload.recoverable) ? 1 : 0
  seen.refused += waits.some(({ what, error }) => what === 'start' && error) ? 1 : 0
}

const play = async ({ steps, ...how }: Scene) => {
  const stage = enter(how)
  const { clock, server, agent } = stage
  for (const { after, step } of steps) {
    await clock.advance(after)
    if (isOver(stage)) break
    perform(stage, step)
  }
  await clock.advance(10)
  server.calm()
  await clock.advance(quietMs)
  for (let n = 0; n < 10 && isSpeaking(stage); n++) await clock.advance(quietMs)
  hasSettled(stage)
  const survived = !isOver(stage) && stage.closingMs === undefined && server.sessions.length === 1
  const beganMs = clock.now()
  await clock.runUntil(close(stage))
  const tookMs = clock.now() - beganMs
  await clock.advance(1_000) // what comes late has come
  await agent.close()
  const did = (name: string) => steps.some(({ step }) => step.do === name)
  const slow = steps.some(({ step }) => step.do === 'fault' && 'slow' in step.fault)
  await heldTrue(stage, { stayed: !did('leave'), punctual: !slow, survived, most: how.maxTextResponseRetries, tookMs })
  count(stage)
  return stage
}

/** As `fc.assert`, and says how to see it again. */
const check = async (numRuns: number, property: fc.IAsyncProperty<[Scene]>) => {
  const details = await fc.check(property, { seed, numRuns, ...(path === undefined ? {} : { path }) })
  if (!details.failed) return
  console.log(`again: CHARTROOM_SEED=${seed} CHARTROOM_PATH=${details.counterexamplePath} node scripts/test.mjs openai/chaos`)
  console.log(fc.defaultReportMessage(details))
  throw details.errorInstance
}

it(`keeps its laws through ${runs} calls with a service in trouble (laws 1 to 13)`, async () => {
  console.log(`openai chaos: seed ${seed} (again: CHARTROOM_SEED=${seed})`)
  await check(
    runs,
    fc.asyncProperty(scene, async given => void (await play(given))),
  )
  console.log(`openai chaos: ${JSON.stringify(seen)}`)
  const never = Object.entries(seen).flatMap(([what, times]) => (times === 0 ? [what] : []))
  assert.ok(never.length === 0 || runs < 100 || path, `it proves nothing of what never happened: ${never}`)
})

it('plays the same scene the same way twice', async () => {
  if (path !== undefined) return
  await check(
    Math.ceil(runs / 15),
    fc.asyncProperty(scene, async given => {
      const [first, second] = [await play(given), await play(given)]
      assert.equal(first.server.recording.print(), second.server.recording.print())
      assert.equal(first.roomFacts, second.roomFacts)
      assert.equal(first.logged, second.logged)
    }),
  )
})

it.run()
