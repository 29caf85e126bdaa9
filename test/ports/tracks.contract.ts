/** What every `Tracks` does: keys, frames of exactly one size, and listenings that end. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, joined } from '../../src/audio/frame.ts'
import type { Listening } from '../../src/ports.ts'
import { enter, eventually, type Facts, type Mic, type Person, type Rig, type RigMaker, withRig } from './rig.ts'
import { loudMs, pitchOf, placeOf, testHz, tone } from './sound.ts'

/** The rate in which people speak (`Mic.speak`), in Hz. */
const spokenRate = 48_000
/** The engine's own input format. */
const usual: Listening = { sampleRate: 24_000, channels: 1, frameMs: 50 }

const never = () => new AbortController().signal

/** Listens in the background; `over` resolves when the frames have ended. */
export const gather = (frames: AsyncIterable<AudioFrame>) => {
  const heard: AudioFrame[] = []
  const over = (async () => {
    for await (const frame of frames) heard.push(frame)
  })()
  return { heard, over, samples: () => joined(heard.map(({ data }) => data)) }
}

type Scene = { ann: Person; mic: Mic; key: string; facts: Facts }
/** Ann is here with a microphone, and we have it. */
const scene = async (rig: Rig): Promise<Scene> => {
  const facts = await enter(rig)
  const ann = await rig.person('ann')
  await ann.join()
  const mic = await ann.publish()
  const { track } = await facts.find('track.subscribed')
  return { ann, mic, key: track.key ?? '', facts }
}
const isOver = async (rig: Rig, frames: AsyncIterable<AudioFrame>) => {
  const { heard, over } = gather(frames)
  await rig.until(over)
  return heard.length === 0
}

export const tracksContract = (name: string, open: RigMaker) => {
  const it = suite(`tracks on ${name}`)
  const with_ = (test: (rig: Rig) => Promise<void>) => withRig(open, test)

  it(
    'names a published track by its sid, and the one we have by a key as well',
    with_(async rig => {
      const { mic, facts } = await scene(rig)
      const published = await facts.find('track.published')
      assert.equal(published.track, { sid: mic.sid, source: 'microphone', muted: false, subscribed: false, preconnect: false })
      const { track } = await facts.find('track.subscribed')
      assert.ok(track.key)
      assert.equal(track, { ...published.track, key: track.key, subscribed: true })
    }),
  )

  it(
    'says of a track that audio from before it was published is on its way (PRE-3)',
    with_(async rig => {
      const facts = await enter(rig)
      const ann = await rig.person('ann')
      await ann.join()
      await ann.publish({ preconnect: true })
      assert.is((await facts.find('track.subscribed')).track.preconnect, true)
    }),
  )

  it(
    'tells of mute and unmute, with the flag as it is now (MIC-7)',
    with_(async rig => {
      const { mic, facts } = await scene(rig)
      await mic.mute()
      const muted = await facts.find('track.muted')
      assert.is(muted.track.sid, mic.sid)
      assert.is(muted.track.muted, true)
      await mic.unmute()
      const unmuted = await facts.find('track.unmuted')
      assert.is(unmuted.track.sid, mic.sid)
      assert.is(unmuted.track.muted, false)
    }),
  )

  it(
    'tells of the end with the key that ended, before the publication goes',
    with_(async rig => {
      const { mic, key, facts } = await scene(rig)
      await mic.unpublish()
      const gone = await facts.find('track.unpublished')
      assert.is(gone.track.sid, mic.sid)
      const ended = await facts.find('track.unsubscribed')
      assert.is(ended.track.key, key)
      assert.is(ended.track.subscribed, false)
      assert.ok(facts.all.indexOf(ended) < facts.all.indexOf(gone))
    }),
  )

  it(
    'gives a replacement the same sid and another key; both ends are told, and the old listening ends (MIC-4)',
    with_(async rig => {
      const { mic, key, facts } = await scene(rig)
      if (!mic.replace) return
      const old = gather(rig.world.tracks.listen(key, usual, never()))
      await rig.pass(200)
      await mic.replace()
      const next = await facts.find('track.subscribed', ({ track }) => track.key !== key)
      assert.is(next.track.sid, mic.sid)
      await facts.find('track.unsubscribed', ({ track }) => track.key === key)
      await rig.until(old.over)
      const fresh = gather(rig.world.tracks.listen(next.track.key ?? '', usual, never()))
      await eventually(rig, 'the new key is heard', () => fresh.heard.length > 0)
    }),
  )

  it(
    'gives frames of exactly the size and format asked for, at the pace of the clock (MIC-2)',
    with_(async rig => {
      const { key } = await scene(rig)
      const cases: Listening[] = [usual, { sampleRate: 48_000, channels: 1 }, { sampleRate: 16_000, channels: 2, frameMs: 20 }]
      const heard = cases.map(how => ({ how, ...gather(rig.world.tracks.listen(key, how, never())) }))
      for (const one of heard) await eventually(rig, 'the first frame', () => one.heard.length > 0)
      const before = heard.map(one => one.heard.length)
      await rig.pass(1_000)
      for (const [index, { how, heard: frames }] of heard.entries()) {
        const frameMs = how.frameMs ?? 10
        const samplesPerChannel = (how.sampleRate * frameMs) / 1000
        for (const frame of frames) {
          assert.is(frame.sampleRate, how.sampleRate)
          assert.is(frame.channels, how.channels)
          assert.is(frame.samplesPerChannel, samplesPerChannel)
          assert.is(frame.data.length, samplesPerChannel * how.channels)
        }
        const ms = (frames.length - (before[index] ?? 0)) * frameMs
        assert.ok(Math.abs(ms - 1_000) <= frameMs + 10 * rig.slackMs, `${ms} ms of ${frameMs} ms frames in a second`)
      }
    }),
  )

  it(
    'hears what is spoken, whole',
    with_(async rig => {
      const { mic, key } = await scene(rig)
      const { samples } = gather(rig.world.tracks.listen(key, usual, never()))
      await rig.pass(300) // a codec needs a little to begin
      await rig.until(mic.speak(tone(1_000, spokenRate)))
      await rig.pass(300)
      assert.ok(Math.abs(loudMs(samples(), 24_000) - 1_000) <= 20 + 5 * rig.slackMs, `${loudMs(samples(), 24_000)} ms`)
      assert.ok(Math.abs(pitchOf(samples(), 24_000) - testHz) < 25, `${pitchOf(samples(), 24_000)} Hz`)
    }),
  )

  it(
    'gives every sample, in order, where nothing on the way changes sound',
    with_(async rig => {
      if (!rig.can.exactSound) return
      const { mic, key } = await scene(rig)
      const { samples } = gather(rig.world.tracks.listen(key, { sampleRate: spokenRate, channels: 1 }, never()))
      await rig.pass(30)
      const said = Int16Array.from({ length: spokenRate / 10 }, (_, n) => n + 1)
      await rig.until(mic.speak(said))
      await rig.pass(30)
      assert.ok(placeOf(said, samples()) >= 0)
    }),
  )

  it(
    'stays open while the track is muted, and goes on after it',
    with_(async rig => {
      const { mic, key, facts } = await scene(rig)
      let over = false
      const listening = gather(rig.world.tracks.listen(key, usual, never()))
      void listening.over.then(() => {
        over = true
      })
      await rig.pass(200)
      await mic.mute()
      await facts.find('track.muted')
      await rig.pass(500)
      assert.not.ok(over)
      await mic.unmute()
      await facts.find('track.unmuted')
      const before = loudMs(listening.samples(), 24_000)
      await rig.until(mic.speak(tone(400, spokenRate)))
      await rig.pass(300)
      assert.ok(loudMs(listening.samples(), 24_000) - before >= 200)
      assert.not.ok(over)
    }),
  )

  it(
    'hears all the same where noise cancellation is asked for that it does not have (MIC-14, MIC-16)',
    with_(async rig => {
      const { mic, key } = await scene(rig)
      const processor = { process: (frame: AudioFrame) => frame, close: () => {} }
      const asked = [{ moduleId: 'none', options: {} }, { level: 3 }, processor]
      const heard = asked.map(noiseCancellation => gather(rig.world.tracks.listen(key, { ...usual, noiseCancellation }, never())))
      await rig.pass(300)
      await rig.until(mic.speak(tone(400, spokenRate)))
      await rig.pass(300)
      for (const { samples } of heard) assert.ok(loudMs(samples(), 24_000) >= 300)
    }),
  )

  it(
    'lets several listen to one track',
    with_(async rig => {
      const { key } = await scene(rig)
      const one = gather(rig.world.tracks.listen(key, usual, never()))
      const two = gather(rig.world.tracks.listen(key, { ...usual, sampleRate: 16_000 }, never()))
      await eventually(rig, 'both hear', () => one.heard.length > 0 && two.heard.length > 0)
    }),
  )

  it(
    'ends with the track',
    with_(async rig => {
      const { mic, key } = await scene(rig)
      const { over, heard } = gather(rig.world.tracks.listen(key, usual, never()))
      await eventually(rig, 'the first frame', () => heard.length > 0)
      await mic.unpublish()
      await rig.until(over)
    }),
  )

  it(
    'ends at once when its signal aborts, also while a frame is waited for',
    with_(async rig => {
      const { key } = await scene(rig)
      const enough = new AbortController()
      const { over, heard } = gather(rig.world.tracks.listen(key, usual, enough.signal))
      await eventually(rig, 'the first frame', () => heard.length > 0)
      enough.abort()
      const count = heard.length
      await rig.until(over, 200)
      assert.is(heard.length, count)
      assert.ok(await isOver(rig, rig.world.tracks.listen(key, usual, enough.signal)))
    }),
  )

  it(
    'ends when return() is called while a frame is waited for',
    with_(async rig => {
      const { key } = await scene(rig)
      const iterator = rig.world.tracks.listen(key, usual, never())[Symbol.asyncIterator]()
      assert.is((await rig.until(iterator.next())).done, false)
      const waiting = iterator.next().then(step => (step.done ? step : iterator.next()))
      void iterator.return?.()
      assert.is((await rig.until(waiting, 500)).done, true)
      assert.is((await rig.until(iterator.next())).done, true)
    }),
  )

  it(
    'ends at once for a key that names no track, or no more',
    with_(async rig => {
      const { mic, key, facts } = await scene(rig)
      assert.ok(await isOver(rig, rig.world.tracks.listen('nothing', usual, never())))
      await mic.unpublish()
      await facts.find('track.unsubscribed')
      assert.ok(await isOver(rig, rig.world.tracks.listen(key, usual, never())))
    }),
  )

  it(
    'ends all listening when the room is left, and holds nothing (ROOM-13)',
    with_(async rig => {
      const { key } = await scene(rig)
      const one = gather(rig.world.tracks.listen(key, usual, never()))
      const two = gather(rig.world.tracks.listen(key, usual, never()))
      await eventually(rig, 'both hear', () => one.heard.length > 0 && two.heard.length > 0)
      await rig.until(rig.world.room.leave())
      await rig.until(Promise.all([one.over, two.over]))
      assert.not.ok(Object.values(rig.held()).some(Boolean), JSON.stringify(rig.held()))
    }),
  )
  return it
}
