/** A session that does anything at any time: each segment ends once, each wait ends, nothing is left. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../src/audio/frame.ts'
import type { Operation } from '../../src/loopback/index.ts'
import { RoomIO } from '../../src/room-io.ts'
import { format, newCall, samples } from '../fakes/call.ts'
import { FakeSession } from '../fakes/session.ts'

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`session.property: ${seeded}`)
const it = suite('session.property')

type Step =
  | { does: 'text' | 'endText' | 'endAudio' | 'clear' | 'abandon' | 'pause' | 'resume' | 'wait' | 'detach' | 'attach' }
  | { does: 'frame'; ms: number }
  | { does: 'advance'; ms: number }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('frame' as const), ms: fc.constantFrom(10, 50, 100, 300) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('advance' as const), ms: fc.constantFrom(1, 20, 150, 700) }) },
  { weight: 4, arbitrary: fc.constantFrom<Step>({ does: 'text' }, { does: 'endText' }, { does: 'endAudio' }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>(
      ...[{ does: 'clear' } as const, { does: 'abandon' } as const, { does: 'pause' } as const, { does: 'resume' } as const],
      ...[{ does: 'wait' } as const, { does: 'detach' } as const, { does: 'attach' } as const],
    ),
  },
)

/** What of the world fails, or never answers. */
type Fault = { operation: Operation; stalls: boolean }
const fault: fc.Arbitrary<Fault> = fc.record({
  operation: fc.constantFrom<Operation>(
    ...(['leave', 'setAttributes', 'publish', 'unpublish', 'openText', 'write', 'writeSound', 'closeText'] as const),
  ),
  stalls: fc.boolean(),
})

const run = async (steps: Step[], early: boolean, faults: Fault[]) => {
  const call = newCall()
  const releases = faults.map(({ operation, stalls }) =>
    stalls ? call.hub.stall(operation, 'agent') : call.hub.failNext(operation, new Error(`no ${operation}`), 'agent'),
  )
  const session = new FakeSession()
  const io = new RoomIO(session, call.world)
  io.start()
  if (!early) await call.clock.advance(200)
  const { audioOutput: voice, transcriptionOutput: text } = io
  if (!voice || !text) throw new Error('a part is missing')
  const told: string[] = []
  let heard = 0
  let reported = 0
  voice.on('playbackStarted', () => told.push('started'))
  voice.on('playbackProgressed', ({ duration }) => {
    heard += duration
  })
  voice.on('playbackFinished', ({ playbackPosition }) => {
    told.push('finished')
    reported += playbackPosition * 1000
  })
  let waiting = 0
  const until = (work: Promise<unknown>) => {
    waiting++
    work.then(() => waiting--)
  }
  let least = 0
  const acts: Record<Exclude<Step['does'], 'frame' | 'advance'>, () => void> = {
    text: () => until(text.captureText('some words ')),
    endText: () => text.flush(),
    endAudio: () => voice.flush(),
    clear: () => voice.clearBuffer(),
    abandon: () => voice.abandonOpenSegment(),
    pause: () => voice.pause(),
    resume: () => voice.resume(),
    wait: () => until(voice.waitForPlayout()),
    detach: () => voice.onDetached(),
    attach: () => voice.onAttached(),
  }
  for (const one of steps) {
    if (one.does === 'advance') await call.clock.advance(one.ms)
    else if (one.does === 'frame') until(voice.captureFrame(frameOf(samples(one.ms), format)))
    else acts[one.does]()
    assert.ok(voice.capturedPlayoutSegments >= least && voice.pendingPlayoutSegments >= 0)
    least = voice.capturedPlayoutSegments
    if (one.does !== 'clear') continue
    await call.clock.settle()
    assert.is(voice.pendingPlayoutSegments, 0, 'a clearing leaves a segment')
  }
  const from = call.clock.now()
  await call.clock.runUntil(io.close())
  assert.ok(call.clock.now() - from <= 5_000, `closing took ${call.clock.now() - from} ms`)
  for (const release of releases) release?.() // a world that does not leave keeps what is the world's
  await call.clock.settle()
  assert.is(waiting, 0, 'somebody waits for ever')
  assert.is(told.filter(one => one === 'finished').length, voice.capturedPlayoutSegments)
  assert.is(voice.pendingPlayoutSegments, 0)
  assert.not.match(told.join(' '), /started started/)
  assert.ok(Math.abs(heard - reported) < 0.01, `${heard} ms in runs, ${reported} ms at the ends`)
  assert.equal(call.hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  assert.is(session.handlers, 0)
}

it('ends each segment once, and every wait, and leaves nothing behind, whatever the world does (law 16, SESS-1, SESS-2, SESS-4, ROOM-12, ROOM-13)', async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), fc.array(fault, { maxLength: 3 }), run)
  try {
    await fc.assert(property, { seed, numRuns: 150, includeErrorInReport: true })
  } catch (error) {
    console.log(seeded)
    throw error
  }
})

it.run()
