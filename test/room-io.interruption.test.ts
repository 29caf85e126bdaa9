/** What a session says of its user's sound, and whose it is to hold the voice for it (OUT-25a). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../src/audio/frame.ts'
import { RoomIO, type RoomOptions } from '../src/room-io.ts'
import { format, newCall, samples } from './fakes/call.ts'
import { FakeSession } from './fakes/session.ts'

const it = suite('room-io.interruption')

/** As `@livekit/agents` keeps its options. */
const waiting = (interruption: object) => ({ sessionOptions: { turnHandling: { interruption } } })
const itself = waiting({ resumeFalseInterruption: true, falseInterruptionTimeout: 2_000 })
const cough = (session: FakeSession, newState: string) => session.emit('user_state_changed', { newState })

/** A session that has said half of its second. */
const speaking = async (options: RoomOptions, own: object = {}) => {
  const call = newCall()
  const session = Object.assign(new FakeSession(), own)
  const io = new RoomIO(session, call.world, options)
  io.start()
  io.chart?.on(fact => call.facts.push(fact))
  await call.clock.advance(50)
  const ends: unknown[] = []
  io.audioOutput?.on('playbackFinished', end => ends.push(end))
  io.audioOutput?.on('playbackStarted', () => session.become('speaking'))
  const speak = async () => {
    for (let ms = 0; ms < 1_000; ms += 100) await io.audioOutput?.captureFrame(frameOf(samples(100), format))
    io.audioOutput?.flush()
  }
  void speak()
  await call.clock.advance(500)
  const isHeld = () => io.chart?.actor.getSnapshot().context.held
  const changes = () => call.types().filter(type => type === 'paused' || type === 'resumed')
  return { ...call, session, io, ends, isHeld, changes, close: () => call.clock.runUntil(io.close()) }
}

it('holds the voice while the user makes a sound, and goes on if no turn comes of it (OUT-25a)', async () => {
  for (const after of ['listening', 'away']) {
    const { session, clock, ends, isHeld, changes, close, codes } = await speaking({ falseInterruption: { timeoutMs: 1_000 } })
    cough(session, 'speaking')
    assert.is(isHeld(), true)
    await clock.advance(300)
    cough(session, after)
    await clock.advance(990)
    assert.equal([isHeld(), ends], [true, []])
    await clock.advance(600)
    assert.is(isHeld(), false)
    assert.equal(changes(), ['paused', 'resumed'])
    assert.equal(ends, [{ playbackPosition: 1, interrupted: false }])
    assert.equal(codes(), [])
    await close()
    assert.is(session.handlers, 0)
  }
})

it('ends the voice where it is held, when the session takes the turn (OUT-25a)', async () => {
  const { session, clock, io, ends, isHeld, close } = await speaking(
    { falseInterruption: {} },
    waiting({ resumeFalseInterruption: false, falseInterruptionTimeout: 2_000 }),
  )
  cough(session, 'speaking')
  await clock.advance(400)
  io.audioOutput?.clearBuffer()
  session.become('listening')
  await clock.advance(10)
  const [end] = ends as { playbackPosition: number; interrupted: boolean }[]
  assert.equal([ends.length, end?.interrupted, isHeld()], [1, true, false])
  assert.ok(Math.abs((end?.playbackPosition ?? 0) - 0.46) < 0.06, `${end?.playbackPosition}`)
  await close()
})

it('leaves it to a session that waits for false interruptions itself, and says so once (OUT-25a)', async () => {
  const { session, clock, io, ends, isHeld, changes, close, codes } = await speaking({ falseInterruption: {} }, itself)
  assert.equal(codes(), ['session.resumes'])
  cough(session, 'speaking')
  assert.is(isHeld(), false)
  io.audioOutput?.pause() // as the session does
  session.become('listening')
  await clock.advance(300)
  cough(session, 'listening')
  await clock.advance(5_000)
  assert.equal([changes(), ends], [['paused'], []])
  session.become('speaking')
  io.audioOutput?.resume()
  await clock.advance(1_000)
  assert.equal([changes(), ends], [['paused', 'resumed'], [{ playbackPosition: 1, interrupted: false }]])
  await close()
})

it('does it for one whose own wait has no time, and looks again at each sound (OUT-25a)', async () => {
  const own = { resumeFalseInterruption: true, falseInterruptionTimeout: undefined as number | undefined }
  const { session, isHeld, close, codes } = await speaking({ falseInterruption: {} }, waiting(own))
  assert.equal(codes(), [])
  own.falseInterruptionTimeout = 2_000
  cough(session, 'speaking')
  assert.is(isHeld(), false)
  own.falseInterruptionTimeout = undefined
  cough(session, 'speaking')
  assert.is(isHeld(), true)
  await close()
})

it('does not listen to the user where nobody asked for it, and not to what is no state', async () => {
  const plain = await speaking({})
  assert.is(plain.session.listenerCount('user_state_changed'), 0)
  await plain.close()
  const asked = await speaking({ falseInterruption: {} })
  assert.is(asked.session.listenerCount('user_state_changed'), 1)
  for (const event of [undefined, null, {}, { newState: 7 }]) asked.session.emit('user_state_changed', event)
  assert.is(asked.isHeld(), false)
  await asked.close()
  assert.is(asked.session.listenerCount('user_state_changed'), 0)
})

it.run()
