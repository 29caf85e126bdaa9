/** A list of any length, of which only what is seen is in the page. */
import { h } from '../dom.ts'

export type ListOptions = {
  /** Of every row, in px. */
  rowHeight: number
  /** `known`: the element that showed the same key before; it is changed and given back, or another is made. */
  render(index: number, known: HTMLElement | undefined): HTMLElement
  keyOf(index: number): number
  /** Somebody has scrolled, by hand. */
  scrolled(): void
  attributes: Record<string, string | number>
}
export type List = {
  element: HTMLElement
  /** Shows so many rows; one of them, `open`, has an element of its own height below it. */
  show(count: number, open?: { index: number; element: HTMLElement }): void
  resize(rowHeight: number): void
  reveal(index: number, where: 'nearest' | 'middle' | 'end'): void
  isAtEnd(): boolean
  /** How many rows fit. */
  page(): number
}

/** Rows beyond the edges, so that scrolling finds something there. */
const beyond = 6

export const listOf = ({ render, keyOf, scrolled, attributes, ...options }: ListOptions): List => {
  let { rowHeight } = options
  let count = 0
  let open: { index: number; element: HTMLElement; height: number } | undefined
  let shown = new Map<number, HTMLElement>()
  let ours = -1
  let touchedAt = Number.NEGATIVE_INFINITY
  const space = h('div', { class: 'log-space', role: 'presentation' })
  const element = h('div', { class: 'log-list', tabindex: 0, ...attributes }, space)
  const topOf = (index: number) => index * rowHeight + (open && index > open.index ? open.height : 0)
  const indexAt = (top: number) => {
    if (open && top > (open.index + 1) * rowHeight) return Math.max(open.index, Math.floor((top - open.height) / rowHeight))
    return Math.floor(top / rowHeight)
  }
  const draw = () => {
    const { scrollTop, clientHeight } = element
    const first = Math.max(0, indexAt(scrollTop) - beyond)
    const last = Math.min(count - 1, indexAt(scrollTop + clientHeight) + beyond)
    const next = new Map<number, HTMLElement>()
    let before: Element | null = null
    for (let index = first; index <= last; index++) {
      const key = keyOf(index)
      const row = render(index, shown.get(key))
      row.style.transform = `translateY(${topOf(index)}px)`
      next.set(key, row)
      // In the order of reading, for who has them read.
      if (row.parentNode !== space || row.previousElementSibling !== before) before ? before.after(row) : space.prepend(row)
      before = row
      if (open?.index === index) {
        row.after(open.element)
        before = open.element
      }
    }
    for (const [key, row] of shown) if (next.get(key) !== row) row.remove()
    shown = next
    if (open) open.element.style.transform = `translateY(${(open.index + 1) * rowHeight}px)`
  }
  /** Our own scrolling is nobody's hand. */
  const scrollTo = (top: number) => {
    element.scrollTop = top
    ours = element.scrollTop
  }
  element.addEventListener('scroll', () => {
    // What the browser does when the size changes is nobody's hand either.
    const byHand = Math.abs(element.scrollTop - ours) > 1 && (element.matches(':hover') || performance.now() - touchedAt < 1000)
    ours = -1
    draw()
    if (byHand) scrolled()
  })
  element.addEventListener(
    'touchmove',
    () => {
      touchedAt = performance.now()
    },
    { passive: true },
  )
  new ResizeObserver(draw).observe(element)
  return {
    element,
    show: (rows, detail) => {
      count = rows
      if (open && open.element !== detail?.element) open.element.remove()
      open = undefined
      if (detail) {
        if (detail.element.parentNode !== space) space.append(detail.element)
        open = { ...detail, height: detail.element.offsetHeight }
      }
      space.style.height = `${count * rowHeight + (open?.height ?? 0)}px`
      draw()
    },
    resize: height => {
      rowHeight = height
    },
    reveal: (index, where) => {
      const [top, bottom] = [topOf(index), topOf(index) + rowHeight + (open?.index === index ? open.height : 0)]
      const { scrollTop, clientHeight } = element
      if (where === 'end') scrollTo(space.offsetHeight)
      else if (where === 'middle' && (top < scrollTop || bottom > scrollTop + clientHeight)) scrollTo(top - clientHeight * 0.6)
      else if (top < scrollTop) scrollTo(top)
      else if (bottom > scrollTop + clientHeight) scrollTo(bottom - clientHeight)
      draw()
    },
    isAtEnd: () => element.scrollTop + element.clientHeight >= space.offsetHeight - rowHeight,
    page: () => Math.max(1, Math.floor(element.clientHeight / rowHeight) - 1),
  }
}
