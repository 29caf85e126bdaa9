import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, type SnapshotFrom } from 'xstate'
import { type MicrophoneFact, type MicrophoneInput, microphoneMachine } from '../../machines/inbound/microphone.ts'
import type { SenseEvent } from '../../machines/inbound/sense.ts'
import type { AudioFrame } from '../../src/audio/frame.ts'
import { createOpus } from '../../src/codec/opus.ts'
import { createEar } from '../../src/inbound/ear.ts'
import { type MicrophoneHands, microphoneOn } from '../../src/inbound/microphone.ts'
import type { Participant } from '../../src/ports.ts'
import { stopSubtree } from '../../src/supervise.ts'
import { virtualClock } from '../../src/virtual.ts'
import { about, joined as joinedRoom, left, person, track } from '../fakes/people.ts'
import { framesOf, joined, ramp } from '../fakes/sound.ts'
import { bytesOf, fakeBytes, fakeTracks } from '../fakes/tracks.ts'
import { done, explore, ignored, pending, table, walk } from '../model.ts'

const it = suite('microphone')
type Snapshot = SnapshotFrom<typeof microphoneMachine>

it('has this table', () => {
  const facts =
    'listen→· unlisten→· attach→· detach→· track.unpublished→· participant.left[isEarlierStay]→· participant.left→· track.*→· room.reconnected→· close→ended'
  assert.equal(table(microphoneMachine), {
    '': '→absent',
    absent: `${facts} always[hasTrack]→reading`,
    reading: `→reading.opening ${facts} done:read→· always[isReplaced]↻reading always[isOver]→absent`,
    'reading.opening': 'done:begin[isAttached]→reading.streaming done:begin→reading.gated',
    'reading.streaming': 'detach→reading.gated always[isReplaced]↻reading always[isOver]→absent',
    'reading.gated': 'attach→reading.streaming',
    ended: 'final',
  })
  assert.equal(ignored(microphoneMachine), {})
  const people = 'participant.joined participant.active participant.changed' // whom we listen to, `listen` says
  const ours = 'speaker.subscribed speaker.republished' // about our own voice
  const room = 'room.reconnecting room.disconnected' // the tracks stay until they are said to be gone; the owner closes
  const all = `${people} ${ours} ${room}`
  assert.equal(new Set(Object.values(ignored(microphoneMachine, all.split(' ')))), new Set([all]))
})

const one = track('TR_1', { key: 'a' })
const two = track('TR_2', { key: 'b' })
const ann = person('ann', { tracks: [one] })
const bob = person('bob', { tracks: [track('TR_9', { key: 'z' })] })
const silent = person('ann')
const events: (SenseEvent | ReturnType<typeof done>)[] = [
  { type: 'listen', participant: ann },
  { type: 'listen', participant: bob },
  { type: 'listen', participant: silent },
  { type: 'unlisten' },
  { type: 'attach' },
  { type: 'detach' },
  about('track.subscribed', ann, one),
  about('track.subscribed', ann, { ...one, key: 'a2' }),
  about('track.subscribed', ann, two),
  about('track.unsubscribed', ann, one),
  about('track.unpublished', ann, track('TR_1')),
  about('track.muted', ann, track('TR_1', { muted: true })),
  left(ann, 'unknown'),
  left({ ...ann, sid: 'PA_before' }, 'duplicate_identity'),
  { type: 'room.reconnected', participants: [silent, bob] },
  { type: 'close' },
  done('read'),
  done('begin'),
]

it('reads what the facts ask for, rests once for each end, and only while it hears (MIC-4 to MIC-8)', () => {
  type Effects = { event: { type: string }; before: Snapshot | undefined; snapshot: Snapshot; effects: readonly string[] }
  const invariant = ({ before, snapshot, effects }: Effects) => {
    const { track: chosen, who, attached } = snapshot.context
    const streamed = before?.matches({ reading: 'streaming' }) ?? false
    const isReading = snapshot.matches('reading')
    assert.is(chosen !== null && snapshot.value !== 'ended', isReading)
    // What is read is a microphone of who is listened to, under its present key.
    if (isReading)
      assert.ok(who?.tracks.some(({ sid, key, source }) => sid === chosen?.sid && key === chosen.key && source === 'microphone'))
    else if (snapshot.value === 'absent')
      assert.not(who?.tracks.some(({ key, source }) => key !== undefined && source === 'microphone'))
    assert.is(effects.includes('pushSilence'), streamed && snapshot.value === 'absent')
    assert.is(effects.includes('padFrame'), streamed && isReading && effects.includes('stop read'))
    // A new reader only in place of the old one.
    if (effects.includes('start read')) assert.is(effects.includes('stop read'), before?.matches('reading') ?? false)
    if (snapshot.matches({ reading: 'streaming' })) assert.ok(attached)
    if (snapshot.matches({ reading: 'gated' })) assert.not(attached)
    assert.is(effects.includes('endAudio'), snapshot.value === 'ended')
  }
  assert.ok(explore(microphoneMachine, { events, depth: 4, invariant }).sequences > 30_000)
})

/** Hands that do nothing by themselves. */
const stillHands = () => {
  let [read, begin] = [pending<void>(), pending<void>()]
  const did: string[] = []
  const open = { reads: 0 }
  const hands: MicrophoneHands = {
    log: () => {},
    read: (_, signal) => {
      open.reads++
      signal.addEventListener('abort', () => open.reads--)
      read = pending<void>()
      return read.promise
    },
    begin: () => {
      begin = pending<void>()
      return begin.promise
    },
    gate: isOpen => did.push(`gate ${isOpen}`),
    pad: () => did.push('pad'),
    rest: () => did.push('rest'),
    forget: (identity, sid) => did.push(`forget ${identity} ${sid}`),
    close: () => did.push('close'),
    claim: () => new Promise(() => {}),
    receive: () => new Promise(() => {}),
    replay: () => new Promise(() => {}),
    cut: () => {},
    pass: () => {},
  }
  const act = { 'done:read': () => read.resolve(), 'done:begin': () => begin.resolve() }
  return { hands, did, open, act, breakRead: () => read.reject(new Error('the track broke')) }
}

it('takes every transition live', async () => {
  const live = () => {
    const { hands, did, open, act } = stillHands()
    const told: string[] = []
    let finished = false
    return {
      machine: microphoneOn(hands, { tell: ({ type, key }) => told.push(`${type} ${key}`) }),
      act: {
        ...act,
        'done:read': () => {
          finished = true
          act['done:read']()
        },
      },
      check: ({ snapshot, model, event }: { snapshot: Snapshot; model: Snapshot; event: { type: string } }) => {
        const { track: chosen, attached } = snapshot.context
        assert.equal([chosen?.key, attached], [model.context.track?.key, model.context.attached])
        assert.is(did.filter(what => what.startsWith('gate')).at(-1), `gate ${attached}`)
        if (snapshot.matches('reading')) assert.is(told.at(-1), `microphone.opened ${chosen?.key}`)
        else if (told.length > 0) assert.match(told.at(-1) ?? '', /^microphone.ended/)
        if (!finished) assert.is(open.reads, snapshot.matches('reading') ? 1 : 0)
        if (event.type === 'track.unpublished')
          assert.is(did.at(-1)?.startsWith('forget') || did.includes('forget ann TR_1'), true)
        assert.is(did.includes('close'), snapshot.value === 'ended')
      },
    }
  }
  const key = ({ value, context: { who, track: chosen, attached } }: Snapshot) =>
    JSON.stringify([value, attached, chosen?.key, who?.identity, who?.tracks.map(one => one.key)])
  const walked = await walk(microphoneMachine, { events, live, key })
  assert.ok(walked.paths > 20)
})

it('lets a track that breaks through to its owner, and what it ran can be ended (ROOM-17)', async () => {
  const { hands, open, breakRead } = stillHands()
  const actor = createActor(microphoneOn(hands), { clock: virtualClock(), id: 'microphone' })
  let error: unknown
  actor.subscribe({ error: problem => (error = problem) })
  actor.start()
  actor.send({ type: 'listen', participant: ann })
  breakRead()
  await new Promise(resolve => setImmediate(resolve))
  assert.is(actor.getSnapshot().status, 'error')
  assert.is(error instanceof Error && error.message, 'the track broke')
  stopSubtree(actor)
  assert.is(open.reads, 1, 'it broke by itself')
})

/** A microphone at work on an ear. */
const scene = (input: MicrophoneInput = {}) => {
  const clock = virtualClock()
  const { tracks, feed } = fakeTracks()
  const { byteIn, send } = fakeBytes()
  const logged: string[] = []
  const facts: MicrophoneFact['type'][] = []
  const ear = createEar({ tracks, byteIn, clock, log: (_, code) => logged.push(code), opus: createOpus({ clock }) })
  ear.start()
  const actor = createActor(microphoneOn(ear, { tell: ({ type }) => facts.push(type) }), { clock, id: 'microphone', input })
  const frames: AudioFrame[] = []
  void (async () => {
    for await (const frame of ear.audio) frames.push(frame)
  })()
  for (const key of ['a', 'a2', 'b', 'z']) feed(key)
  actor.start()
  const state = () => {
    const { value } = actor.getSnapshot()
    return typeof value === 'string' ? value : value.reading
  }
  const act = async (...sent: SenseEvent[]) => {
    for (const event of sent) actor.send(event)
    await clock.settle()
    return state()
  }
  /** One second of a track, whose samples begin with `first`. */
  const speak = async (key: string, first: number, ms = 1_000) => {
    for (const frame of framesOf(ramp(ms * 24, first), 240, { sampleRate: 24_000, channels: 1 })) {
      await clock.advance(10)
      feed(key).push(frame)
    }
    await clock.settle()
  }
  return { clock, ear, actor, feed, send, act, speak, state, logged, facts, frames, data: () => joined(frames) }
}
const listen = (participant: Participant): SenseEvent => ({ type: 'listen', participant })
const silence = new Int16Array(12_000)

it('hears the microphone of who is listened to, and of nobody else (MIC-1)', async () => {
  const { act, speak, feed, data, facts } = scene()
  assert.is(await act(joinedRoom(bob), about('track.subscribed', bob, track('TR_9', { key: 'z' }))), 'absent')
  assert.is(await act(listen(silent)), 'absent')
  assert.is(await act(about('track.published', silent, track('TR_1')), about('track.subscribed', silent, one)), 'opening')
  assert.equal([feed('a').readers, feed('z').readers], [1, 0])
  await speak('a', 0)
  assert.equal(data(), ramp(24_000))
  assert.equal(facts, ['microphone.opened'])
})

it('does not take a camera for a microphone (MIC-1)', async () => {
  const { act } = scene()
  assert.is(await act(listen(person('ann', { tracks: [track('TR_1', { key: 'a', source: 'camera' })] }))), 'absent')
})

it('ignores what it knows already, and the end of what was replaced (MIC-4)', async () => {
  const { act, feed, speak } = scene()
  await act(listen(ann))
  await speak('a', 0, 50)
  assert.is(await act(about('track.subscribed', ann, one), listen(ann)), 'streaming')
  assert.is(await act(about('track.unsubscribed', ann, { ...one, key: 'old' })), 'streaming')
  assert.is(feed('a').asked.length, 1)
})

it('stays with the publication that it reads, whatever else comes (MIC-4)', async () => {
  const { act, feed } = scene()
  await act(listen(person('ann', { tracks: [track('TR_1'), two] })))
  await act(about('track.subscribed', ann, one))
  assert.equal([feed('a').asked.length, feed('b').asked.length], [0, 1])
})

it('follows a publication to its new track: pads the frame that was broken off, and does not rest (MIC-4, MIC-5)', async () => {
  const { act, speak, feed, data, ear } = scene()
  await act(listen(ann))
  await speak('a', 1, 1_020)
  await act(about('track.subscribed', ann, { ...one, key: 'a2' }))
  assert.equal([feed('a').readers, feed('a2').readers], [0, 1])
  await speak('a2', 1_000)
  assert.equal(data(), Int16Array.of(...ramp(24_480, 1), ...new Int16Array(720), ...ramp(24_000, 1_000)))
  assert.is(ear.counters.silence, 720)
})

it('takes another microphone when the one it has ends, and rests when there is none (MIC-6, MIC-8)', async () => {
  const { act, speak, data, clock } = scene()
  await act(listen(person('ann', { tracks: [one, two] })))
  await speak('a', 0)
  assert.is(await act(about('track.unsubscribed', ann, one)), 'opening')
  await speak('b', 1_000)
  assert.is(await act(about('track.unpublished', ann, track('TR_2'))), 'absent')
  await clock.advance(5_000)
  assert.equal(data(), Int16Array.of(...ramp(24_000), ...ramp(24_000, 1_000), ...silence))
})

it('rests once, whether the track says first that it is over or the room does (MIC-8)', async () => {
  const { act, speak, feed, data } = scene()
  await act(listen(ann))
  await speak('a', 0)
  feed('a').end()
  assert.is(await act(), 'absent')
  assert.is(
    await act(about('track.unsubscribed', ann, one), about('track.unpublished', ann, one), left(ann, 'unknown')),
    'absent',
  )
  assert.equal(data(), Int16Array.of(...ramp(24_000), ...silence))
})

it('does not rest for a track of which nothing came, nor while the agent does not hear, nor at the end (MIC-8)', async () => {
  const { act, speak, data, ear } = scene()
  await act(listen(ann), { type: 'unlisten' })
  assert.is(await act(listen(ann)), 'opening')
  await speak('a', 0, 50)
  assert.is(await act({ type: 'detach' }), 'gated')
  assert.is(await act({ type: 'unlisten' }), 'absent')
  await act({ type: 'attach' }, listen(ann))
  await speak('a', 5, 50)
  assert.is(await act({ type: 'close' }), 'ended')
  assert.equal(data(), Int16Array.of(...ramp(1_200), ...ramp(1_200, 5)))
  assert.is(ear.counters.silence, 0)
})

it('keeps the stream open through a mute, and invents nothing (MIC-7)', async () => {
  const { act, speak, data, clock, feed } = scene()
  await act(listen(ann))
  await speak('a', 0, 100)
  assert.is(await act(about('track.muted', ann, { ...one, muted: true })), 'streaming')
  await clock.advance(60_000)
  assert.is(await act(about('track.unmuted', ann, one)), 'streaming')
  await speak('a', 2_400, 100)
  assert.equal(data(), ramp(4_800))
  assert.is(feed('a').asked.length, 1)
})

it('drops what comes while detached, without opening anything again (MIC-9, MIC-10)', async () => {
  const { act, speak, data, feed, ear } = scene()
  await act(listen(ann))
  await speak('a', 0, 120)
  assert.is(await act({ type: 'detach' }), 'gated')
  await speak('a', 2_880, 100)
  assert.is(await act({ type: 'attach' }), 'streaming')
  await speak('a', 5_280, 100)
  assert.equal(data(), Int16Array.of(...ramp(2_400), ...ramp(2_400, 5_280)))
  assert.equal([feed('a').asked.length, ear.counters.gated], [1, 480 + 2_400])
})

it('opens detached where it is told so, and knows it when the first frame comes (MIC-9)', async () => {
  const { act, speak, state } = scene({ attached: false })
  assert.is(await act(listen(ann)), 'opening')
  await speak('a', 0, 10)
  assert.is(state(), 'gated')
})

it('changes to another participant at once (LINK, MIC-3)', async () => {
  const { act, speak, data, feed } = scene()
  await act(listen(ann))
  await speak('a', 0)
  assert.is(await act(listen(bob)), 'opening')
  assert.equal([feed('a').readers, feed('z').readers], [0, 1])
  await speak('z', 100)
  assert.equal(data(), Int16Array.of(...ramp(24_000), ...ramp(24_000, 100)))
})

it('looks after a reconnect whether its track is still there', async () => {
  const { act, speak } = scene()
  await act(listen(ann))
  await speak('a', 0, 50)
  assert.is(await act({ type: 'room.reconnecting' }, { type: 'room.reconnected', participants: [ann] }), 'streaming')
  assert.is(await act({ type: 'room.reconnected', participants: [silent] }), 'absent')
  assert.is(await act(about('track.subscribed', ann, { ...one, key: 'a2' })), 'opening')
  assert.is(await act({ type: 'room.reconnected', participants: [bob] }), 'absent')
})

const featured = track('TR_1', { key: 'a', preconnect: true })
const early = person('ann', { tracks: [featured] })

it('gives what was said before we came, then the track (PRE-3, PRE-4)', async () => {
  const { act, speak, data, send, clock, state } = scene()
  const stream = send()
  stream.push(bytesOf(ramp(2_400)))
  await act(listen(early))
  assert.is(state(), 'streaming', 'the stream was there, so its audio is')
  await speak('a', 10_000, 500)
  stream.push(bytesOf(ramp(2_400, 2_400)))
  stream.end()
  await clock.settle()
  await speak('a', 22_000, 500)
  assert.equal(data(), Int16Array.of(...ramp(4_800), ...ramp(24_000, 10_000)))
  assert.is(clock.timers, 0)
})

it('gives what a browser recorded, decoded as it comes, the same every time (PRE-2, PRE-7)', async () => {
  const webm = readFileSync('test/fixtures/speech.webm')
  const call = async () => {
    const { act, speak, data, send, clock, feed } = scene()
    await act(listen(early))
    const stream = send({ mimeType: 'audio/webm;codecs=opus' })
    const lengths: number[] = []
    for (let at = 0; at < webm.length; at += 400) {
      stream.push(webm.subarray(at, at + 400))
      await clock.advance(20)
      lengths.push(data().length)
    }
    stream.end()
    await clock.settle()
    assert.is(feed('a').readers, 1)
    await speak('a', 0, 250)
    return { lengths, data: data() }
  }
  const { lengths, data } = await call()
  assert.ok((lengths[4] ?? 0) >= 12_000, `${lengths}: not only at its end`)
  assert.is(data.length, Math.floor((71_688 / 2 + 6_000) / 1_200) * 1_200)
  assert.equal(await call(), { lengths, data })
})

it('keeps what who came again said, when the end of their earlier stay is told late (LINK-7, PRE-8)', async () => {
  const { act, data, send } = scene()
  const again = { ...early, sid: 'PA_again' }
  await act(listen({ ...again, tracks: [] }))
  const stream = send()
  stream.push(bytesOf(ramp(2_400)))
  await act(left(early, 'duplicate_identity'), about('track.subscribed', again, featured))
  assert.equal(data(), ramp(2_400))
  const gone = send({ trackId: 'TR_2' })
  await act(left(again, 'unknown'))
  assert.ok(gone.left)
})

it('waits 3 s for it, holds live audio meanwhile, says that nothing came, and does not wait again (PRE-3, PRE-5)', async () => {
  const { act, speak, data, state, logged, clock } = scene()
  await act(listen(early))
  await speak('a', 0, 2_990)
  assert.equal([state(), data().length, logged], ['opening', 0, []])
  await clock.advance(10)
  assert.equal([state(), logged], ['streaming', ['preconnect.missing']])
  assert.is(data().length, Math.floor((2_990 * 24) / 1_200) * 1_200)
  await act(about('track.unsubscribed', ann, featured), about('track.subscribed', ann, { ...featured, key: 'a2' }))
  await speak('a2', 0, 50)
  assert.is(state(), 'streaming')
})

it('uses what came by the deadline of a stream that is too slow (PRE-6)', async () => {
  const { act, speak, data, send, clock } = scene()
  await act(listen(early))
  await clock.advance(1_000)
  const stream = send()
  stream.push(bytesOf(ramp(2_400)))
  await speak('a', 10_000, 2_000)
  stream.push(bytesOf(ramp(2_400, 2_400)))
  await speak('a', 10_000 + 48_000, 100)
  const held = Int16Array.from({ length: 50_400 }, (_, index) => 10_000 + index)
  assert.equal(data(), Int16Array.of(...ramp(2_400), ...held))
  assert.is(clock.timers, 0)
})

it('starts live audio at once where the stream is of no use (PRE-10)', async () => {
  const { act, speak, data, send, logged, clock } = scene()
  await act(listen(early))
  send({ attributes: { sampleRate: 'high' } }).end()
  await clock.settle()
  assert.is(clock.timers, 0, 'the deadline is taken back')
  await speak('a', 0, 50)
  assert.equal(data(), ramp(1_200))
  assert.equal(logged, ['preconnect.refused'])
})

it('does not wait where nothing is announced, or the option is off (PRE-1, PRE-3)', async () => {
  for (const { stage, who } of [
    { stage: scene(), who: ann },
    { stage: scene({ preConnectAudio: false }), who: early },
  ]) {
    await stage.act(listen(who))
    await stage.speak('a', 0, 50)
    assert.is(stage.state(), 'streaming')
  }
})

it('knows by the facts whose a stream without a name is (PRE-9)', async () => {
  const only = scene()
  await only.act(listen(person('ann', { tracks: [featured, two] })))
  only.send({ trackId: '' }).push(bytesOf(ramp(1_200)))
  await only.clock.settle()
  assert.equal(only.data(), ramp(1_200), 'the only publication with the feature')
  const both = scene()
  await both.act(listen(person('ann', { tracks: [featured, { ...two, preconnect: true }] })))
  both.send({ trackId: '' }).push(bytesOf(ramp(1_200)))
  await both.clock.settle()
  assert.equal([both.data().length, both.logged], [0, ['preconnect.refused']])
})

it('lets everything go at close, in whatever state (law 5)', async () => {
  const stories: ((stage: ReturnType<typeof scene>) => Promise<unknown>)[] = [
    async () => {},
    ({ act }) => act(listen(ann)),
    ({ act }) => act(listen(early)),
    async ({ act, send, clock }) => {
      await act(listen(early))
      send().push(bytesOf(ramp(100)))
      await clock.settle()
    },
    async ({ act, speak }) => {
      await act(listen(ann))
      await speak('a', 0, 70)
      await act({ type: 'detach' })
    },
  ]
  for (const story of stories) {
    const stage = scene()
    await story(stage)
    assert.is(await stage.act({ type: 'close' }), 'ended')
    assert.equal([stage.feed('a').readers, stage.clock.timers, stage.actor.getSnapshot().status], [0, 0, 'done'])
    for await (const _ of stage.ear.audio) assert.unreachable()
  }
})

it('fits in JSON', async () => {
  const { act, actor } = scene()
  await act(listen(early))
  const { context } = actor.getSnapshot()
  assert.equal(JSON.parse(JSON.stringify(context)), context)
})

it.run()
