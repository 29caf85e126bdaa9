// deadline: 240 s
/** Whatever happened in a call, and in whatever order the room answered: played again, all of it happens again. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { replay, replayText } from '../../src/replay/replay.ts'
import { type Order, scheduled } from '../laws/answers.ts'
import { check, path, play, seed, times } from '../laws/play.ts'
import { busyScene, scene } from '../laws/scene.ts'
import { recorded } from './recording.ts'

const it = suite('replay/random')

/** A hundred of each, and a thousand in CI. */
const runs = Math.ceil(1_000 * times)
const checkSame = async (folder: string) => {
  const result = await replay(folder)
  assert.ok(result.same, replayText(result))
  assert.ok(result.events > 50)
  assert.equal(result.remarks, [])
}

it(`plays ${runs} random calls again, the same event for event (law 9)`, async () => {
  console.log(`replay: seed ${seed} (again: CHARTROOM_SEED=${seed})`)
  await check(
    'replay/random',
    runs,
    fc.asyncProperty(scene, given => recorded(recorder => play(given, undefined, { recorder }), checkSame)),
  )
})

const order: fc.Arbitrary<Order> = fc.record({
  counts: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
  latestMs: fc.constantFrom(20, 20, 450),
})
it(`and ${Math.ceil(runs / 4)} whose room answered in any order`, async () => {
  if (path !== undefined) return
  await check(
    'replay/random',
    Math.ceil(runs / 4),
    fc.asyncProperty(busyScene, fc.scheduler(), order, (given, scheduler, how) =>
      recorded(recorder => play(given, scheduled(scheduler, how), { recorder }), checkSame),
    ),
  )
})

it.run()
