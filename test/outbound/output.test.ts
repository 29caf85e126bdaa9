import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, type SnapshotFrom } from 'xstate'
import { type OutputEvent, type OutputFact, outputMachine } from '../../machines/outbound/output.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import { outputOn } from '../../src/outbound/output.ts'
import type { Publication, Sink, SpeakerTrack } from '../../src/ports.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'
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
    closing: 'publish speaker.subscribed speaker.republished sink.failed',
  })
})

const events = [
  { type: 'publish' },
  { type: 'close' },
  { type: 'speaker.subscribed', sid: 'TR_1' },
  { type: 'speaker.subscribed', sid: 'TR_2' },
  { type: 'speaker.republished', sid: 'TR_3', previousSid: 'TR_2' },
  { type: 'sink.failed', error: 'the queue broke' },
  done('publish', 'TR_1'),
  done('publish', 'TR_2'),
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

/** Speakers whose publications, and their ends, are settled by the test. */
const rig = () => {
  const asked: { track: SpeakerTrack; signal: AbortSignal; resolve(given: Publication): void; reject(error: unknown): void }[] =
    []
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
        asked.push({ track, signal, resolve, reject })
        return promise
      },
    },
    ...{ trackName: 'roomio_audio', queueMs: 200, tell: fact => told.push(fact) },
  })
  /** Answers the last request with a publication. */
  const give = (sid: string) => {
    const { promise, resolve } = pending<void>()
    const one = { sid, sink: stage().device(), isClosed: false, resolve }
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
  await walk(outputMachine, {
    events,
    can: (snapshot, event) => !givesUp(snapshot, event),
    except: {
      'publishing after:publishTimeout→·': 'gives up, below',
      'live sink.failed→·': 'gives up, below',
      'closing error:unpublish→closed': 'no close of a publication rejects; if one did, it would end all the same',
    },
    limit: 100_000,
    live: clock => {
      const { asked, given, plugged, told, machine, give, refuse, settle } = rig()
      /** The old one goes before the new one is asked for. */
      const withdrawn = async () => {
        settle()
        await clock.settle()
      }
      return {
        machine,
        act: {
          'done:publish': async event => {
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
        },
        check: ({ snapshot, model }: Stride<typeof outputMachine>) => {
          const { value, context, status } = snapshot
          assert.equal(context, model.context)
          assert.equal(plugged, value === 'live' ? [given.at(-1)?.sink] : [])
          const open = given.filter(({ isClosed }) => !isClosed)
          assert.is(open.length, value === 'waiting' || value === 'live' ? 1 : 0)
          for (const { signal } of value === 'publishing' ? asked.slice(0, -1) : asked) if (status === 'active') void signal
          const last = told.at(-1)
          if (value === 'waiting') assert.is(last?.type, 'output.published')
          if (value === 'live') assert.is(last?.type, 'output.subscribed')
        },
        end: () => assert.ok(status !== undefined),
      }
    },
  })
})
const status = 0

it.run()
