/** The playout machine on a real speaker: what of an utterance was heard, whatever is asked of it meanwhile. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { playoutOn } from '../../src/outbound/playout.ts'
import { say } from '../../src/pipes/say.ts'
import type { Played } from '../../src/ports.ts'
import { type StageOptions, stage } from './stage.ts'

const it = suite('playout.speaker')

/** Actors on a real speaker and a loopback device at 24 kHz; 1 ms is 24 samples. */
const scene = (options: StageOptions = {}) => {
  const all = stage({ maxPendingMs: 600_000, ...options })
  const { speaker, clock, sound } = all
  const logic = playoutOn(speaker)
  const plug = () => {
    const device = all.device()
    speaker.plug(device)
    return device
  }
  const play = (id: string, ms = 0, { ended = true } = {}) => {
    const actor = createActor(logic, { clock, id, input: { id, sampleRate: 24_000 } })
    actor.start()
    if (ms > 0) void speaker.write(id, sound(ms))
    if (ended) speaker.end(id)
    const send = (...types: ('pause' | 'resume' | 'interrupt' | 'abandon')[]) => {
      for (const type of types) actor.send({ type })
      return actor.getSnapshot().output
    }
    return { actor, send, state: () => actor.getSnapshot().value, output: () => actor.getSnapshot().output }
  }
  const ended = (id: string, outcome: Played['outcome'], pushedMs: number, heardMs: number) => ({
    ...{ id, outcome, pushed: pushedMs * 24, heard: heardMs * 24 },
    discarded: (pushedMs - heardMs) * 24,
  })
  return { ...all, plug, play, ended, pass: (ms: number) => clock.advance(ms) }
}

// The README shows this one.
it('plays one utterance with nothing but a speaker: push, end, and wait for the output', async () => {
  const { speaker, clock, device, sound } = stage()
  speaker.plug(device())
  const playout = createActor(playoutOn(speaker), { clock, id: 'playout', input: { id: 'SG_1', sampleRate: 24_000 } })
  playout.start()
  await speaker.write('SG_1', sound(100)) // an audio frame
  await speaker.write('SG_1', sound(100))
  speaker.end('SG_1')
  await clock.advance(50)
  assert.is(playout.getSnapshot().value, 'flushing')
  playout.send({ type: 'pause' })
  assert.equal(speaker.tally('SG_1'), { pushed: 4_800, heard: 1_440, discarded: 0 }) // 50 ms, and 10 of fade
  await clock.advance(1_000)
  playout.send({ type: 'resume' })
  await clock.advance(200)
  assert.equal(playout.getSnapshot().output, { id: 'SG_1', outcome: 'finished', pushed: 4_800, heard: 4_800, discarded: 0 })
})

it('goes from queued through playing and flushing to finished, as it is heard (OUT-2, OUT-3)', async () => {
  const { play, plug, pass, speaker, ended } = scene()
  plug()
  const { state, output } = play('a', 100, { ended: false })
  assert.is(state(), 'queued')
  await pass(1)
  assert.is(state(), 'playing')
  speaker.end('a')
  await pass(0)
  assert.is(state(), 'flushing')
  await pass(98)
  assert.is(state(), 'flushing')
  await pass(1)
  assert.equal(output(), ended('a', 'finished', 100, 100))
})

it('finishes an utterance without samples at once, also one that is paused or not first (OUT-8, OUT-25)', async () => {
  const { play, pass, ended, speaker } = scene()
  play('a', 100)
  const b = play('b', 0)
  const c = play('c', 0, { ended: false })
  c.send('pause')
  await pass(0)
  assert.equal(b.output(), ended('b', 'finished', 0, 0))
  assert.is(c.state(), 'paused')
  speaker.end('c')
  await pass(0)
  assert.equal(c.output(), ended('c', 'finished', 0, 0))
})

it('is not finished while it is paused, however little is left (OUT-22)', async () => {
  const { play, plug, pass, ended } = scene()
  plug()
  const a = play('a', 500)
  await pass(480)
  a.send('pause')
  await pass(10_000)
  assert.is(a.state(), 'paused')
  a.send('resume')
  await pass(9)
  assert.is(a.state(), 'flushing')
  await pass(1)
  assert.equal(a.output(), ended('a', 'finished', 500, 500))
})

it('remembers an end that comes while it is paused (OUT-22)', async () => {
  const { play, plug, pass, speaker, ended } = scene()
  plug()
  const a = play('a', 500, { ended: false })
  await pass(100)
  a.send('pause')
  speaker.end('a')
  await pass(5_000)
  assert.is(a.state(), 'paused')
  a.send('resume')
  await pass(400)
  assert.equal(a.output(), ended('a', 'finished', 500, 500))
})

it('is finished while it is paused if nothing is left to be heard (OUT-25)', async () => {
  const { play, plug, pass, speaker, ended } = scene()
  plug()
  const a = play('a', 100, { ended: false })
  await pass(95)
  a.send('pause') // the last 5 ms are the fade
  speaker.end('a')
  await pass(0)
  assert.equal(a.output(), ended('a', 'finished', 100, 100))
})

it('hears 500 ms as 500 ms, however often it is paused and resumed (OUT-21, law 5)', async () => {
  const { play, plug, pass, ended, facts } = scene()
  plug()
  const a = play('a', 500)
  for (let n = 0; n < 20; n++) {
    await pass(n)
    a.send('pause')
    await pass(n % 4 ? 30 : 0)
    a.send('resume')
  }
  await pass(600)
  assert.equal(a.output(), ended('a', 'finished', 500, 500))
  assert.is(facts().filter(({ type }) => type === 'utterance.started').length, 1) // OUT-5
})

it('takes pause and resume twice as once, and the last of a turn as what holds (OUT-19)', async () => {
  const { play, plug, pass } = scene()
  plug()
  const a = play('a', 500)
  await pass(50)
  a.send('resume', 'pause', 'pause', 'resume', 'pause')
  assert.is(a.state(), 'paused')
  await pass(500)
  a.send('resume', 'resume', 'pause', 'resume')
  assert.is(a.state(), 'flushing')
  await pass(500)
  assert.is(a.state(), 'finished')
})

it('holds the next one if it is paused before it has begun (OUT-19)', async () => {
  const { play, plug, pass, facts } = scene()
  plug()
  const a = play('a', 100)
  a.send('pause')
  await pass(1_000)
  assert.equal(facts(), [])
  a.send('resume')
  assert.is(a.state(), 'queued')
  await pass(100)
  assert.is(a.state(), 'finished')
})

it('knows that it was heard before the pause that came first in the same moment (OUT-5)', async () => {
  const { play, plug, pass, facts, clock } = scene()
  clock.setTimeout(() => a.send('pause'), 1) // before the speaker looks
  plug()
  const a = play('a', 500)
  await pass(1)
  assert.is(a.state(), 'paused')
  assert.equal(facts(), [
    { type: 'utterance.started', id: 'a', at: 0 },
    { type: 'utterance.progressed', id: 'a', startedAt: 0, offset: 0, duration: 11 * 24 },
  ])
  a.send('resume')
  assert.is(a.state(), 'flushing')
  await pass(500)
  assert.is(a.state(), 'finished')
})

it('has its final numbers when interrupt returns, the fade included (OUT-24, OUT-25, PLAY-23)', async () => {
  const { play, plug, pass, ended, facts } = scene()
  plug()
  const a = play('a', 500)
  const b = play('b', 500)
  await pass(200)
  assert.equal(a.send('interrupt'), ended('a', 'interrupted', 500, 210))
  assert.equal(b.send('interrupt'), ended('b', 'interrupted', 500, 0))
  const { length } = facts()
  await pass(1_000)
  assert.is(facts().length, length)
})

it('is interrupted at once wherever it is (OUT-25)', async () => {
  const { play, plug, pass, ended } = scene()
  assert.equal(play('a', 100).send('interrupt'), ended('a', 'interrupted', 100, 0)) // nobody listens
  assert.equal(play('b', 0, { ended: false }).send('interrupt'), ended('b', 'interrupted', 0, 0)) // before the first frame
  plug()
  assert.equal(play('c', 15, { ended: false }).send('interrupt'), ended('c', 'interrupted', 15, 0)) // shorter than 20 ms
  const d = play('d', 500)
  await pass(100)
  d.send('pause')
  await pass(1_000)
  assert.equal(d.send('interrupt'), ended('d', 'interrupted', 500, 110)) // while paused, at the paused position
  const e = play('e', 500)
  await pass(300)
  assert.equal(e.send('interrupt'), ended('e', 'interrupted', 500, 310)) // while it is flushed
  assert.equal(e.send('interrupt', 'pause', 'resume', 'abandon'), ended('e', 'interrupted', 500, 310))
})

it('lets the next one play when one is interrupted, after the fade (OUT-24)', async () => {
  const { play, plug, pass, facts } = scene()
  plug()
  const a = play('a', 500)
  play('b', 50)
  await pass(100)
  a.send('interrupt')
  await pass(100)
  assert.equal(facts().slice(2), [
    { type: 'utterance.started', id: 'b', at: 110 },
    { type: 'utterance.progressed', id: 'b', startedAt: 110, offset: 0, duration: 1_200 },
  ])
})

it('tells the end of one before the start of the next (OUT-6)', async () => {
  const order: string[] = []
  const { play, plug, pass, speaker, frame } = scene({
    tell: fact => fact.type === 'utterance.started' && order.push(`${fact.id} started`),
  })
  plug()
  for (const id of ['a', 'b', 'c']) {
    const { actor } = play(id, 0, { ended: false })
    actor.subscribe({ complete: () => order.push(`${id} ended`) })
    void speaker.write(id, frame(new Int16Array(1_001).fill(5)))
    speaker.end(id)
  }
  await pass(200)
  assert.equal(order, ['a started', 'a ended', 'b started', 'b ended', 'c started', 'c ended'])
})

it('ends abandoned with the error when its source breaks, others unharmed (section 13)', async () => {
  const { speaker, clock, sound, plug, play, pass, ended } = scene()
  plug()
  async function* broken() {
    yield sound(100)
    throw new Error('the voice broke')
  }
  const start = (id: string, signal: AbortSignal) => void say(broken(), speaker, id, signal)
  const a = createActor(playoutOn(speaker, start), { clock, id: 'a', input: { id: 'a', sampleRate: 24_000 } })
  a.start()
  const b = play('b', 50)
  await pass(100)
  assert.equal(a.getSnapshot().output, { ...ended('a', 'abandoned', 100, 0), error: 'the voice broke' })
  assert.equal(b.output(), ended('b', 'finished', 50, 50))
})

it('ends abandoned when its owner says so, with what was heard (ROOM-15)', async () => {
  const { play, plug, pass, ended } = scene()
  plug()
  const a = play('a', 500)
  await pass(100)
  assert.equal(a.send('abandon'), ended('a', 'abandoned', 500, 110))
})

it('counts as complete 1 000 ms after a device that has everything should have played it (OUT-18)', async () => {
  const { play, plug, pass, ended, clock } = scene()
  const device = plug()
  const a = play('a', 150)
  await pass(1)
  device.stall()
  await pass(1_149)
  assert.is(a.state(), 'flushing')
  await pass(1)
  assert.equal(a.output(), ended('a', 'finished', 150, 150))
  assert.is(clock.timers, 0)
})

it('waits for another device if this one stands still and was not given all: that was never heard (OUT-18, law 2)', async () => {
  const { play, plug, pass, ended, facts } = scene({ fadeMs: 0 })
  const device = plug()
  const a = play('a', 500)
  const b = play('b', 100)
  await pass(100)
  device.stall()
  await pass(5_050)
  assert.is(facts().at(-1)?.type, 'sink.failed')
  assert.equal([a.state(), b.state()], ['flushing', 'queued'])
  plug()
  await pass(500)
  assert.equal([a.output(), b.output()], [ended('a', 'finished', 500, 500), ended('b', 'finished', 100, 100)])
})

it('ends also if its source is held because the device stands still (law 4)', async () => {
  const { speaker, clock, sound, plug, pass, facts, ended } = scene({ maxPendingMs: 100 })
  async function* endless() {
    for (let n = 0; n < 20; n++) yield sound(100)
  }
  const device = plug()
  device.stall()
  const logic = playoutOn(speaker, (id, signal) => void say(endless(), speaker, id, signal))
  const a = createActor(logic, { clock, id: 'a', input: { id: 'a', sampleRate: 24_000 } })
  a.start()
  await pass(6_000)
  assert.equal(facts(), [{ type: 'sink.failed', error: 'the speaker plays no more' }])
  plug()
  await pass(3_000)
  assert.equal(a.getSnapshot().output, ended('a', 'finished', 2_000, 2_000))
})

it('waits for what comes late: a device that paused by itself, or another device (OUT-17, OUT-18)', async () => {
  const { play, plug, pass, speaker, ended } = scene({ fadeMs: 0 })
  const device = plug()
  const a = play('a', 500)
  await pass(100)
  const release = device.stall()
  await pass(900)
  release()
  await pass(200)
  assert.is(a.state(), 'flushing')
  speaker.unplug()
  await pass(20_000)
  assert.is(a.state(), 'flushing')
  plug()
  await pass(199)
  assert.is(a.state(), 'flushing')
  await pass(1)
  assert.equal(a.output(), ended('a', 'finished', 500, 500))
})

it('leaves nothing behind when its actor is stopped from outside', async () => {
  const { play, plug, pass, speaker, clock } = scene()
  const device = plug()
  const { actor } = play('a', 500)
  await pass(100)
  actor.stop()
  await pass(50)
  assert.not.ok(speaker.has('a'))
  assert.is(device.queued(), 0)
  assert.is(clock.timers, 0)
})

it('fails when its id is taken, and the other plays on (ERR_DUPLICATE_SEGMENT)', async () => {
  const { play, plug, pass, speaker, clock } = scene()
  plug()
  const a = play('a', 50)
  const twin = createActor(playoutOn(speaker), { clock, id: 'twin', input: { id: 'a', sampleRate: 24_000 } })
  const errors: unknown[] = []
  twin.subscribe({ error: error => errors.push(error) })
  twin.start()
  assert.match(String(errors[0]), 'an utterance with the id a is there already')
  await pass(60)
  assert.is(a.state(), 'finished')
})

it.run()
