/** The speaker on the native queue: over any pauses and interruptions, what the device plays is what is said to have been heard. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { frameOf } from '../../src/audio/frame.ts'
import { NativeSink } from '../../src/livekit/sink.ts'
import { playoutOn } from '../../src/outbound/playout.ts'
import { Speaker } from '../../src/outbound/speaker.ts'
import { virtualClock } from '../../src/virtual.ts'
import { FakeQueue } from './queue.ts'

const it = suite('speaker on the native queue')

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const numRuns = Math.round(80 * Number(process.env.CHARTROOM_RUNS ?? 1))
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`speaker on the native queue: ${seeded}`)

/** A sample is a millisecond here, and a block 10 of them. Samples are numbered from 1001 on: a ramp leaves none of them silent for long. */
const format = { sampleRate: 1_000, channels: 1 }
const block = 10
const first = 1_001

type Options = { fadeMs: number; phase: number; random: () => number }
const scene = async ({ fadeMs, ...timing }: Options) => {
  const native = new FakeQueue({ queueMs: 200, block, ...timing })
  const clock = virtualClock()
  const log = () => {}
  const sink = new NativeSink(native, { ...format, queueMs: 200, log, watch: native })
  const tuning = sink.tune(new AbortController().signal)
  await native.advance(550)
  await tuning
  native.played.length = 0
  const speaker = new Speaker({ ...format, clock, log, fadeMs })
  speaker.plug(sink)
  const logic = playoutOn(speaker)
  const began = native.now()
  /** Both clocks: a spin puts the native one ahead, for less than a step. */
  const pass = async (ms: number) => {
    for (const end = clock.now() + ms; clock.now() < end; ) {
      await clock.advance(1)
      await native.advance(Math.max(0, began + clock.now() - native.now()))
    }
  }
  let next = first
  const say = (blocks: number) => {
    const from = next
    next += blocks * block
    const id = `SG_${from}`
    const actor = createActor(logic, { clock, id, input: { id, sampleRate: format.sampleRate } })
    actor.start()
    void speaker.write(
      id,
      frameOf(
        Int16Array.from({ length: next - from }, (_, n) => from + n),
        format,
      ),
    )
    speaker.end(id)
    return { from, actor }
  }
  /** The blocks that were not silent. */
  const played = () => native.played.flatMap(data => (data?.some(value => value !== 0) ? [[...data]] : []))
  return { sink, speaker, clock, pass, say, played }
}
type Reply = ReturnType<Awaited<ReturnType<typeof scene>>['say']>
/** The blocks of what was heard, at full gain, in the order of the line. */
const heardOf = (replies: Reply[]) =>
  replies.flatMap(({ from, actor }) => {
    const heard = actor.getSnapshot().output?.heard ?? 0
    assert.is(heard % block, 0, `${heard} heard`)
    return Array.from({ length: heard / block }, (_, n) => Array.from({ length: block }, (_, i) => from + n * block + i))
  })

const command = fc.constantFrom('pause' as const, 'resume' as const, 'resume' as const, 'interrupt' as const)
const step = fc.record({
  do: fc.oneof(fc.constant('say' as const), command),
  blocks: fc.integer({ min: 1, max: 40 }),
  whom: fc.option(fc.nat(3)),
  thenMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 250 })),
})
const hundredths = (max: number) => fc.integer({ min: 0, max: 100 * max }).map(n => n / 100)

it('plays what is said to have been heard, once and in order, whatever is paused and interrupted (laws 1, 2 and 5)', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 1, maxLength: 12, size: 'max' }),
    fc.constantFrom(0, 10),
    hundredths(10),
    fc.infiniteStream(hundredths(1)),
    async (steps, fadeMs, phase, chance) => {
      const { pass, say, played, clock } = await scene({ fadeMs, phase, random: () => chance.next().value ?? 0 })
      const replies = [say(30)]
      for (const { do: what, blocks, whom, thenMs } of steps) {
        if (what === 'say') replies.push(say(blocks))
        else for (const { actor } of whom === null ? replies : replies.slice(-1 - whom).slice(0, 1)) actor.send({ type: what })
        await pass(thenMs)
      }
      for (const { actor } of replies) actor.send({ type: 'resume' })
      for (let waited = 0; replies.some(({ actor }) => actor.getSnapshot().status === 'active'); waited++) {
        assert.ok(waited < 100, 'law 4: one never ends')
        await pass(100)
      }
      await pass(50)
      assert.is(clock.timers, 0)
      for (const { output } of replies.map(({ actor }) => actor.getSnapshot()))
        assert.is(output?.pushed, (output?.heard ?? 0) + (output?.discarded ?? 0))
      const [all, heard] = [played(), heardOf(replies)]
      assert.is(all.length, heard.length, 'blocks heard')
      for (const [n, data] of all.entries()) {
        const isWhole = data.every((value, i) => value === heard[n]?.[i])
        const isRamp = fadeMs > 0 && data.every((value, i) => value <= (heard[n]?.[i] ?? 0))
        assert.ok(isWhole || isRamp, `block ${n} is ${data}, not ${heard[n]}`)
      }
    },
  )
  await fc.assert(property, { seed, numRuns, includeErrorInReport: true })
})

it('counts nothing as heard that the device had not played when the room went (law 2)', async () => {
  const { sink, speaker, pass, say, played } = await scene({ fadeMs: 10, phase: 4.3, random: () => 0.5 })
  const reply = say(50)
  await pass(137)
  sink.close() // as the line does it, before anybody is told
  await pass(100)
  speaker.unplug()
  reply.actor.send({ type: 'abandon' })
  const { heard, outcome } = reply.actor.getSnapshot().output ?? { heard: -1 }
  assert.is(outcome, 'abandoned')
  assert.ok(heard <= 140 && heard >= 110, `${heard}`)
  assert.ok(heard <= played().length * block)
})

it.run()
