import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { samplesOf } from '../../src/audio/frame.ts'
import { writeVtt } from '../../src/codec/vtt.ts'
import { type DocentOptions, docent } from '../../src/minds/docent.ts'
import { vttHearing } from '../../src/minds/hearing.ts'
import type { Hearing } from '../../src/minds/senses.ts'
import { type Line, type Voice, voiceOf } from '../../src/minds/voice.ts'
import type { Played } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'
import { loudness, type Stage, type StageOptions, sounding, stage } from './conversation.ts'

const it = suite('docent')
const format = { sampleRate: 24_000, channels: 1 }
const input = { sampleRate: 16_000, channels: 1 }

/** A voice whose words last 300 ms each, with 20 ms between them. */
const voice: Voice = (() => {
  const texts = {
    hello: 'Hello there.',
    'tour-1': 'One two three four five six.',
    'tour-2': 'Seven eight nine ten.',
    end: 'The end.',
    bye: 'Bye!',
  }
  const again = { 'again-1': 'Well now.', 'again-2': 'As I said.' }
  let at = 0
  const cues = Object.entries({ ...texts, ...again }).map(([id, text]) => {
    const startMs = at
    const words = text
      .split(/(?= )/)
      .map((word, i) => ({ text: word, startMs: startMs + i * 320, endMs: startMs + i * 320 + 300 }))
    at = startMs + words.length * 320 + 80
    return { id, startMs, endMs: startMs + words.length * 320 - 20, words }
  })
  return voiceOf(sounding(format, at, [0, at]), writeVtt(cues))
})()
const line = (id: string): Line => {
  const found = voice.get(id)
  if (!found) throw new Error(`no line ${id}`)
  return found
}
const textOf = (id: string) =>
  line(id)
    .words.map(word => word.text)
    .join('')

const run = async (
  spans: [number, number][],
  options: Partial<DocentOptions> & Pick<StageOptions, 'lastsMs' | 'failsMs' | 'writes'> = {},
) => {
  const { lastsMs, failsMs, writes = [], ...more } = options
  const clock = virtualClock()
  const activity = loudness()
  const on = stage({
    clock,
    caller: sounding(input, 20_000, ...spans),
    output: format,
    writes,
    ...(lastsMs !== undefined && { lastsMs }),
    ...(failsMs !== undefined && { failsMs }),
  })
  const abort = new AbortController()
  const done = docent({ voice, activity, ...more }).start(on.conversation, abort.signal)
  return { clock, activity, on, abort, done }
}
const toEnd = async (...given: Parameters<typeof run>) => {
  const call = await run(...given)
  await call.clock.runUntil(call.done, 120_000)
  await call.clock.settle()
  return call
}
/** Each thing said, as text; what was cut off ends in a dash. */
const script = ({ said }: Stage) =>
  said.map(({ words, played }) => words.map(word => word.text).join('') + (played.outcome === 'interrupted' ? ' –' : ''))

it('greets by itself after a moment, gives the whole talk, says goodbye and is done', async () => {
  const { on, clock, activity } = await toEnd([])
  assert.equal(script(on), ['Hello there.', textOf('tour-1'), textOf('tour-2'), 'The end.', 'Bye!'])
  assert.equal(
    on.said.map(({ startMs }) => startMs),
    [3020, 4060, 6380, 8060, 12_700],
  )
  for (const said of on.said) assert.is(said.played.outcome, 'finished')
  await clock.advance(50) // the caller's next frame was under way
  assert.equal([on.readers, activity.opened, clock.timers], [0, 0, 0])
})

it('lets the caller speak first, and greets when the turn is over', async () => {
  const { on } = await toEnd([[2500, 3500]])
  assert.is(on.said[0]?.startMs, 3500 + 550 + 150 + 20)
  assert.equal(script(on)[0], 'Hello there.')
  const states = on.entries.filter(entry => entry.type === 'state' || entry.type === 'say').slice(0, 6)
  assert.equal(
    states.map(entry => (entry.type === 'state' ? entry.state : entry.type)),
    ['listening', 'listening', 'thinking', 'say', 'listening', 'say'],
  )
})

it('is silent after 200 ms of speech, and goes on from the very word that was heard last', async () => {
  const { on } = await toEnd([[5000, 6000]])
  assert.equal(script(on).slice(1, 4), [`${textOf('tour-1')} –`, 'Well now.', 'four five six.'])
  const [, cut, joint, rest] = on.said
  assert.equal([cut?.startMs, cut?.endMs], [4060, 5200]) // 1 140 ms were heard: the fourth word began at 960
  assert.is(joint?.startMs, 6000 + 550 + 150 + 20)
  assert.is(rest?.startMs, (joint?.endMs ?? 0) + 400 + 20)
  assert.equal(rest?.data, line('tour-1').data.slice(samplesOf(960, format.sampleRate)))
  assert.equal(
    rest?.words.map(({ startMs, endMs }) => [startMs, endMs]),
    [
      [0, 300],
      [320, 620],
      [640, 940],
    ],
  )
})

it('takes what is written as a turn: it says a line that joins, and goes on from the word that was heard last', async () => {
  const { on } = await toEnd([], {
    writes: [
      [1000, 'Hello?'],
      [3200, 'What is a room?'],
    ],
  })
  assert.equal(script(on).slice(0, 4), ['Hello there.', `${textOf('tour-1')} –`, 'Well now.', 'four five six.'])
  assert.is(on.said[0]?.startMs, 1000 + 150 + 20)
})

it('is not disturbed by a cough, and by nothing shorter than minSpeechMs', async () => {
  const { on } = await toEnd([[5000, 5180]])
  assert.is(script(on).length, 5)
  const longer = await toEnd([[5000, 5450]], { turns: { minSpeechMs: 500 } })
  assert.is(script(longer.on).length, 5)
})

it('joins with another line each time, and again when the joining line is interrupted', async () => {
  const spans: [number, number][] = [
    [5000, 6000],
    [6800, 7400],
    [9700, 10_200],
  ]
  const { on } = await toEnd(spans)
  assert.equal(script(on).slice(1), [
    `${textOf('tour-1')} –`,
    'Well now. –',
    'As I said.',
    'four five six. –',
    'Well now.',
    'five six.',
    textOf('tour-2'),
    'The end.',
    'Bye!',
  ])
})

it('answers what is said between two lines, and loses no line by it', async () => {
  const { on } = await toEnd([[3700, 4300]]) // the greeting ends at 3 640
  assert.equal(script(on).slice(0, 3), ['Hello there.', 'Well now.', textOf('tour-1')])
})

it('starts a line over if nothing of it was heard', async () => {
  const { on } = await toEnd([[3820, 4600]]) // confirmed at 4 050, when the line is about to sound
  assert.equal(script(on).slice(0, 4), ['Hello there.', `${textOf('tour-1')} –`, 'Well now.', textOf('tour-1')])
  assert.is(on.said[1]?.played.heard, 0)
})

it('takes a last word of the caller before it says goodbye', async () => {
  const { on, clock } = await toEnd([[10_000, 11_000]])
  assert.equal(script(on).slice(-2), ['The end.', 'Bye!'])
  assert.is(on.said.at(-1)?.startMs, 11_000 + 550 + 150 + 20)
  await clock.advance(50)
  assert.is(clock.timers, 0)
})

it('does not begin to speak into a turn that began while it was thinking', async () => {
  const spans: [number, number][] = [
    [500, 1000],
    [1700, 2600],
  ]
  const { on, clock } = await toEnd(spans, { pace: { replyMs: 1000 } })
  assert.is(on.said[0]?.startMs, 2600 + 550 + 20)
  await clock.advance(50)
  assert.is(clock.timers, 0)
})

it('does not say again what was heard to its end, though it counts as interrupted', async () => {
  const clock = virtualClock()
  const { conversation } = stage({ clock, caller: sounding(input, 1000) })
  const unexpected = (): never => {
    throw new Error('nobody asked for that')
  }
  const texts: string[] = []
  const whole: typeof conversation.say = ({ text = [] }) => {
    const played = (async (): Promise<Played> => {
      for await (const word of text) texts.push(typeof word === 'string' ? word : word.text)
      return { id: 'SG_1', outcome: 'interrupted', pushed: 10 ** 9, heard: 10 ** 9, discarded: 0 }
    })()
    return { id: 'SG_1', heard: 0, spoken: '', started: Promise.resolve(true), played, interrupt: unexpected }
  }
  const done = docent({ voice, activity: loudness() }).start({ ...conversation, say: whole }, new AbortController().signal)
  await clock.runUntil(done, 60_000)
  assert.is(texts.join(''), `Hello there.${textOf('tour-1')}${textOf('tour-2')}The end.Bye!`)
})

it('waits out a caller who talks and talks, and no longer than maxTurnMs', async () => {
  const { on } = await toEnd([[500, 20_000]], { turns: { maxTurnMs: 3000 } })
  assert.is(on.said[0]?.startMs, 3500 + 150 + 20)
})

it('tells the words of the caller, the sentence so far and the whole', async () => {
  const hearing = vttHearing('WEBVTT\n\n00:01.000 --> 00:02.000\n<00:01.000>What <00:01.500>is it?\n')
  const { on } = await toEnd([[1000, 2000]], { hearing })
  assert.equal(
    on.entries.filter(entry => entry.type === 'heard'),
    [
      { type: 'heard', text: 'What', final: false, atMs: 1500 },
      { type: 'heard', text: 'What is', final: false, atMs: 1750 },
      { type: 'heard', text: 'What is it?', final: true, atMs: 2000 },
    ],
  )
})

it('ends at once when it is told to, wherever it is', async () => {
  for (const atMs of [0, 1000, 3300, 3700, 4500, 5100, 6200, 6650, 6800, 9000]) {
    const { clock, abort, done, on, activity } = await run([[5000, 6000]])
    await clock.advance(atMs)
    abort.abort()
    await clock.settle()
    let over = false
    done.then(() => {
      over = true
    })
    await clock.settle()
    assert.ok(over, `at ${atMs} ms`)
    assert.equal([activity.opened, on.entries.filter(entry => entry.type === 'say').length <= 4], [0, true])
  }
  const late = await run([])
  const before = new AbortController()
  before.abort()
  await docent({ voice, activity: loudness() }).start(late.on.conversation, before.signal)
})

it('goes on to the end of the talk when the caller is gone', async () => {
  const { on } = await toEnd([[5000, 6000]], { lastsMs: 5600 })
  assert.equal(script(on).slice(1, 4), [`${textOf('tour-1')} –`, 'Well now.', 'four five six.'])
})

it('fails with the audio of the caller, and is silent about nothing', async () => {
  const { clock, done, activity } = await run([], { failsMs: 4500 })
  let error: unknown
  done.catch(reason => {
    error = reason
  })
  await clock.advance(6000)
  assert.match(String(error), /the line is dead/)
  assert.is(activity.opened, 0)
})

it('goes on without the words of the caller when their transcriber fails or falls behind, and says so once', async () => {
  const codes: string[] = []
  const log = (_level: string, code: string) => codes.push(code)
  const failing = {
    words: async function* () {
      yield { text: 'Hm', final: false }
      throw new Error('no more')
    },
  }
  const first = await toEnd([], { hearing: failing, log })
  assert.is(script(first.on).length, 5)
  assert.equal(first.on.entries.find(entry => entry.type === 'heard' && entry.final)?.type, 'heard')
  const seen = { samples: 0, ended: false }
  let wake = () => {}
  const asleep = new Promise<void>(resolve => {
    wake = resolve
  })
  const slow: Hearing['words'] = async function* (frames) {
    await asleep
    for await (const frame of frames) seen.samples += frame.samplesPerChannel
    seen.ended = true
    yield { text: 'Oh', final: true }
  }
  const second = await run([], { hearing: { words: slow }, log, pace: { greetMs: 40_000 } })
  await second.clock.advance(35_000)
  wake()
  await second.clock.runUntil(second.done, 120_000)
  assert.equal(codes, ['hearing.failed', 'hearing.behind'])
  assert.equal(seen, { samples: samplesOf(30_000, input.sampleRate), ended: true }) // what it gets has no hole in it
})

it('never talks into a turn, never skips a word and never says more than the cut one again', async () => {
  const seed = 20_261_121
  const spans = fc
    .array(fc.tuple(fc.integer({ min: 30, max: 120 }), fc.integer({ min: 12, max: 60 })), { maxLength: 5 })
    .map(list => {
      let at = 0
      return list.map(([gap, length]): [number, number] => {
        const from = at + gap * 20
        at = from + length * 20
        return [from, at]
      })
    })
  await fc.assert(
    fc.asyncProperty(spans, async given => {
      const { on } = await toEnd(given)
      for (const [from, to] of given)
        for (const { startMs, endMs } of on.said)
          assert.ok(startMs === endMs || startMs > to || endMs <= from + 250, `${startMs}–${endMs} in ${from}–${to}`)
      const said = on.said.filter(({ words }) => !['Well', 'As', 'Bye!'].includes(words[0]?.text ?? ''))
      for (const id of ['hello', 'tour-1', 'tour-2', 'end']) {
        let fromMs = 0
        for (;;) {
          const next = said.shift()
          const { words, data } = line(id)
          assert.equal(next?.data, data.slice(samplesOf(fromMs, format.sampleRate)), `${id} from ${fromMs} ms`)
          assert.is(next?.words.length, words.filter(({ startMs }) => startMs >= fromMs).length)
          if (next?.played.outcome !== 'interrupted' || fromMs * 24 + next.played.heard >= data.length) break
          fromMs = words.findLast(({ startMs }) => startMs * 24 < fromMs * 24 + Math.max(1, next.played.heard))?.startMs ?? 0
        }
      }
      assert.equal(said, [])
    }),
    { seed, numRuns: 60 },
  )
})

it.run()
