import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { Showing, type ShowingHands, syncOn } from '../../src/outbound/sync.ts'
import type { Playhead } from '../../src/pipes/prompter.ts'
import type { Word } from '../../src/ports.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'

/** A playhead that runs and rests when the test says so. */
const playheadOn = (clock: VirtualClock) => {
  let heard = 0
  let since: number | undefined
  const listeners = new Set<() => void>()
  const change = (running: boolean) => {
    heard = playhead.heardMs()
    since = running ? clock.now() : undefined
    for (const listener of [...listeners]) listener()
  }
  const playhead: Playhead = {
    clock,
    heardMs: () => heard + (since === undefined ? 0 : clock.now() - since),
    running: () => since !== undefined,
    changed: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return { ...playhead, listeners, run: () => change(true), rest: () => change(false) }
}

/** A text source that the test pushes into. */
const source = () => {
  const waiting: (string | Word)[] = []
  let wake = () => {}
  let over = false
  let fault: unknown
  const state = { asked: 0, returned: 0 }
  const iterator: AsyncIterator<string | Word> = {
    next: async () => {
      state.asked++
      while (waiting.length === 0 && !over && !fault)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      if (fault) throw fault
      const value = waiting.shift()
      return value === undefined ? { done: true, value } : { done: false, value }
    },
    return: async () => {
      state.returned++
      return { done: true, value: undefined }
    },
  }
  return {
    state,
    text: { [Symbol.asyncIterator]: () => iterator },
    push: (...pieces: (string | Word)[]) => {
      waiting.push(...pieces)
      wake()
    },
    end: () => {
      over = true
      wake()
    },
    fail: (error: unknown) => {
      fault = error
      wake()
    },
  }
}

const start = (options: Partial<ShowingHands> = {}) => {
  const clock = virtualClock()
  const playhead = playheadOn(clock)
  const from = source()
  const words: string[] = []
  const moments: [number, string][] = []
  const failures: unknown[] = []
  const codes: string[] = []
  const log = (_level: string, code: string) => void codes.push(code)
  const showing = new Showing(playhead, {
    ...{ id: 'SG_1', text: from.text, log },
    publish: ({ text }) => {
      words.push(text)
      moments.push([playhead.heardMs(), text])
    },
    fail: error => failures.push(error),
    ...options,
  })
  createActor(syncOn({ showing: () => showing, log }), { clock, input: { id: 'SG_1', synced: true } }).start()
  return { clock, playhead, from, words, moments, failures, codes, showing }
}
const timed: Word[] = [
  { text: 'Hello', startMs: 0, endMs: 400 },
  { text: ' big', startMs: 500, endMs: 700 },
  { text: ' world.', startMs: 700, endMs: 1_100 },
]
const after = async ({ clock }: { clock: VirtualClock }) => {
  await clock.settle()
  return clock.timers
}

const it = suite('show')

it('publishes a word when the playhead passes its middle (SYNC-3, SYNC-6)', async () => {
  const { clock, playhead, from, moments, showing } = start()
  from.push('— ', ...timed)
  await clock.advance(1_000)
  assert.equal(moments, []) // SYNC-2: nothing before the first sample is heard
  playhead.run()
  await clock.advance(650)
  assert.is(showing.spoken, '— Hello big')
  await clock.advance(5_000)
  assert.equal(moments, [
    [1, '—'],
    [200, ' Hello'],
    [600, ' big'],
    [900, ' world.'],
  ])
})

it('goes by syllables where there are no times, at the given speed (SYNC-7)', async () => {
  const { clock, playhead, from, moments } = start({ speed: 2 })
  from.push('Hel', 'lo wor', 'ld')
  from.end()
  playhead.run()
  await clock.advance(2_000)
  assert.equal(moments, [
    [114, 'Hello'],
    [319, ' world'],
  ])
})

it('holds the words over pauses and stalls, without a timer (SYNC-2)', async () => {
  const { clock, playhead, from, moments } = start()
  from.push(...timed)
  playhead.run()
  await clock.advance(300)
  playhead.rest()
  assert.is(clock.timers, 0)
  await clock.advance(60_000)
  playhead.run()
  await clock.advance(299)
  assert.is(moments.length, 1)
  await clock.advance(5_000)
  assert.equal(
    moments.map(([at]) => at),
    [200, 600, 900],
  )
})

it('publishes the rest at once when the audio was heard to its end (SYNC-4, SYNC-5)', async () => {
  const { clock, playhead, from, showing, words } = start()
  from.push(...timed, ' And more, “later', '” ')
  from.end()
  playhead.run()
  await clock.advance(650)
  const finished = showing.finish()
  assert.is(showing.spoken, 'Hello big world. And more, “later” ')
  assert.is(words.join(''), showing.spoken)
  await finished
  assert.is(await after({ clock }), 0)
  assert.is(playhead.listeners.size, 0)
  assert.is(showing.cut(), showing.spoken)
})

it('drops the rest, and text still to come, at a cut; the words are final at once (SYNC-5)', async () => {
  const { clock, playhead, from, showing, words } = start()
  from.push(...timed)
  playhead.run()
  await clock.advance(600)
  assert.is(showing.cut(), 'Hello big')
  from.push(' more')
  from.end()
  await clock.advance(5_000)
  assert.equal(words, ['Hello', ' big'])
  assert.is(showing.spoken, 'Hello big')
  assert.is(from.state.returned, 1)
  assert.is(clock.timers, 0)
  assert.is(playhead.listeners.size, 0)
  await showing.finish()
  assert.is(showing.spoken, 'Hello big')
})

it('counts what the position of the cut has reached, though nobody has said so', async () => {
  const { clock, playhead, from, showing } = start()
  from.push(...timed)
  await clock.settle()
  playhead.heardMs = () => 605 // the fade of the cut is heard within the turn
  assert.is(showing.cut(), 'Hello big')
})

it('publishes text without audio at once, and it counts as spoken (SYNC-11)', async () => {
  const { clock, from, showing, words } = start()
  from.push('Just text')
  from.end()
  await clock.settle()
  assert.equal(words, [])
  await showing.finish()
  assert.is(showing.spoken, 'Just text')
})

it('publishes late text as it comes, and closes an unfinished text 1 000 ms after the audio (SYNC-12)', async () => {
  const { clock, playhead, from, showing, words, codes } = start()
  from.push('One ')
  playhead.run()
  await clock.advance(2_000)
  let closed = false
  showing.finish().then(() => {
    closed = true
  })
  assert.equal(words, ['One', ' '])
  await clock.advance(500)
  from.push('two', ' three')
  await clock.settle()
  assert.equal(words, ['One', ' ', 'two', ' three'])
  await clock.advance(499)
  assert.not(closed)
  await clock.advance(1)
  assert.ok(closed)
  assert.is(from.state.returned, 1)
  assert.equal(codes, ['show.late'])
  from.push('four')
  await clock.settle()
  assert.is(showing.spoken, 'One two three')
})

it('publishes at once what is read after its time (SYNC-12)', async () => {
  const { clock, playhead, from, words } = start()
  playhead.run()
  await clock.advance(1_000)
  from.push(...timed)
  await clock.settle()
  assert.equal(words, ['Hello', ' big', ' world.'])
})

it('tells a source that breaks, and goes on with what it gave', async () => {
  const { clock, playhead, from, showing, failures } = start()
  const fault = new Error('model is gone')
  from.push(...timed, ' and')
  await clock.settle()
  from.fail(fault)
  playhead.run()
  await clock.advance(650)
  assert.equal(failures, [fault])
  assert.is(showing.spoken, 'Hello big')
  await showing.finish()
  assert.is(showing.spoken, 'Hello big world. and')
})

it('may be cut by whoever gets a word', async () => {
  const rig: { showing?: Showing } = {}
  const words: string[] = []
  const publish = ({ text }: Word) => {
    words.push(text)
    if (text === ' b') rig.showing?.cut()
  }
  const { clock, from, showing } = start({ publish })
  rig.showing = showing
  from.push('a b c d')
  await clock.settle()
  await showing.finish()
  assert.equal(words, ['a', ' b'])
  assert.is(showing.spoken, 'a b')
})

it('warns once of times that are no use', async () => {
  const { clock, from, codes } = start()
  from.push({ text: 'a', startMs: -1 }, { text: ' b', startMs: Number.NaN, endMs: 4 }, { text: ' c', startMs: 1, endMs: 2 })
  await clock.settle()
  assert.equal(codes, ['show.times'])
})

it('holds a source that is far ahead, and reads on as words are heard', async () => {
  const { clock, playhead, from, showing } = start()
  const piece = `${'-'.repeat(9_998)}a `
  for (let n = 0; n < 20; n++) from.push(piece)
  from.end()
  await clock.settle()
  assert.is(from.state.asked, 7)
  playhead.run()
  await clock.advance(300) // two of these words
  assert.is(from.state.asked, 9)
  await showing.finish()
  assert.is(showing.spoken, piece.repeat(20))
})

const pieces = fc.array(
  fc.oneof(
    fc.string({ unit: fc.constantFrom(...'ab c,.今—é'), maxLength: 12 }),
    fc.record({
      text: fc.string({ unit: fc.constantFrom(...'ab c,'), maxLength: 6 }),
      startMs: fc.nat(3_000),
      endMs: fc.nat(3_000),
    }),
  ),
  { maxLength: 12 },
)
const textOf = (all: (string | Word)[]) => all.map(each => (typeof each === 'string' ? each : each.text)).join('')

it('publishes the same words at the same positions, whatever the clock does between them (laws 10 and 11)', async () => {
  const stretches = fc.array(fc.record({ run: fc.integer({ min: 1, max: 700 }), rest: fc.nat(5_000) }), { maxLength: 6 })
  const story = fc.asyncProperty(pieces, stretches, fc.nat(4_000), async (all, gaps, cutAt) => {
    const play = async (stops: { run: number; rest: number }[]) => {
      const { clock, playhead, from, moments, showing, words } = start()
      from.push(...all)
      from.end()
      await clock.settle()
      let left = cutAt
      for (const { run, rest } of stops) {
        playhead.run()
        await clock.advance(Math.min(run, left))
        left -= Math.min(run, left)
        playhead.rest()
        assert.is(clock.timers, 0)
        await clock.advance(rest)
      }
      playhead.run()
      await clock.advance(left)
      assert.is(showing.cut(), words.join(''))
      await clock.settle()
      assert.is(clock.timers, 0)
      assert.ok(textOf(all).startsWith(showing.spoken))
      return moments
    }
    assert.equal(await play(gaps), await play([]))
  })
  await fc.assert(story, { numRuns: 150, seed: 20_261_121 })
})

it('has spoken all of its text when it is finished, wherever that was (law 10)', async () => {
  const story = fc.asyncProperty(pieces, fc.nat(2_000), async (all, heardMs) => {
    const { clock, playhead, from, showing, words } = start()
    from.push(...all)
    from.end()
    playhead.run()
    await clock.advance(heardMs)
    await showing.finish()
    assert.is(showing.spoken, textOf(all))
    assert.is(words.join(''), textOf(all))
  })
  await fc.assert(story, { numRuns: 150, seed: 20_261_122 })
})

it.run()
