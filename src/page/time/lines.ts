/** The lanes in words, for who cannot see the picture. */
import type { Window } from './scale.ts'
import type { Tracks } from './tracks.ts'

export type Line = { at: number; who: string; what: string }
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** What happened in a window, in order; words of one utterance are one line, where it began. */
export const linesOf = (tracks: Tracks, { from, to }: Window): Line[] => {
  const lines: Line[] = []
  const isIn = (one: { from: number; to?: number }) => one.from <= to && (one.to ?? Number.POSITIVE_INFINITY) >= from
  for (const { id, outcome, heardMs, spoken, ...one } of tracks.utterances.filter(isIn)) {
    const words = tracks.said.filter(said => said.speaker === 'agent' && said.id === id).map(({ text }) => text)
    const end = outcome === undefined ? 'still speaking' : `${outcome}, heard ${seconds(heardMs)}`
    lines.push({ at: one.from, who: 'agent', what: `${spoken ?? words.join(' ')} (${end})`.trim() })
  }
  for (const one of tracks.said.filter(isIn))
    if (one.speaker === 'caller')
      lines.push({ at: one.from, who: 'caller', what: one.written ? `${one.text} (written)` : one.text })
  for (const one of tracks.states.filter(isIn)) lines.push({ at: one.from, who: 'state', what: one.state })
  for (const one of tracks.pauses.filter(isIn))
    lines.push({ at: one.from, who: 'agent', what: one.to === undefined ? 'paused' : `paused for ${seconds(one.to - one.from)}` })
  for (const one of tracks.faults.filter(isIn)) lines.push({ at: one.from, who: one.kind, what: one.text })
  return lines.sort((one, other) => one.at - other.at)
}
