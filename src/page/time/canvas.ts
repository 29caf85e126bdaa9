/** A canvas that fits its place, in the pixels of the screen and the colours of the page. */
import { h } from '../dom.ts'
import { type Colors, colorsOf } from './paint.ts'

export type Sheet = {
  element: HTMLCanvasElement
  context: CanvasRenderingContext2D
  width: number
  height: number
  ratio: number
  colors: Colors
  /** Becomes another number when the size or the colours have changed. */
  version: number
}

/** `changed` is called when it has another size or other colours. The element takes the size of its parent. */
export const sheetOf = (changed: () => void): Sheet => {
  const element = h('canvas', { 'aria-hidden': 'true' })
  const context = element.getContext('2d')
  if (!context) throw new Error('this browser has no canvas: take another')
  const sheet: Sheet = { element, context, width: 0, height: 0, ratio: 1, colors: colorsOf(document.body), version: 0 }
  const fit = ({ width, height }: { width: number; height: number }) => {
    sheet.ratio = devicePixelRatio || 1
    Object.assign(sheet, { width: Math.floor(width), height: Math.floor(height) })
    element.width = Math.round(sheet.width * sheet.ratio)
    element.height = Math.round(sheet.height * sheet.ratio)
    recolor()
  }
  const recolor = () => {
    sheet.colors = colorsOf(document.body)
    sheet.version++
    changed()
  }
  new ResizeObserver(entries => {
    const box = entries.at(-1)?.contentRect
    if (box) fit(box)
  }).observe(element)
  new MutationObserver(recolor).observe(document.documentElement, { attributeFilter: ['data-theme'] })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolor)
  return sheet
}

/** Runs what is asked for in the next frame, once for all that ask before. */
export const framed = (run: () => void): (() => void) => {
  let waits = false
  return () => {
    if (waits) return
    waits = true
    requestAnimationFrame(() => {
      waits = false
      run()
    })
  }
}
