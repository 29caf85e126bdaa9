// deadline: 600 s
/**
 * The laws of the whole room, whatever happens in whatever order: callers who come and go, a network that fails, a voice and words
 * that stall, break or never end, answers that come late. In virtual time. A failing run prints how to repeat it:
 * `CHARTROOM_SEED` (with `CHARTROOM_PATH` for one scene only); `CHARTROOM_RUNS` makes them so many times more.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { heldTrue } from './laws/laws.ts'
import { check, path, play, seed, times } from './laws/play.ts'
import { scene } from './laws/scene.ts'

const it = suite('laws')

const [whole, twice] = [Math.ceil(9_900 * times), Math.ceil(50 * times)]

it(`keeps its laws through ${whole} calls (laws 1 to 14 and 16 to 18)`, async () => {
  console.log(`laws: seed ${seed} (again: CHARTROOM_SEED=${seed})`)
  await check(
    'laws.test',
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
    'laws.test',
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
