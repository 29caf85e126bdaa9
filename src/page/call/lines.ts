/** The conversation as it is read: a line for each thing said, which grows while it is heard. */
import './lines.css'
import { attribute, h, text } from '../dom.ts'
import { clockText } from '../times.ts'
import type { Line } from './talk.ts'

type Shown = { element: HTMLElement; words: HTMLElement }
const names: Record<Line['speaker'], string> = { caller: 'Caller', agent: 'Agent' }
/** So near to its end it follows what comes, in px. */
const nearMs = 40

export class Lines {
  readonly element: HTMLElement
  readonly #list = h('ol', { class: 'call-lines', 'aria-label': 'What was said' })
  /** For who listens to the page: each thing said once, when it is whole. */
  readonly #told = h('p', { class: 'call-told', role: 'log', 'aria-live': 'polite' })
  readonly #empty = h('p', { class: 'call-empty' })
  readonly #shown = new Map<string, Shown>()
  #last = ''

  constructor() {
    this.element = h(
      'div',
      { class: 'call-talk', tabindex: 0, role: 'region', 'aria-label': 'Conversation' },
      this.#empty,
      this.#list,
      this.#told,
    )
  }

  /** `own`: the caller is whoever looks at it. `empty`: what is shown where nothing was said. */
  show(lines: readonly Line[], { own, empty }: { own: boolean; empty: string }): void {
    const { scrollHeight, scrollTop, clientHeight } = this.element
    const follows = scrollHeight - scrollTop - clientHeight < nearMs
    const keys = new Set(lines.map(({ key }) => key))
    for (const [key, { element }] of this.#shown)
      if (!keys.has(key)) {
        element.remove()
        this.#shown.delete(key)
      }
    for (const line of lines) this.#put(line, own)
    text(this.#empty, lines.length > 0 ? '' : empty)
    this.#tell(lines)
    if (follows) this.element.scrollTop = this.element.scrollHeight
  }

  #put(line: Line, own: boolean): void {
    const { element, words } = this.#shown.get(line.key) ?? this.#make(line)
    attribute(element, 'data-state', line.state)
    text(words, line.text.trim())
    const [who] = element.getElementsByClassName('call-who')
    if (who) text(who as HTMLElement, own && line.speaker === 'caller' ? 'You' : names[line.speaker])
  }
  #make(line: Line): Shown {
    const words = h('span', { class: 'call-words' })
    const head = h(
      'span',
      { class: 'call-head' },
      h('span', { class: 'call-who' }),
      h('time', {}, clockText(line.at).replace(/\.\d+$/, '')),
    )
    if (line.written) head.append(h('span', { class: 'call-tag' }, 'written'))
    if (line.speaker === 'agent') head.append(h('span', { class: 'call-tag call-cut' }, 'interrupted'))
    const element = h('li', { 'data-speaker': line.speaker }, head, words)
    const shown = { element, words }
    this.#list.append(element)
    this.#shown.set(line.key, shown)
    return shown
  }
  #tell(lines: readonly Line[]): void {
    const last = lines.findLast(({ state }) => state !== 'open')
    if (!last || last.key === this.#last) return
    this.#last = last.key
    text(this.#told, `${names[last.speaker]}: ${last.text.trim()}`)
  }
}
