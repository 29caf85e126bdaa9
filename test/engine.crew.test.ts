/** A room whose parts fail: who comes again, who is done without, and what the room says of it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AudioFrame } from '../src/audio/frame.ts'
import type { Tracks, World } from '../src/ports.ts'
import { newCall, outcomeOf, perMs, pieces, samples, sound, startCall, timed, torn } from './fakes/call.ts'
import { checkOver, closed } from './fakes/over.ts'

const it = suite('engine.crew')

/** Tracks that fail when they are listened to, as long as `fails` says so. */
const failingTracks = (tracks: Tracks, fails: () => boolean): Tracks => ({
  listen: (key, how, signal) => (fails() ? torn(pieces<AudioFrame>(), 'the track broke') : tracks.listen(key, how, signal)),
})
it('goes on hearing after a microphone that failed three times, and closes after the fourth (ROOM-17)', async () => {
  for (const failures of [3, 4]) {
    let left = failures
    const call = newCall({ wrap: world => ({ ...world, tracks: failingTracks(world.tracks, () => left-- > 0) }) })
    const room = call.open()
    await call.clock.advance(1)
    const heard: number[] = []
    const read = async () => {
      for await (const { data } of room.audio) heard.push(...data.filter(sample => sample > 0))
    }
    const reading = outcomeOf(call.clock, read())
    const mic = call.caller.publish() // after it was linked: the microphone that comes again must know of it
    await call.clock.advance(1_000)
    void mic.speak(samples(300))
    await call.clock.advance(1_000)
    const told = call.facts.flatMap(fact => (fact.type === 'failed' ? [fact.restarted] : []))
    assert.equal(told, [true, true, true, false].slice(0, failures))
    if (failures === 3) assert.equal(heard, [...samples(300)])
    else assert.equal([closed(call.facts)?.type, 'value' in (await reading)], ['closed', true])
    void room.close()
    await checkOver(call)
  }
})

it('hears nothing of what waited once it is detached, also while the microphone is down (MIC-10, law 8)', async () => {
  let breaks = false
  const { room, clock, caller } = await startCall({
    wrap: world => ({ ...world, tracks: failingTracks(world.tracks, () => breaks) }),
  })
  const mic = caller.publish()
  void mic.speak(samples(400))
  await clock.advance(400)
  breaks = true
  mic.replace()
  await clock.advance(10)
  breaks = false
  assert.ok(room.counters.buffered > 0)
  room.setAttached(false)
  assert.is(room.counters.buffered, 0)
  room.setAttached(true)
  await clock.advance(1_000)
  void mic.speak(samples(300))
  await clock.advance(1_000)
  assert.ok(room.counters.buffered > 0, 'deaf for ever')
  await clock.runUntil(room.close())
})

it('closes with the error when the voice cannot be published (OUT-30)', async () => {
  const call = newCall()
  for (let n = 0; n < 4; n++) call.hub.failNext('publish', new Error('no permission to publish'))
  const room = call.open()
  await call.clock.advance(4_000)
  assert.is(await room.closed, 'failed')
  assert.is(room.error instanceof Error && room.error.message, 'no permission to publish')
  await checkOver(call)
})

it('rebuilds a voice whose device refuses three blocks in a row, once (OUT-17)', async () => {
  const call = await startCall()
  const { room, clock, hub, caller, facts } = call
  const published: string[] = []
  caller.watch(fact => fact.type === 'track.published' && published.push(fact.track.sid))
  const { played } = room.say({ audio: sound(2_000), text: timed(10) })
  await clock.advance(500)
  for (let n = 0; n < 3; n++) hub.failNext('writeSound', new Error('the device is gone'))
  await clock.advance(3_000)
  const { outcome, heard, discarded } = await played
  assert.equal([outcome, heard + discarded], ['finished', 2_000 * perMs])
  assert.ok(discarded > 0)
  assert.is(facts.filter(({ type }) => type === 'frame.failed').length, 3)
  assert.is(published.length, 1)
  for (let n = 0; n < 3; n++) hub.failNext('writeSound', new Error('the device is gone'))
  room.say({ audio: sound(2_000) })
  await clock.advance(3_000)
  assert.is(await room.closed, 'failed')
  await checkOver(call)
})

it('says once that captions are lost, and talks on', async () => {
  const call = await startCall()
  const { room, clock, facts, hub } = call
  for (let n = 0; n < 40; n++) hub.failNext('openText', new Error('no permission for data'))
  for (let n = 0; n < 2; n++) {
    const { played } = room.say({ audio: sound(400), text: timed(2) })
    await clock.advance(5_000)
    assert.is((await played).outcome, 'finished')
    assert.is((await played).spoken, 'word0 word1')
  }
  assert.is(facts.filter(({ type }) => type === 'captions.lost').length, 1)
  void room.close()
  await clock.advance(5_000)
  await checkOver(call)
})

it('goes on without the captions of a segment whose machine fails, and says so', async () => {
  const call = await startCall()
  const { room, clock, types } = call
  const { played } = room.say({ id: 'a', audio: sound(400), text: timed(2) })
  // A second machine for the same segment: it cannot have its place.
  room.actor.send({ type: 'caption', segment: { id: 'a', side: 'agent', identity: 'agent' } })
  await clock.advance(1_000)
  assert.equal(
    types().filter(type => type === 'failed' || type === 'captions.lost'),
    ['failed', 'captions.lost'],
  )
  assert.is((await played).outcome, 'finished')
  await clock.runUntil(room.close())
  await checkOver(call)
})

/** Speakers whose device throws where it should take back. */
const failingSink = (world: World, fails: () => boolean): World => ({
  ...world,
  speakers: {
    publish: async (about, signal) => {
      const { sink, sid, close } = await world.speakers.publish(about, signal)
      const clear = () => {
        if (fails()) throw new Error('the device is gone')
        return sink.clear()
      }
      const { sampleRate, channels } = sink
      return {
        sid,
        close,
        sink: {
          sampleRate,
          channels,
          clear,
          free: () => sink.free(),
          queued: () => sink.queued(),
          write: data => sink.write(data),
        },
      }
    },
  },
})
it('ends an utterance whose machine fails as abandoned, with its account, and plays the next (OUT-2, ROOM-17)', async () => {
  let failures = 1
  const call = await startCall({ wrap: world => failingSink(world, () => failures-- > 0) })
  const { room, clock, facts } = call
  const first = room.say({ audio: sound(2_000), text: timed(10) })
  const second = room.say({ audio: sound(500) })
  await clock.advance(500)
  room.pause()
  assert.equal(
    facts.filter(({ type }) => type === 'failed'),
    [],
    'told in a turn of its own',
  )
  await clock.settle()
  assert.equal(
    facts.filter(({ type }) => type === 'failed'),
    [{ type: 'failed', actor: `playout:${first.id}`, error: 'the device is gone', restarted: false }],
  )
  const { outcome, error, pushed, heard, discarded } = await first.played
  assert.equal([outcome, error, pushed, heard + discarded], ['abandoned', 'the device is gone', 48_000, 48_000])
  assert.ok(heard >= 500 * perMs && heard <= 510 * perMs)
  room.resume()
  await clock.advance(1_000)
  assert.is((await second.played).outcome, 'finished')
  void room.close()
  await checkOver(call)
})

it('collapses without a trace when its own machine fails', async () => {
  const call = await startCall()
  const { room, clock, codes } = call
  const { played } = room.say({ audio: sound(2_000), text: timed(10) })
  await clock.advance(500)
  room.actor.send({ type: 'caption' } as never) // what no type allows
  assert.is(await room.closed, 'failed')
  assert.ok(room.error instanceof Error)
  assert.equal([(await played).outcome, (await played).heard], ['abandoned', 510 * perMs])
  assert.equal(codes(), ['room.failed'])
  await checkOver(call)
})

it.run()
