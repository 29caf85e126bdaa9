/** From what was done, what was said and what was heard to the numbers of one round. Pure. */
import { type Heard, heardRate } from './recording.ts'
import type { Marks } from './scenes.ts'
import { clickAt, endOf, firstLoud, holeIn, lastLoud, levelOf, type Place, placeOf, rate, type Span, startOf } from './signal.ts'

const ms = rate / 1000
/** What is softer than this share of the speech's level is silence: codecs leave a little noise behind. */
const silent = 0.05
/** How much speech beside an edge is looked for in what was said. */
const window = 100 * ms
/** … and how far from the edge: a fade is not like the speech, and a jitter buffer may just have stretched it there. */
const margins = [15 * ms, 45 * ms, 75 * ms]
/** The last of the speech before a pause may arrive so late after the resume was asked for: new speech needs longer. */
const late = 20 * ms

/** Where the voice starts or stops: sample of the recording, and of the utterance; and how what is beside it lies. */
type Edge = { at: number; said: number; place: Place }
/** All in ms, but `click` (a ratio). `wrong` names what could not be found. */
export type Round = {
  playMs: number[]
  pauseMs: number[]
  interruptMs: number[]
  lostMs: number[]
  /** A pause with little left: its silence, and whether the end was told before the resume. */
  tail: { silenceMs: number; early: boolean }[]
  reportedMs: number[]
  reportedAfterPausesMs: number[]
  finishedMs: number[]
  holeMs: number[]
  click: number[]
  wrong: string[]
}
/** All of them in one. */
export const merged = (rounds: readonly Round[]): Round => ({
  playMs: rounds.flatMap(round => round.playMs),
  pauseMs: rounds.flatMap(round => round.pauseMs),
  interruptMs: rounds.flatMap(round => round.interruptMs),
  lostMs: rounds.flatMap(round => round.lostMs),
  tail: rounds.flatMap(round => round.tail),
  reportedMs: rounds.flatMap(round => round.reportedMs),
  reportedAfterPausesMs: rounds.flatMap(round => round.reportedAfterPausesMs),
  finishedMs: rounds.flatMap(round => round.finishedMs),
  holeMs: rounds.flatMap(round => round.holeMs),
  click: rounds.flatMap(round => round.click),
  wrong: rounds.flatMap(round => round.wrong),
})

/** Measures one scene. `speech`: the utterance. */
export const measure = (marks: Marks, heard: Heard, speech: Float32Array): Round => {
  const ear = new Ear(heard, speech)
  const { playedAt, pauses, interrupted, endedAt } = marks
  const start = ear.start(playedAt, pauses[0]?.at ?? interrupted?.at ?? endedAt)
  if (start) ear.round.playMs.push(heard.timeOf(start.at) - playedAt)
  else ear.round.wrong.push('start')
  for (const index of pauses.keys()) notePause(ear, marks, index)
  if (interrupted) noteInterruption(ear, marks, interrupted)
  else if (marks.finishedAt !== undefined) noteFinish(ear, marks, marks.finishedAt, start)
  return ear.round
}

/** What was heard of one utterance, and what is known of it so far. */
class Ear {
  readonly round = merged([])
  readonly heard: Heard
  readonly speech: Float32Array
  readonly #level: number

  constructor(heard: Heard, speech: Float32Array) {
    this.heard = heard
    this.speech = speech
    this.#level = silent * levelOf(speech, { from: 0, to: speech.length })
  }
  /** Where the speech starts between two moments, of which the first is silent. */
  start(from: number, to: number): Edge | undefined {
    return startIn(this.heard.samples, this.speech, this.#span(from, to), this.#level)
  }
  /** Where it stops; it may do so a little after `to`. */
  end(from: number, to: number, more = 0): Edge | undefined {
    const span = this.#span(from, to)
    return endIn(this.heard.samples, this.speech, { ...span, to: span.to + more }, this.#level)
  }
  click({ at }: Edge): void {
    this.round.click.push(clickAt(this.heard.recording.data, 2 * at, heardRate))
  }
  #span(from: number, to: number): Span {
    return { from: this.heard.sampleAt(from), to: this.heard.sampleAt(to) }
  }
}

const notePause = (ear: Ear, { name, pauses, interrupted, finishedAt, endedAt }: Marks, index: number) => {
  const pause = pauses[index]
  if (!pause) return
  const { round, heard } = ear
  const end = ear.end(pause.at, pause.resumedAt, late)
  const again = ear.start(pause.resumedAt, pauses[index + 1]?.at ?? interrupted?.at ?? endedAt)
  if (!end) round.wrong.push('pause')
  if (!again) round.wrong.push('resume')
  if (!end) return
  ear.click(end)
  const silenceMs = heard.timeOf(end.at) - pause.at
  const lostMs = again && (again.said - end.said) / ms
  if (lostMs !== undefined) round.lostMs.push(lostMs)
  if (name === 'tail') round.tail.push({ silenceMs, early: finishedAt !== undefined && finishedAt < pause.resumedAt })
  else round.pauseMs.push(silenceMs)
}

const noteInterruption = (ear: Ear, { pauses, endedAt }: Marks, { at, reported }: NonNullable<Marks['interrupted']>) => {
  const { round, heard } = ear
  const end = ear.end(at, endedAt)
  if (!end) return void round.wrong.push('interruption')
  ear.click(end)
  round.interruptMs.push(heard.timeOf(end.at) - at)
  round[pauses.length > 0 ? 'reportedAfterPausesMs' : 'reportedMs'].push((reported - end.said) / ms)
}

const noteFinish = (ear: Ear, { name, playedAt, pauses, endedAt }: Marks, finishedAt: number, start: Edge | undefined) => {
  const { round, heard, speech } = ear
  const end = ear.end(pauses.at(-1)?.resumedAt ?? playedAt, endedAt)
  if (!end) return void round.wrong.push('finish')
  round.finishedMs.push(finishedAt - heard.timeOf(end.at))
  if (start && name === 'whole') round.holeMs.push(holeIn(heard.samples, { from: start.at, to: end.at }, speech, start.place))
}

/** Where the speech starts within a span that begins in silence. */
export const startIn = (heard: Float32Array, speech: Float32Array, within: Span, level: number): Edge | undefined => {
  const near = firstLoud(heard, within, level)
  if (near === undefined) return undefined
  const over = (lastLoud(heard, within, level) ?? within.to) - 10 * ms
  const pieces = margins.map(margin => ({ from: near + margin, to: Math.min(over, near + margin + window) }))
  const place = firstPlace(heard, speech, pieces)
  if (!place) return undefined
  const at = startOf(heard, speech, place, near)
  return { at, said: at + place.shift, place }
}
/** Where the speech stops within a span that ends in silence. */
export const endIn = (heard: Float32Array, speech: Float32Array, within: Span, level: number): Edge | undefined => {
  const near = lastLoud(heard, within, level)
  if (near === undefined) return undefined
  const place = firstPlace(
    heard,
    speech,
    margins.map(margin => ({ from: near - margin - window, to: near - margin })),
  )
  if (!place) return undefined
  const at = endOf(heard, speech, place, near)
  return { at, said: at + place.shift, place }
}
const firstPlace = (heard: Float32Array, speech: Float32Array, pieces: Span[]): Place | undefined => {
  for (const piece of pieces) {
    const place = piece.to - piece.from < window / 2 ? undefined : placeOf(heard, piece, speech)
    if (place) return place
  }
  return undefined
}
