import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SnapshotFrom } from 'xstate'
import { preconnectMachine } from '../../machines/inbound/preconnect.ts'
import { conform } from '../../src/audio/resample.ts'
import { type PreconnectHands, preconnectOn } from '../../src/inbound/preconnect.ts'
import { Store } from '../../src/inbound/store.ts'
import { recall } from '../../src/pipes/recall.ts'
import type { OpusDecoder } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'
import { all, framesOf, joined, ramp } from '../fakes/sound.ts'
import { bytesOf, fakeBytes } from '../fakes/tracks.ts'
import { done, explore, ignored, pending, table, walk } from '../model.ts'

const it = suite('preconnect')
type Snapshot = SnapshotFrom<typeof preconnectMachine>
const input = { identity: 'ann', sid: 'TR_1', sole: true, expected: true, timeoutMs: 3_000 }

it('has this table', () => {
  assert.equal(table(preconnectMachine), {
    '': '→idle',
    idle: 'always[isExpected]→awaiting always→passing',
    awaiting: 'deadline.passed→passing done:claim[hasStream]→receiving done:claim→passing',
    receiving: 'deadline.passed→replaying done:receive→replaying',
    replaying: 'done:replay→passing',
    passing: '',
  })
  assert.equal(ignored(preconnectMachine), {
    idle: 'deadline.passed', // is left at once
    replaying: 'deadline.passed', // taken back on the way in
    passing: 'deadline.passed', // the same
  })
})

const events = [{ type: 'deadline.passed' }, done('claim', true), done('claim', false), done('receive'), done('replay')] as const

it('lets live audio pass once, and cuts a stream only at the deadline (PRE-4, PRE-6)', () => {
  const invariant = ({
    event,
    before,
    snapshot,
    effects,
  }: {
    event: { type: string }
    before: Snapshot | undefined
    snapshot: Snapshot
    effects: readonly string[]
  }) => {
    const passed = snapshot.value === 'passing' && before?.value !== 'passing'
    assert.is(effects.includes('passLive'), passed)
    assert.is(effects.includes('cutStream'), before?.value === 'receiving' && event.type === 'deadline.passed')
    assert.is(effects.includes('warnMissing'), before?.value === 'awaiting' && event.type === 'deadline.passed')
    if (before?.value === 'receiving' && snapshot.value !== 'receiving') assert.ok(effects.includes('cancel deadline'))
  }
  assert.is(explore(preconnectMachine, { input, events, invariant }).states, 4)
  assert.is(explore(preconnectMachine, { input: { ...input, expected: false }, events, invariant }).states, 1)
})

/** Hands that do nothing by themselves. */
const stillHands = () => {
  const [claim, receive, replay] = [pending<boolean>(), pending<void>(), pending<void>()]
  const did: string[] = []
  const hands: PreconnectHands = {
    claim: (_, signal) => {
      signal.addEventListener('abort', () => did.push('let go'))
      return claim.promise
    },
    receive: () => receive.promise,
    replay: () => replay.promise,
    cut: () => did.push('cut'),
    pass: () => did.push('pass'),
  }
  return { hands, claim, receive, replay, did }
}

it('takes every transition live', async () => {
  const live = () => {
    const { hands, claim, receive, replay, did } = stillHands()
    return {
      machine: preconnectOn(hands, { log: (_, code) => did.push(code) }),
      act: {
        'done:claim': (event: object) => claim.resolve('output' in event && event.output === true),
        'done:receive': () => receive.resolve(),
        'done:replay': () => replay.resolve(),
      },
      check: ({ snapshot }: { snapshot: Snapshot }) => assert.is(did.includes('pass'), snapshot.value === 'passing'),
    }
  }
  await walk(preconnectMachine, {
    input,
    events,
    live,
    except: { 'idle always→passing': 'is taken where nothing is expected: see below' },
  })
  await walk(preconnectMachine, {
    input: { ...input, expected: false },
    events: [{ type: 'deadline.passed' }],
    live,
    except: Object.fromEntries(
      [
        'idle always[isExpected]→awaiting',
        'awaiting deadline.passed→passing',
        'awaiting done:claim[hasStream]→receiving',
        'awaiting done:claim→passing',
        'receiving deadline.passed→replaying',
        'receiving done:receive→replaying',
        'replaying done:replay→passing',
      ].map(name => [name, 'nothing is expected']),
    ),
  })
})

const format = { sampleRate: 24_000, channels: 1 }
const never = new AbortController().signal
/** A store at work. */
const shop = ({ opus, taken = [] as string[], late = false }: { opus?: OpusDecoder; taken?: string[]; late?: boolean } = {}) => {
  const clock = virtualClock()
  const { byteIn, send, topics } = fakeBytes({ taken })
  const logged: string[] = []
  const store = new Store({
    ...{ byteIn, clock, sampleRate: 24_000, timeoutMs: 3_000, recall: recall(format, opus) },
    log: (_, code) => logged.push(code),
  })
  store.start(late)
  const claim = async (sid = 'TR_1', { identity = 'ann', sole = true, signal = never } = {}) => {
    const recording = await store.claim({ identity, sid, sole }, signal)
    return recording && joined(await all(recording.audio))
  }
  /** A whole stream of these samples. */
  const sent = (data: Int16Array, ...about: Parameters<typeof send>) => {
    const stream = send(...about)
    stream.push(bytesOf(data))
    stream.end()
  }
  return { clock, store, send, sent, claim, topics, logged }
}

it('keeps a stream that is complete until it is claimed (PRE-1, PRE-8)', async () => {
  const { clock, sent, claim } = shop()
  sent(ramp(4_800))
  await clock.advance(2_999)
  assert.equal(await claim(), ramp(4_800))
  assert.is(clock.timers, 0)
})

it('forgets it so long after its completion, not after its first byte (PRE-8)', async () => {
  const { clock, send, sent, claim, logged } = shop()
  const slow = send()
  slow.push(bytesOf(ramp(10)))
  await clock.advance(60_000)
  slow.end()
  sent(ramp(5), { trackId: 'TR_2' })
  await clock.advance(2_999)
  assert.equal(await claim(), ramp(10))
  await clock.advance(1)
  assert.equal(logged, ['preconnect.dropped'])
  assert.is(clock.timers, 0)
  const claimed = claim('TR_2', { signal: AbortSignal.abort() })
  assert.is(await claimed, undefined)
})

it('answers a claim that waits as soon as the stream opens, and passes its audio on as it comes (PRE-7)', async () => {
  const { clock, store, send } = shop()
  const claimed = store.claim({ identity: 'ann', sid: 'TR_1', sole: false }, never)
  const stream = send()
  const recording = await claimed
  assert.ok(recording)
  const heard: number[] = []
  const reading = (async () => {
    for await (const { data } of recording.audio) heard.push(...data)
  })()
  stream.push(bytesOf(ramp(3)))
  await clock.settle()
  assert.equal(heard, [0, 1, 2])
  stream.push(bytesOf(ramp(2, 3)))
  await clock.settle()
  assert.equal(heard, [0, 1, 2, 3, 4])
  recording.cut()
  await reading
  await recording.arrived
})

it('goes with its publication or its participant (PRE-8)', async () => {
  const { clock, store, sent, claim } = shop()
  for (const trackId of ['TR_1', 'TR_2', 'TR_3']) sent(ramp(5), { trackId })
  await clock.settle()
  store.forget('ann', 'TR_1')
  assert.is(clock.timers, 2)
  store.forget('ann')
  assert.is(clock.timers, 0)
  const waits = claim('TR_2')
  store.close()
  assert.is(await waits, undefined)
})

it('keeps 8 streams, and 30 s of each: the oldest goes (PRE-8)', async () => {
  const { clock, send, sent, claim, logged } = shop()
  for (let index = 0; index < 9; index++) sent(ramp(5), { trackId: `TR_${index}` })
  await clock.settle()
  assert.equal(logged, ['preconnect.dropped'])
  assert.equal(await claim('TR_8'), ramp(5))
  const gone = new AbortController()
  const first = claim('TR_0', { signal: gone.signal })
  gone.abort()
  assert.is(await first, undefined)
  const long = send({ trackId: 'TR_long' })
  for (let second = 0; second < 40; second++) long.push(bytesOf(new Int16Array(24_000).fill(second)))
  long.end()
  await clock.settle()
  const kept = await claim('TR_long')
  assert.is(kept?.length, 30 * 24_000)
  assert.equal([kept?.[0], kept?.at(-1)], [10, 39])
  assert.ok(logged.includes('preconnect.slid'))
})

it('takes a stream without a track for the only one it can mean (PRE-9)', async () => {
  const { clock, sent, claim, logged } = shop()
  sent(ramp(5), { trackId: '' })
  assert.equal(await claim('TR_1'), ramp(5))
  const waits = claim('TR_2')
  sent(ramp(6), { trackId: '' })
  assert.equal(await waits, ramp(6))
  assert.equal(logged, [])
  sent(ramp(7), { trackId: '' })
  await clock.settle()
  const gone = new AbortController()
  const several = claim('TR_3', { sole: false, signal: gone.signal })
  sent(ramp(7), { trackId: '' })
  await clock.settle()
  assert.equal(logged, ['preconnect.dropped', 'preconnect.refused'])
  gone.abort()
  assert.is(await several, undefined)
})

it('does not take one participant for another', async () => {
  const { sent, claim } = shop()
  sent(ramp(5), { identity: 'bob', trackId: '' })
  sent(ramp(5), { identity: 'bob', trackId: 'TR_1' })
  assert.is(await Promise.race([claim(), Promise.resolve('waits')]), 'waits')
})

it('refuses PCM that does not say what it is, and lets the track start at once (PRE-10)', async () => {
  for (const attributes of [
    { sampleRate: '' },
    { sampleRate: '0' },
    { sampleRate: '1e9' },
    { sampleRate: '24000.5' },
    { channels: 'two' },
    { channels: '0' },
  ]) {
    const { sent, claim, logged } = shop()
    const waits = claim()
    sent(ramp(5), { attributes })
    assert.is(await waits, undefined)
    assert.equal(logged, ['preconnect.refused'])
  }
  const { sent, claim } = shop()
  sent(ramp(5), { attributes: { channels: '' } })
  assert.is(await claim(), undefined, 'also if it was refused before the track opened')
})

it('lets go of a stream that it refuses, or has no use for any more (law 6)', async () => {
  const { clock, store, send, claim, logged } = shop()
  const refused = send({ attributes: { sampleRate: '' } })
  const kept = send({ trackId: 'TR_2' })
  await clock.settle()
  assert.equal([refused.left, kept.left], [true, false])
  store.forget('ann', 'TR_2')
  await clock.settle()
  assert.ok(kept.left)
  const waits = claim('TR_3')
  send({ trackId: 'TR_3' }).end()
  await waits
  const late = send({ trackId: 'TR_3' })
  await clock.settle()
  assert.ok(late.left)
  assert.equal(logged, ['preconnect.refused', 'preconnect.refused'])
})

it('joins samples that were split anywhere, and drops what is left of one (PRE-11)', async () => {
  for (const size of [1, 2, 3, 5, 7, 1_000]) {
    const { send, claim } = shop()
    const stream = send()
    const bytes = [...bytesOf(ramp(500)), 7]
    for (let at = 0; at < bytes.length; at += size) stream.push(Uint8Array.from(bytes.slice(at, at + size)))
    stream.end()
    assert.equal(await claim(), ramp(500))
  }
})

it('brings it to the format of the input (PRE-12)', async () => {
  const { sent, claim } = shop()
  const stereo = ramp(9_600)
  sent(stereo, { attributes: { sampleRate: '48000', channels: '2' } })
  const expected = await all(conform(format)(framesAs(stereo)))
  assert.equal(await claim(), joined(expected))
  assert.is(joined(expected).length, 2_400)
})
const framesAs = async function* (data: Int16Array) {
  yield* framesOf(data, data.length, { sampleRate: 48_000, channels: 2 })
}

it('gives a track its audio once; a newer stream takes the place of one that nobody claimed (PRE-3, PRE-14)', async () => {
  const { clock, store, sent, claim, logged } = shop()
  sent(ramp(5))
  await clock.settle()
  sent(ramp(6))
  assert.equal(await claim(), ramp(6))
  assert.equal(logged, ['preconnect.dropped'])
  assert.is(await claim(), undefined)
  sent(ramp(7))
  assert.equal(logged.slice(1), ['preconnect.refused'], 'too late: the track is passed on already')
  const [first, second] = [store.claim({ identity: 'ann', sid: 'TR_2', sole: false }, never), claim('TR_2')]
  assert.is(await second, undefined)
  sent(ramp(8), { trackId: 'TR_2' })
  assert.ok(await first)
  await clock.settle()
  assert.is(clock.timers, 0)
})

it("leaves a topic alone that is somebody else's, and lets its own go (PRE-15)", async () => {
  const taken = shop({ taken: ['lk.agent.pre-connect-audio-buffer'] })
  assert.equal(taken.logged, ['preconnect.taken'])
  assert.is(await taken.claim(), undefined)
  taken.store.close()
  const { store, topics, send, clock, logged } = shop()
  assert.equal(topics(), ['lk.agent.pre-connect-audio-buffer'])
  const stream = send()
  stream.push(bytesOf(ramp(5)))
  send({ trackId: 'TR_2' }).end()
  await clock.settle()
  store.close()
  await clock.settle()
  assert.equal([topics(), clock.timers, logged], [[], 0, []])
})

it('says once that it may have come too late (PRE-16)', async () => {
  const { store, logged } = shop({ late: true })
  const claims = ['TR_1', 'TR_2'].map(sid => store.claim({ identity: 'ann', sid, sole: false }, never))
  assert.equal(logged, ['preconnect.late'])
  store.close()
  assert.equal(await Promise.all(claims), [undefined, undefined])
})

it('has Opus decoded by whom it is given, and refuses it where there is nobody (PRE-2, PRE-17)', async () => {
  for (const mimeType of ['audio/opus', 'audio/webm;codecs=opus', 'audio/ogg; codecs="opus"']) {
    const { sent, claim, logged } = shop()
    sent(ramp(5), { mimeType })
    assert.equal(logged, ['preconnect.refused'])
    assert.is(await claim(), undefined)
    const opus: OpusDecoder = {
      decode: async function* (bytes) {
        for await (const { length } of bytes) yield* framesOf(ramp(length), length, format)
      },
    }
    const other = shop({ opus })
    other.sent(ramp(5), { mimeType, attributes: { sampleRate: '', channels: '' } })
    assert.equal(await other.claim(), ramp(10))
  }
})

it('uses what came of a stream that broke, and says so', async () => {
  const { send, claim, logged } = shop()
  const stream = send()
  stream.push(bytesOf(ramp(5)))
  stream.end(new Error('the sender is gone'))
  assert.equal(await claim(), ramp(5))
  assert.equal(logged, ['preconnect.broken'])
})

it.run()
