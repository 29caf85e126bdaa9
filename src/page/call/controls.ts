/** The buttons of a call: to begin one, and what one does in it. */
import { attribute, h, text } from '../dom.ts'
import type { Phone, Voice } from './phone.ts'
import { type Sign, setSign, sign } from './signs.ts'

const labelled = (face: Sign, words: string, click: () => void, attributes: Record<string, string> = {}) =>
  h('button', { type: 'button', ...attributes, on: { click } }, sign(face), h('span', {}, words))
const say = (button: HTMLElement, face: Sign, words: string) => {
  setSign(button.firstElementChild, face)
  if (button.lastElementChild) text(button.lastElementChild as HTMLElement, words)
}

const minds: Record<string, string> = {
  docent: 'docent: a tour of this project',
  parrot: 'parrot: says back what it heard',
  openai: 'openai: a realtime model',
}

/** Begins calls. */
export class Starter {
  readonly element: HTMLElement
  readonly #minds = h('select', { id: 'call-mind' })
  readonly #field: HTMLElement

  constructor(phone: Phone) {
    const start = (voice: Voice) => () => void phone.start(this.#minds.value, voice)
    this.#field = h('div', { class: 'call-field' }, h('label', { for: 'call-mind' }, 'Agent'), this.#minds)
    this.element = h(
      'div',
      { class: 'call-start' },
      this.#field,
      labelled('microphone', 'Talk', start('microphone'), { class: 'call-main', 'data-call': 'microphone' }),
      h(
        'div',
        { class: 'call-row' },
        labelled('sample', 'Play a sample call', start('sample'), { 'data-call': 'sample' }),
        labelled('write', 'Only write', start('none'), { 'data-call': 'none' }),
      ),
    )
  }
  show(names: readonly string[]): void {
    const known = [...this.#minds.options].map(({ value }) => value)
    if (known.join('\n') !== names.join('\n'))
      this.#minds.replaceChildren(...names.map(name => h('option', { value: name }, minds[name] ?? name)))
  }
}

/** Works one. */
export class Buttons {
  readonly element: HTMLElement
  readonly #mute: HTMLButtonElement
  readonly #pause: HTMLButtonElement
  readonly #interrupt: HTMLButtonElement
  readonly #hangUp: HTMLButtonElement
  readonly #level = h('i', { class: 'call-level' })
  readonly #phone: Phone
  #isPaused = false

  constructor(phone: Phone) {
    this.#phone = phone
    this.#mute = labelled('microphone', 'Mute', () => phone.mute(!phone.muted), { 'data-call': 'mute' })
    this.#mute.append(this.#level)
    this.#interrupt = labelled('interrupt', 'Interrupt', () => phone.interrupt(), { 'data-call': 'interrupt' })
    this.#pause = labelled('pause', 'Pause', () => this.pause(), { 'data-call': 'pause' })
    this.#hangUp = labelled('hangUp', 'Hang up', () => phone.hangUp(), { class: 'call-end', 'data-call': 'end' })
    this.element = h('div', { class: 'call-buttons' }, this.#mute, this.#interrupt, this.#pause, this.#hangUp)
  }
  pause(): void {
    this.#phone.pause(!this.#isPaused)
  }
  /** `peak`: of the microphone, 0 to 1. */
  level(peak: number): void {
    this.#level.style.transform = `scaleX(${Math.min(1, 2.2 * peak)})`
  }
  show(isPaused: boolean): void {
    const { state, voice, muted } = this.#phone
    this.#isPaused = isPaused
    attribute(this.#mute, 'hidden', voice !== 'microphone')
    attribute(this.#mute, 'aria-pressed', String(muted))
    for (const button of [this.#interrupt, this.#pause]) attribute(button, 'disabled', state !== 'talking')
    attribute(this.#hangUp, 'disabled', state === 'ending')
    if (muted) this.level(0)
    setSign(this.#mute.firstElementChild, muted ? 'muted' : 'microphone')
    text(this.#mute.children[1] as HTMLElement, muted ? 'Unmute' : 'Mute')
    say(this.#pause, isPaused ? 'resume' : 'pause', isPaused ? 'Resume' : 'Pause')
    say(this.#hangUp, 'hangUp', state === 'asking' || state === 'dialling' ? 'Cancel' : 'Hang up')
  }
}
