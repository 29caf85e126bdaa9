/** Hands on a chart: drag, wheel and pinch move the sight. */
import { panned, type Sight, zoomed } from './sight.ts'

export type Grip = { sight(): Sight; move(sight: Sight): void }

/** One step of a wheel, in the px that browsers give for it. */
const WHEEL = 500

export const gripOn = (element: HTMLElement, { sight, move }: Grip): void => {
  const held = new Map<number, { x: number; y: number }>()
  const inElement = ({ clientX, clientY }: { clientX: number; clientY: number }) => {
    const { left, top } = element.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }
  const spread = ([one, other]: { x: number; y: number }[]) =>
    one && other
      ? { middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 }, apart: Math.hypot(one.x - other.x, one.y - other.y) }
      : undefined
  element.addEventListener('pointerdown', event => {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest('button'))) return
    held.set(event.pointerId, inElement(event))
  })
  element.addEventListener('pointermove', event => {
    const before = held.get(event.pointerId)
    if (!before) return
    const now = inElement(event)
    const was = spread([...held.values()])
    held.set(event.pointerId, now)
    const is = spread([...held.values()])
    element.classList.add('held')
    // Captured only now: a click that does not move stays one on what it hit.
    if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId)
    if (was && is) {
      const by = { x: is.middle.x - was.middle.x, y: is.middle.y - was.middle.y }
      move(zoomed(panned(sight(), by), is.apart / Math.max(1, was.apart), is.middle))
    } else move(panned(sight(), { x: now.x - before.x, y: now.y - before.y }))
  })
  const release = ({ pointerId }: PointerEvent) => {
    held.delete(pointerId)
    if (held.size === 0) element.classList.remove('held')
  }
  for (const type of ['pointerup', 'pointercancel', 'lostpointercapture'] as const) element.addEventListener(type, release)
  element.addEventListener(
    'wheel',
    event => {
      event.preventDefault()
      const by = event.deltaY * (event.deltaMode === 0 ? 1 : 30) * (event.ctrlKey ? 3 : 1)
      move(zoomed(sight(), 2 ** (-by / WHEEL), inElement(event)))
    },
    { passive: false },
  )
}
