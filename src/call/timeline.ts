/** A call as a picture: both voices, their words, the agent's states, on one time axis that wraps into rows like a score. */
import { gainOf } from './envelope.ts'
import { type CallRecord, isCut } from './record.ts'
import { element, label, textWidth } from './svg.ts'
import { type Row, system } from './system.ts'
import { colors, fonts, page, stateColors } from './theme.ts'
import { counted, seconds, spell } from './times.ts'

/** A row shows about this much, so that there is room for the words: a minute has four rows … */
const rowAimMs = 15_000
/** … but a picture has not more rows than this, so that that of a long call stays small: up to ten minutes no word is left out. */
const mostRows = 40
/** The distances that lines may have, in ms, for rows of up to thirty lines; every fifth line bears its time. */
const ticks = [1000, 2000, 6000, 12_000, 30_000, 60_000]

const spacingOf = (durationMs: number): { count: number; rowMs: number; tickMs: number } => {
  const count = Math.min(mostRows, Math.max(1, Math.round(durationMs / rowAimMs)))
  const needed = Math.max(durationMs / count, rowAimMs * 0.6)
  const tickMs = ticks.find(ms => needed <= 30 * ms) ?? Math.ceil(needed / 30 / 60_000) * 60_000
  const rowMs = Math.ceil(needed / tickMs) * tickMs
  return { count: Math.max(1, Math.ceil(durationMs / rowMs)), rowMs, tickMs }
}

const rowsOf = (call: CallRecord): Row[] => {
  const { count, rowMs, tickMs } = spacingOf(call.durationMs)
  const gain = { caller: gainOf(call.voices.caller), agent: gainOf(call.voices.agent) }
  return Array.from({ length: count }, (_, i) => ({ startMs: i * rowMs, endMs: (i + 1) * rowMs, tickMs, gain }))
}

/** What happened, in numbers. */
export const figures = (call: CallRecord): string[] => {
  const cut = call.utterances.filter(isCut).length
  const paused = call.pauses.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  const said = (speaker: string) => call.words.filter(word => word.speaker === speaker).length
  return [
    counted(call.utterances.length, 'utterance'),
    counted(cut, 'interruption'),
    counted(call.pauses.length, 'pause') + (paused > 0 ? ` (${seconds(paused)})` : ''),
    `${counted(said('caller'), 'word')} by the caller`,
    `${said('agent')} by the agent`,
  ]
}

type Mark = (x: number) => string
const swatch =
  (fill: string): Mark =>
  x =>
    element('rect', { x, y: -9, width: 18, height: 11, rx: 2, fill })
const cross: Mark = x => element('path', { d: `M${x + 9} -9v12m-3.5 -9.5l7 7m0 -7l-7 7`, class: 'cut' })

/** What the colours and signs mean: those that are in the picture. */
const legend = (call: CallRecord): string => {
  const states = new Set(call.states.map(({ state }) => state))
  const marks: [name: string, mark: Mark][] = [...states].map(state => [state, swatch(stateColors[state].fill)])
  if (call.pauses.length > 0) marks.push(['paused', swatch('url(#pause)')])
  if (call.utterances.some(isCut)) marks.push(['interrupted', cross])
  let x = page.left
  return marks
    .map(([name, mark]) => {
      const at = x
      x += 24 + textWidth(name, 11) + 20
      return mark(at) + label(name, { x: at + 24, y: 0, class: 'legend' })
    })
    .join('')
}

const style = [
  `text{font-family:${fonts.text};font-size:12px}`,
  '.title{font-size:24px;font-weight:600;letter-spacing:-.2px}',
  `.figures{font-size:13px;fill:${colors.faint}}`,
  `.legend,.tick,.tab{font-size:11px;fill:${colors.faint}}.tick{text-anchor:middle;font-size:10.5px;font-variant-numeric:tabular-nums}.tab{font-size:10px}`,
  '.name{text-anchor:end;font-weight:600}.state{font-size:10px}',
  `.caller{fill:${colors.callerInk}}.agent{fill:${colors.agentInk}}`,
  `.pause{font-size:10px;text-anchor:middle;fill:${colors.pauseInk}}`,
  `.cut{stroke:${colors.cut};stroke-width:1.5;fill:none;stroke-linecap:round}`,
].join('')

const hatching = [
  element('rect', { width: 6, height: 6, fill: colors.pausePaper }),
  element('rect', { width: 2, height: 6, fill: colors.pauseSoft }),
]
const definitions = element(
  'defs',
  {},
  element('style', {}, style),
  element(
    'pattern',
    { id: 'pause', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    ...hatching,
  ),
)

/** The picture of a call as an SVG document; the same call gives the same text. */
export const timeline = (call: CallRecord): string => {
  let top = page.header
  const rows = rowsOf(call).map(line => {
    const { svg, height } = system(call, line)
    const group = element('g', { transform: `translate(0 ${top})` }, svg)
    top += height + page.gap
    return group
  })
  const height = top - page.gap + page.footer
  // Its own size at most, or a browser would shrink a long call into one window; the paper goes on beside it.
  const size = { viewBox: `0 0 ${page.width} ${height}`, width: page.width, height }
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    ...size,
    fill: colors.ink,
    style: `max-width:100%;height:auto;background:${colors.paper}`,
  }
  return `${element(
    'svg',
    root,
    definitions,
    element('rect', { width: page.width, height, fill: colors.paper }),
    label(`A call of ${spell(call.durationMs)}`, { x: page.left, y: 44, class: 'title' }),
    label(figures(call).join('  ·  '), { x: page.left, y: 66, class: 'figures' }),
    element('g', { transform: 'translate(0 90)' }, legend(call)),
    ...rows,
  )}\n`
}
