/** All of a call in a strip, with the moment that is shown: to drag, and to work with the keyboard. */
import { attribute, h } from '../dom.ts'
import { clockText } from '../times.ts'
import { type Sheet, sheetOf } from './canvas.ts'
import { atOf, type Window, xOf } from './scale.ts'
import { keyed } from './scrub.ts'
import { delayed } from './soon.ts'
import type { Tracks } from './tracks.ts'
import { columns, gainOf } from './wave.ts'

export type Shown = { all: Window; window: Window; at: number; tracks: Tracks; version: number }
export type Slider = { element: HTMLElement; show(shown: Shown): void }
/** `at`: the moment that was asked for last, and is not shown yet. */
export type Hand = { at(): number | undefined; to(at: number): void; end(): void }

const columnPx = 2
/** How often the strip of a call that goes on is painted, in ms. */
const everyMs = 400

/** Both voices in one strip: the caller upwards, the agent downwards; faults at its foot. */
const paint = ({ context, ratio, width, height, colors }: Sheet, { all, tracks }: Shown): void => {
  const count = Math.ceil(width / columnPx)
  const x = xOf(all, width)
  const half = (height - 4) / 2
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  context.fillStyle = colors.pause
  for (const { from, to, kind } of tracks.faults)
    if (kind !== 'gap') context.fillRect(x(from), height - 2, Math.max(2, x(to) - x(from)), 2)
  for (const side of ['caller', 'agent'] as const) {
    context.fillStyle = colors[side]
    const gain = gainOf(tracks[side])
    columns(tracks[side], all.from, all.to, count).forEach((value, i) => {
      const tall = Math.min(1, value * gain) ** 0.75 * half
      if (value > 0) context.fillRect(i * columnPx, side === 'caller' ? 1 + half - tall : 2 + half, columnPx - 0.5, tall)
    })
  }
}

class Strip implements Slider {
  readonly element: HTMLElement
  readonly #hand: Hand
  readonly #sheet = sheetOf(() => this.#again())
  readonly #later = delayed(() => this.#again())
  readonly #bracket = h('div', { class: 'time-bracket' })
  readonly #head = h('div', { class: 'time-head' })
  #shown: Shown | undefined
  #painted = { key: '', at: 0, sheet: 0 }

  constructor(hand: Hand) {
    this.#hand = hand
    this.element = h(
      'div',
      { class: 'time-slider', role: 'slider', tabindex: 0, 'aria-label': 'Moment of the call', 'aria-orientation': 'horizontal' },
      ...[this.#sheet.element, this.#bracket, this.#head],
    )
    this.element.addEventListener('pointerdown', event => this.#press(event))
    this.element.addEventListener('pointermove', event => {
      if (this.element.hasPointerCapture(event.pointerId)) this.#drag(event)
    })
    for (const type of ['pointerup', 'pointercancel', 'keyup'] as const) this.element.addEventListener(type, hand.end)
    this.element.addEventListener('keydown', event => this.#key(event))
  }

  show(shown: Shown): void {
    this.#shown = shown
    const { all, window, at } = shown
    const { width } = this.#sheet
    const x = xOf(all, width)
    this.#paint(shown)
    const left = Math.max(0, x(window.from))
    this.#bracket.hidden = window.to - window.from >= (all.to - all.from) * 0.999
    this.#bracket.style.transform = `translateX(${left}px)`
    this.#bracket.style.width = `${Math.max(6, Math.min(width, x(window.to)) - left)}px`
    this.#head.style.transform = `translateX(${Math.max(0, Math.min(width, x(at)))}px)`
    attribute(this.element, 'aria-valuemin', Math.round(all.from))
    attribute(this.element, 'aria-valuemax', Math.round(all.to))
    attribute(this.element, 'aria-valuenow', Math.round(Math.max(all.from, Math.min(all.to, at))))
    attribute(this.element, 'aria-valuetext', clockText(at))
  }

  /** At once in another size or other colours; else now and then, since a call goes on all the time. */
  #paint(shown: Shown): void {
    const { width, version } = this.#sheet
    const key = `${shown.version} ${version} ${shown.all.from} ${shown.all.to}`
    if (width === 0 || key === this.#painted.key) return
    const now = performance.now()
    if (now - this.#painted.at <= everyMs && version === this.#painted.sheet) {
      this.#later(everyMs)
      return
    }
    this.#painted = { key, at: now, sheet: version }
    paint(this.#sheet, shown)
  }
  #again(): void {
    if (this.#shown) this.show(this.#shown)
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return
    this.element.setPointerCapture(event.pointerId)
    this.#drag(event)
  }
  #drag({ clientX }: PointerEvent): void {
    const { left, width } = this.element.getBoundingClientRect()
    if (this.#shown) this.#hand.to(atOf(this.#shown.all, width, Math.max(0, Math.min(width, clientX - left))))
  }
  #key(event: KeyboardEvent): void {
    const { key, shiftKey, ctrlKey, metaKey, altKey } = event
    const to = this.#shown && keyed(key, shiftKey, this.#hand.at() ?? this.#shown.at, this.#shown.all)
    if (to === undefined || ctrlKey || metaKey || altKey) return
    event.preventDefault()
    event.stopPropagation()
    this.#hand.to(to)
  }
}

export const sliderOf = (hand: Hand): Slider => new Strip(hand)
