/** Lines as SVG paths. */
import type { Point } from '../inspector/messages.ts'

const n = (value: number): string => String(Math.round(value * 10) / 10)
const at = ({ x, y }: Point): string => `${n(x)} ${n(y)}`
const bend = 6
const lengthOf = (from: Point, to: Point): number => Math.hypot(to.x - from.x, to.y - from.y)
/** `distance` px from `from` towards `to`. */
export const towards = (from: Point, to: Point, distance: number): Point => {
  const length = lengthOf(from, to) || 1
  return { x: from.x + ((to.x - from.x) * distance) / length, y: from.y + ((to.y - from.y) * distance) / length }
}

/** Through all points, round at the corners. */
export const cornered = (points: readonly Point[]): string => {
  const path = points.map((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]]
    if (!before) return `M${at(point)}`
    if (!after) return `L${at(point)}`
    const reach = Math.min(bend, lengthOf(before, point) / 2, lengthOf(point, after) / 2)
    return `L${at(towards(point, before, reach))}Q${at(point)} ${at(towards(point, after, reach))}`
  })
  return path.join('')
}

const long = 8
const wide = 3.5
/** The head of the arrow at the last point. */
export const headOf = (points: readonly Point[]): string => {
  const [before, tip] = points.slice(-2)
  if (!before || !tip) return ''
  const foot = towards(tip, before, long)
  const [dx, dy] = [(foot.y - tip.y) / long, (tip.x - foot.x) / long]
  const corner = (side: number) => at({ x: foot.x + dx * side, y: foot.y + dy * side })
  return `M${at(tip)}L${corner(wide)}L${corner(-wide)}Z`
}
