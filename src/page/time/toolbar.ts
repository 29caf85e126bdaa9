/** What stands above the lanes: play, the moment, whose sound is heard, how close one looks. */
import { attribute, button, h, text } from '../dom.ts'
import type { Actions, View } from '../panel.ts'
import { clockText } from '../times.ts'
import type { Player, Side } from './player.ts'
import './controls.css'
import './toolbar.css'

export type Toolbar = { element: HTMLElement; show(view: View, at: number): void }
type Does = { zoom(factor: number): void; whole(): void; changed(): void }

const isRecording = ({ hello }: View): boolean => hello?.mode === 'recording'

/** Plays a recording from the moment that is shown; at its end, from its beginning. */
const toggled = (view: View, actions: Actions): void => {
  const isOver = isRecording(view) && view.at >= view.to
  if (view.life === 'following' && !isOver) actions.hold()
  else {
    if (isOver) actions.seek(view.from)
    actions.follow()
  }
}

const sideOf = (side: Side, player: Player, changed: () => void) => {
  const face = button(
    side,
    () => {
      player.turn(side, !player.isOn(side))
      changed()
    },
    { class: `time-side time-side-${side}`, title: `Plays the sound of the ${side}`, label: `Sound of the ${side}` },
  )
  return { face, show: () => attribute(face, 'aria-pressed', String(player.isOn(side))) }
}

export const toolbarOf = (actions: Actions, player: Player, { zoom, whole, changed }: Does): Toolbar => {
  let view: View | undefined
  const play = button('', () => view && toggled(view, actions), { class: 'time-play' })
  const live = button('live', actions.follow, { class: 'time-live', title: 'Goes back to what happens now' })
  const now = h('output', { class: 'time-now', 'aria-label': 'Moment' })
  const of = h('span', { class: 'time-of' })
  const trouble = h('span', { class: 'time-trouble', role: 'status' })
  const sides = (['caller', 'agent'] as const).map(side => sideOf(side, player, changed))
  const sound = h('span', { class: 'time-sides' }, ...sides.map(({ face }) => face))
  const look = h(
    'span',
    { class: 'time-look' },
    button('−', () => zoom(2), { label: 'Look from further away' }),
    button('+', () => zoom(0.5), { label: 'Look closer' }),
    button('whole', whole, { label: 'Look at the whole call' }),
  )
  const element = h('div', { class: 'time-bar' }, play, live, now, of, sound, trouble, look)
  const show = (next: View, at: number) => {
    view = next
    const recording = isRecording(next)
    const follows = next.life === 'following' && !(recording && next.at >= next.to)
    play.dataset.sign = follows ? 'hold' : 'play'
    const name = follows ? 'Hold this moment' : recording ? 'Play from this moment' : 'Go on'
    attribute(play, 'aria-label', name)
    attribute(play, 'title', name)
    live.hidden = recording
    attribute(live, 'aria-pressed', String(follows))
    text(now, clockText(at))
    text(of, `/ ${clockText(next.to)}`)
    sound.hidden = !recording
    for (const side of sides) side.show()
    text(trouble, recording ? player.trouble() : '')
  }
  return { element, show }
}
