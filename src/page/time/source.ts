/** What the lanes are drawn from: the messages of a live call as they come, stretches of a recording as they are asked for. */
import type { Actions, View } from '../panel.ts'
import { newsOf } from './news.ts'
import type { Window } from './scale.ts'
import { emptyTracks, note, type Tracks, tracksOf } from './tracks.ts'

/** The rate of voices where a tape says none, in Hz. */
const usualRate = 24_000
/** After a window has stood still for so long it is asked for in detail, in ms. */
const settleMs = 150
export type Source = {
  show(view: View): void
  /** The best that is known for a window; better is asked for. */
  tracks(window: Window): Tracks
  /** Becomes another number with everything new. */
  version(): number
}

const rateOf = ({ hello }: View): number => hello?.header?.sampleRate ?? usualRate

/** Of a live call: what is kept, and from then on all that comes. */
const liveSource = () => {
  const news = newsOf()
  let tracks = emptyTracks(0, usualRate)
  let version = 0
  return {
    show: (view: View) => {
      const { fresh, anew } = news(view.messages)
      if (anew) tracks = emptyTracks(view.from, rateOf(view))
      for (const message of fresh) note(tracks, message)
      if (anew || fresh.length > 0) version++
      tracks.end = Math.max(tracks.end, view.to)
    },
    tracks: () => tracks,
    version: () => version,
  }
}

/** Of a recording: all of it thinned out, and what is looked at closely in detail. */
const recordingSource = (actions: Actions, changed: () => void) => {
  let all: (Window & { rate: number }) | undefined
  let whole = emptyTracks(0, usualRate)
  let detail: { window: Window; tracks: Tracks } | undefined
  let wanted: Window | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined
  let version = 0
  const ask = async (from: number, to: number) => {
    asking?.abort()
    asking = new AbortController()
    const { signal } = asking
    const messages = await actions.span(from, to, signal).catch(() => undefined)
    return signal.aborted ? undefined : messages
  }
  const look = async (window: Window) => {
    if (!all) return
    const ms = window.to - window.from
    const near = { from: Math.max(all.from, window.from - ms / 2), to: Math.min(all.to, window.to + ms / 2) }
    const messages = await ask(near.from, near.to)
    if (!messages || !all) return
    const tracks = tracksOf(messages, near.from, all.rate)
    detail = { window: near, tracks: { ...tracks, end: whole.end } }
    version++
    changed()
  }
  const begin = async (from: number, to: number, rate: number) => {
    all = { from, to, rate }
    whole = emptyTracks(from, rate)
    detail = undefined
    const messages = await ask(from, to)
    if (!messages) return
    whole = tracksOf(messages, from, rate)
    whole.end = Math.max(whole.end, to)
    version++
    changed()
  }
  return {
    show: (view: View) => {
      const { from, to } = { from: view.hello?.from ?? view.from, to: view.hello?.to ?? view.to }
      if (to > from && (all?.from !== from || all.to !== to)) void begin(from, to, rateOf(view))
    },
    tracks: (window: Window): Tracks => {
      if (!all || window.to - window.from > (all.to - all.from) / 2) return whole
      const isKnown = detail && detail.window.from <= window.from && detail.window.to >= window.to
      const isFine = detail && detail.window.to - detail.window.from <= 4 * (window.to - window.from)
      if (!(isKnown && isFine) && (wanted?.from !== window.from || wanted.to !== window.to)) {
        wanted = { ...window }
        clearTimeout(timer)
        timer = setTimeout(() => void look(window), settleMs)
      }
      return isKnown && detail ? detail.tracks : whole
    },
    version: () => version,
  }
}

/** `changed`: something is known that was asked for. */
export const sourceOf = (actions: Actions, changed: () => void): Source => {
  const live = liveSource()
  const recording = recordingSource(actions, changed)
  let current: Source = live
  return {
    show: view => {
      current = view.hello?.mode === 'recording' ? recording : live
      current.show(view)
    },
    tracks: window => current.tracks(window),
    version: () => current.version() + (current === live ? 0 : 0.5),
  }
}
