/** The head of the page: which room, how it stands, which moment is shown. */
import type { AgentState } from '../mind.ts'
import './header.css'
import { attribute, button, h, s, text } from './dom.ts'
import { icon, setIcon } from './icons.ts'
import type { Actions, Key, View } from './panel.ts'
import { nextTheme, startTheme, type Theme } from './theme.ts'
import { clockText, spanText } from './times.ts'
import { rootOf } from './words.ts'

const states: readonly AgentState[] = ['initializing', 'idle', 'listening', 'thinking', 'speaking']

/** What the agent is at the moment that is shown, as the room knows it. */
const agentStateOf = ({ scene: { actors } }: View): AgentState | undefined => {
  const root = rootOf(actors)
  const { status, context } = (root === null ? undefined : actors[root]) ?? {}
  const known = status === 'active' ? context?.state : undefined
  return states.find(state => state === known)
}

const isOver = ({ scene: { actors } }: View): boolean => {
  const root = rootOf(actors)
  return root !== null && actors[root]?.status !== 'active'
}

/** How the page stands, in a word or two. */
const lifeText = (view: View): string => {
  const { life, hello } = view
  if (life === 'connecting') return 'Connecting'
  if (life === 'lost') return 'Disconnected'
  if (life === 'refused') return 'Refused'
  if (hello?.mode === 'recording') return life === 'following' ? 'Playing' : 'Recording'
  if (life === 'following') return hello?.header ? (isOver(view) ? 'Ended' : 'Live') : 'Ready'
  return 'Held'
}
/** How far back a moment of a live room is; a reader of screens is not told, since it grows. */
const agoText = ({ life, hello, at, to }: View): string =>
  life === 'travelling' && hello?.mode === 'live' ? `${spanText(Math.max(0, to - at))} ago` : ''

const mark = () =>
  s(
    'svg',
    { class: 'logo', viewBox: '0 0 24 24', 'aria-hidden': 'true' },
    s('rect', { x: 1.5, y: 3.5, width: 10, height: 7, rx: 2.5, class: 'one' }),
    s('rect', { x: 12.5, y: 13.5, width: 10, height: 7, rx: 2.5, class: 'two' }),
    s('path', {
      d: 'M11.500 7h4a2.500 2.500 0 0 1 2.500 2.500v3M15.900 10.600l2.100 2.100 2.100-2.100M12.500 17h-4a2.500 2.500 0 0 1-2.500-2.500v-3',
    }),
  )

const themeButton = () => {
  let theme: Theme = startTheme()
  const label = () => `Colours: ${theme === 'system' ? 'as the system has them' : theme}`
  const press = () => {
    theme = nextTheme(theme)
    attribute(element, 'aria-label', label())
    attribute(element, 'title', `${label()} (t)`)
  }
  const element = h(
    'button',
    {
      type: 'button',
      class: 'sign',
      'aria-label': label(),
      title: `${label()} (t)`,
      'data-theme-button': true,
      on: { click: press },
    },
    icon('theme'),
  )
  return { element, press }
}

export const headerOf = (actions: Actions, { help, retry }: { help(): void; retry(): void }) => {
  const room = h('p', { class: 'room' })
  const word = h('span', {})
  const ago = h('span', { class: 'ago', 'aria-hidden': 'true' })
  const life = h('p', { class: 'life', role: 'status', 'data-life': true }, word, ago)
  const words = h('p', { role: 'alert' })
  const again = button('Try now', retry, { class: 'button', 'data-retry': true })
  const trouble = h('div', { class: 'trouble' }, words, again)
  const agent = h('p', { class: 'agent' })
  const clock = h('p', { class: 'clock', 'data-clock': true })
  const sign = icon('pause')
  const go = h('button', { type: 'button', class: 'sign go', 'data-go': true }, sign)
  const theme = themeButton()
  const time = h('div', { class: 'time-of-day' }, go, clock)
  let following = false
  const toggle = () => (following ? actions.hold() : actions.follow())
  go.addEventListener('click', toggle)
  const element = h(
    'header',
    { class: 'page-head' },
    h('h1', {}, mark(), 'Chartroom'),
    room,
    h('div', { class: 'standing' }, life, agent),
    time,
    h('div', { class: 'signs' }, theme.element, button('?', help, { class: 'sign', label: 'Keys (?)' })),
  )
  const show = (view: View) => {
    const { hello, at } = view
    following = view.life === 'following'
    text(room, hello?.header ? `${hello.header.room} · ${hello.header.identity}` : '')
    attribute(life, 'data-life', view.life)
    attribute(life, 'data-over', isOver(view))
    text(word, lifeText(view))
    text(ago, agoText(view))
    text(words, view.trouble)
    attribute(again, 'hidden', view.life !== 'lost' && view.life !== 'refused')
    attribute(trouble, 'hidden', view.trouble === '')
    const state = agentStateOf(view)
    attribute(agent, 'data-state', state)
    attribute(agent, 'hidden', state === undefined)
    text(agent, state ? `Agent ${state}` : '')
    text(clock, clockText(at))
    attribute(time, 'hidden', !hello?.header)
    const canGo = view.life === 'following' || view.life === 'travelling'
    attribute(go, 'disabled', !canGo)
    const does = following ? 'Hold this moment' : hello?.mode === 'recording' ? 'Play on' : 'Follow the room'
    attribute(go, 'aria-label', does)
    attribute(go, 'title', `${does} (Space)`)
    setIcon(sign, following ? 'pause' : 'play')
  }
  const keys: Key[] = [
    { key: ' ', does: 'hold this moment, or go on', run: toggle },
    { key: 't', does: 'light, dark, or as the system has it', run: theme.press },
  ]
  return { element, trouble, show, keys }
}
