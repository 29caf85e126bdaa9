/** A stretch of time on a stretch of pixels. */

/** In ms of the room's clock. */
export type Window = { from: number; to: number }

/** Closer than this nothing more is seen, in ms. */
const leastMs = 500

export const xOf =
  ({ from, to }: Window, width: number) =>
  (at: number): number =>
    ((at - from) / (to - from)) * width
export const atOf = ({ from, to }: Window, width: number, x: number): number => from + (x / width) * (to - from)

/** The window moved so that it lies within `all`; one that is larger becomes all. */
export const within = ({ from, to }: Window, all: Window): Window => {
  const ms = Math.min(to - from, Math.max(leastMs, all.to - all.from))
  const start = Math.max(all.from, Math.min(from, all.to - ms))
  return { from: start, to: start + ms }
}
export const panned = ({ from, to }: Window, ms: number, all: Window): Window => within({ from: from + ms, to: to + ms }, all)

/** Zoomed by `factor` (below 1: closer), so that `around` stays where it is. */
export const zoomed = (window: Window, factor: number, around: number, all: Window): Window => {
  const ms = Math.max(leastMs, (window.to - window.from) * factor)
  const share = (around - window.from) / (window.to - window.from)
  const from = around - share * ms
  return within({ from, to: from + ms }, all)
}

/** The window moved only as far as is needed for `at` to lie in it; a page further if it is outside. */
export const showing = (window: Window, at: number, all: Window): Window => {
  if (at >= window.from && at <= window.to) return window
  const ms = window.to - window.from
  return within({ from: at - ms / 3, to: at + (ms * 2) / 3 }, all)
}

/** The distances that named lines may have, in ms. */
const steps = [
  100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
]

export type Tick = { at: number; text: string }
/** Named lines, at least `least` px from each other. */
export const ticksOf = (window: Window, width: number, least: number): Tick[] => {
  const needed = ((window.to - window.from) / width) * least
  const step = steps.find(ms => ms >= needed) ?? Math.ceil(needed / 3_600_000) * 3_600_000
  const ticks: Tick[] = []
  for (let at = Math.ceil(window.from / step) * step; at <= window.to; at += step) ticks.push({ at, text: tickText(at, step) })
  return ticks
}

const pad = (value: number): string => String(value).padStart(2, '0')
/** `1:05`, with a tenth where the lines are that close, with hours where there are some. */
export const tickText = (at: number, step = 1000): string => {
  const tenths = Math.round(at / 100)
  const [hours, minutes, seconds] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60, Math.floor(tenths / 10) % 60]
  const whole = hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`
  return step < 1000 ? `${whole}.${tenths % 10}` : whole
}
