import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { raise } from 'xstate'
import { type PlayoutEvent, playoutMachine } from '../../machines/outbound/playout.ts'
import { type PlayoutSpeaker, playoutOn } from '../../src/outbound/playout.ts'
import type { SourceFact } from '../../src/outbound/speaker.ts'
import { explore, ignored, type Step, type Stride, table, walk } from '../model.ts'

const it = suite('playout')

it('has exactly these transitions', () => {
  assert.equal(table(playoutMachine), {
    '': '→queued',
    queued:
      'playhead.entered[isEnded]→flushing playhead.entered→playing source.ended→· ' +
      'queue.drained[isSpoiled]→abandoned queue.drained→finished text.ended→· ' +
      'source.failed→clearing abandon→clearing pause→paused interrupt→clearing',
    playing: 'source.ended→flushing text.ended→· source.failed→clearing abandon→clearing pause→paused interrupt→clearing',
    paused:
      'queue.taken→· playhead.entered→· source.ended→· ' +
      'queue.drained[isSpoiled]→abandoned queue.drained[isLate]→captioning queue.drained→finished text.ended→· ' +
      'resume[isSpent]→flushing resume[isStarted]→playing resume→queued ' +
      'source.failed→clearing abandon→clearing interrupt→clearing',
    flushing:
      'queue.drained[isSpoiled]→abandoned queue.drained[isLate]→captioning queue.drained→finished text.ended→· ' +
      'queue.reviewed[isUnconfirmed]→· queue.reviewed↻flushing ' +
      'abandon→clearing pause→paused interrupt→clearing after:drainTimeout→·',
    captioning: 'text.ended→finished hurry→finished abandon→clearing interrupt→clearing after:lateTextTimeout→finished',
    clearing: 'queue.taken[isAbandoned]→abandoned queue.taken→interrupted',
    finished: 'final',
    interrupted: 'final',
    abandoned: 'final',
  })
})

it('ignores these events, each for a reason', () => {
  assert.equal(ignored(playoutMachine), {
    // hurry: there is more than its text to wait for. resume: it is not paused. queue.taken, queue.reviewed: nothing was asked.
    queued: 'queue.taken resume queue.reviewed hurry',
    // playhead.entered: comes once. queue.drained: source.ended comes before it. The others as above.
    playing: 'playhead.entered queue.drained queue.taken resume queue.reviewed hurry',
    // pause: it is paused already (OUT-19). queue.reviewed: the answer came in the step that asked.
    paused: 'pause queue.reviewed hurry',
    // playhead.entered, source.ended: came before. source.failed: a source that has ended does not fail. The others as above.
    flushing: 'playhead.entered source.ended source.failed queue.taken resume hurry',
    // pause, resume: nothing sounds any more. The rest of the speaker's facts came before, or were not asked for.
    captioning: 'playhead.entered source.ended queue.drained source.failed pause queue.taken resume queue.reviewed',
    // It passes within one step: nothing but the answer can come.
    clearing:
      'playhead.entered source.ended queue.drained text.ended source.failed abandon pause interrupt resume queue.reviewed hurry',
  })
})

/** The speaker's answers, as the model has them: of what was pushed one sample was heard, and then no more. */
const tallyOf = (pushed: number) => ({ pushed, heard: Math.min(pushed, 1), discarded: 0 })
const clearedOf = (pushed: number) => ({ ...tallyOf(pushed), discarded: Math.max(pushed - 1, 0) })
const drainedOf = (pushed: number) => ({ type: 'queue.drained', pushed, heard: pushed, discarded: 0 }) as const
/** Of 4 samples the rest comes late; of 5 the device has all and does not play them; of 6 it does not even have them: another will. */
const reviewOf = (pushed: number) => ({ ...tallyOf(pushed), moving: pushed === 4, unsent: pushed === 6 ? 2 : 0 })
const input = { id: 'SG_1', sampleRate: 1_000 }
const model = playoutMachine.provide({
  actions: {
    shutGate: raise(({ context }) => ({ type: 'queue.taken', ...tallyOf(context.pushed) })),
    clear: raise(({ context }) => ({ type: 'queue.taken', ...clearedOf(context.pushed) })),
    review: raise(({ context }) => ({ type: 'queue.reviewed', ...reviewOf(context.pushed) })),
    showRest: () => {},
    concede: raise(({ context }) => drainedOf(context.pushed)),
  },
})
/** What the owner asks, and what the speaker tells; its answers come by themselves. */
const told: SourceFact[] = [
  { type: 'playhead.entered' },
  ...[4, 5, 6].map(pushed => ({ type: 'source.ended', ...tallyOf(pushed) }) as const),
  { type: 'source.failed', error: 'broke' },
  drainedOf(4),
]
const events: PlayoutEvent[] = [
  { type: 'pause' },
  { type: 'resume' },
  { type: 'interrupt' },
  { type: 'abandon' },
  { type: 'abandon', error: 'the room closes' },
  ...told,
]

/** With text: its end, and what ends the wait for it; and a source that gave less than it should. */
const texting: PlayoutEvent[] = [
  { type: 'text.ended' },
  { type: 'hurry' },
  { type: 'source.ended', ...tallyOf(4), error: 'a bad frame' },
]

type PlayoutStep = Step<typeof playoutMachine>
const asks = ({ effects }: PlayoutStep, name: string) => effects.some(effect => effect.startsWith(name))

/** The gate is shut while it is paused, and only then (OUT-19, OUT-20). */
const checkGate = (step: PlayoutStep) => {
  const { event, before, snapshot } = step
  const [was, is] = [before?.value, snapshot.value]
  assert.is(asks(step, 'raise queue.taken'), is !== was && (is === 'paused' || ['interrupted', 'abandoned'].includes(String(is))))
  assert.is(asks(step, 'openGate'), was === 'paused' && event.type === 'resume')
  if (event.type === 'pause') assert.is(is, 'paused', 'does not hear a pause')
  if (event.type === 'resume') assert.is.not(is, 'paused', 'does not hear a resume')
}
/** An end is never forgotten, and waited for with a limit (OUT-18, OUT-22). */
const checkFlush = (step: PlayoutStep) => {
  const { event, before, snapshot, past } = step
  const { value, context, status } = snapshot
  const isEnded = [...past.map(each => each.event), event].some(({ type }) => type === 'source.ended')
  if (status === 'active') assert.is(context.ended, isEnded, 'forgot an end')
  if (value === 'playing') assert.ok(context.started && !isEnded, 'plays what is to be flushed')
  if (value !== 'flushing') return assert.is(asks(step, 'cancel '), before?.value === 'flushing', 'leaves a timer')
  assert.ok(isEnded && context.started, 'flushes what has not begun, or not ended')
  if (before?.value !== 'flushing') assert.ok(asks(step, 'delay after:drainTimeout'), 'waits for ever')
}
/** One end, with the whole account (OUT-2, OUT-3, OUT-25). */
const checkEnd = (step: PlayoutStep) => {
  const { event, snapshot } = step
  const { value, context, output, status } = snapshot
  if (event.type === 'interrupt') assert.is(value, 'interrupted')
  if (event.type === 'abandon') assert.is(value, 'abandoned')
  if (event.type === 'source.failed' && !context.ended) assert.is(value, 'abandoned')
  if (event.type === 'queue.drained' && (context.ended || value !== 'playing')) assert.is(value, 'finished')
  assert.is(status, ['finished', 'interrupted', 'abandoned'].includes(String(value)) ? 'done' : 'active')
  if (status === 'active') return
  const { id, pushed, heard, discarded, error } = context
  assert.ok(asks(step, 'stop source'), 'leaves its source')
  assert.is(pushed, heard + discarded, 'has something left at its end')
  assert.equal(output, { ...{ id, outcome: value, pushed, heard, discarded }, ...(error === undefined ? {} : { error }) })
  if ('error' in event && event.error !== undefined) assert.is(error, event.error)
}

it('ends once, with its account, and never forgets an end (OUT-2, OUT-19, OUT-22, OUT-25)', () => {
  const seen = explore(model, {
    ...{ events, input },
    can: ({ context, value }, { type }) => type !== 'queue.drained' || context.ended || value === 'playing',
    invariant: step => {
      checkGate(step)
      checkFlush(step)
      checkEnd(step)
    },
  })
  assert.ok(seen.sequences > 20_000, `${seen.sequences}`)
})

it('waits for the text of what was heard, with a limit, and is finished then (PLAY-13)', () => {
  const seen = explore(model, {
    ...{ events: [...events, ...texting], input: { ...input, texting: true }, depth: 4 },
    can: ({ context }, { type }) => (type === 'source.ended' ? !context.ended : type !== 'queue.drained' || context.ended),
    invariant: step => {
      const { event, before, snapshot, past } = step
      const { value, context } = snapshot
      const all = [...past.map(each => each.event), event]
      const hasEnded = all.some(({ type }) => type === 'text.ended')
      const isSpoiled = all.some(one => one === texting[2])
      assert.is(asks(step, 'showRest'), value === 'captioning' && before?.value !== 'captioning')
      if (value === 'captioning') assert.ok(context.started && context.ended && !hasEnded && !isSpoiled)
      if (event.type === 'queue.drained' && !isSpoiled && value !== before?.value)
        assert.is(value, context.started && !hasEnded ? 'captioning' : 'finished')
      if (value === 'captioning' && before?.value !== value)
        assert.ok(asks(step, 'delay after:lateTextTimeout'), 'waits for ever')
      if (before?.value === 'captioning' && event.type !== 'interrupt' && event.type !== 'abandon')
        assert.ok(value === 'captioning' || value === 'finished')
      if (isSpoiled && value === 'abandoned' && event.type === 'queue.drained') assert.is(snapshot.output?.error, 'a bad frame')
    },
  })
  assert.ok(seen.sequences > 5_000, `${seen.sequences}`)
})

it('says in its snapshot nothing but plain facts, and when it is audible (PORT-3)', () => {
  explore(model, {
    ...{ events, input, depth: 3 },
    invariant: ({ snapshot }) => {
      assert.equal(JSON.parse(JSON.stringify(snapshot.context)), { ...snapshot.context })
      assert.is(snapshot.hasTag('audible'), ['playing', 'flushing'].includes(String(snapshot.value)))
    },
  })
})

const spoiled: SourceFact[] = [{ type: 'source.ended', ...tallyOf(4), error: 'a bad frame' }]
/** The fact that the walk means. */
const factOf = (event: { type: string }): SourceFact => {
  const fact = [...told, ...spoiled].find(one => one === event)
  if (!fact) throw new Error(`${event.type} is no fact of a source`)
  return fact
}
/** A speaker that does nothing by itself, and answers as the model does. */
const fake = () => {
  let send: (fact: SourceFact) => void = () => {}
  let pushed = 0
  let isOpen = true
  const there = new Set<string>()
  const speaker: PlayoutSpeaker = {
    add: (id, tell) => {
      there.add(id)
      send = tell
      return () => there.delete(id)
    },
    open: () => {
      isOpen = true
    },
    shut: () => {
      isOpen = false
      return tallyOf(pushed)
    },
    clear: () => clearedOf(pushed),
    review: () => reviewOf(pushed),
    concede: () => send(drainedOf(pushed)),
    stepAside: id => assert.ok(there.has(id)),
  }
  const tell = (fact: SourceFact) => {
    if (fact.type === 'source.ended') pushed = fact.pushed
    send(fact)
  }
  return { speaker, there, tell, isOpen: () => isOpen }
}

it('does so with its binding, on every transition', async () => {
  const walked = await walk(model, {
    ...{ events: [...events, ...texting.slice(0, 2), ...spoiled], input: { ...input, texting: true } },
    // A source ends once, and is drained after that.
    can: ({ context }, { type }) => (type === 'source.ended' ? !context.ended : type !== 'queue.drained' || context.ended),
    live: () => {
      const { speaker, there, tell, isOpen } = fake()
      const aborted: string[] = []
      const start = (id: string, signal: AbortSignal) =>
        signal.addEventListener('abort', () => {
          assert.ok(there.has(id), 'is out of the line before its source knows')
          aborted.push(id)
        })
      return {
        machine: playoutOn(speaker, start),
        act: Object.fromEntries(told.map(({ type }) => [type, event => tell(factOf(event))])),
        check: ({ snapshot, model }: Stride<typeof playoutMachine>) => {
          const { context, status, value, output } = snapshot
          assert.equal(context, model.context)
          assert.equal(output, model.output)
          if (status === 'active' && value !== 'captioning') assert.is(isOpen(), value !== 'paused')
          assert.equal([...there], status === 'active' ? ['SG_1'] : [])
          assert.equal(aborted, status === 'active' ? [] : ['SG_1'])
        },
        end: () => assert.is(there.size, 0, 'leaves its place in the line'),
      }
    },
  })
  assert.ok(walked.paths > 50, `${walked.paths}`)
})

it.run()
