/** Paints the lanes on a canvas. */
import type { AgentState } from '../../mind.ts'
import { type Picture, type PlacedFault, sizes } from './picture.ts'
import type { Measure } from './spread.ts'

/** The colours of the page's tokens, as a canvas needs them. */
export type Colors = Record<
  | `${'caller' | 'agent' | 'pause' | 'cut'}${'' | '-soft' | '-ink'}`
  | 'paper'
  | 'raised'
  | 'sunken'
  | 'ink'
  | 'faint'
  | 'rule'
  | 'edge'
  | 'hover',
  string
>
const names: (keyof Colors)[] = [
  ...(['caller', 'agent', 'pause', 'cut'] as const).flatMap(name => [name, `${name}-soft`, `${name}-ink`] as const),
  ...(['paper', 'raised', 'sunken', 'ink', 'faint', 'rule', 'edge', 'hover'] as const),
]
/** A canvas knows no variables, and no colours for light and dark: an element of the page says what they come to. */
export const colorsOf = (element: HTMLElement): Colors => {
  const probe = document.createElement('span')
  element.append(probe)
  const colors = names.map(name => {
    probe.style.color = `var(--${name})`
    return [name, getComputedStyle(probe).color]
  })
  probe.remove()
  return Object.fromEntries(colors)
}

const stateColors: Record<AgentState, [fill: keyof Colors, ink: keyof Colors]> = {
  initializing: ['rule', 'ink'],
  idle: ['rule', 'ink'],
  listening: ['caller-soft', 'caller-ink'],
  thinking: ['pause-soft', 'pause-ink'],
  speaking: ['agent-soft', 'agent-ink'],
}

const family = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif"
const wordFont = `12px ${family}`
const smallFont = `10.5px ${family}`

/** Widths of text, remembered: the same words are placed again and again. */
export const measuring = (context: CanvasRenderingContext2D, most = 5000): Measure => {
  const known = new Map<string, number>()
  return text => {
    const width = known.get(text)
    if (width !== undefined) return width
    context.font = wordFont
    const measured = context.measureText(text).width
    if (known.size >= most) known.clear()
    known.set(text, measured)
    return measured
  }
}

type Paint = (context: CanvasRenderingContext2D, picture: Picture, colors: Colors) => void

/** What is narrower than this is plain, in px. */
const narrow = 8
const rounded = (
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
): void => {
  context.beginPath()
  const wide = Math.max(width, 0.5)
  // Hundreds of them are so narrow in a call of an hour: round corners are not seen there, and take their time.
  if (wide < narrow) context.rect(x, y, wide, height)
  else context.roundRect(x, y, wide, height, radius)
}

const ticks: Paint = (context, { ticks, lanes, width }, colors) => {
  context.font = smallFont
  context.fillStyle = colors.faint
  for (const { x, text } of ticks) {
    const wide = context.measureText(text).width
    context.fillText(text, Math.max(0, Math.min(width - wide, x - wide / 2)), lanes.axis.height - 6)
  }
  context.fillStyle = colors.rule
  for (const { x } of ticks) context.fillRect(Math.round(x), lanes.axis.height, 1, lanes.height - lanes.axis.height)
}

const voice = (
  context: CanvasRenderingContext2D,
  heights: number[],
  from: number,
  top: number,
  height: number,
  color: string,
): void => {
  const middle = top + height / 2
  const bar = sizes.columnPx > 2 ? sizes.columnPx - 1 : sizes.columnPx
  context.fillStyle = color
  // One by one: in one path each line of the screen looks at every edge of it, which takes ten times as long.
  heights.forEach((value, i) => {
    if (value === 0) return
    // A power below one: quiet speech is to be seen beside loud.
    const half = Math.max(0.75, (value ** 0.75 * (height - 2)) / 2)
    context.fillRect(from + i * sizes.columnPx, middle - half, bar, 2 * half)
  })
}

const centre = (context: CanvasRenderingContext2D, y: number, width: number, color: string): void => {
  context.fillStyle = color
  context.fillRect(0, Math.round(y), width, 1)
}

const states: Paint = (context, { states, lanes: { state } }, colors) => {
  context.font = smallFont
  for (const { x, width, state: name, label } of states) {
    const [fill, ink] = stateColors[name]
    context.fillStyle = colors[fill]
    rounded(context, x + (width > 3 ? 0.5 : 0), state.top, width - (width > 3 ? 1 : 0), state.height, 3)
    context.fill()
    context.fillStyle = colors[ink]
    if (label !== '') context.fillText(label, x + 6, state.top + state.height - 4.5)
  }
}

const utterances: Paint = (context, { utterances, lanes: { agent } }, colors) => {
  context.font = smallFont
  for (const { x, width, label, of } of utterances) {
    context.fillStyle = colors.raised
    context.strokeStyle = of.outcome === 'interrupted' ? colors.cut : of.outcome === 'abandoned' ? colors.faint : colors.edge
    rounded(context, x + 0.5, agent.top + 0.5, width - 1, agent.height - 1, 4)
    context.fill()
    context.setLineDash(of.outcome === 'abandoned' ? [3, 3] : [])
    if (width > 3) context.stroke()
    context.setLineDash([])
    context.fillStyle = of.outcome === 'interrupted' ? colors['cut-ink'] : colors.faint
    if (label !== '') context.fillText(label, x + 6, agent.top + 11.5)
  }
}

/** Slanting lines in boxes of one height, in one path: a clip for each would take ten times as long. */
const hatch = (context: CanvasRenderingContext2D, boxes: { x: number; width: number }[], top: number, height: number): void => {
  context.beginPath()
  let end = Number.NEGATIVE_INFINITY
  for (const box of boxes) {
    // Where one lies over another the lines of both would make it darker.
    const x = Math.max(box.x, end)
    end = Math.max(end, box.x + box.width)
    const width = end - x
    for (let i = -height; i < width && width >= narrow; i += 7) {
      const [from, to] = [Math.max(0, -i), Math.min(height, width - i)]
      context.moveTo(x + i + from, top + height - from)
      context.lineTo(x + i + to, top + height - to)
    }
  }
  context.stroke()
}

const pauses: Paint = (context, { pauses, lanes: { agent } }, colors) => {
  const top = agent.top + sizes.tab
  const height = agent.height - sizes.tab - 1
  context.fillStyle = colors['pause-soft']
  for (const { x, width } of pauses) {
    rounded(context, x, top, width, height, 2)
    context.fill()
  }
  context.strokeStyle = colors.pause
  context.globalAlpha = 0.35
  hatch(context, pauses, top, height)
  context.globalAlpha = 1
  context.font = smallFont
  for (const { x, width, label } of pauses) {
    if (label === '') continue
    const wide = context.measureText(label).width
    context.fillStyle = colors['pause-soft']
    context.fillRect(x + (width - wide) / 2 - 4, top + height / 2 - 7, wide + 8, 14)
    context.fillStyle = colors['pause-ink']
    context.fillText(label, x + (width - wide) / 2, top + height / 2 + 4)
  }
}

const cuts: Paint = (context, { cuts, dense, lanes: { state, agent } }, colors) => {
  context.fillStyle = colors.cut
  if (dense) for (const at of cuts) context.fillRect(Math.round(at), agent.top, 1, sizes.tab)
  if (dense) return
  context.strokeStyle = colors.cut
  context.lineWidth = 1.5
  context.beginPath()
  for (const at of cuts) {
    const x = Math.round(at)
    const y = state.top + state.height + 2
    context.moveTo(x, y)
    context.lineTo(x, agent.top + agent.height)
    context.moveTo(x - 3.5, y - 3.5)
    context.lineTo(x + 3.5, y + 3.5)
    context.moveTo(x + 3.5, y - 3.5)
    context.lineTo(x - 3.5, y + 3.5)
  }
  context.stroke()
  context.lineWidth = 1
}

const words: Paint = (context, { words, lanes: { told, said } }, colors) => {
  for (const { x, line, text, speaker, written } of words) {
    context.font = written ? `italic ${wordFont}` : wordFont
    context.fillStyle = speaker === 'caller' ? colors['caller-ink'] : colors['agent-ink']
    // The first line is the one next to the voice.
    const baseline = speaker === 'caller' ? told.top + told.height - 4 - line * sizes.line : said.top + 11 + line * sizes.line
    context.fillText(text, x, baseline)
  }
}

const signs: Record<PlacedFault['kind'], { ink: keyof Colors; sign: string }> = {
  failure: { ink: 'cut-ink', sign: '✕' },
  drop: { ink: 'cut-ink', sign: '▾' },
  stall: { ink: 'pause-ink', sign: '■' },
  gap: { ink: 'faint', sign: '⋯' },
}
const faults: Paint = (context, { faults, lanes: { faults: lane } }, colors) => {
  context.font = smallFont
  for (const { x, width, kind, count } of faults) {
    const { ink, sign } = signs[kind]
    context.fillStyle = colors[ink]
    if (kind === 'stall') context.fillRect(x, lane.top + 2, Math.max(3, width), lane.height - 4)
    else context.fillText(sign, x - 4, lane.top + lane.height - 2)
    if (count > 1) context.fillText(String(count), x + Math.max(width, 8) + 1, lane.top + lane.height - 2)
  }
}

/** Paints all of it; `ratio`: pixels of the screen for one of the page. */
export const paint = (context: CanvasRenderingContext2D, picture: Picture, colors: Colors, ratio: number): void => {
  const { lanes, width } = picture
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, context.canvas.height / ratio)
  ticks(context, picture, colors)
  const { caller, agent } = lanes
  centre(context, caller.top + caller.height / 2, width, colors.rule)
  voice(context, picture.caller, picture.columnsX, caller.top, caller.height, colors.caller)
  states(context, picture, colors)
  utterances(context, picture, colors)
  pauses(context, picture, colors)
  voice(context, picture.agent, picture.columnsX, agent.top + sizes.tab, agent.height - sizes.tab, colors.agent)
  cuts(context, picture, colors)
  words(context, picture, colors)
  faults(context, picture, colors)
}
