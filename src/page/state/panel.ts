/** The selected actor: what it is in and why, what it would take, what it knows. */
import type { JsonObject } from '../../inspector/messages.ts'
import type { ActorScene } from '../../inspector/scene.ts'
import { attribute, h, text } from '../dom.ts'
import { stepFrom } from '../kept.ts'
import type { Actions, Panel, PanelEntry, View } from '../panel.ts'
import { clockText, spanText } from '../times.ts'
import { conditionOf, nameOf } from '../words.ts'
import { rowView, valueView } from './json.ts'
import { sendView } from './send.ts'
import { whyView } from './why-view.ts'
import './state.css'

const contextView = () => {
  const opened = new Set<string>()
  const list = h('dl', { class: 'values' })
  const none = h('p', { class: 'none' })
  const element = h('section', { class: 'part', 'aria-label': 'Context' }, h('h3', {}, 'Context'), list, none)
  let drawn: JsonObject | undefined
  let marks = ''
  const show = ({ path, context, changed, last }: ActorScene) => {
    const news = `${path} ${last?.seq ?? ''} ${changed.join()}`
    if (drawn === context && marks === news) return
    drawn = context
    marks = news
    const entries = Object.entries(context ?? {})
    list.replaceChildren(
      ...entries.flatMap(([name, value]) => rowView(name, value, opened, `${path} ${name}`, changed.includes(name))),
    )
    text(none, entries.length === 0 ? 'It keeps nothing.' : '')
  }
  return { element, show }
}

/** What it was given, and what it gave: each once in its life. */
const endsView = () => {
  const element = h('div', {})
  let drawn = ''
  const part = (title: string, child: HTMLElement) =>
    h('section', { class: 'part', 'aria-label': title }, h('h3', {}, title), child)
  const show = ({ path, startedAt, input, output, error, status }: ActorScene) => {
    const key = `${path} ${startedAt} ${status}`
    if (drawn === key) return
    drawn = key
    const opened = new Set<string>()
    element.replaceChildren(
      ...(error === undefined ? [] : [part('Error', h('p', { class: 'error' }, error))]),
      ...(output === undefined ? [] : [part('Output', valueView(output, opened, 'output'))]),
      ...(input === undefined ? [] : [part('Input', valueView(input, opened, 'input'))]),
    )
  }
  return { element, show }
}

const headOf = () => {
  const name = h('h2', { class: 'actor-name' })
  const condition = h('p', { class: 'condition', 'data-condition': true })
  const since = h('p', { class: 'since' })
  const show = (actor: ActorScene, at: number) => {
    const { path, machine, src, status, startedAt, endedAt, last, restarts } = actor
    text(name, nameOf(path))
    attribute(name, 'title', path)
    text(condition, conditionOf(actor))
    attribute(condition, 'class', `condition ${status}`)
    const moment = endedAt ?? last?.at ?? startedAt
    const kind = machine === null ? `${src}, no machine` : nameOf(path) === machine ? '' : machine
    const anew = restarts > 0 ? `begun anew ${restarts} ×` : ''
    const what = endedAt !== undefined ? 'ended' : last ? 'last transition' : 'began'
    const when = `${what} ${clockText(moment)}, ${spanText(Math.max(0, at - moment))} ago`
    text(since, [kind, when, anew].filter(Boolean).join(' · '))
  }
  return { element: h('header', { class: 'part' }, h('div', { class: 'line' }, name, condition), since), show }
}

const make = (actions: Actions): Panel => {
  const empty = h('p', { class: 'empty' }, 'Nobody is selected.')
  const [head, why, send, context, ends] = [headOf(), whyView(actions), sendView(actions), contextView(), endsView()]
  const body = h('div', {}, head.element, why.element, send.element, context.element, ends.element)
  let shown: View | undefined
  const step = (direction: 1 | -1) => {
    const { actor, messages, scene } = shown ?? {}
    const seq = actor ? scene?.actors[actor]?.last?.seq : undefined
    const from = direction === 1 ? scene?.seq : seq
    const found = actor && messages && from !== undefined ? stepFrom(messages, actor, from, direction) : undefined
    if (found) actions.seek(found.at, found.seq)
  }
  const keys = [
    { key: ',', does: 'to the transition before, of the selected actor', run: () => step(-1) },
    { key: '.', does: 'to its next transition', run: () => step(1) },
  ]
  const follow = (view: View) => {
    shown = view
  }
  const show = (view: View) => {
    const actor = view.actor === null ? undefined : view.scene.actors[view.actor]
    attribute(body, 'hidden', !actor)
    attribute(empty, 'hidden', actor !== undefined)
    text(empty, view.actor === null ? 'No actor is there yet.' : `${nameOf(view.actor)} is not there at this moment.`)
    if (!actor) return
    head.show(actor, view.at)
    why.show(view, actor)
    send.show(view, actor)
    context.show(actor)
    ends.show(actor)
  }
  return { element: h('div', { class: 'scroll state' }, empty, body), show, follow, keys }
}

export const statePanel: PanelEntry = { name: 'state', title: 'State', place: 'detail', make }
