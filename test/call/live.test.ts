/** The call of a page: the machine, and what it does with one. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SnapshotFrom } from 'xstate'
import { type LiveEvent, type LiveNews, liveMachine, type Wish } from '../../machines/live.ts'
import { liveOn } from '../../src/call/live-seat.ts'
import { done, explore, failed, ignored, pending, table, walk } from '../model.ts'

const it = suite('live')

it('has exactly these transitions', () => {
  assert.equal(table(liveMachine), {
    '': '→idle',
    idle: 'start→dialling leave→gone',
    dialling: 'start→· end→ending call.ended→ending leave→ending done:dial→talking error:dial→ending after:dialTimeout→ending',
    talking: 'start→· end→ending call.ended→ending leave→ending',
    ending: 'start→· leave→· done:hangUp→over error:hangUp→over after:endTimeout→over',
    over: 'always[hasLeft]→gone always→idle',
    gone: 'final',
  })
})

it('ignores these events, each for a reason', () => {
  assert.equal(ignored(liveMachine), {
    // There is no call.
    idle: 'end call.ended',
    // That is what we wait for.
    ending: 'end call.ended',
    // Passed through at once.
    over: 'start leave end call.ended',
  })
})

const wish: Wish = { mind: 'docent', voice: 'microphone' }
const other: Wish = { mind: 'parrot', voice: 'none' }
const events: LiveEvent[] = [
  { type: 'start', wish },
  { type: 'start', wish: other },
  { type: 'end' },
  { type: 'leave' },
  { type: 'call.ended', text: 'the agent has hung up' },
  { type: 'call.ended', error: new Error('out of ideas') },
]
const inner = [done('dial'), failed('dial'), done('hangUp'), failed('hangUp')]

it('hangs up whatever it dialled, once, and holds one call at a time', () => {
  const seen = explore(liveMachine.provide({ actions: { tellNews: () => {}, tellOverrun: () => {} } }), {
    ...{ events: [...events, ...inner], depth: 6 },
    invariant: ({ event, before, snapshot: { value, context, children }, effects, past }) => {
      const all = [...past.flatMap(step => step.effects), ...effects]
      const count = (effect: string) => all.filter(one => one === effect).length
      const isOn = value === 'dialling' || value === 'talking'
      assert.is(count('start dial') - count('start hangUp'), isOn ? 1 : 0)
      assert.ok(Object.keys(children).length <= 1, 'dials while it hangs up')
      if (event.type === 'leave' && before)
        assert.ok(value === 'gone' || value === 'ending', `stays ${value} though the page has gone`)
      if (context.left) assert.ok(value === 'ending' || value === 'gone', 'goes on though the page has gone')
      // Every state in which something is awaited has an end of its own.
      if ((value === 'dialling' || value === 'ending') && value !== before?.value)
        assert.ok(
          effects.some(effect => effect.startsWith('delay after:')),
          'waits for ever',
        )
      if (value !== before?.value && value !== 'gone' && value !== 'idle') assert.ok(effects.includes('tellNews'), 'says nothing')
    },
  })
  assert.ok(seen.sequences > 10_000, `${seen.sequences}`)
})

it('does so with its binding, on every transition', async () => {
  const key = ({ value, status, context: { left, ended, wish } }: SnapshotFrom<typeof liveMachine>) =>
    JSON.stringify([value, status, left, ended.error !== undefined, ended.text, wish.mind])
  const { paths } = await walk(liveMachine, {
    ...{ events: [...events, ...inner], key },
    live: () => {
      const told: LiveNews[] = []
      let [dialled, hung, overruns] = [0, 0, 0]
      let dialling = pending<void>()
      let hanging = pending<void>()
      let isAborted = false
      return {
        machine: liveOn({
          dial: (_, signal) => {
            dialled++
            dialling = pending()
            isAborted = false
            signal.addEventListener('abort', () => {
              isAborted = true
            })
            return dialling.promise
          },
          hangUp: () => {
            hung++
            hanging = pending()
            return hanging.promise
          },
          tell: news => told.push(news),
          overrun: () => overruns++,
        }),
        act: {
          'done:dial': () => dialling.resolve(),
          'error:dial': () => dialling.reject(new Error('failed on purpose')),
          'done:hangUp': () => hanging.resolve(),
          'error:hangUp': () => hanging.reject(new Error('failed on purpose')),
        },
        check: ({ snapshot, event, model }) => {
          const { value, context } = snapshot
          const last = told.at(-1)
          assert.is(dialled - hung, value === 'dialling' || value === 'talking' ? 1 : 0)
          if (value === 'ending') assert.is(last?.state, 'ending')
          if (value === 'dialling') assert.equal([last?.state, last?.wish, isAborted], ['starting', model.context.wish, false])
          if (value === 'talking') assert.is(last?.state, 'talking')
          if (value === 'idle' && dialled > 0)
            assert.is(last?.state, context.ended.error === undefined ? 'ended' : 'failed', JSON.stringify(last))
          if (event.type.startsWith('xstate.after.endTimeout')) assert.is(overruns, 1)
        },
      }
    },
  })
  assert.ok(paths > 10, `${paths}`)
})

it.run()
