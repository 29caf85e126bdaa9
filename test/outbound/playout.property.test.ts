/** The laws of what is heard (OUT-2 to OUT-7, OUT-20 to OUT-26; laws 1 to 5), under any sequence of commands and mishaps. */
import fc from 'fast-check'
import { suite } from 'uvu'
import { Ensemble, type EnsembleOptions, type Step } from './ensemble.ts'

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const times = Number(process.env.CHARTROOM_RUNS ?? 1)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`playout.property: ${seeded}`)

const it = suite('playout, any sequence of commands')

const who = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('all' as const, 'last first' as const) },
  { weight: 2, arbitrary: fc.nat(5) },
)
const chunk = fc.oneof(
  fc.constant(1),
  fc.integer({ min: 1, max: 12 }),
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 2_500 }),
)
const say = fc.record({
  do: fc.constant('say' as const),
  chunksMs: fc.array(chunk, { maxLength: 5 }),
  gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 400 })),
  end: fc.constantFrom('ends' as const, 'ends' as const, 'ends' as const, 'hangs' as const, 'throws' as const),
})
const command = fc.record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'interrupt' as const), who })
const pass = fc.record({
  do: fc.constant('pass' as const),
  ms: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 12 }) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 120 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 2_500 }) },
  ),
  early: fc.option(command, { nil: undefined, freq: 3 }),
})
const rare = fc.oneof(
  fc.record({ do: fc.constant('abandon' as const), who }),
  fc.record({ do: fc.constant('late' as const), who }),
  fc.constantFrom<Step[]>({ do: 'unplug' }, { do: 'plug' }),
)
const usual = [
  { weight: 4, arbitrary: say },
  { weight: 10, arbitrary: pass },
  { weight: 8, arbitrary: command },
  { weight: 2, arbitrary: rare },
]
const refuse = fc.record({ do: fc.constant('refuse' as const), blocks: fc.integer({ min: 1, max: 4 }) })
const stall = fc.constantFrom<Step[]>({ do: 'stall' }, { do: 'release' })
const steps = (...more: { weight: number; arbitrary: fc.Arbitrary<Step> }[]): fc.Arbitrary<Step[]> =>
  fc.array(fc.oneof(...usual, ...more), { minLength: 1, maxLength: 30, size: 'max' })

const options = fc.record({
  sampleRate: fc.constantFrom(1_000, 1_600, 2_400),
  maxPendingMs: fc.constantFrom(30_000, 700, 100),
  fadeMs: fc.constantFrom(0, 5, 10, 20),
  exact: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
})

const check = async (
  runs: number,
  arbitrary: fc.Arbitrary<Step[]>,
  fixed: Partial<EnsembleOptions>,
  end: (all: Ensemble) => void,
) => {
  const began = performance.now()
  let played = 0
  const property = fc.asyncProperty(options, arbitrary, async (given, all) => {
    const scene = new Ensemble({ ...given, ...fixed })
    for (const step of all) await scene.take(step)
    await scene.finish()
    end(scene)
    played += scene.now
  })
  try {
    await fc.assert(property, { seed, numRuns: Math.round(runs * times), includeErrorInReport: true })
  } catch (error) {
    console.log(seeded)
    throw error
  }
  const took = (performance.now() - began) / 1000
  console.log(`${Math.round(runs * times)} runs, ${Math.round(played / 60_000)} min of playing in ${took.toFixed(1)} s`)
}

it('plays each sample once, in order, where it says, and keeps the account (laws 1 to 5)', () =>
  check(1_800, steps(), {}, scene => scene.compare()))

it('loses the refused blocks, and nothing else (OUT-16, OUT-17)', () =>
  check(500, steps({ weight: 3, arbitrary: refuse }), { fadeMs: 0 }, scene => scene.compareOrder()))

it('ends every utterance also on a device that stands still (OUT-18, law 4)', () =>
  check(500, steps({ weight: 3, arbitrary: refuse }, { weight: 3, arbitrary: stall }), {}, scene => scene.compareRising()))

it('keeps its account on a device that knows its position to 10 ms only', () =>
  check(300, steps({ weight: 2, arbitrary: refuse }), { exact: false, vague: true }, () => {}))

it.run()
