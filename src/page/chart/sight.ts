/** Which part of a chart is seen, and how large: pure geometry. */

export type Size = { width: number; height: number }
type Point = { x: number; y: number }
type Rect = Size & Point
/** `x` and `y`: what of the chart lies in the top left corner; `scale`: px on the page for one of the chart. */
export type Sight = { x: number; y: number; scale: number }

const scales = { least: 0.15, most: 4, readable: 0.7, close: 0.85, largest: 1.15 }
/** Around the whole chart, in px of the page. */
const MARGIN = 20

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)

const centred = (middle: Point, scale: number, view: Size): Sight => ({
  x: middle.x - view.width / scale / 2,
  y: middle.y - view.height / scale / 2,
  scale,
})

/** All of it, in the middle; never larger than it is pleasant. */
export const whole = (chart: Size, view: Size): Sight => {
  const across = (view.width - 2 * MARGIN) / chart.width
  const down = (view.height - 2 * MARGIN) / chart.height
  const scale = clamp(Math.min(across, down), scales.least, scales.largest)
  return centred({ x: chart.width / 2, y: chart.height / 2 }, scale, view)
}

/** All of it if that can be read; else what matters in the middle, and no more emptiness than there has to be. */
export const readable = (chart: Size, view: Size, what: Rect | undefined): Sight => {
  const all = whole(chart, view)
  if (all.scale >= scales.readable || !what) return all
  const scale = clamp((view.width - 2 * MARGIN) / chart.width, scales.close, 1)
  // What is larger than the view is seen from its beginning, where its name is.
  const from = (start: number, length: number, shown: number) =>
    length * scale + 2 * MARGIN > shown ? start - MARGIN / scale : start + length / 2 - shown / scale / 2
  const x = from(what.x, what.width, view.width)
  const y = from(what.y, what.height, view.height)
  const within = (start: number, shown: number, length: number, otherwise: number) =>
    length * scale + 2 * MARGIN <= shown ? otherwise : clamp(start, -MARGIN / scale, length + (MARGIN - shown) / scale)
  return {
    x: within(x, view.width, chart.width, (chart.width - view.width / scale) / 2),
    y: within(y, view.height, chart.height, (chart.height - view.height / scale) / 2),
    scale,
  }
}

/** Closer by a factor; what lies at `at`, in px of the page, stays there. */
export const zoomed = ({ x, y, scale }: Sight, factor: number, at: Point): Sight => {
  const next = clamp(scale * factor, scales.least, scales.most)
  return { x: x + at.x / scale - at.x / next, y: y + at.y / scale - at.y / next, scale: next }
}

/** Moved by px of the page. */
export const panned = ({ x, y, scale }: Sight, by: Point): Sight => ({ x: x - by.x / scale, y: y - by.y / scale, scale })

/** Of the boxes the one that lies next in a direction, seen from another: near and straight ahead comes first. */
export const nextTowards = <B extends Rect>(from: Rect, direction: Point, boxes: readonly B[]): B | undefined => {
  const middle = ({ x, y, width, height }: Rect) => ({ x: x + width / 2, y: y + height / 2 })
  const here = middle(from)
  let best: { box: B; cost: number } | undefined
  for (const box of boxes) {
    const there = middle(box)
    const [dx, dy] = [there.x - here.x, there.y - here.y]
    const ahead = dx * direction.x + dy * direction.y
    const aside = Math.abs(dx * direction.y) + Math.abs(dy * direction.x)
    const cost = ahead + 2 * aside
    if (ahead > 1 && cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = { box, cost }
  }
  return best?.box
}

export const isSame = (one: Sight, other: Sight): boolean => one.x === other.x && one.y === other.y && one.scale === other.scale

/** A part of the way from one to another. */
export const between = (from: Sight, to: Sight, part: number): Sight => {
  const of = (name: keyof Sight) => from[name] + (to[name] - from[name]) * part
  return { x: of('x'), y: of('y'), scale: of('scale') }
}
