/** Which stretch of time is looked at: it follows a live call, holds still for who looks back, and covers a recording at first, where there is room. */
import type { Hello } from '../../inspector/scene.ts'
import { panned, showing, type Window, within, zoomed } from './scale.ts'

/** What of the view of a page says it. */
export type Looked = { life: string; hello: Hello | null; from: number; to: number }

/** So many px has a second of a live call at first, and of a recording on a phone: words that are spoken have room in two lines. */
const livePx = 55
/** In fewer px words of a whole recording cannot be read. */
const narrow = 600
/** So much of the window is left free after the newest moment. */
const ahead = 0.03

export type Sight = {
  window: Window
  all: Window
  /** How much time is seen; undefined: all of it. */
  ms: number | undefined
}

export const firstSight = (): Sight => ({ window: { from: 0, to: 1000 }, all: { from: 0, to: 1000 }, ms: undefined })

const isLive = ({ hello }: Looked): boolean => hello?.mode !== 'recording'

/** What is seen of this view, in so many px, after `sight`. `dragged`: whoever drags the window itself wants it where it is. */
export const sightOf = (sight: Sight, view: Looked, width: number, at: number): Sight => {
  const live = isLive(view)
  const usual = (width / livePx) * 1000
  const ms = sight.ms ?? (live || width < narrow ? usual : undefined)
  const from = view.from
  const all = { from, to: Math.max(view.to, from + (live ? (ms ?? 0) * (1 - ahead) : 1000)) }
  if (live) all.to += (ms ?? 0) * ahead
  if (ms === undefined) return { all, window: all, ms: sight.ms }
  if (live && view.life === 'following') {
    const to = at + ms * ahead
    return { all, ms: sight.ms, window: within({ from: to - ms, to }, all) }
  }
  const { window } = sight
  const same = Math.abs(window.to - window.from - ms) < 1 ? window : { from: at - ms / 2, to: at + ms / 2 }
  return { all, ms: sight.ms, window: within(same, all) }
}

/** The window moved so that the moment is in it. */
export const turnedTo = (sight: Sight, at: number): Sight => ({ ...sight, window: showing(sight.window, at, sight.all) })

export const closer = (sight: Sight, factor: number, around: number): Sight => {
  const window = zoomed(sight.window, factor, around, sight.all)
  const ms = window.to - window.from
  return { ...sight, window, ms }
}
export const moved = (sight: Sight, ms: number): Sight => ({ ...sight, window: panned(sight.window, ms, sight.all) })
export const whole = (sight: Sight): Sight => ({ ...sight, ms: sight.all.to - sight.all.from, window: sight.all })
