/** One scene from its beginning to its end, held against the laws; and how to see it again if it fails. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { RoomOptions } from '../../src/options.ts'
import { type AnswersOf, timely } from './answers.ts'
import { allOver, holdsNow, isHeard, showsState } from './laws.ts'
import type { Scene } from './scene.ts'
import { budgets, enter, isOpen, perform, type Stage, waitOut } from './stage.ts'

export const play = async (
  { steps, isPatient, lateMs, ...how }: Scene,
  answersOf: AnswersOf = timely(lateMs),
  more?: RoomOptions,
): Promise<{ stage: Stage; stayed: boolean }> => {
  const stage = await enter(how, answersOf, more)
  const { clock, room, answers } = stage
  let fault: unknown
  room.on(fact => {
    try {
      isHeard(stage, fact)
    } catch (error) {
      fault ??= error // it would be logged, and no more
    }
  })
  for (const { after, step } of steps) {
    await answers.pass(after)
    if (!isOpen(stage)) break
    perform(stage, step)
    holdsNow(stage)
  }
  await answers.pass(10)
  holdsNow(stage)
  if (isPatient && isOpen(stage)) await waitOut(stage)
  if (isPatient && isOpen(stage)) allOver(stage)
  await showsState(stage)
  const stayed = isOpen(stage)
  const at = clock.now()
  await answers.until(room.close())
  assert.ok(clock.now() - at <= budgets.closeMs, `law 16: took ${clock.now() - at} ms to close`)
  await clock.advance(1_000) // what comes late has come
  if (fault) throw fault
  return { stage, stayed }
}

export const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
export const path = process.env.CHARTROOM_PATH
/** How many of the runs there are here: a tenth of CI's, unless somebody asks for more. */
export const times = Number(process.env.CHARTROOM_RUNS ?? 1) * (process.env.CI === 'true' ? 1 : 0.1)

/** As `fc.assert`, and says how to see it again. `limitMs`: then it is enough. */
export const check = async <T>(test: string, runs: number, property: fc.IAsyncProperty<T>, limitMs?: number) => {
  const details = await fc.check(property, {
    ...{ seed, numRuns: runs, ...(path === undefined ? {} : { path }) },
    ...(limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs }),
  })
  if (!details.failed) return
  console.log(`again: CHARTROOM_SEED=${seed} CHARTROOM_PATH=${details.counterexamplePath} node scripts/test.mjs ${test}`)
  console.log(fc.defaultReportMessage(details))
  throw details.errorInstance
}
