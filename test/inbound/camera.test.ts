/** What the participant shows: the machine and its eye. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, type SnapshotFrom } from 'xstate'
import { cameraMachine } from '../../machines/inbound/camera.ts'
import type { SenseEvent } from '../../machines/inbound/sense.ts'
import { slide } from '../../src/audio/buffer.ts'
import { codeOf } from '../../src/errors.ts'
import { cameraOn } from '../../src/inbound/camera.ts'
import { Eye } from '../../src/inbound/eye.ts'
import { until } from '../../src/pipes/until.ts'
import type { Participant } from '../../src/ports.ts'
import type { VideoFrame, Videos } from '../../src/video/frame.ts'
import { virtualClock } from '../../src/virtual.ts'
import { outcomeOf } from '../fakes/call.ts'
import { about, joined as joinedRoom, left, person, track } from '../fakes/people.ts'
import { numberOf, picture } from '../fakes/pictures.ts'
import { done, explore, failed, ignored, pending, table, walk } from '../model.ts'

const it = suite('camera')

type Snapshot = SnapshotFrom<typeof cameraMachine>

it('has exactly these transitions', () => {
  const facts = 'listen→· unlisten→· attach→· detach→· participant.left→· track.*→· room.reconnected→· close→closed'
  assert.equal(table(cameraMachine), {
    '': '→idle',
    idle: `${facts} always[hasWho]→ready`,
    ready: `${facts} always[!hasWho]→idle always[hasTrack]→busy`,
    busy: `${facts} done:watch→· always[isReplaced]↻busy always[!hasTrack]→ready`,
    closed: 'final',
  })
  const people = 'participant.joined participant.active participant.changed' // whom we listen to, `listen` says
  const ours = 'speaker.subscribed speaker.republished' // about our own voice
  const room = 'room.reconnecting room.disconnected' // the tracks stay until they are said to be gone; the owner closes
  const all = `${people} ${ours} ${room}`
  assert.equal(new Set(Object.values(ignored(cameraMachine, all.split(' ')))), new Set([all]))
})

const camera = track('TR_1', { key: 'a', source: 'camera' })
const screen = track('TR_2', { key: 'b', source: 'screen' })
const mic = track('TR_3', { key: 'm' })
const ann = person('ann', { tracks: [mic, camera] })
const bob = person('bob', { tracks: [track('TR_9', { key: 'z', source: 'camera' })] })
const shy = person('ann', { tracks: [mic] })
const events: (SenseEvent | ReturnType<typeof done>)[] = [
  { type: 'listen', participant: ann },
  { type: 'listen', participant: bob },
  { type: 'listen', participant: shy },
  { type: 'unlisten' },
  { type: 'attach' },
  { type: 'detach' },
  about('track.subscribed', ann, camera),
  about('track.subscribed', ann, { ...camera, key: 'a2' }),
  about('track.subscribed', ann, screen),
  about('track.unsubscribed', ann, camera),
  about('track.unsubscribed', ann, screen),
  about('track.unpublished', ann, track('TR_1', { source: 'camera' })),
  left(ann, 'unknown'),
  left({ ...ann, sid: 'PA_before' }, 'duplicate_identity'),
  { type: 'room.reconnected', participants: [shy, bob] },
  { type: 'close' },
  done('watch'),
]

it('watches the picture of who is listened to that came last, and one at a time (CAM-1, CAM-3)', () => {
  const seen = explore(cameraMachine, {
    events,
    depth: 4,
    invariant: ({ event, before, snapshot: { value, context }, effects }) => {
      const { who, track: chosen, keys, attached } = context
      const pictures = who?.tracks.filter(({ key, source }) => key !== undefined && source !== 'microphone') ?? []
      if (value === 'closed') return assert.ok(effects.includes('endVideo'))
      assert.equal([...keys].sort(), pictures.map(({ key }) => key).sort())
      assert.is(value, who === null ? 'idle' : pictures.length > 0 ? 'busy' : 'ready')
      if (value === 'busy') assert.is(chosen?.key, keys.at(-1))
      if (event.type === 'track.subscribed' && 'track' in event && who && !before?.context.keys.includes(event.track.key ?? ''))
        if (event.participantSid === who.sid) assert.is(chosen?.key, event.track.key, 'not the last one')
      // A new watcher only in place of the old one, and only for another picture.
      if (effects.includes('start watch')) assert.is(effects.includes('stop watch'), before?.value === 'busy')
      if (before?.value === 'busy' && value === 'busy')
        assert.is(effects.includes('start watch'), chosen?.key !== before.context.track?.key)
      if (before && before.context.attached !== attached) assert.ok(effects.includes('workGate'))
    },
  })
  assert.ok(seen.sequences > 10_000)
})

it('takes every transition live', async () => {
  const live = () => {
    const open = new Set<string>()
    const gates: boolean[] = []
    let closed = 0
    let watching = pending<void>()
    const machine = cameraOn({
      watch: ({ key }, signal) => {
        assert.is(open.size, 0, 'watches two at once')
        open.add(key)
        watching = pending<void>()
        signal.addEventListener('abort', () => open.delete(key), { once: true })
        return watching.promise.finally(() => open.delete(key))
      },
      gate: isOpen => gates.push(isOpen),
      close: () => closed++,
    })
    return {
      machine,
      act: {
        'done:watch': () => watching.resolve(),
        'error:watch': () => watching.reject(new Error('the track broke')),
      },
      check: ({ snapshot, model }: { snapshot: Snapshot; model: Snapshot }) => {
        const { track: chosen, keys } = snapshot.context
        assert.equal([chosen, keys], [model.context.track, model.context.keys])
        assert.is(gates.at(-1), snapshot.context.attached)
        if (snapshot.status !== 'error') assert.equal([...open], snapshot.value === 'busy' ? [snapshot.context.track?.key] : [])
        assert.is(closed, snapshot.status === 'done' ? 1 : 0)
      },
    }
  }
  const key = ({ value, status, context: { attached, keys, who } }: Snapshot) =>
    JSON.stringify([value, status, attached, keys, who?.identity])
  const walked = await walk(cameraMachine, { events: [...events, failed('watch')], live, key })
  assert.ok(walked.paths > 20)
})

/** Tracks that show what the test says. */
const gallery = () => {
  const open = new Map<string, Set<ReturnType<typeof slide<VideoFrame>>>>()
  const asked: string[] = []
  const videos: Videos = {
    watch: (key, signal) => {
      asked.push(key)
      const frames = slide<VideoFrame>(1)
      const watchers = open.get(key) ?? new Set()
      open.set(key, watchers.add(frames))
      return (async function* () {
        try {
          yield* until<VideoFrame>(signal)(frames)
        } finally {
          watchers.delete(frames)
        }
      })()
    },
  }
  return {
    videos,
    asked,
    show: (key: string, ...numbers: number[]) => {
      for (const frames of open.get(key) ?? []) for (const n of numbers) void frames.push(picture(n))
    },
    end: (key: string, error?: unknown) => {
      for (const frames of open.get(key) ?? []) frames.end(error)
    },
    watchers: (key: string) => open.get(key)?.size ?? 0,
  }
}

/** A camera at work on an eye. */
const scene = () => {
  const clock = virtualClock()
  const { videos, ...hall } = gallery()
  const eye = new Eye(videos)
  const actor = createActor(cameraOn(eye), { clock, id: 'camera' })
  const errors: unknown[] = []
  actor.subscribe({ error: error => errors.push(error) })
  actor.start()
  const act = async (...sent: SenseEvent[]) => {
    for (const event of sent) actor.send(event)
    await clock.settle()
    return actor.getSnapshot().value
  }
  const show = async (key: string, ...numbers: number[]) => {
    for (const n of numbers) {
      hall.show(key, n)
      await clock.settle()
    }
  }
  const reader = () => {
    const seen: (number | undefined)[] = []
    const over = (async () => {
      for await (const frame of eye.video) seen.push(numberOf(frame))
    })()
    return { seen, over }
  }
  const balance = () => {
    const { received, delivered, dropped, gated, buffered } = eye.counters
    return received - delivered - dropped - gated - buffered
  }
  return { clock, eye, actor, errors, act, ...hall, show, reader, balance }
}
const listen = (participant: Participant): SenseEvent => ({ type: 'listen', participant })

it('sees camera and screen of who is listened to, and nobody else (CAM-1)', async () => {
  const { act, show, reader, watchers } = scene()
  const { seen } = reader()
  assert.is(await act(joinedRoom(bob), about('track.subscribed', bob, track('TR_9', { key: 'z', source: 'camera' }))), 'idle')
  assert.is(await act(listen(shy)), 'ready')
  assert.is(await act(about('track.subscribed', shy, camera)), 'busy')
  await show('a', 1, 2)
  assert.is(await act(about('track.subscribed', shy, screen)), 'busy') // the screen came last
  assert.equal([watchers('a'), watchers('b'), watchers('m'), watchers('z')], [0, 1, 0, 0])
  await show('b', 3)
  assert.is(await act(about('track.unsubscribed', shy, screen)), 'busy') // another one is there
  await show('a', 4)
  assert.is(await act(about('track.unpublished', shy, camera)), 'ready')
  assert.equal(seen, [1, 2, 3, 4])
})

it('ignores what it knows, and the end of what was replaced; follows a replacement (MIC-4 for CAM-3)', async () => {
  const { act, show, reader, asked } = scene()
  const { seen } = reader()
  await act(listen(ann))
  await show('a', 1)
  await act(about('track.subscribed', ann, camera), listen(ann))
  assert.equal(asked, ['a'])
  await act(about('track.subscribed', ann, { ...camera, key: 'a2' }), about('track.unsubscribed', ann, camera))
  await show('a2', 2)
  assert.equal(
    [asked, seen],
    [
      ['a', 'a2'],
      [1, 2],
    ],
  )
})

it('shows nothing of a new track before the old one is let go (MIC-5 for CAM-3)', async () => {
  const order: string[] = []
  const videos: Videos = {
    watch: (key, signal) =>
      (async function* () {
        order.push(`begin ${key}`)
        try {
          yield picture(1)
          await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
        } finally {
          order.push(`end ${key}`)
        }
      })(),
  }
  const clock = virtualClock()
  const eye = new Eye(videos)
  const actor = createActor(cameraOn(eye), { clock, id: 'camera' }).start()
  actor.send(listen(ann))
  await clock.settle()
  actor.send(listen(bob))
  await clock.settle()
  assert.equal(order, ['begin a', 'end a', 'begin z'])
})

it('goes on through relinks and ends only at close (MIC-3 for CAM-3)', async () => {
  const { act, show, reader, eye } = scene()
  const { seen, over } = reader()
  await act(listen(ann))
  await show('a', 1)
  await act({ type: 'unlisten' })
  await act(listen(bob))
  await show('z', 2)
  assert.is(await act(left(bob, 'unknown')), 'idle')
  await act(listen(ann))
  await show('a', 3)
  assert.is(await act({ type: 'close' }), 'closed')
  await over
  assert.equal(seen, [1, 2, 3])
  assert.equal(await eye.video[Symbol.asyncIterator]().next(), { done: true, value: undefined })
})

it('takes another track when the one it has is over by itself (MIC-6 for CAM-3)', async () => {
  const { act, end, asked } = scene()
  await act(listen(person('ann', { tracks: [camera, screen] })))
  assert.equal(asked, ['b'])
  end('b')
  assert.is(await act(), 'busy')
  assert.equal(asked, ['b', 'a'])
  end('a')
  assert.is(await act(), 'ready')
})

it('lets a track that breaks through to its owner (ROOM-17)', async () => {
  const { act, end, errors, actor } = scene()
  await act(listen(ann))
  end('a', new Error('the track broke'))
  await act()
  assert.is(actor.getSnapshot().status, 'error')
  assert.match(String(errors[0]), /the track broke/)
})

it('keeps only the newest picture for a slow reader (CAM-2)', async () => {
  const { act, show, eye, balance } = scene()
  await act(listen(ann))
  await show('a', 1, 2, 3, 4)
  const reader = eye.video[Symbol.asyncIterator]()
  assert.is(numberOf((await reader.next()).value ?? picture(0)), 4)
  await show('a', 5, 6)
  assert.is(numberOf((await reader.next()).value ?? picture(0)), 6)
  assert.equal(eye.counters, { received: 6, delivered: 2, dropped: 4, gated: 0, buffered: 0 })
  assert.is(balance(), 0)
})

it('drops what comes, and what waits, while the agent does not see, without opening anything again (MIC-9, MIC-10 for CAM-3)', async () => {
  const { act, show, reader, asked, eye } = scene()
  await act(listen(ann))
  await show('a', 1)
  assert.is(await act({ type: 'detach' }), 'busy')
  await show('a', 2)
  await act({ type: 'attach' })
  const { seen } = reader()
  await show('a', 3)
  assert.equal([seen, asked], [[3], ['a']])
  assert.equal(eye.counters, { received: 3, delivered: 1, dropped: 0, gated: 2, buffered: 0 })
})

it('does not show a picture of who is gone as one of who is there', async () => {
  const { act, show, eye, clock } = scene()
  await act(listen(ann))
  await show('a', 1)
  await act(listen(bob))
  const { value } = await outcomeOf(clock, eye.video[Symbol.asyncIterator]().next())
  assert.is(value, undefined)
  assert.is(eye.counters.dropped, 1)
})

it('has one reader at a time (MIC-13)', () => {
  const { eye } = scene()
  const reader = eye.video[Symbol.asyncIterator]()
  try {
    eye.video[Symbol.asyncIterator]()
    assert.unreachable('two readers')
  } catch (error) {
    assert.is(codeOf(error), 'ERR_LOCKED')
  }
  void reader.return?.()
  eye.video[Symbol.asyncIterator]()
})

it('loses no picture out of the account, whatever happens in which order (laws 6, 7, 8)', async () => {
  const facts: SenseEvent[] = events.filter(
    (event): event is SenseEvent => !event.type.startsWith('xstate') && event.type !== 'close',
  )
  const step = fc.oneof(
    fc.constantFrom(...facts).map(event => ({ event })),
    fc.constantFrom('a', 'a2', 'b', 'z').map(key => ({ key })),
    fc.constant({ read: true }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
      const { act, show, eye, clock, balance, actor } = scene()
      let detachedAt = 0
      let n = 0
      const waiting: Promise<unknown>[] = []
      let attached = true
      const reader = eye.video[Symbol.asyncIterator]()
      const seen: number[] = []
      for (const one of steps) {
        if ('event' in one) {
          if (one.event.type === 'detach') [attached, detachedAt] = [false, n]
          if (one.event.type === 'attach') attached = true
          await act(one.event)
        } else if ('key' in one) await show(one.key, ++n)
        else if (waiting.length === seen.length)
          waiting.push(reader.next().then(({ value }) => seen.push(numberOf(value ?? picture(0)) ?? 0)))
        await clock.settle()
        assert.is(balance(), 0)
        assert.ok(eye.counters.buffered <= 1)
        if (!attached)
          assert.ok(
            seen.every(number => number <= detachedAt),
            'sees while it is detached',
          )
      }
      assert.equal(
        seen,
        [...seen].sort((a, b) => a - b),
      )
      actor.send({ type: 'close' })
      await clock.settle()
      assert.is(clock.timers, 0)
    }),
    { numRuns: 200 }, // a failing run prints its seed
  )
})

it.run()
