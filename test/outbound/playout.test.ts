import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, raise } from 'xstate'
import { type PlayoutEvent, playoutMachine } from '../../machines/outbound/playout.ts'
import { playoutOn } from '../../src/outbound/playout.ts'
import { say } from '../../src/pipes/say.ts'
import type { Played } from '../../src/ports.ts'
import { explore, ignored, type Step, type Stride, table, walk } from '../model.ts'
import { type StageOptions, stage } from './stage.ts'

const it = suite('playout')

it('has exactly these transitions', () => {
  assert.equal(table(playoutMachine), {
    '': '→queued',
    queued:
      'playhead.entered[isEnded]→flushing playhead.entered→playing source.ended→· queue.drained→finished ' +
      'source.failed→clearing abandon→clearing pause→paused interrupt→clearing',
    playing: 'source.ended→flushing source.failed→clearing abandon→clearing pause→paused interrupt→clearing',
    paused:
      'queue.taken→· playhead.entered→· source.ended→· queue.drained→finished ' +
      'resume[isSpent]→flushing resume[isStarted]→playing resume→queued ' +
      'source.failed→clearing abandon→clearing interrupt→clearing',
    flushing:
      'queue.drained→finished queue.reviewed[isMoving]↻flushing queue.reviewed[isHandedOver]→· queue.reviewed→clearing ' +
      'abandon→clearing pause→paused interrupt→clearing after:drainTimeout→·',
    clearing: 'queue.taken[isAbandoned]→abandoned queue.taken→interrupted',
    finished: 'final',
    interrupted: 'final',
    abandoned: 'final',
  })
})

it('ignores these events, each for a reason', () => {
  assert.equal(ignored(playoutMachine), {
    // resume: it is not paused. queue.taken, queue.reviewed: nothing was asked.
    queued: 'queue.taken resume queue.reviewed',
    // playhead.entered: comes once. queue.drained: source.ended comes before it. The others as above.
    playing: 'playhead.entered queue.drained queue.taken resume queue.reviewed',
    // pause: it is paused already (OUT-19). queue.reviewed: the answer came in the step that asked.
    paused: 'pause queue.reviewed',
    // playhead.entered, source.ended: came before. source.failed: a source that has ended does not fail. The others as above.
    flushing: 'playhead.entered source.ended source.failed queue.taken resume',
    // It passes within one step: nothing but the answer can come.
    clearing: 'playhead.entered source.ended queue.drained source.failed abandon pause interrupt resume queue.reviewed',
  })
})

/** The speaker's answers, as the model has them: one of four samples was heard. */
const tally = { pushed: 4, heard: 1, discarded: 0 }
const input = { id: 'SG_1', sampleRate: 1_000 }
const model = playoutMachine.provide({
  actions: {
    shutGate: raise({ type: 'queue.taken', ...tally }),
    clear: raise({ type: 'queue.taken', pushed: 4, heard: 1, discarded: 3 }),
    concede: raise({ type: 'queue.drained', pushed: 4, heard: 4, discarded: 0 }),
  },
})
const events: PlayoutEvent[] = [
  { type: 'pause' },
  { type: 'resume' },
  { type: 'interrupt' },
  { type: 'abandon' },
  { type: 'playhead.entered' },
  { type: 'source.ended', ...tally },
  { type: 'source.failed', error: 'broke' },
  { type: 'queue.drained', pushed: 4, heard: 4, discarded: 0 },
  { type: 'queue.reviewed', ...tally, moving: true, unsent: 0 },
  { type: 'queue.reviewed', ...tally, moving: false, unsent: 0 },
  { type: 'queue.reviewed', ...tally, moving: false, unsent: 2 },
]
const has = (past: readonly { event: { type: string } }[], type: string) => past.some(({ event }) => event.type === type)

/** What must hold after each step, whatever came before. */
const invariant = ({ event, before, snapshot, effects, past }: Step<typeof playoutMachine>) => {
  const { value, context, output, status } = snapshot
  const was = before?.value
  const steps = [...past, { event }]
  const gates = [...past.flatMap(step => step.effects), ...effects].filter(effect => /Gate/.test(effect))
  const isShut = gates.at(-1) === 'shutGate' || gates.includes('raise queue.taken')
  if (value === 'paused' && was !== 'paused') assert.ok(effects.includes('raise queue.taken'), 'is paused and not shut')
  if (was === 'paused' && status === 'active' && value !== 'paused') assert.ok(effects.includes('openGate'), 'stays shut')
  if (was !== 'paused') assert.not.ok(effects.includes('openGate'), 'opens what is open')
  assert.ok(isShut || !gates.length || gates.at(-1) === 'openGate')
  // An end is never forgotten (OUT-22): whoever was told that the source ended waits for the rest, or is paused.
  if (status === 'active' && value === 'playing') assert.not.ok(has(steps, 'source.ended') && was !== 'playing', 'forgot an end')
  if (value === 'flushing') assert.ok(context.ended && has(steps, 'source.ended'), 'flushes without an end')
  if (value === 'flushing' && was !== 'flushing') assert.ok(effects.includes('delay after:drainTimeout'), 'waits for ever')
  if (was === 'flushing' && value !== 'flushing' && !/drainTimeout/.test(event.type))
    assert.ok(
      effects.some(effect => effect.startsWith('cancel after:drainTimeout')),
      'leaves a timer',
    )
  if (event.type === 'interrupt') assert.is(status, 'done', 'survives an interruption')
  if (event.type === 'abandon') assert.is(status, 'done', 'survives')
  if (status !== 'done') return
  assert.ok(effects.includes('stop source'), 'leaves its source')
  assert.equal(output, {
    ...{ id: 'SG_1', outcome: value, pushed: context.pushed, heard: context.heard, discarded: context.discarded },
    ...(context.error === undefined ? {} : { error: context.error }),
  })
  assert.is(context.pushed, context.heard + context.discarded, 'has something left at its end')
  if (value === 'finished') assert.ok(event.type === 'queue.drained' || event.type === 'queue.reviewed')
  if (value === 'interrupted') assert.is(event.type, 'interrupt')
  if (event.type === 'source.failed') assert.is(context.error, 'broke')
}

it('ends once, with its account, and never forgets an end (OUT-2, OUT-19, OUT-22, OUT-25)', () => {
  const seen = explore(model, { events, input, invariant })
  assert.ok(seen.sequences > 20_000)
})

it('says in its snapshot nothing but plain facts, and which states are audible (PORT-3)', () => {
  explore(model, {
    ...{ events, input, depth: 3 },
    invariant: ({ snapshot }) => {
      assert.equal(JSON.parse(JSON.stringify(snapshot.context)), { ...snapshot.context })
      assert.is(snapshot.hasTag('audible'), ['playing', 'flushing'].includes(String(snapshot.value)))
    },
  })
})

/** A speaker that does what the walk says; one of four samples was heard whenever it is asked. */
const fake = () => {
  const asked: string[] = []
  let send: (fact: PlayoutEvent) => void = () => {}
  let next: Extract<PlayoutEvent, { type: 'queue.reviewed' }> = { type: 'queue.reviewed', ...tally, moving: true, unsent: 0 }
  let isOpen = true
  const open = new Set<string>()
  const speaker = {
    add: (id: string, tell: (fact: PlayoutEvent) => void) => {
      open.add(id)
      send = tell
      return () => open.delete(id)
    },
    open: () => {
      isOpen = true
    },
    shut: () => {
      isOpen = false
      return tally
    },
    clear: () => ({ pushed: 4, heard: 1, discarded: 3 }),
    review: () => {
      asked.push('review')
      return next
    },
    concede: () => {
      asked.push('concede')
      send({ type: 'queue.drained', pushed: 4, heard: 4, discarded: 0 })
    },
  }
  return {
    ...{ speaker, open, asked },
    isOpen: () => isOpen,
    tell: (fact: PlayoutEvent) => send(fact),
    answer: (review: typeof next) => {
      next = review
    },
  }
}
