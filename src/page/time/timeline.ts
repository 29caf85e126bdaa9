/** The time line: what was heard, said and done, in lanes, with the moment that is shown. */
import { h } from '../dom.ts'
import type { Actions, Panel, PanelEntry, View } from '../panel.ts'
import { framed } from './canvas.ts'
import './lanes.css'
import { linesOf } from './lines.ts'
import { playerOf } from './player.ts'
import { scrubOf } from './scrub.ts'
import { closer, firstSight, moved, type Sight, sightOf, turnedTo, whole } from './sight.ts'
import { sliderOf } from './slider.ts'
import { delayed } from './soon.ts'
import { type Source, sourceOf } from './source.ts'
import { tableOf } from './table.ts'
import { toolbarOf } from './toolbar.ts'
import { lanesView } from './view.ts'

/** The table for who cannot see the picture follows with this delay, in ms. */
const tableMs = 700

const tableView = (source: Source, sight: () => Sight) => {
  const element = h('div', { class: 'time-table', role: 'region', 'aria-label': 'The lanes in words' })
  const soon = delayed(() => {
    const { window } = sight()
    element.replaceChildren(tableOf(linesOf(source.tracks(window), window)))
  })
  return { element, soon: () => soon(tableMs) }
}

const make = (actions: Actions): Panel => {
  let view: View | undefined
  let sight = firstSight()
  let turned: number | undefined
  const soon = framed(() => draw())
  const source = sourceOf(actions, soon)
  const player = playerOf(actions, soon)
  const scrub = scrubOf(at => actions.seek(at), soon)
  const at = () => scrub.at() ?? view?.at ?? 0
  const look = (next: Sight) => {
    sight = next
    soon()
  }
  const zoom = (factor: number, around = at()) => look(closer(sight, factor, around))
  const pan = (ms: number) => {
    if (view?.life === 'following' && view.hello?.mode !== 'recording') actions.hold()
    look(moved(sight, ms))
  }
  const lanes = lanesView({ to: scrub.to, end: scrub.end, zoom, pan }, soon)
  const slider = sliderOf(scrub)
  const toolbar = toolbarOf(actions, player, { zoom, whole: () => look(whole(sight)), changed: soon })
  const table = tableView(source, () => sight)
  const draw = () => {
    if (!view) return
    sight = sightOf(sight, view, Math.max(1, lanes.width()), at())
    if (turned !== at()) sight = turnedTo(sight, at())
    turned = at()
    const { window, all } = sight
    if (lanes.show(source.tracks(window), source.version(), sight, at())) table.soon()
    slider.show({ all, window, at: at(), tracks: source.tracks(all), version: source.version() })
    toolbar.show(view, at())
  }
  return {
    element: h('div', { class: 'time' }, toolbar.element, lanes.element, slider.element, table.element),
    keys: [
      { key: '+', does: 'look closer at the moment', run: () => zoom(0.5) },
      { key: '-', does: 'look from further away', run: () => zoom(2) },
    ],
    show: next => {
      view = next
      scrub.shown(next.at, next.life === 'following')
      source.show(next)
      player.show(next)
      draw()
    },
  }
}

export const timePanel: PanelEntry = { name: 'time', title: 'Time line', place: 'foot', make }
