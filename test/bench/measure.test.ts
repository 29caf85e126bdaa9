import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { measure } from '../../scripts/bench/measure.ts'
import { Heard, load, Recorder, type Recording, save } from '../../scripts/bench/recording.ts'
import type { Marks } from '../../scripts/bench/scenes.ts'
import { rate } from '../../scripts/bench/signal.ts'
import { babble, heardAs, type Piece } from './voice.ts'

const it = suite('bench measure')
const ms = rate / 1000
const speech = babble(2_000, 3)
const known = Float32Array.from(speech)
/** Every frame takes so long, in ms, and the first is heard at this moment. */
const path = 60
const zero = 5_000

/** What a listener has of these pieces. */
const recording = (pieces: readonly (Piece | number)[]): Recording => {
  const data = heardAs(speech, pieces)
  const count = Math.floor(data.length / 480)
  return { data: data.slice(0, 480 * count), stamps: Float64Array.from({ length: count }, (_, n) => zero + 10 * n) }
}
/** Said at `at` (ms of the recording), so heard `path` later. */
const said = (at: number) => zero + at - path
const near = (actual: readonly number[], expected: readonly number[], within = 2) =>
  assert.ok(
    actual.length === expected.length && actual.every((value, n) => Math.abs(value - (expected[n] ?? 0)) <= within),
    `${actual.map(value => value.toFixed(1))}, not ${expected} ± ${within}`,
  )

it('measures a round: a start, a pause that loses 7 ms, one that repeats 5 ms, an interruption', () => {
  const pieces = [
    300 * ms,
    { from: 0, to: 500 * ms, fall: 10 * ms },
    300 * ms,
    { from: 507 * ms, to: 900 * ms, rise: 10 * ms },
    300 * ms,
    { from: 895 * ms, to: 1_300 * ms, fall: 10 * ms },
    300 * ms,
  ]
  const marks: Marks = {
    name: 'talk',
    playedAt: said(300),
    pauses: [
      { at: said(795), resumedAt: said(1_100) },
      { at: said(1_488), resumedAt: said(1_793) },
    ],
    interrupted: { at: said(2_190), reported: 1_304 * ms, tookMs: 0.2 },
    endedAt: said(2_498) + path,
  }
  const round = measure(marks, new Heard(recording(pieces)), known)
  assert.equal(round.wrong, [])
  near(round.playMs, [path])
  near(round.pauseMs, [path + 5, path + 5])
  near(round.lostMs, [7, -5])
  near(round.interruptMs, [path + 8])
  near(round.reportedAfterPausesMs, [4])
  assert.equal([round.reportedMs, round.finishedMs, round.holeMs, round.tail], [[], [], [], []])
  assert.is(round.click.length, 3)
})

it('tells how much of the end was still sent after a pause, and whether it was called finished too early', () => {
  const pieces = [200 * ms, { from: 0, to: 900 * ms }, 300 * ms, { from: 900 * ms, to: 1_000 * ms }, 300 * ms]
  const marks: Marks = {
    name: 'tail',
    playedAt: said(200),
    pauses: [{ at: said(1_000), resumedAt: said(1_400) }],
    finishedAt: said(1_200),
    endedAt: said(1_750) + path,
  }
  const round = measure(marks, new Heard(recording(pieces)), known.subarray(0, 1_000 * ms))
  near(
    round.tail.map(tail => tail.silenceMs),
    [path + 100],
  )
  near(round.lostMs, [0])
  assert.equal(
    round.tail.map(tail => tail.early),
    [true],
  )
  near(round.finishedMs, [1_200 - 1_500 - path])
  assert.equal(round.pauseMs, [])
})

it('finds the hole in an utterance given at once', () => {
  const marks: Marks = { name: 'whole', playedAt: said(200), pauses: [], finishedAt: said(1_700), endedAt: said(1_900) + path }
  const holes = (gap: number) => {
    const pieces = [200 * ms, { from: 0, to: 300 * ms }, gap * ms, { from: 300 * ms, to: 1_500 * ms }, 300 * ms]
    return measure(marks, new Heard(recording(pieces)), known.subarray(0, 1_500 * ms)).holeMs
  }
  near(holes(0), [0], 0.5)
  near(holes(40), [40])
})

it('says what it could not find', () => {
  const marks: Marks = {
    ...{ name: 'stop', playedAt: said(200), pauses: [] },
    interrupted: { at: said(500), reported: 0, tookMs: 0 },
    endedAt: said(900),
  }
  const round = measure(marks, new Heard(recording([1_200 * ms])), known)
  assert.equal(round.wrong, ['start', 'interruption'])
  assert.equal([round.playMs, round.interruptMs, round.reportedMs], [[], [], []])
})

it('keeps what was heard with its moments, through a file too', () => {
  const recorder = new Recorder(1_000)
  for (let n = 0; n < 300; n++) recorder.push(new Int16Array(480).fill(n), 100 + 10 * n)
  const kept = recorder.between(2_500, 2_550)
  assert.equal([...kept.stamps], [2_500, 2_510, 2_520, 2_530, 2_540, 2_550])
  assert.equal([kept.data.length, kept.data[0], kept.data[480]], [6 * 480, 240, 241])
  assert.is(recorder.between(0, 1_000).stamps.length, 0)

  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'))
  try {
    save(join(folder, 'take'), kept)
    assert.equal(load(join(folder, 'take')), kept)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('goes from moments to samples and back', () => {
  const stamps = Float64Array.of(100, 112, 120)
  const heard = new Heard({ stamps, data: new Int16Array(3 * 480) })
  near([heard.timeOf(0), heard.timeOf(120), heard.timeOf(240), heard.timeOf(719)], [100, 105, 112, 120 + 479 / 48], 0.03)
  assert.equal([heard.sampleAt(90), heard.sampleAt(101), heard.sampleAt(120), heard.sampleAt(121)], [0, 240, 480, 720])
})

it.run()
