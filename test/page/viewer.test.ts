import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, type SnapshotFrom } from 'xstate'
import { type Held, type ViewerEvent, viewerMachine } from '../../machines/viewer.ts'
import { type Tell, viewerOn } from '../../src/page/viewer.ts'
import { virtualClock } from '../../src/virtual.ts'
import { done, explore, failed, type InnerEvent, ignored, pending, table, walk } from '../model.ts'

const it = suite('viewer')

it('has exactly these transitions', () => {
  assert.equal(table(viewerMachine), {
    '': '→online',
    online: '→online.connecting server.refused→refused server.lost[isPlaying]→lost server.lost→lost close→closed',
    'online.connecting':
      'server.greeted[isRecording]→online.seeking server.greeted[isHolding]→online.travelling server.greeted→online.following seek→· follow[!isRecorded]→· after:greetTimeout→lost',
    'online.following': 'seek[isRecorded]→online.seeking seek→online.travelling tape.ended→online.travelling',
    'online.seeking':
      'seek→· follow→online.following done:fetchMoment[isBehind]↻online.seeking done:fetchMoment→online.travelling error:fetchMoment[isBehind]↻online.seeking error:fetchMoment→online.travelling after:seekTimeout[isBehind]↻online.seeking after:seekTimeout→online.travelling',
    'online.travelling': 'seek[isRecorded]→online.seeking seek↻online.travelling follow→online.following',
    lost: 'seek→· follow[!isRecorded]→· retry→online close→closed after:retryInterval→online',
    refused: 'seek→· follow[!isRecorded]→· retry→online close→closed',
    closed: 'final',
  })
  assert.equal(ignored(viewerMachine), {
    // The socket greets once; only what plays can end; nobody tries again what is there.
    'online.connecting': 'tape.ended retry',
    'online.following': 'server.greeted follow retry',
    'online.seeking': 'server.greeted tape.ended retry',
    'online.travelling': 'server.greeted tape.ended retry',
    // There is no socket that could tell anything.
    lost: 'server.refused server.lost server.greeted tape.ended',
    refused: 'server.refused server.lost server.greeted tape.ended',
  })
})

const events = [
  { type: 'server.greeted' },
  { type: 'server.greeted', from: 5 },
  { type: 'server.refused', text: 'the token is wrong' },
  { type: 'server.lost', at: 70 },
  { type: 'tape.ended', at: 90 },
  { type: 'seek', at: 10 },
  { type: 'seek', at: 10, seq: 3 },
  { type: 'follow' },
  { type: 'retry' },
  { type: 'close' },
  done('fetchMoment'),
  failed('fetchMoment'),
] satisfies (ViewerEvent | InnerEvent)[]

type Snapshot = SnapshotFrom<typeof viewerMachine>
const stateOf = ({ value }: Snapshot) => (typeof value === 'string' ? value : value.online)
/** A socket tells only where there is one, and only what plays can end. */
const can = (snapshot: Snapshot, { type }: { type: string }) =>
  type === 'tape.ended'
    ? stateOf(snapshot) === 'following' && snapshot.context.recorded
    : type === 'server.greeted'
      ? stateOf(snapshot) === 'connecting'
      : !type.startsWith('server.') || snapshot.matches('online')

it('never forgets the newest moment that was asked for', () => {
  const seen = explore(viewerMachine, {
    events,
    can,
    invariant: ({ event, before, snapshot, effects }) => {
      const { held, asked, recorded, failures, trouble } = snapshot.context
      const state = stateOf(snapshot)
      if (event.type === 'seek') assert.equal(held, 'seq' in event ? { at: 10, seq: 3 } : { at: 10 })
      const listening = ['following', 'seeking', 'travelling'].includes(before ? stateOf(before) : '')
      const goesOn = event.type === 'follow' && (listening || !before?.context.recorded)
      if (goesOn) assert.is(held, null)
      const changes = ['seek', 'follow', 'tape.ended', 'server.lost', 'server.greeted'].includes(event.type)
      if (before && !changes) assert.equal(held, before.context.held, 'moves by itself')
      if (event.type === 'server.lost' && before?.context.held) assert.equal(held, before.context.held)
      if (state === 'following') assert.is(held, null)
      if (state === 'travelling' || state === 'seeking') assert.ok(held)
      if (state === 'seeking') assert.ok(recorded, 'asks a live room for the past')
      if (state === 'travelling' && before && stateOf(before) === 'seeking' && !trouble) assert.equal(asked, held)
      if (state === 'travelling') assert.ok(!before || stateOf(before) === 'travelling' || effects.includes('showHeld'))
      const [was, is] = [before?.matches('online') ?? false, snapshot.matches('online')]
      assert.is(effects.includes('start connect'), is && !was)
      assert.is(effects.includes('stop connect'), was && !is)
      assert.ok(failures <= 6)
      if (state === 'refused') assert.is.not(trouble, '')
    },
  })
  assert.ok(seen.sequences > 1_000)
})

/** A screen whose moments are fetched by the test. */
const rig = () => {
  const sockets: { open: boolean; tell: Tell }[] = []
  const plays: { open: boolean; tell: Tell }[] = []
  const fetches: { held: Held; signal: AbortSignal; resolve(): void; reject(error: unknown): void }[] = []
  const shown: (Held | 'newest' | null)[] = []
  const lasting = (list: typeof sockets) => (tell: Tell) => {
    const one = { open: true, tell }
    list.push(one)
    return () => {
      one.open = false
    }
  }
  const machine = viewerOn({
    connect: lasting(sockets),
    play: lasting(plays),
    fetchMoment: (held, signal) => {
      const { promise, resolve, reject } = pending<void>()
      fetches.push({ held, signal, resolve, reject })
      return promise
    },
    showHeld: held => shown.push(held),
    showNewest: () => shown.push('newest'),
  })
  const open = (list: { open: boolean }[]) => list.filter(one => one.open).length
  return { machine, sockets, plays, fetches, shown, open }
}

it('does so with its binding, on every transition', async () => {
  await walk(viewerMachine, {
    events,
    can,
    key: ({ value, context: { failures, ...rest } }) => JSON.stringify([value, rest]), // how often it failed only makes it wait longer
    live: () => {
      const { machine, sockets, plays, fetches, open } = rig()
      const tell = (event: unknown) => sockets.at(-1)?.tell(event as ViewerEvent)
      return {
        machine,
        act: {
          'server.greeted': tell,
          'server.refused': tell,
          'server.lost': tell,
          'tape.ended': event => plays.at(-1)?.tell(event as ViewerEvent),
          'done:fetchMoment': () => fetches.at(-1)?.resolve(),
          'error:fetchMoment': () => fetches.at(-1)?.reject(new Error('refused')),
        },
        check: ({ snapshot }) => {
          assert.is(open(sockets), snapshot.matches('online') ? 1 : 0)
          assert.is(open(plays), snapshot.matches({ online: 'following' }) ? 1 : 0)
          if (snapshot.matches({ online: 'seeking' })) assert.equal(fetches.at(-1)?.held, snapshot.context.asked)
        },
        end: () => assert.is(open(sockets) + open(plays), 0, 'leaves something open'),
      }
    },
  })
})

const start = () => {
  const clock = virtualClock()
  const { machine, ...rest } = rig()
  const actor = createActor(machine, { clock, id: 'viewer' })
  actor.start()
  return { actor, clock, ...rest }
}

it('follows a live room, and shows what was asked for before it was greeted', () => {
  const { actor, sockets, shown } = start()
  actor.send({ type: 'seek', at: 300 })
  sockets[0]?.tell({ type: 'server.greeted' })
  assert.ok(actor.getSnapshot().matches({ online: 'travelling' }))
  assert.equal(shown.at(-1), { at: 300 })
})

it('opens a recording where it begins, and fetches one moment at a time, the newest last', async () => {
  const { actor, sockets, fetches, clock } = start()
  sockets[0]?.tell({ type: 'server.greeted', from: 100 })
  for (const at of [200, 300, 400]) actor.send({ type: 'seek', at })
  fetches[0]?.resolve()
  await clock.settle()
  assert.equal(
    fetches.map(({ held }) => held.at),
    [100, 400],
  )
  fetches[1]?.resolve()
  await clock.settle()
  assert.ok(actor.getSnapshot().matches({ online: 'travelling' }))
})

it('says so when a moment cannot be fetched, and goes on', async () => {
  const { actor, sockets, fetches, clock } = start()
  sockets[0]?.tell({ type: 'server.greeted', from: 0 })
  await clock.advance(5_000)
  assert.ok(fetches[0]?.signal.aborted)
  assert.match(actor.getSnapshot().context.trouble, /did not answer/)
  actor.send({ type: 'seek', at: 50 })
  assert.is(actor.getSnapshot().context.trouble, '')
})

it('tries again after 0.5 s, twice as long each time, and holds what a recording showed', async () => {
  const { actor, sockets, clock, fetches } = start()
  sockets[0]?.tell({ type: 'server.greeted', from: 0 })
  fetches[0]?.resolve()
  await clock.settle()
  actor.send({ type: 'follow' })
  sockets[0]?.tell({ type: 'server.lost', at: 1_234 })
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    const before = sockets.length
    await clock.advance(wait - 1)
    assert.is(sockets.length, before)
    await clock.advance(1)
    assert.is(sockets.length, before + 1)
    sockets.at(-1)?.tell({ type: 'server.lost', at: 1_234 })
  }
  actor.send({ type: 'retry' })
  sockets.at(-1)?.tell({ type: 'server.greeted', from: 0 })
  assert.is(fetches.at(-1)?.held.at, 1_234)
})

it.run()
