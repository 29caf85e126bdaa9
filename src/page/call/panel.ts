/** The call: to talk with the agent, to write to it, and to read what both say. */
import './call.css'
import { attribute, h, text } from '../dom.ts'
import type { Actions, Key, Panel, PanelEntry, View } from '../panel.ts'
import { Buttons, Starter } from './controls.ts'
import { Lines } from './lines.ts'
import { Phone } from './phone.ts'
import { sign } from './signs.ts'
import { openSound } from './sound.ts'
import { Talk } from './talk.ts'
import { Waves } from './waves.ts'

const states: Record<Phone['state'], string> = {
  off: '',
  asking: 'Allow the microphone in the browser …',
  dialling: 'The agent is called …',
  talking: '',
  ending: 'Hanging up …',
}
const minutes = (ms: number): string => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`
const hint = 'Headphones keep the agent from hearing itself.'

/** What the agent does, as its room says. */
const agentIn = ({ scene: { actors } }: View): string => {
  const state = Object.values(actors).find(({ machine }) => machine === 'room')?.context?.state
  return typeof state === 'string' ? state : 'initializing'
}

class CallPanel implements Panel {
  readonly element: HTMLElement
  readonly keys: Key[]
  readonly #phone: Phone
  readonly #starter: Starter
  readonly #buttons: Buttons
  readonly #waves = new Waves()
  readonly #lines = new Lines()
  readonly #talk = new Talk()
  /** The same at the newest moment, whatever is shown: buttons work now. */
  readonly #now = new Talk()
  readonly #state = h('span', { class: 'call-state' })
  readonly #time = h('span', { class: 'call-time' })
  readonly #line = h('p', { class: 'call-line' })
  readonly #field = h('input', {
    type: 'text',
    name: 'text',
    'aria-label': 'Write to the agent',
    placeholder: 'Write to the agent',
    maxlength: 4000,
    autocomplete: 'off',
  })
  readonly #form: HTMLFormElement
  readonly #on: HTMLElement
  #view: View | undefined
  /** The call that was held from this page, by its header. */
  #own: string | undefined

  constructor(actions: Actions) {
    this.#phone = new Phone({
      ...{ actions, open: openSound, changed: () => this.#draw() },
      heard: (of, samples) => {
        const peak = this.#waves.note(of, samples)
        if (of === 'caller') this.#buttons.level(peak)
      },
    })
    this.#starter = new Starter(this.#phone)
    this.#buttons = new Buttons(this.#phone)
    this.#form = h(
      'form',
      { class: 'call-write', on: { submit: event => this.#send(event) } },
      this.#field,
      h('button', { type: 'submit', 'aria-label': 'Send', title: 'Send' }, sign('send')),
    )
    this.#on = h(
      'div',
      { class: 'call-on' },
      h('div', { class: 'call-status' }, this.#state, this.#time),
      this.#waves.element,
      this.#buttons.element,
    )
    this.element = h('div', { class: 'call' }, this.#starter.element, this.#on, this.#line, this.#lines.element, this.#form)
    this.keys = [
      { key: 'm', does: 'mute the microphone, or not', run: () => this.#whileOn(() => this.#phone.mute(!this.#phone.muted)) },
      { key: 'i', does: 'interrupt the agent', run: () => this.#whileOn(() => this.#phone.interrupt()) },
      { key: 'p', does: 'let the agent pause, or go on', run: () => this.#whileOn(() => this.#buttons.pause()) },
    ]
  }

  wanted({ hello }: View): boolean {
    return (hello?.minds.length ?? 0) > 0
  }
  follow(view: View): void {
    this.#phone.show(view)
  }
  show(view: View): void {
    this.#view = view
    this.#talk.read(view.messages, view.scene.seq)
    this.#now.read(view.messages, Number.POSITIVE_INFINITY)
    this.#draw()
  }

  #draw(): void {
    const view = this.#view
    if (!view) return
    const { state, line } = this.#phone
    const isOn = state !== 'off'
    this.#starter.show(view.hello?.minds ?? [])
    attribute(this.#starter.element, 'hidden', isOn)
    attribute(this.#on, 'hidden', !isOn)
    const isNew = this.#form.hidden && state === 'talking'
    attribute(this.#form, 'hidden', state !== 'talking')
    if (isNew && this.#phone.voice === 'none') this.#field.focus()
    this.#buttons.show(this.#now.isPaused)
    this.#waves.run(isOn)
    const doing = this.#talk.isPaused ? 'paused' : agentIn(view)
    text(this.#state, states[state] || `The agent is ${doing}`)
    attribute(this.#state, 'data-state', state === 'talking' ? doing : 'waiting')
    text(this.#time, state === 'talking' ? minutes(view.at) : '')
    text(this.#line, line.text)
    attribute(this.#line, 'role', line.isTrouble ? 'alert' : 'status')
    attribute(this.#line, 'data-trouble', line.isTrouble)
    const tape = JSON.stringify(view.hello?.header)
    if (state === 'talking' && this.#phone.voice !== 'sample') this.#own = tape
    this.#lines.show(this.#talk.lines, { own: this.#own === tape, empty: isOn ? '' : hint })
  }
  #whileOn(run: () => void): void {
    if (this.#phone.state === 'talking') run()
  }
  #send(event: SubmitEvent): void {
    event.preventDefault()
    const words = this.#field.value.trim()
    if (words === '') return
    this.#phone.write(words)
    this.#field.value = ''
  }
}

export const callPanel: PanelEntry = {
  name: 'call',
  title: 'Call',
  place: 'detail',
  make: actions => new CallPanel(actions),
}
