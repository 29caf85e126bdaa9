import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type SyncEvent, syncMachine } from '../../machines/outbound/sync.ts'
import { Showing, syncOn } from '../../src/outbound/sync.ts'
import { explore, ignored, table, walk } from '../model.ts'

const it = suite('sync')

it('has exactly these transitions', () => {
  const held = 'playhead.moved→pacing text.ended→· finish→late cut→done'
  assert.equal(table(syncMachine), {
    '': '→choosing',
    choosing: 'always[isSynced]→waiting always→passing',
    waiting: held,
    pacing: 'playhead.moved→· playhead.rested→held text.ended→· finish→late cut→done',
    held,
    passing: 'text.ended→· finish→late cut→done',
    late: 'text.ended→done cut→done after:lateTextTimeout→done always[isEnded]→done',
    done: 'final',
  })
  assert.equal(ignored(syncMachine), {
    waiting: 'playhead.rested', // it rests
    held: 'playhead.rested', // it rests
    passing: 'playhead.moved playhead.rested', // nothing waits for it
    late: 'playhead.moved finish playhead.rested', // there is no more audio
    choosing: 'playhead.moved text.ended finish cut playhead.rested', // passes within one step
  })
})

const events = [
  { type: 'playhead.moved' },
  { type: 'playhead.rested' },
  { type: 'text.ended' },
  { type: 'finish' },
  { type: 'cut' },
] satisfies SyncEvent[]

it('shows words only while they sound, all of them at the end, and none after it (SYNC-2, SYNC-5, SYNC-12)', () => {
  for (const synced of [true, false]) {
    const seen = explore(syncMachine, {
      events,
      input: { id: 'SG_1', synced },
      depth: 6,
      invariant: ({ event, before, snapshot: { value, context }, effects, past }) => {
        const was = before?.value
        const types = [...past.map(step => step.event.type), event.type]
        if (effects.includes('run')) assert.is(value, 'pacing')
        if (was === 'pacing' && value !== 'pacing') assert.ok(effects.includes('rest'), 'goes on without its sound')
        if (effects.includes('release')) assert.ok(!synced || event.type === 'finish', 'shows all of it too early')
        if (event.type === 'finish' && was !== 'late' && was !== 'done')
          assert.ok(effects.includes('release'), 'forgets the rest')
        if (was !== 'done') assert.is(value === 'done', effects.includes('close'))
        if (was !== 'done') assert.is(context.ended || value === 'done', types.includes('text.ended') || value === 'done')
        if (effects.includes('logLate')) assert.not.ok(types.includes('text.ended'), 'waits for text that has ended')
        if (was === 'done') assert.equal(effects, [])
      },
    })
    assert.ok(seen.sequences > 1_000)
  }
})

const unsynced = ['choosing always→passing', 'passing text.ended→·', 'passing finish→late', 'passing cut→done']
const paced = [
  'choosing always[isSynced]→waiting',
  ...['playhead.moved→pacing', 'text.ended→·', 'finish→late', 'cut→done'].flatMap(way => [`waiting ${way}`, `held ${way}`]),
  ...['playhead.moved→·', 'playhead.rested→held', 'text.ended→·', 'finish→late', 'cut→done'].map(way => `pacing ${way}`),
]

it('does so with its binding, on every transition', async () => {
  for (const synced of [true, false])
    await walk(syncMachine, {
      events,
      input: { id: 'SG_1', synced },
      except: Object.fromEntries(
        (synced ? unsynced : paced).map(name => [name, synced ? 'is synchronised' : 'is not synchronised']),
      ),
      live: clock => {
        const heard = { ms: 0, running: false }
        const watchers = new Set<() => void>()
        const codes: string[] = []
        const words: string[] = []
        let end = () => {}
        const ended = new Promise<void>(resolve => {
          end = resolve
        })
        const text = async function* () {
          yield { text: 'one', startMs: 0, endMs: 10 }
          yield { text: ' two', startMs: 9_000_000, endMs: 9_000_010 }
          await ended
        }
        const log = (_level: string, code: string) => void codes.push(code)
        const playhead = {
          clock,
          heardMs: () => heard.ms,
          running: () => heard.running,
          changed: (watcher: () => void) => {
            watchers.add(watcher)
            return () => watchers.delete(watcher)
          },
        }
        const showing = new Showing(playhead, {
          ...{ id: 'SG_1', text: text(), log, fail: () => assert.unreachable() },
          publish: word => words.push(word.text),
        })
        const move = (running: boolean) => {
          heard.running = running
          if (running) heard.ms = 20
          for (const watcher of [...watchers]) watcher()
        }
        return {
          machine: syncOn({ showing: () => showing, log }),
          input: { id: 'SG_1', synced },
          act: {
            'playhead.moved': () => move(true),
            'playhead.rested': () => move(false),
            'text.ended': () => end(),
            finish: () => void showing.finish(),
            cut: () => void showing.cut(),
          },
          check: ({ snapshot, events }) => {
            const types = events.map(({ type }) => type)
            const all = types.includes('finish') || !synced
            const shown = all ? 2 : types.includes('playhead.moved') ? 1 : 0
            const cutAt = types.indexOf('cut')
            if (cutAt < 0) assert.is(words.length, shown)
            assert.is(showing.spoken, words.join(''))
            assert.is(clock.timers > 0, snapshot.value === 'pacing' || snapshot.value === 'late')
            assert.is(codes.length, types.some(type => type.includes('lateTextTimeout')) ? 1 : 0)
            assert.is(watchers.size, snapshot.value === 'done' ? 0 : 1)
          },
          end: () => {
            assert.is(clock.timers, 0, 'leaves a timer')
            assert.is(watchers.size, 0, 'leaves a listener')
          },
        }
      },
    })
})

it.run()
