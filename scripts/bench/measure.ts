/** From what was done, what was said and what was heard to the numbers of one round. Pure. */
import { type Heard, heardRate } from './recording.ts'
import type { Marks, Pause } from './scenes.ts'
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
  /** After a pause with little left: its silence, how much was lost, and whether the end was told before the resume. */
  tail: { silenceMs: number; lostMs: number; early: boolean }[]
  reportedMs: number[]
  reportedAfterPausesMs: number[]
  finishedMs: number[]
  holeMs: number[]
  click: number[]
  wrong: string[]
}
export const emptyRound = (): Round => ({
  ...{ playMs: [], pauseMs: [], interruptMs: [], lostMs: [], tail: [] },
  ...{ reportedMs: [], reportedAfterPausesMs: [], finishedMs: [], holeMs: [], click: [], wrong: [] },
})

/** Measures one scene. `speech`: the utterance. */
export const measure = (marks: Marks, heard: Heard, speech: Float32Array): Round => {
  const round = emptyRound()
  const level = silent * levelOf(speech, { from: 0, to: speech.length })
  const span = (from: number, to: number, more = 0): Span => ({ from: heard.sampleAt(from), to: heard.sampleAt(to) + more })
  const begin = (name: string, within: Span) => found(round, name, startIn(heard.samples, speech, within, level))
  const stop = (name: string, within: Span) => found(round, name, endIn(heard.samples, speech, within, level))
  const { playedAt, pauses, interrupted, finishedAt, endedAt } = marks
  const first = pauses[0]?.at ?? interrupted?.at ?? endedAt

  const start = begin('start', span(playedAt, first))
  if (start) round.playMs.push(heard.timeOf(start.at) - playedAt)
  for (const [index, pause] of pauses.entries()) {
    const next = pauses[index + 1]?.at ?? interrupted?.at ?? endedAt
    const end = stop('pause', span(pause.at, pause.resumedAt, late))
    const again = begin('resume', span(pause.resumedAt, next))
    notePause(round, marks, pause, heard, end, again)
  }
  if (interrupted) {
    const end = stop('interruption', span(interrupted.at, endedAt))
    if (end) {
      round.interruptMs.push(heard.timeOf(end.at) - interrupted.at)
      round[pauses.length > 0 ? 'reportedAfterPausesMs' : 'reportedMs'].push((interrupted.reported - end.said) / ms)
      round.click.push(clickAt(heard.recording.data, 2 * end.at, heardRate))
    }
  }
  if (finishedAt !== undefined && !interrupted) {
    const end = stop('finish', span(pauses.at(-1)?.resumedAt ?? playedAt, endedAt))
    if (end) round.finishedMs.push(finishedAt - heard.timeOf(end.at))
    if (end && start && marks.name === 'whole')
      round.holeMs.push(holeIn(heard.samples, { from: start.at, to: end.at }, speech, start.place))
  }
  return round
}

const notePause = (round: Round, marks: Marks, pause: Pause, heard: Heard, end?: Edge, again?: Edge) => {
  if (!end) return
  const silenceMs = heard.timeOf(end.at) - pause.at
  round.click.push(clickAt(heard.recording.data, 2 * end.at, heardRate))
  const lostMs = again ? (again.said - end.said) / ms : undefined
  if (marks.name === 'tail') {
    const early = marks.finishedAt !== undefined && marks.finishedAt < pause.resumedAt
    round.tail.push({ silenceMs, lostMs: lostMs ?? Number.NaN, early })
    return
  }
  round.pauseMs.push(silenceMs)
  if (lostMs !== undefined) round.lostMs.push(lostMs)
}

const found = (round: Round, name: string, edge: Edge | undefined): Edge | undefined => {
  if (!edge) round.wrong.push(name)
  return edge
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
