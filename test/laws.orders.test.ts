// deadline: 240 s
/**
 * The same laws, whichever answer comes first: each thing that the room is asked to do is done at once, but fast-check's scheduler says
 * which of those that are done is answered next, and what happens in between. A failing run prints how to repeat it, as in laws.test.ts.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import { type Order, scheduled } from './laws/answers.ts'
import { heldTrue } from './laws/laws.ts'
import { check, play, seed, times } from './laws/play.ts'
import { busyScene } from './laws/scene.ts'

const it = suite('laws.orders')

const orders = Math.ceil(1_000 * times)
/** Enough is enough, on a slow machine too: the runs until then are held good. */
const limitMs = 150_000
const order: fc.Arbitrary<Order> = fc.record({
  counts: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
  latestMs: fc.constantFrom(20, 20, 450),
})

it(`keeps its laws through ${orders} calls in whatever order the room answers (laws 1 to 14 and 16 to 18)`, async () => {
  console.log(`orders: seed ${seed} (again: CHARTROOM_SEED=${seed})`)
  await check(
    'laws.orders',
    orders,
    fc.asyncProperty(busyScene, fc.scheduler(), order, async (given, scheduler, how) => {
      const { stage, stayed } = await play(given, scheduled(scheduler, how))
      await heldTrue(stage, { fadeMs: given.fadeMs, stayed })
    }),
    limitMs,
  )
})

it.run()
