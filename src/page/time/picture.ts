/** Where everything in the lanes goes: plain numbers, for whoever paints. */
import type { AgentState } from '../../mind.ts'
import { type Tick, ticksOf, type Window, xOf } from './scale.ts'
import { type Measure, type PlacedText, wordsOf } from './spread.ts'
import { type Fault, type Said, soundingIn, type Tracks, type Utterance } from './tracks.ts'
import { columns, gainOf, type Wave } from './wave.ts'

type Place = { x: number; width: number }
export type Lanes = Record<
  'axis' | 'told' | 'caller' | 'state' | 'agent' | 'said' | 'faults',
  { top: number; height: number }
> & {
  height: number
  /** Lines of words: the caller's come in sentences, the agent's one by one. */
  lines: Record<Said['speaker'], number>
}
export type PlacedUtterance = Place & { of: Utterance; label: string }
export type PlacedFault = Place & { kind: Fault['kind']; text: string; count: number }
export type Picture = {
  width: number
  lanes: Lanes
  ticks: (Tick & { x: number })[]
  /** Loudness, 0 to 1, one for each `columnPx` from `columnsX` on. */
  columnsX: number
  caller: number[]
  agent: number[]
  words: PlacedText[]
  states: (Place & { state: AgentState; label: string })[]
  utterances: PlacedUtterance[]
  pauses: (Place & { label: string })[]
  cuts: number[]
  /** Cuts are so near to each other that signs would cover each other. */
  dense: boolean
  faults: PlacedFault[]
}

export const sizes = { axis: 17, line: 15, state: 15, tab: 13, faults: 11, gap: 4, least: 20, most: 84, columnPx: 2 }

/** From this height on the caller's sentences may stand below each other. */
const roomy = 330
/** How a height is shared: what is over goes to lines of words, and to the voices. */
export const lanesIn = (height: number): Lanes => {
  const { axis, line, state, tab, faults, gap, least, most } = sizes
  const fixed = axis + state + tab + faults + 4 * gap
  const all = Math.max(2, Math.min(height > roomy ? 9 : 6, Math.floor((height - fixed - 2 * least) / line)))
  const caller = height > roomy ? 2 : 1
  const lines = { caller, agent: Math.min(height > roomy ? 7 : 4, all - caller) }
  const voice = Math.max(least, Math.min(most, Math.floor((height - fixed - (lines.caller + lines.agent) * line) / 2)))
  let top = 0
  const take = (size: number, space: number) => {
    const lane = { top, height: size }
    top += size + space
    return lane
  }
  const lanes = {
    axis: take(axis, 0),
    told: take(lines.caller * line, 0),
    caller: take(voice, gap),
    state: take(state, gap),
    agent: take(tab + voice, gap),
    said: take(lines.agent * line, gap),
    faults: take(faults, 0),
  }
  return { ...lanes, height: top, lines }
}

/** The px of a stretch within the window; undefined if it is not there. */
const placeOf = ({ from, to }: { from: number; to?: number }, window: Window, width: number, now: number): Place | undefined => {
  const end = to ?? Math.max(now, from)
  if (end < window.from || from > window.to) return undefined
  const x = xOf(window, width)
  const left = Math.max(0, x(from))
  return { x: left, width: Math.max(0, Math.min(width, x(end)) - left) }
}

/** Those of a list that are in the window; of many in one pixel one is enough. */
const placed = <T extends { from: number; to?: number }>(list: T[], window: Window, width: number, now: number) => {
  const all: (Place & { of: T })[] = []
  for (const of of list) {
    const place = placeOf(of, window, width, now)
    if (!place) continue
    const last = all.at(-1)
    const pixel = Math.floor(place.x + place.width)
    if (!last || place.width >= 1 || pixel > Math.floor(last.x + last.width)) all.push({ ...place, of })
  }
  return all
}

const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
/** Labels are so much smaller than words. */
const small = 0.88
/** The first of these that fits. */
const widest = (texts: string[], width: number, measure: Measure): string => texts.find(text => measure(text) <= width) ?? ''

const labelOf = ({ id, outcome, heardMs, from }: Utterance, width: number, now: number, measure: Measure): string => {
  const short = id.slice(0, 9)
  const lasting = outcome === undefined ? `${secondsText(Math.max(0, now - from))} …` : secondsText(heardMs)
  const texts = [`${short} · ${lasting} · ${outcome ?? 'speaking'}`, `${short} · ${lasting}`, lasting]
  return widest(texts, width / small, measure)
}

/** Faults nearer to each other than this are one sign with a number. */
const signPx = 14
const faultsOf = (tracks: Tracks, window: Window, width: number): PlacedFault[] => {
  const all: PlacedFault[] = []
  for (const { of, ...place } of placed(tracks.faults, window, width, tracks.end)) {
    const last = all.at(-1)
    if (last && last.kind === of.kind && place.x - last.x - last.width < signPx) {
      last.count++
      last.text = `${last.text}\n${of.text}`.slice(0, 400)
      last.width = place.x + place.width - last.x
    } else all.push({ ...place, kind: of.kind, text: of.text, count: 1 })
  }
  return all
}

/** Where the agent was cut short; an utterance of which nothing was heard was not. */
const cutsOf = ({ utterances }: Tracks): number[] =>
  utterances.flatMap(({ outcome, heardMs, to }) => (outcome === 'interrupted' && heardMs > 0 && to !== undefined ? [to] : []))

/** What goes on is drawn up to the end of what is known. */
export const pictureOf = (tracks: Tracks, window: Window, width: number, height: number, measure: Measure): Picture => {
  const lanes = lanesIn(height)
  const now = tracks.end
  const x = xOf(window, width)
  const columnMs = ((window.to - window.from) / width) * sizes.columnPx
  // Columns lie on a grid of time: a voice that scrolls does not flicker.
  const first = Math.floor(window.from / columnMs) * columnMs
  const count = Math.ceil(width / sizes.columnPx) + 1
  const cuts = cutsOf(tracks)
    .map(x)
    .filter(at => at >= 0 && at <= width)
  const spread = (wave: Wave) => columns(wave, first, first + count * columnMs, count)
  const heard = (wave: Wave, more = spread(wave)) => {
    const gain = gainOf(wave)
    return spread(wave).map((value, i) => Math.min(1, Math.max(value, more[i] ?? 0) * gain))
  }
  return {
    ...{ width, lanes, columnsX: x(first) },
    ticks: ticksOf(window, width, 76).map(tick => ({ ...tick, x: x(tick.at) })),
    caller: heard(tracks.caller),
    agent: heard(tracks.agent, spread(soundingIn(tracks))),
    words: wordsOf(tracks, window, width, lanes.lines, measure),
    states: placed(tracks.states, window, width, now).map(({ of: { state }, ...place }) => ({
      ...{ ...place, state, label: widest([state], (place.width - 10) / small, measure) },
    })),
    utterances: placed(tracks.utterances, window, width, now).map(one => ({
      ...{ ...one, label: labelOf(one.of, one.width - 10, now, measure) },
    })),
    pauses: placed(tracks.pauses, window, width, now).map(({ of: { from, to = now }, ...place }) => ({
      ...{ ...place, label: widest([`paused ${secondsText(to - from)}`, 'paused'], place.width - 6, measure) },
    })),
    ...{ cuts, dense: cuts.length * 24 > width },
    faults: faultsOf(tracks, window, width),
  }
}
