import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, type SnapshotFrom } from 'xstate'
import { type OutputEvent, type OutputFact, outputMachine } from '../../machines/outbound/output.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import { outputOn } from '../../src/outbound/output.ts'
import { Speaker } from '../../src/outbound/speaker.ts'
import type { Publication, RoomEvent, Sink, SpeakerTrack } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'
import { countingIds } from '../fakes/ids.ts'
import { done, explore, failed, ignored, pending, type Step, type Stride, table, walk } from '../model.ts'
import { stage } from './stage.ts'

const it = suite('output')

it('has exactly these transitions', () => {
  assert.equal(table(outputMachine), {
    '': '→idle',
    idle: 'publish→publishing close→closed',
    publishing:
      'speaker.subscribed[isCurrent]→· close→closing done:publish[isHeard]→live done:publish→waiting ' +
      'error:publish[canRetry]→retrying after:publishTimeout[canRetry]→retrying after:publishTimeout→·',
    retrying: 'close→closed after:retryInterval→publishing',
    waiting: 'speaker.subscribed[isCurrent]→live speaker.republished→· close→closing',
    live: 'sink.failed[canRebuild]→publishing sink.failed→· speaker.republished→· close→closing after:rebuildInterval→·',
    closing: 'done:unpublish→closed error:unpublish→closed after:unpublishTimeout→closed',
    closed: 'final',
  })
})

it('ignores these events, each for a reason', () => {
  // publish: once is enough (OUT-29, ROOM-5). sink.failed: the sink is unplugged already.
  // speaker.subscribed, speaker.republished: not published, or about a track that is no more.
  assert.equal(ignored(outputMachine), {
    idle: 'speaker.subscribed speaker.republished sink.failed',
    publishing: 'publish speaker.republished sink.failed',
    retrying: 'publish speaker.subscribed speaker.republished sink.failed',
    waiting: 'publish sink.failed',
    live: 'publish speaker.subscribed', // further listeners change nothing
    closing: 'publish close speaker.subscribed speaker.republished sink.failed',
  })
})

const events = [
  { type: 'publish' },
  { type: 'close' },
  { type: 'speaker.subscribed', sid: 'TR_1' },
  { type: 'speaker.subscribed', sid: 'TR_2' },
  { type: 'speaker.republished', sid: 'TR_2', previousSid: 'TR_1' },
  { type: 'sink.failed', error: 'the queue broke' },
  done('publish', 'TR_1'),
  failed('publish'),
  done('unpublish'),
] satisfies (OutputEvent | { type: `xstate.${string}` })[]
type Snapshot = SnapshotFrom<typeof outputMachine>

/** Here it gives up, and is no more: these two have tests of their own. */
const givesUp = ({ value, context }: Snapshot, { type }: { type: string }) =>
  (type === 'sink.failed' && value === 'live' && context.rebuilt) || (type.includes('publishTimeout') && context.attempts >= 3)

const invariant = ({ event, before, snapshot, effects, past }: Step<typeof outputMachine>) => {
  const { value, context } = snapshot
  const was = before?.value
  const asked = [...past.flatMap(step => step.effects), ...effects]
  const count = (effect: string) => asked.filter(each => each === effect).length
  const isListening = (sid: string | undefined) =>
    [...past.map(step => step.event), event].some(each => each.type === 'speaker.subscribed' && each.sid !== sid)
  assert.is(count('plug') - count('unplug'), value === 'live' ? 1 : 0)
  assert.is(count('tellSubscribed'), count('plug'))
  if (value === 'live') assert.ok(isListening(context.retired), 'plays to nobody') // OUT-14, OUT-28
  if (value === 'live' && was !== 'live') assert.ok(asked.lastIndexOf('plug') > asked.lastIndexOf('start publish'))
  if (was === 'publishing' && value !== was) assert.ok(effects.includes('stop publish') || event.type.includes('publish'))
  if (event.type === 'publish') assert.is(effects.includes('start publish'), was === 'idle', 'publishes again') // OUT-29
  if (event.type === 'close' && was) assert.ok(['closing', 'closed'].includes(String(value)), 'survives a close')
  if (value === 'closing' && was !== value) assert.ok(effects.includes('start unpublish'), 'leaves a dead track') // OUT-31
  if (value === 'closed') assert.not.ok(['publishing', 'waiting', 'live'].includes(String(was)), 'leaves a dead track')
  assert.ok(context.attempts <= 3, 'tries for ever') // OUT-30
}

it('publishes once, plays only while somebody hears it, and always closes (OUT-14, OUT-28 to OUT-31)', () => {
  const can = (snapshot: Snapshot, event: { type: string }) => !givesUp(snapshot, event)
  const seen = explore(outputMachine, { events: [...events, failed('unpublish')], can, invariant, depth: 6 })
  assert.ok(seen.sequences > 1_000, `${seen.sequences}`)
})

const sinkOf = (): Sink => ({
  ...{ sampleRate: 24_000, channels: 1 },
  free: () => 0,
  queued: () => 0,
  write: async () => {},
  clear: () => ({ unplayed: 0, exact: true }),
})
type Request = {
  track: SpeakerTrack
  signal: AbortSignal
  isOver: boolean
  resolve(given: Publication): void
  reject(error: unknown): void
}
/** Speakers whose publications, and their ends, are settled by the test. */
const rig = () => {
  const asked: Request[] = []
  const given: { sid: string; sink: Sink; isClosed: boolean; resolve(): void }[] = []
  const plugged: Sink[] = []
  const told: OutputFact[] = []
  const machine = outputOn({
    speaker: {
      format: { sampleRate: 24_000, channels: 1 },
      plug: sink => plugged.push(sink),
      unplug: () => plugged.pop(),
    },
    speakers: {
      publish: (track, signal) => {
        const { promise, resolve, reject } = pending<Publication>()
        const request = { track, signal, isOver: false, resolve, reject }
        const over = () => {
          request.isOver = true
        }
        promise.then(over, over)
        asked.push(request)
        return promise
      },
    },
    ...{ trackName: 'roomio_audio', queueMs: 200, tell: fact => told.push(fact) },
  })
  /** Answers the last request with a publication. */
  const give = (sid: string) => {
    const { promise, resolve } = pending<void>()
    const one = { sid, sink: sinkOf(), isClosed: false, resolve }
    given.push(one)
    const close = () => {
      one.isClosed = true
      return promise
    }
    asked.at(-1)?.resolve({ sid, sink: one.sink, close })
  }
  const refuse = () => asked.at(-1)?.reject(new Error('refused'))
  /** All that is being closed is closed. */
  const settle = () => {
    for (const one of given) if (one.isClosed) one.resolve()
  }
  return { asked, given, plugged, told, machine, give, refuse, settle }
}

it('does so with its binding, on every transition', async () => {
  const walked = await walk(outputMachine, {
    events,
    // A delay that only acts is over once: without a rebuild to forget nothing tells whether it was.
    can: (snapshot, event) => !givesUp(snapshot, event) && (!event.type.includes('rebuildInterval') || snapshot.context.rebuilt),
    except: {
      'publishing after:publishTimeout→·': 'gives up, below',
      'live sink.failed→·': 'gives up, below',
      'closing error:unpublish→closed': 'no close of a publication rejects; if one did, it would end all the same',
    },
    limit: 100_000,
    live: clock => {
      const { asked, given, plugged, told, machine, give, refuse, settle } = rig()
      /** The old one goes before a new one is asked for. */
      const withdrawn = async () => {
        settle()
        await clock.settle()
      }
      const act = {
        'done:publish': async (event: object) => {
          await withdrawn()
          give('output' in event ? String(event.output) : '')
        },
        'error:publish': async () => {
          await withdrawn()
          refuse()
        },
        'done:unpublish': () => {
          refuse()
          settle()
        },
      }
      const check = ({ snapshot: { value, context }, model }: Stride<typeof outputMachine>) => {
        assert.equal(context, model.context)
        assert.equal(plugged, value === 'live' ? [given.at(-1)?.sink] : [])
        const isThere = value === 'waiting' || value === 'live'
        assert.is(given.filter(({ isClosed }) => !isClosed).length, isThere ? 1 : 0, 'leaves a track')
        if (isThere) assert.is(told.at(-1)?.type, value === 'live' ? 'output.subscribed' : 'output.published')
        const waits = asked.filter(({ signal, isOver }) => !signal.aborted && !isOver)
        assert.ok(waits.length <= (value === 'publishing' ? 1 : 0), 'waits for what it gave up')
      }
      return { machine, act, check }
    },
  })
  assert.ok(walked.paths > 50, `${walked.paths}`)
})

/** What of the room's facts is the output's. */
const isHeard = (event: RoomEvent) => event.type === 'speaker.subscribed' || event.type === 'speaker.republished'

/** The machine on speakers in the hands of the test. */
const scene = () => {
  const clock = virtualClock()
  const all = rig()
  const errors: unknown[] = []
  const actor = createActor(all.machine, { clock, id: 'output' })
  actor.subscribe({ error: error => errors.push(error) })
  actor.start()
  const send = async (event: OutputEvent) => {
    actor.send(event)
    await clock.settle()
  }
  const subscribe = (sid: string) => send({ type: 'speaker.subscribed', sid })
  const give = async (sid: string) => {
    all.give(sid)
    await clock.settle()
  }
  /** Published as TR_1, and heard. */
  const live = async () => {
    await send({ type: 'publish' })
    await give('TR_1')
    await subscribe('TR_1')
    assert.is(actor.getSnapshot().value, 'live')
  }
  const state = () => actor.getSnapshot().value
  return { ...all, clock, actor, errors, send, subscribe, give, live, state, pass: (ms: number) => clock.advance(ms) }
}

it('does not take who heard a track that is no more for a listener of the next (OUT-14)', async () => {
  const { send, subscribe, refuse, give, pass, state } = scene()
  await send({ type: 'publish' })
  await subscribe('TR_1')
  refuse()
  await pass(500)
  await give('TR_2')
  assert.is(state(), 'waiting')
  await subscribe('TR_2')
  assert.is(state(), 'live')
})

it('asks for a track of its name, its format and a queue of its length (OUT-12, OUT-28)', async () => {
  const { send, asked, told, give, subscribe } = scene()
  await send({ type: 'publish' })
  assert.equal(asked[0]?.track, { name: 'roomio_audio', sampleRate: 24_000, channels: 1, queueMs: 200 })
  await give('TR_1')
  assert.equal(told, [{ type: 'output.published', sid: 'TR_1' }])
  await subscribe('TR_1')
  assert.equal(told.slice(1), [{ type: 'output.subscribed', sid: 'TR_1' }])
})

it('plays at the first subscription, also if that is told before the publication is (OUT-14, OUT-28)', async () => {
  const { send, give, subscribe, plugged, given, state } = scene()
  await send({ type: 'publish' })
  await subscribe('TR_1')
  assert.is(plugged.length, 0)
  await give('TR_1')
  assert.is(state(), 'live')
  assert.equal(plugged, [given[0]?.sink])
  await subscribe('TR_1') // a second listener
  assert.is(plugged.length, 1)
})

it('does not publish again, whatever comes (OUT-29)', async () => {
  const { live, send, asked, actor, told } = scene()
  await live()
  await send({ type: 'publish' })
  await send({ type: 'speaker.republished', sid: 'TR_2', previousSid: 'TR_1' })
  assert.is(asked.length, 1)
  assert.is(actor.getSnapshot().context.sid, 'TR_2')
  assert.is(told.length, 2)
})

it('tries again after 500, 1 000 and 2 000 ms, and then leaves it to the room (OUT-30)', async () => {
  const { send, asked, refuse, pass, errors, clock } = scene()
  await send({ type: 'publish' })
  for (const [index, ms] of [500, 1_000, 2_000].entries()) {
    refuse()
    await pass(ms - 1)
    assert.is(asked.length, index + 1)
    await pass(1)
    assert.is(asked.length, index + 2)
  }
  refuse()
  await clock.settle()
  assert.match(String(errors), 'refused')
  assert.is(clock.timers, 0)
})

it('gives a publication 10 000 ms; what comes later is taken back (OUT-30, OUT-31)', async () => {
  const { send, asked, give, given, pass, state, errors } = scene()
  await send({ type: 'publish' })
  await pass(10_000)
  assert.is(state(), 'retrying')
  assert.ok(asked[0]?.signal.aborted)
  await give('TR_late')
  assert.ok(given[0]?.isClosed)
  for (const ms of [500, 1_000, 2_000]) await pass(ms + 10_000)
  assert.is(asked.length, 4)
  assert.match(String(errors), 'the voice could not be published')
})

it('rebuilds a track whose queue broke: the old one goes first, and the new one waits for a listener (OUT-17)', async () => {
  const { live, send, asked, given, give, subscribe, settle, state, plugged, clock, told } = scene()
  await live()
  await send({ type: 'sink.failed', error: 'the queue broke' })
  assert.is(plugged.length, 0)
  assert.ok(given[0]?.isClosed)
  assert.is(asked.length, 1)
  settle()
  await clock.settle()
  assert.is(asked.length, 2)
  await subscribe('TR_1') // late, and about the old one
  await give('TR_2')
  assert.is(state(), 'waiting')
  await subscribe('TR_1')
  assert.is(state(), 'waiting')
  await subscribe('TR_2')
  assert.equal(plugged, [given[1]?.sink])
  assert.equal(
    told.slice(2).map(({ sid }) => sid),
    ['TR_2', 'TR_2'],
  )
})

it('rebuilds once a minute; breaks it sooner, the room is told (OUT-17)', async () => {
  const { live, send, give, settle, clock, subscribe, pass, state, errors, plugged } = scene()
  const rebuild = async (sid: string) => {
    await send({ type: 'sink.failed', error: 'the queue broke' })
    settle()
    await clock.settle()
    await give(sid)
    await subscribe(sid)
  }
  await live()
  await rebuild('TR_2')
  await pass(60_000)
  await rebuild('TR_3')
  assert.is(state(), 'live')
  await pass(59_999)
  assert.equal(errors, [])
  await send({ type: 'sink.failed', error: 'the queue broke again' })
  assert.match(String(errors), 'the queue broke again')
  assert.is(plugged.length, 1) // the room decides what becomes of it
})

it('takes the track out of the room when it closes (OUT-31)', async () => {
  const { live, send, given, settle, state, plugged, clock } = scene()
  await live()
  await send({ type: 'close' })
  assert.is(plugged.length, 0)
  assert.ok(given[0]?.isClosed)
  assert.is(state(), 'closing')
  settle()
  await clock.settle()
  assert.is(state(), 'closed')
  assert.is(clock.timers, 0)
})

it('closes within 2 000 ms, whatever the room does (law 4)', async () => {
  const { live, send, pass, state, clock } = scene()
  await live()
  await send({ type: 'close' })
  await pass(1_999)
  assert.is(state(), 'closing')
  await pass(1)
  assert.is(state(), 'closed')
  assert.is(clock.timers, 0)
})

it('closes while it publishes: the wait is over, and what still comes is taken back first (OUT-30, OUT-31)', async () => {
  const { send, asked, give, given, settle, state, clock } = scene()
  await send({ type: 'publish' })
  await send({ type: 'close' })
  assert.ok(asked[0]?.signal.aborted)
  assert.is(state(), 'closing')
  await give('TR_1')
  assert.ok(given[0]?.isClosed)
  assert.is(state(), 'closing')
  settle()
  await clock.settle()
  assert.is(state(), 'closed')
})

it('closes at once when nothing was published, or nothing is there any more', async () => {
  const { send, state } = scene()
  await send({ type: 'close' })
  assert.is(state(), 'closed')
  const other = scene()
  await other.send({ type: 'publish' })
  other.refuse()
  await other.clock.settle()
  await other.send({ type: 'close' })
  assert.is(other.state(), 'closed')
  assert.is(other.clock.timers, 0)
})

it('lets a room hear what was said before anybody listened, and the rest after a queue that broke (OUT-14, OUT-17)', async () => {
  const clock = virtualClock()
  const hub = createLoopback({ clock, ids: countingIds() })
  const world = hub.world({ identity: 'agent' })
  const speaker = new Speaker({
    ...{ sampleRate: 24_000, channels: 1, fadeMs: 0, clock, log: () => {} },
    tell: fact => fact.type === 'sink.failed' && actor.send(fact),
  })
  const machine = outputOn({ speaker, speakers: world.speakers, trackName: 'voice', queueMs: 200 })
  const actor = createActor(machine, { clock, id: 'output' })
  actor.start()
  await world.room.join(event => isHeard(event) && actor.send(event), new AbortController().signal)
  const ann = hub.participant({ identity: 'ann', subscribes: false })
  ann.join()
  const ear = ann.hears('agent', 24_000)
  const remove = speaker.add('a', () => {})
  const { sound } = stage()
  void speaker.write('a', sound(600))
  speaker.end('a')
  actor.send({ type: 'publish' })
  await clock.advance(1_000)
  assert.is(actor.getSnapshot().value, 'waiting')
  ann.subscribe('agent')
  await clock.advance(120)
  for (let n = 0; n < 3; n++) hub.failNext('writeSound', new Error('the queue broke'))
  await clock.advance(100)
  assert.is(actor.getSnapshot().value, 'waiting') // another track
  ann.subscribe('agent')
  await clock.advance(1_000)
  const heard = [...ear.samples()].filter(value => value !== 0)
  const { discarded } = speaker.tally('a')
  assert.is(discarded, 4 * 1_200) // two blocks at once, and then one by one
  assert.is(heard.length, 600 * 24 - discarded)
  assert.ok(heard.every((value, index) => index === 0 || value > (heard[index - 1] ?? 0)))
  remove()
  actor.send({ type: 'close' })
  await clock.advance(0)
  assert.is(actor.getSnapshot().value, 'closed')
  await world.room.leave()
  ann.leave()
  ear.close()
  await clock.settle()
  assert.is(clock.timers, 0)
})

it.run()
