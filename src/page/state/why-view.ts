/** The chain of events that led to a state, as a sentence whose parts are moments to travel to. */
import type { Message } from '../../inspector/messages.ts'
import type { ActorScene } from '../../inspector/scene.ts'
import { attribute, button, h, text } from '../dom.ts'
import type { Far } from '../far.ts'
import type { Actions, View } from '../panel.ts'
import { clockText } from '../times.ts'
import { nameOf, stateText } from '../words.ts'
import { type Chain, endWords, type Link, linkWords, whyOf } from './why.ts'

const linkView = (link: Link, from: number, actions: Actions): HTMLElement => {
  const words = linkWords(link)
  const face = h(
    'button',
    {
      type: 'button',
      class: 'link',
      'data-seq': link.seq,
      title: 'Go to this moment',
    },
    h('span', { class: 'at' }, clockText(link.at)),
    ' ',
    h(
      'span',
      { class: 'words' },
      'because ',
      ...words.map(({ text: word, name }) => (name ? h('b', { class: name }, word) : word)),
    ),
  )
  face.addEventListener('click', () => {
    actions.seek(link.at, link.seq)
    actions.selectMessage(link.seq)
  })
  // What was before the first moment that is kept can be told, and not shown.
  attribute(face, 'disabled', link.at < from)
  return h('li', {}, face)
}

export const whyView = (actions: Actions) => {
  const lead = h('p', { class: 'lead' })
  const list = h('ol', { class: 'chain' })
  const end = h('p', { class: 'end' })
  const back = button('Back to now', () => actions.follow(), { class: 'button', 'data-follow': true })
  const element = h(
    'section',
    { class: 'part why', 'aria-label': 'Why it is in this state' },
    h('h3', {}, 'Why'),
    lead,
    list,
    end,
    back,
  )
  let drawn: { messages: readonly Message[]; far: Far; key: string } | undefined
  let told = ''
  const draw = (chain: Chain, from: number) => {
    const news = JSON.stringify([chain.links.map(({ seq }) => seq), chain.end])
    if (told === news) return
    told = news
    list.replaceChildren(...chain.links.map(link => linkView(link, from, actions)))
    text(end, chain.links.length === 0 ? 'The messages that tell why are not kept any more.' : endWords[chain.end])
  }
  const show = ({ messages, far, life, hello, from }: View, { path, value, moved, status }: ActorScene) => {
    element.hidden = value === undefined
    back.hidden = life !== 'travelling' || hello?.mode === 'recording'
    // What led to a state changes with its last step; what is kept only grows, or is another list.
    const key = `${path} ${moved} ${stateText(value)} ${status} ${from}`
    if (drawn?.key === key && drawn.messages === messages && drawn.far === far) return
    drawn = { key, messages, far }
    const chain = whyOf(messages, moved, far)
    if (chain.missing !== undefined) actions.recall(chain.missing)
    const [first] = chain.links
    const since = first && status === 'active' ? ` since ${clockText(first.at)}` : ''
    text(lead, `${nameOf(path)} ${status === 'active' ? 'is' : 'ended'} in ${stateText(value)}${since}`)
    draw(chain, from)
  }
  return { element, show }
}
