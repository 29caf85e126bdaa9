/** A published track of the loopback room: its sound, and whether it may be heard. */
import type { Format } from '../audio/frame.ts'
import type { TrackInfo, TrackSource } from '../ports.ts'
import type { Sound } from './collector.ts'
import type { Timeline, Watcher } from './timeline.ts'
import type { Pictures } from './videos.ts'

export type TrackOptions = {
  sid: string
  source: TrackSource
  preconnect: boolean
  enhanced?: boolean
  timeline: Timeline
  /** Where it is a video track. */
  pictures?: Pictures
}

export class Track implements Sound {
  /** Of the publication. It changes when the track is published again after a full reconnect. */
  sid: string
  readonly source: TrackSource
  readonly preconnect: boolean
  readonly enhanced: boolean
  readonly timeline: Timeline
  readonly pictures: Pictures | undefined
  /** Somebody has subscribed to this publication. */
  wanted = false
  #muted = false
  readonly #taps = new Map<Watcher, () => void>()
  readonly #watchers = new Set<() => void>()

  constructor({ sid, source, preconnect, enhanced = false, timeline, pictures }: TrackOptions) {
    this.sid = sid
    this.source = source
    this.preconnect = preconnect
    this.enhanced = enhanced
    this.timeline = timeline
    this.pictures = pictures
  }

  get format(): Format {
    return this.timeline.format
  }
  read(from: number, count: number, into: Int16Array, at: number): void {
    this.timeline.read(from, count, into, at)
  }
  muted(): boolean {
    return this.#muted
  }
  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }
  /** Gives back whether that was a change. */
  setMuted(muted: boolean): boolean {
    if (this.#muted === muted) return false
    this.#muted = muted
    for (const changed of [...this.#watchers]) changed()
    for (const [watcher, off] of this.#taps) {
      off()
      this.#open(watcher)
    }
    return true
  }
  /** Watches what is audible: while muted, nothing. */
  tap(watcher: Watcher): () => void {
    this.#open(watcher)
    return () => {
      this.#taps.get(watcher)?.()
      this.#taps.delete(watcher)
    }
  }
  /** What others are told of it; `key` where they are subscribed. */
  info(key?: string): TrackInfo {
    return {
      sid: this.sid,
      ...(key === undefined ? {} : { key }),
      source: this.source,
      muted: this.#muted,
      subscribed: key !== undefined,
      preconnect: this.preconnect,
      ...(this.enhanced ? { enhanced: true } : {}),
    }
  }

  #open(watcher: Watcher): void {
    this.#taps.set(watcher, this.#muted ? () => {} : this.timeline.watch(watcher))
  }
}
