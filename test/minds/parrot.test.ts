import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { samplesOf } from '../../src/audio/frame.ts'
import type { Ears } from '../../src/minds/attend.ts'
import { speechHearing, vttHearing } from '../../src/minds/hearing.ts'
import { parrot } from '../../src/minds/parrot.ts'
import { virtualClock } from '../../src/virtual.ts'
import { loudness, type StageOptions, sounding, stage } from './conversation.ts'

const it = suite('parrot')
const format = { sampleRate: 16_000, channels: 2 }

const run = async (spans: [number, number][], ears: Partial<Ears> = {}, more: Partial<StageOptions> = {}) => {
  const clock = virtualClock()
  const caller = sounding(format, 10_000, ...spans)
  const on = stage({ clock, caller, lastsMs: 10_000, ...more })
  const done = parrot({ activity: loudness(), ...ears }).start(on.conversation, new AbortController().signal)
  await clock.runUntil(done, 60_000)
  await clock.settle()
  return { on, caller, clock }
}

it('says a turn back as soon as it is over, with a little before and after it', async () => {
  const { on, caller } = await run([[1000, 2000]])
  assert.is(on.said.length, 1)
  const [said] = on.said
  assert.is(said?.startMs, 2000 + 550 + 20)
  const at = (ms: number) => samplesOf(ms, format.sampleRate) * format.channels
  const { startMs, endMs } = { startMs: 1000 - 150, endMs: 2000 + 100 }
  const slackMs = 20 // the detector answers in frames of 10 ms
  assert.ok(Math.abs((said?.data.length ?? 0) - at(endMs - startMs)) <= at(slackMs))
  const loud = (data: Int16Array) => data.filter(sample => sample !== 0)
  assert.equal(loud(said?.data ?? new Int16Array()), loud(caller.data))
  assert.equal(said?.words, [{ text: '[speech 1.0 s]' }])
})

it('says back the words that were recognised, each with its time in what it says', async () => {
  const hearing = vttHearing('WEBVTT\n\n00:01.000 --> 00:02.000\n<00:01.000>Hello <00:01.500>you!\n')
  const { on } = await run([[1000, 2000]], { hearing })
  assert.equal(on.said[0]?.words, [
    { text: 'Hello', startMs: 150, endMs: 650 },
    { text: ' you!', startMs: 650, endMs: 1150 },
  ])
})

it('shows what was written to it, as it was written', async () => {
  const { on } = await run(
    [[1000, 2000]],
    {},
    {
      writes: [
        [500, 'Hello?'],
        [3000, 'Are you there?'],
      ],
    },
  )
  assert.equal(
    on.entries.flatMap(entry => (entry.type === 'shown' ? [entry.text] : [])),
    ['Hello?', 'Are you there?'],
  )
  assert.is(on.said.length, 1)
})

it('shows the words of the turn that it says back, though they come after its end', async () => {
  const hearing = speechHearing(loudness())
  const { on } = await run(
    [
      [1000, 2000],
      [6000, 6500],
    ],
    { hearing },
  )
  assert.equal(
    on.said.map(({ words }) => words.map(({ text }) => text)),
    [['[speech 1.0 s]'], ['[speech 0.5 s]']],
  )
})

it('speaks in the format of the output', async () => {
  const { on } = await run([[1000, 2000]], {}, { output: { sampleRate: 24_000, channels: 1 } })
  assert.ok(Math.abs((on.said[0]?.data.length ?? 0) - 24 * 1250) <= 24 * 20)
})

it('is silent when it is interrupted, and says the new turn', async () => {
  const { on } = await run([
    [1000, 3000],
    [4000, 4600],
  ])
  assert.equal(
    on.said.map(({ played }) => played.outcome),
    ['interrupted', 'finished'],
  )
  assert.is(on.said[0]?.endMs, 4200)
})

it('has its say before it is done, when the caller ends in mid-word', async () => {
  const { on } = await run([[9000, 10_000]])
  assert.equal([on.said.length, on.said[0]?.played.outcome], [1, 'finished'])
})

it('says back no more than the longest turn', async () => {
  const { on } = await run([[1000, 9000]], { turns: { maxTurnMs: 2000 } })
  assert.ok(on.said.length >= 4)
  for (const { data } of on.said) assert.ok(data.length <= samplesOf(2250, format.sampleRate) * format.channels)
})

it('finds a turn again that came long after it began to forget', async () => {
  const { on, caller } = await run([[8000, 9000]], { turns: { maxTurnMs: 2000 } })
  assert.equal(
    [...(on.said[0]?.data ?? [])].filter(sample => sample !== 0),
    [...caller.data].filter(sample => sample !== 0),
  )
})

it('says nothing to a cough, and is over when nobody speaks', async () => {
  const { on, clock } = await run([[1000, 1150]])
  assert.equal([on.said.length, on.readers, clock.timers], [0, 0, 0])
})

it.run()
