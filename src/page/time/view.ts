/** The lanes with their names and the moment that is shown: drawn again only where something of them has changed. */
import { attribute, h } from '../dom.ts'
import { clockText } from '../times.ts'
import { sheetOf } from './canvas.ts'
import { drag, type Grip } from './drag.ts'
import { hitText } from './hit.ts'
import { measuring, paint } from './paint.ts'
import { type Lanes, type Picture, pictureOf } from './picture.ts'
import { atOf, type Window, xOf } from './scale.ts'
import type { Tracks } from './tracks.ts'

/** What stands before the lanes, each beside its own. */
const namesOf = () => {
  const lanes = ['caller', 'state', 'agent', 'faults'] as const
  const names = lanes.map(lane => ({ lane, element: h('span', { class: `time-name-${lane}` }, lane) }))
  const element = h('div', { class: 'time-names', 'aria-hidden': 'true' }, ...names.map(({ element }) => element))
  const place = (all: Lanes, hasFaults: boolean) => {
    for (const { lane, element } of names) {
      element.style.top = `${all[lane].top + all[lane].height / 2}px`
      element.hidden = lane === 'faults' && !hasFaults
    }
  }
  return { element, place }
}

export type LanesView = {
  element: HTMLElement
  width(): number
  /** `version`: another number where the tracks are not what they were. True: the picture is another. */
  show(tracks: Tracks, version: number, seen: { window: Window; all: Window }, at: number): boolean
}

export const lanesView = (
  grip: Pick<Grip, 'to' | 'end' | 'zoom'> & { pan(ms: number): void },
  changed: () => void,
): LanesView => {
  let picture: Picture | undefined
  let seen: Window = { from: 0, to: 1 }
  let painted = ''
  const sheet = sheetOf(changed)
  const measure = measuring(sheet.context)
  const names = namesOf()
  const head = h('div', { class: 'time-head' })
  const place = h('div', { class: 'time-view' }, sheet.element, head)
  drag(place, {
    ...grip,
    at: x => atOf(seen, Math.max(1, sheet.width), x),
    axis: () => picture?.lanes.axis.height ?? 0,
    pan: px => grip.pan((px / Math.max(1, sheet.width)) * (seen.to - seen.from)),
    hint: (x, y) => attribute(place, 'title', (picture && hitText(picture, x, y)) || undefined),
  })
  const draw = (tracks: Tracks, window: Window) => {
    picture = pictureOf(tracks, window, sheet.width, sheet.height, measure)
    paint(sheet.context, picture, sheet.colors, sheet.ratio)
    names.place(picture.lanes, picture.faults.length > 0)
    head.style.height = `${picture.lanes.height}px`
  }
  return {
    element: h('div', { class: 'time-lanes' }, names.element, place),
    width: () => sheet.width,
    show: (tracks, version, { window, all }, at) => {
      seen = window
      attribute(place, 'data-before', window.from > all.from + 1)
      attribute(place, 'data-after', window.to < all.to - 1)
      const key = `${version} ${sheet.version} ${window.from} ${window.to} ${tracks.end}`
      const isNew = sheet.width > 0 && key !== painted
      if (isNew) {
        painted = key
        draw(tracks, window)
      }
      head.style.transform = `translateX(${xOf(window, sheet.width)(at)}px)`
      attribute(head, 'data-time', clockText(at))
      return isNew
    },
  }
}
