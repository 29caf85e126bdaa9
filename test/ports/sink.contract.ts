/** What every `Speakers` and `Sink` does: publishing, counts that follow the sound, and taking back what was not played. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { msOf } from '../../src/audio/frame.ts'
import type { Publication, Sink } from '../../src/ports.ts'
import { enter, eventually, type Facts, type Rig, type RigMaker, withRig } from './rig.ts'
import { abortedSignal, isOneLine, rejection } from './room.contract.ts'
import { loudMs, pitchOf, placeOf, testHz, tone } from './sound.ts'

const voice = { sampleRate: 24_000, channels: 1, name: 'roomio_audio', queueMs: 200 }
const blockMs = 10
const block = (voice.sampleRate * blockMs) / 1000
const capacity = (voice.sampleRate * voice.queueMs) / 1000

const never = () => new AbortController().signal
const queuedMs = (sink: Sink) => msOf(sink.queued(), sink.sampleRate)
/** Hands over as much as fits, until all is handed over. */
const play = async (rig: Rig, sink: Sink, data: Int16Array) => {
  for (let at = 0; at < data.length; ) {
    const count = Math.min(sink.free(), data.length - at)
    if (count > 0) await rig.until(sink.write(data.slice(at, at + count)))
    at += count
    if (at < data.length) await rig.pass(50)
  }
}

type Scene = { facts: Facts; publication: Publication; sink: Sink }
const scene = async (rig: Rig): Promise<Scene> => {
  const facts = await enter(rig)
  const publication = await rig.until(rig.world.speakers.publish(voice, never()))
  return { facts, publication, sink: publication.sink }
}

export const sinkContract = (name: string, open: RigMaker) => {
  const it = suite(`speakers on ${name}`)
  const with_ = (test: (rig: Rig) => Promise<void>) => withRig(open, test)

  it(
    'publishes a track with a sid and a queue of the format asked for',
    with_(async rig => {
      const { publication, sink } = await scene(rig)
      assert.ok(publication.sid.length > 0)
      assert.is(sink.sampleRate, voice.sampleRate)
      assert.is(sink.channels, voice.channels)
      assert.is(sink.queued(), 0)
      assert.is(sink.free(), capacity)
    }),
  )

  it(
    'tells when the first one hears our track, and not before (OUT-28)',
    with_(async rig => {
      const deaf = await rig.person('deaf', { subscribes: false })
      await deaf.join()
      const { facts, publication } = await scene(rig)
      await rig.pass(500)
      assert.not.ok(facts.all.some(event => event.type === 'speaker.subscribed'))
      const ann = await rig.person('ann')
      await ann.join()
      assert.is((await facts.find('speaker.subscribed')).sid, publication.sid)
    }),
  )

  it(
    'counts what it was given and has not played, down with the time (OUT-3)',
    with_(async rig => {
      const { sink } = await scene(rig)
      await rig.until(sink.write(new Int16Array(10 * block)))
      const near = (ms: number) =>
        assert.ok(Math.abs(queuedMs(sink) - ms) <= blockMs + rig.slackMs, `${queuedMs(sink)} ms, not ${ms}`)
      near(100)
      await rig.pass(50)
      near(50)
      await rig.pass(100)
      assert.is(sink.queued(), 0)
      assert.is(sink.free(), capacity)
    }),
  )

  it(
    'has room for whole blocks only, and never more than its queue (OUT-12)',
    with_(async rig => {
      const { sink } = await scene(rig)
      for (let step = 0; step < 20; step++) {
        const free = sink.free()
        assert.is(free % block, 0)
        assert.ok(free >= 0 && free <= capacity)
        if (free > 0) await rig.until(sink.write(new Int16Array(free)))
        assert.ok(sink.queued() <= capacity, `${sink.queued()} queued`)
        await rig.pass(17)
      }
    }),
  )

  it(
    'counts from nothing again after it ran dry (AS-2)',
    with_(async rig => {
      const { sink } = await scene(rig)
      await rig.until(sink.write(new Int16Array(2 * block)))
      await rig.pass(500)
      assert.is(sink.queued(), 0)
      await rig.until(sink.write(new Int16Array(2 * block)))
      assert.ok(Math.abs(queuedMs(sink) - 20) <= blockMs + rig.slackMs, `${queuedMs(sink)} ms`)
    }),
  )

  it(
    'takes back what was not played, and is empty at once (OUT-20, OUT-24)',
    with_(async rig => {
      const { sink } = await scene(rig)
      await rig.until(sink.write(new Int16Array(20 * block)))
      await rig.pass(80)
      const { unplayed } = sink.clear()
      assert.is(sink.queued(), 0)
      assert.is(sink.free(), capacity)
      const ms = msOf(unplayed, sink.sampleRate)
      assert.ok(Math.abs(ms - 120) <= blockMs + 2 * rig.slackMs, `${ms} ms`)
      assert.is(sink.clear().unplayed, 0)
    }),
  )

  it(
    'refuses what does not fit and what is no whole number of blocks, and counts nothing of it',
    with_(async rig => {
      const { sink } = await scene(rig)
      assert.ok(isOneLine(await rejection(rig, sink.write(new Int16Array(capacity + block)))))
      assert.ok(isOneLine(await rejection(rig, sink.write(new Int16Array(block + 1)))))
      assert.is(sink.queued(), 0)
      await rig.until(sink.write(new Int16Array(block)))
    }),
  )

  it(
    'is heard, whole',
    with_(async rig => {
      const ann = await rig.person('ann')
      await ann.join()
      const { sink, facts } = await scene(rig)
      await facts.find('speaker.subscribed')
      const ear = ann.hears(rig.agent)
      await rig.pass(500) // a codec needs a little to begin
      await play(rig, sink, tone(1_000, voice.sampleRate))
      await rig.pass(500)
      const heard = loudMs(ear.samples(), ear.sampleRate)
      assert.ok(Math.abs(heard - 1_000) <= 20 + 5 * rig.slackMs, `${heard} ms`)
      assert.ok(Math.abs(pitchOf(ear.samples(), ear.sampleRate) - testHz) < 25, `${pitchOf(ear.samples(), ear.sampleRate)} Hz`)
      await ear.close()
    }),
  )

  it(
    'plays exactly the samples given, also from the middle of a buffer that is used again at once (AF-1)',
    with_(async rig => {
      if (!rig.can.exactSound) return
      const ann = await rig.person('ann')
      await ann.join()
      const { sink } = await scene(rig)
      const ear = ann.hears(rig.agent)
      const buffer = Int16Array.from({ length: 4 * block }, (_, n) => n + 1)
      const part = buffer.subarray(block, 3 * block)
      const given = part.slice()
      await rig.until(sink.write(part))
      buffer.fill(-1)
      await rig.pass(100)
      assert.ok(placeOf(given, ear.samples()) >= 0)
    }),
  )

  it(
    'lets nobody hear what was taken back',
    with_(async rig => {
      const ann = await rig.person('ann')
      await ann.join()
      const { sink, facts } = await scene(rig)
      await facts.find('speaker.subscribed')
      const ear = ann.hears(rig.agent)
      await rig.pass(500)
      await rig.until(sink.write(tone(200, voice.sampleRate)))
      await rig.pass(100)
      sink.clear()
      await rig.pass(500)
      const heard = loudMs(ear.samples(), ear.sampleRate)
      assert.ok(heard > 50 && heard <= 120 + 2 * rig.slackMs, `${heard} ms`)
    }),
  )

  it(
    'closes once: the track goes, later writes are refused, and what was not played is still known (OUT-31, law 2)',
    with_(async rig => {
      const ann = await rig.person('ann')
      await ann.join()
      const { publication, sink } = await scene(rig)
      await rig.until(sink.write(new Int16Array(10 * block)))
      const closing = publication.close()
      assert.is(publication.close(), closing)
      const unplayed = sink.queued()
      assert.ok(unplayed > 0 && unplayed <= 10 * block, `${unplayed} queued`)
      await rig.until(closing)
      await rig.pass(200)
      assert.ok(isOneLine(await rejection(rig, sink.write(new Int16Array(block)))))
      assert.is(sink.free(), 0)
      assert.is(sink.queued(), unplayed)
      assert.equal(sink.clear(), { unplayed, exact: false })
      assert.is(sink.queued(), 0)
    }),
  )

  it(
    'can publish again after closing',
    with_(async rig => {
      const { publication } = await scene(rig)
      await rig.until(publication.close())
      const next = await rig.until(rig.world.speakers.publish(voice, never()))
      await rig.until(next.sink.write(new Int16Array(block)))
      assert.not.equal(next.sid, publication.sid)
    }),
  )

  it(
    'refuses a queue the device cannot have, before anything native is called (OPT-7)',
    with_(async rig => {
      await enter(rig)
      assert.ok(isOneLine(await rejection(rig, rig.world.speakers.publish({ ...voice, queueMs: 25 }, never()))))
    }),
  )

  it(
    'publishes nothing with a signal that has aborted, before joining, or after leaving',
    with_(async rig => {
      assert.ok(isOneLine(await rejection(rig, rig.world.speakers.publish(voice, never()))))
      await enter(rig)
      assert.ok(isOneLine(await rejection(rig, rig.world.speakers.publish(voice, abortedSignal()))))
      await rig.until(rig.world.room.leave())
      assert.ok(isOneLine(await rejection(rig, rig.world.speakers.publish(voice, never()))))
    }),
  )

  it(
    'lets go of a publication that stalls when its signal aborts, and can publish after that (OUT-30)',
    with_(async rig => {
      if (!rig.stall) return
      await enter(rig)
      rig.stall('publish')
      const enough = new AbortController()
      const publishing = rig.world.speakers.publish(voice, enough.signal)
      await rig.pass(300)
      enough.abort(new Error('enough'))
      assert.is(await rejection(rig, publishing), 'enough')
      await rig.until(rig.world.speakers.publish(voice, never()))
    }),
  )

  it(
    'frees the queue when the room is left, and close still resolves (ROOM-13)',
    with_(async rig => {
      const { publication, sink } = await scene(rig)
      await rig.until(sink.write(new Int16Array(10 * block)))
      await rig.until(rig.world.room.leave())
      assert.ok(isOneLine(await rejection(rig, sink.write(new Int16Array(block)))))
      const unplayed = sink.queued()
      await rig.pass(200)
      await rig.until(publication.close())
      assert.is(sink.clear().unplayed, unplayed)
      await eventually(rig, 'nothing is held', () => !Object.values(rig.held()).some(Boolean))
    }),
  )
  return it
}
