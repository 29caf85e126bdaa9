/** One utterance, stopped and gone on with at any time, now and then from an earlier place (OUT-25a; laws 1, 2, 3 and 5). */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { playoutOn } from '../../src/outbound/playout.ts'
import { type StageOptions, stage } from './stage.ts'

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const times = Number(process.env.CHARTROOM_RUNS ?? 1)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`rewind.property: ${seeded}`)

const it = suite('rewind, any sequence of stops')

type Step = { passMs: number; backMs: number | undefined; push: number; unplug: boolean }
const step: fc.Arbitrary<Step> = fc.record({
  passMs: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 400 })),
  backMs: fc.option(fc.integer({ min: 0, max: 700 })).map(ms => ms ?? undefined),
  push: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 600 })),
  unplug: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})

const keptMs = 500
class Scene {
  readonly #scene
  readonly #actor
  #device
  #from: number | undefined
  #pushed = 0
  #heard = 0
  /** Where it went on, in samples: the value that sounds next. */
  readonly #jumps = new Set<number>()

  constructor(options: StageOptions) {
    this.#scene = stage({ ...options, sampleRate: 1_000, fadeMs: 0, rewindMs: keptMs })
    this.#device = this.#scene.device()
    this.#scene.speaker.plug(this.#device)
    const logic = playoutOn(this.#scene.speaker, () => {}, { wordStart: () => this.#from })
    this.#actor = createActor(logic, { clock: this.#scene.clock, id: 'a', input: { id: 'a', sampleRate: 1_000 } }).start()
  }
  async take({ passMs, backMs, push, unplug }: Step): Promise<void> {
    const { speaker, clock, sound } = this.#scene
    if (push > 0) void speaker.write('a', sound(push, this.#pushed))
    this.#pushed += push
    await clock.advance(passMs)
    this.#actor.send({ type: 'pause' })
    this.#check()
    if (unplug) {
      speaker.unplug()
      this.#device.close()
      this.#device = this.#scene.device()
      speaker.plug(this.#device)
    }
    await clock.advance(passMs % 20)
    this.#check()
    const { heard } = speaker.tally('a')
    this.#from = backMs === undefined ? undefined : Math.max(0, heard - backMs)
    this.#jumps.add(Math.max(this.#from ?? heard, heard - keptMs) + 1)
    this.#actor.send({ type: 'resume', rewind: true })
    this.#check()
  }
  /** Gives back how many samples sounded again. */
  async finish(): Promise<number> {
    const { speaker, clock } = this.#scene
    speaker.end('a')
    await clock.advance(this.#pushed + keptMs + 2_000)
    const { output } = this.#actor.getSnapshot()
    assert.equal(output, { id: 'a', outcome: 'finished', pushed: this.#pushed, heard: this.#pushed, discarded: 0 })
    assert.is(clock.timers, 0)
    const values = [...this.#scene.played()].filter(value => value !== 0)
    for (const [index, value] of values.entries()) {
      const before = values[index - 1] ?? 0
      assert.ok(value === before + 1 || (value <= before && this.#jumps.has(value)), `${value} after ${before}`)
    }
    assert.is(new Set(values).size, this.#pushed, 'not all of it sounded')
    let told = 0
    for (const fact of this.#scene.facts()) {
      if (fact.type !== 'utterance.progressed') continue
      assert.is(fact.offset, told)
      told += fact.duration
    }
    assert.is(told, this.#pushed, 'the runs and what was heard')
    return values.length - this.#pushed
  }
  #check(): void {
    const { pushed, heard, discarded } = this.#scene.speaker.tally('a')
    assert.ok(pushed === this.#pushed && discarded === 0 && heard >= this.#heard && heard <= pushed)
    this.#heard = heard
  }
}

it('sounds whole, in order but for the rewinds, and each sample counts once (OUT-25a)', async () => {
  let again = 0
  const queueMs = fc.constantFrom(200, 100, 50)
  const property = fc.asyncProperty(
    queueMs,
    fc.array(step, { minLength: 1, maxLength: 20, size: 'max' }),
    async (queueMs, all) => {
      const scene = new Scene({ queueMs })
      for (const one of all) await scene.take(one)
      again += await scene.finish()
    },
  )
  try {
    await fc.assert(property, { seed, numRuns: Math.round(500 * times), includeErrorInReport: true })
  } catch (error) {
    console.log(seeded)
    throw error
  }
  assert.ok(again > 10_000, `${again}`)
})

it.run()
