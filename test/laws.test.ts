// deadline: 600 s
/**
 * The laws of the whole room, whatever happens in whatever order: callers who come and go, a network that fails, a voice and words
 * that stall, break or never end, answers that come late. In virtual time. A failing run prints how to repeat it:
 * `CHARTROOM_SEED` (with `CHARTROOM_PATH` for one scene only); `CHARTROOM_RUNS` makes them so many times more.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { allOver, heldTrue, holdsNow, isHeard, showsState } from './laws/laws.ts'
import { type Scene, scene } from './laws/scene.ts'
import { budgets, enter, isOpen, perform, type Stage, waitOut } from './laws/stage.ts'

const it = suite('laws')

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const path = process.env.CHARTROOM_PATH
const times = Number(process.env.CHARTROOM_RUNS ?? 1) * (process.env.CI === 'true' ? 1 : 0.1)
const [whole, twice] = [Math.ceil(9_900 * times), Math.ceil(50 * times)]

const play = async ({ steps, isPatient, ...how }: Scene): Promise<{ stage: Stage; stayed: boolean }> => {
  const stage = await enter(how)
  const { clock, room } = stage
  let fault: unknown
  room.on(fact => {
    try {
      isHeard(stage, fact)
    } catch (error) {
      fault ??= error // it would be logged, and no more
    }
  })
  for (const { after, step } of steps) {
    await clock.advance(after)
    if (!isOpen(stage)) break
    perform(stage, step)
    holdsNow(stage)
  }
  await clock.advance(10)
  holdsNow(stage)
  if (isPatient && isOpen(stage)) await waitOut(stage)
  if (isPatient && isOpen(stage)) allOver(stage)
  await showsState(stage)
  const stayed = isOpen(stage)
  const at = clock.now()
  await clock.runUntil(room.close(), 5_000)
  assert.ok(clock.now() - at <= budgets.closeMs, `law 16: took ${clock.now() - at} ms to close`)
  await clock.advance(1_000) // what comes late has come
  if (fault) throw fault
  return { stage, stayed }
}

/** As `fc.assert`, and says how to see it again. */
const check = async (runs: number, property: fc.IAsyncProperty<[Scene]>) => {
  const details = await fc.check(property, { seed, numRuns: runs, ...(path === undefined ? {} : { path }) })
  if (!details.failed) return
  console.log(`again: CHARTROOM_SEED=${seed} CHARTROOM_PATH=${details.counterexamplePath} node scripts/test.mjs laws.test`)
  console.log(fc.defaultReportMessage(details))
  throw details.errorInstance
}

it(`keeps its laws through ${whole} calls (laws 1 to 14 and 16 to 18)`, async () => {
  console.log(`laws: seed ${seed} (again: CHARTROOM_SEED=${seed})`)
  await check(
    whole,
    fc.asyncProperty(scene, async given => {
      const { stage, stayed } = await play(given)
      await heldTrue(stage, { fadeMs: given.fadeMs, stayed })
    }),
  )
})

it('plays the same scene the same way twice', async () => {
  if (path !== undefined) return
  await check(
    twice,
    fc.asyncProperty(scene, async given => {
      const [first, second] = [(await play(given)).stage, (await play(given)).stage]
      assert.equal(first.facts, second.facts)
      assert.equal(first.logged, second.logged)
      assert.is(first.clock.now(), second.clock.now())
    }),
  )
})

it.run()
