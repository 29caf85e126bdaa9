/** Seeks while somebody drags: not too many of them, and the last one always. */

import type { Window } from './scale.ts'

/** A server reads a recording for each seek; so many ms lie between two. */
const everyMs = 60

/** A moment that is asked for comes within this, in ms, or not at all. */
const restMs = 3000

export type Scrub = {
  /** The moment where the dragging hand is, or where it let go while that is fetched; undefined else. */
  at(): number | undefined
  to(at: number): void
  end(): void
  /** This moment is shown now; `left`: somebody went on to another one in another way. */
  shown(at: number, left: boolean): void
}

/** `moved` is called at once, for what follows the hand; `seek` at most every 60 ms. */
export const scrubOf = (seek: (at: number) => void, moved: () => void): Scrub => {
  let hand: number | undefined
  let asked: number | undefined
  let resting: ReturnType<typeof setTimeout> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const send = () => {
    timer = undefined
    if (hand === undefined || hand === asked) return
    asked = hand
    seek(hand)
    timer = setTimeout(send, everyMs)
  }
  const leave = () => {
    clearTimeout(resting)
    resting = undefined
    hand = undefined
    asked = undefined
  }
  return {
    at: () => hand,
    to: at => {
      clearTimeout(resting)
      resting = undefined
      hand = at
      moved()
      if (timer === undefined) send()
    },
    end: () => {
      if (hand === undefined || resting !== undefined) return
      clearTimeout(timer)
      timer = undefined
      if (hand !== asked) seek(hand)
      resting = setTimeout(() => {
        leave()
        moved()
      }, restMs)
    },
    shown: (at, left) => {
      if (resting !== undefined && hand !== undefined && (left || Math.abs(at - hand) < 1)) leave()
    },
  }
}

/** Where a key leads from `at`; undefined: it is none of ours. */
export const keyed = (key: string, far: boolean, at: number, { from, to }: Window): number | undefined => {
  const steps: Record<string, number> = {
    ArrowLeft: far ? -5000 : -200,
    ArrowDown: far ? -5000 : -200,
    ArrowRight: far ? 5000 : 200,
    ArrowUp: far ? 5000 : 200,
    PageDown: -10_000,
    PageUp: 10_000,
    Home: from - at,
    End: to - at,
  }
  const step = steps[key]
  return step === undefined ? undefined : Math.max(from, Math.min(to, at + step))
}
