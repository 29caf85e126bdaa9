/** What hands do on the lanes: one finger drags the moment, on the axis the window; two fingers and the wheel zoom. */

export type Grip = {
  /** The moment at a place, in px from the left of the lanes. */
  at(x: number): number
  /** Above this the axis is. */
  axis(): number
  to(at: number): void
  end(): void
  /** Moves the window by so many px. */
  pan(px: number): void
  /** Below 1: closer; `around` stays where it is. */
  zoom(factor: number, around: number): void
  hint(x: number, y: number): void
}

type Point = { x: number; y: number }
const wheelPx = 100

const wheel = (element: HTMLElement, { at, pan, zoom }: Grip): void =>
  element.addEventListener(
    'wheel',
    event => {
      event.preventDefault()
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
      const [dx, dy] = event.shiftKey ? [event.deltaX + event.deltaY, 0] : [event.deltaX, event.deltaY]
      if (Math.abs(dx) > Math.abs(dy)) pan(dx * lines)
      else zoom(2 ** ((dy * lines) / wheelPx / 2), at(event.clientX - element.getBoundingClientRect().left))
    },
    { passive: false },
  )

/** A finger that moves less than this has not said yet what it wants: a second one may come. In px. */
const tapPx = 5

class Hands {
  readonly #element: HTMLElement
  readonly #grip: Grip
  readonly #down = new Map<number, Point>()
  /** `waits`: a finger is down, and has not moved. */
  #does: 'waits' | 'scrub' | 'pan' | 'pinch' | undefined

  constructor(element: HTMLElement, grip: Grip) {
    this.#element = element
    this.#grip = grip
    element.addEventListener('pointerdown', event => this.#press(event))
    element.addEventListener('pointermove', event => this.#move(event))
    element.addEventListener('pointerup', event => this.#lift(event, true))
    element.addEventListener('pointercancel', event => this.#lift(event, false))
  }

  #place({ clientX, clientY }: PointerEvent): Point {
    const { left, top } = this.#element.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }
  #scrub({ x }: Point): void {
    this.#does = 'scrub'
    this.#grip.to(this.#grip.at(Math.max(0, Math.min(this.#element.clientWidth, x))))
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return
    this.#element.setPointerCapture(event.pointerId)
    const point = this.#place(event)
    this.#down.set(event.pointerId, point)
    if (this.#does === 'scrub') this.#grip.end()
    if (this.#down.size > 1) this.#does = 'pinch'
    else if (point.y < this.#grip.axis()) this.#does = 'pan'
    else if (event.pointerType === 'touch') this.#does = 'waits'
    else this.#scrub(point)
  }

  #move(event: PointerEvent): void {
    const point = this.#place(event)
    const before = this.#down.get(event.pointerId)
    if (!before) this.#grip.hint(point.x, point.y)
    if (!before || (this.#does === 'waits' && Math.abs(point.x - before.x) < tapPx)) return
    if (this.#does === 'waits' || this.#does === 'scrub') this.#scrub(point)
    else if (this.#does === 'pan') this.#grip.pan(before.x - point.x)
    else this.#pinch(event.pointerId, before, point)
    this.#down.set(event.pointerId, point)
  }

  #pinch(id: number, before: Point, point: Point): void {
    const [, other] = [...this.#down].find(([one]) => one !== id) ?? []
    if (!other) return
    const [was, is] = [Math.abs(before.x - other.x), Math.abs(point.x - other.x)]
    if (is > 8 && was > 8) this.#grip.zoom(was / is, this.#grip.at((point.x + other.x) / 2))
  }

  #lift(event: PointerEvent, isWanted: boolean): void {
    if (!this.#down.delete(event.pointerId)) return
    if (this.#does === 'waits' && isWanted) this.#scrub(this.#place(event))
    if (this.#does === 'scrub') this.#grip.end()
    if (this.#down.size === 0) this.#does = undefined
  }
}

export const drag = (element: HTMLElement, grip: Grip): void => {
  new Hands(element, grip)
  wheel(element, grip)
}
