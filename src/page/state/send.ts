/** The events that an actor would take now, as buttons; and what is sent with one. */
import type { ActorScene } from '../../inspector/scene.ts'
import { attribute, button, h, text } from '../dom.ts'
import type { Actions, View } from '../panel.ts'
import { eventText, nameOf } from '../words.ts'
import { payloadOf, whyNot } from './payload.ts'

/** So many buttons are shown at first: a room takes thirty. */
const MOST = 8

const isInner = (type: string) => type.startsWith('xstate.')

/** A form for one event. It stays until it is sent or shut, whatever the actor does meanwhile. */
const editorOf = (actions: Actions, shut: () => void) => {
  let to = ''
  const type = h('input', { type: 'text', id: 'send-type', name: 'type', spellcheck: 'false', autocomplete: 'off' })
  const written = h('textarea', {
    ...{ id: 'send-payload', name: 'payload', rows: 3, spellcheck: 'false', placeholder: '{ }' },
    'aria-describedby': 'send-problem',
  })
  const problem = h('p', { class: 'problem', id: 'send-problem', role: 'alert' })
  const submit = h('button', { type: 'submit', class: 'button strong' }, 'Send')
  const title = h('p', { class: 'to' })
  const element = h(
    'form',
    { class: 'editor', 'data-editor': true, hidden: true, novalidate: true },
    title,
    h('label', { for: 'send-type' }, 'Event'),
    type,
    h('label', { for: 'send-payload' }, 'Payload, in JSON'),
    written,
    problem,
    h('div', { class: 'line' }, submit, button('Cancel', shut, { class: 'button' })),
  )
  const tell = (words: string) => {
    text(problem, words)
    attribute(written, 'aria-invalid', words !== '' && 'true')
    if (words !== '') submit.scrollIntoView({ block: 'nearest' })
  }
  written.addEventListener('input', () => tell(''))
  element.addEventListener('submit', event => {
    event.preventDefault()
    const read = payloadOf(written.value)
    if ('problem' in read) tell(read.problem)
    else if (type.value.trim() === '' || type.value.includes('*')) tell('Write the whole type of the event, without a *.')
    else {
      actions.send(to, { ...read.payload, type: type.value.trim() })
      shut()
    }
  })
  element.addEventListener('keydown', event => {
    if (event.key === 'Escape') shut()
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) element.requestSubmit()
  })
  const open = (path: string, descriptor: string) => {
    to = path
    text(title, `To ${nameOf(path)}`)
    type.value = descriptor
    type.readOnly = !descriptor.includes('*')
    tell('')
    element.hidden = false
    const first = type.readOnly ? written : type
    submit.scrollIntoView({ block: 'nearest' })
    first.focus({ preventScroll: true })
  }
  return { element, open }
}

export const sendView = (actions: Actions) => {
  let drawn = ''
  let all: string | undefined
  let shown: [View, ActorScene] | undefined
  const buttons = h('div', { class: 'events' })
  const reason = h('p', { class: 'reason', id: 'send-reason' })
  const waits = h('p', { class: 'waits' })
  let origin: HTMLElement | undefined
  const shut = () => {
    editor.element.hidden = true
    origin?.focus()
  }
  const editor = editorOf(actions, shut)
  const element = h(
    'section',
    { class: 'part', 'aria-label': 'It would take' },
    h('h3', {}, 'It would take'),
    buttons,
    reason,
    editor.element,
    waits,
  )

  const show = (view: View, actor: ActorScene) => {
    const { hello, life } = view
    const { path, status, next } = actor
    shown = [view, actor]
    const closed = whyNot({ life, sends: hello?.sends ?? false, recorded: hello?.mode === 'recording' })
    const own = [...new Set(next.filter(type => !isInner(type)))]
    const inner = [...new Set(next.filter(isInner))]
    attribute(element, 'hidden', status !== 'active' || next.length === 0)
    text(reason, own.length > 0 ? closed : '')
    text(waits, inner.length > 0 ? `It waits for: ${inner.map(eventText).join(', ')}.` : '')
    const isWhole = own.length <= MOST + 1 || all === path
    const key = JSON.stringify([path, own, closed, isWhole])
    if (key === drawn) return
    drawn = key
    buttons.replaceChildren(...(isWhole ? own : own.slice(0, MOST)).map(type => eventButton(type, path, closed)))
    if (!isWhole) buttons.append(button(`${own.length - MOST} more`, () => showAll(path), { class: 'more' }))
    if (own.length === 0) buttons.append(h('p', { class: 'none' }, 'No event from outside.'))
  }
  const showAll = (path: string) => {
    all = path
    drawn = ''
    if (shown) show(...shown)
    const next = buttons.children[MOST]
    if (next instanceof HTMLElement) next.focus()
  }
  const eventButton = (type: string, path: string, closed: string): HTMLElement => {
    const open = () => {
      if (closed !== '') return
      origin = one
      editor.open(path, type)
    }
    const one = button(type, open, { class: 'button event', 'data-event': type })
    attribute(one, 'aria-disabled', closed !== '' && 'true')
    attribute(one, 'aria-describedby', closed !== '' && 'send-reason')
    attribute(one, 'title', closed)
    return one
  }
  return { element, show }
}
