/** Puts together what the panels see, and does what they ask for. */
import { createActor, type SnapshotFrom } from 'xstate'
import type { Path } from '../inspector/messages.ts'
import { type Address, addressOf } from './address.ts'
import { openConnection } from './connection.ts'
import { findIn } from './far.ts'
import type { Actions, Life, View } from './panel.ts'
import type { Answer } from './questions.ts'
import { PageScreen } from './screen.ts'
import { viewerOn } from './viewer.ts'
import { rootOf } from './words.ts'

/** `retry`: tries the server at once, where it is away or has refused. */
export type Desk = { actions: Actions; start(): void; retry(): void }

/** `show` is called with what is new, at most once a frame; `open` brings a panel to the front. */
export const deskOn = (page: string, { show, open }: { show(view: View): void; open(panel: string): void }): Desk => {
  const address = addressOf(page)
  let due = false
  const changed = () => {
    if (due) return
    due = true
    requestAnimationFrame(() => {
      due = false
      show(look())
    })
  }
  const screen = new PageScreen(told => openConnection(address, told), changed)
  const viewer = createActor(viewerOn(screen), { id: 'viewer' })
  const selected: { actor: Path | null; message: number | null } = { actor: null, message: null }
  const look = (): View => {
    const { value, context } = viewer.getSnapshot()
    const life = lifeOf(value, context.failures)
    const { hello, call, scene, at, from, to, kept, far } = screen
    const away = screen.notice === '' ? 'The server is away' : `The server is away (${screen.notice})`
    const troubles = [context.trouble, life === 'lost' ? `${away}: it is tried again by itself.` : screen.notice]
    const trouble = sentence([...troubles, ...(hello?.remarks ?? [])].find(text => text) ?? '')
    return {
      ...{ life, trouble, hello, call, scene, at, from, to },
      ...{ messages: kept.messages, lost: kept.lost, far },
      ...{ actor: selected.actor ?? rootOf(scene.actors), message: selected.message },
    }
  }
  viewer.subscribe(changed)
  const select = (actor: Path | null, message: number | null) => {
    Object.assign(selected, { actor, message })
    changed()
  }
  const seek: Actions['seek'] = (at, seq) => viewer.send({ type: 'seek', at, ...(seq === undefined ? {} : { seq }) })
  const actions: Actions = {
    selectActor: path => select(path, selected.message),
    selectMessage: seq => {
      const message = seq === null ? undefined : findIn([screen.kept.messages, ...screen.far.values()], seq)
      const actor = message && 'path' in message ? message.path : message?.type === 'event' ? message.to : undefined
      select(actor ?? selected.actor, seq)
    },
    seek,
    recall: seq => void screen.recall(seq),
    follow: () => viewer.send({ type: 'follow' }),
    hold: () => {
      if (viewer.getSnapshot().matches({ online: 'following' })) seek(screen.at)
    },
    send: (to, event) => {
      if (!screen.send({ type: 'send', to, event })) screen.notice = 'The event was not sent: the server is away.'
      changed()
    },
    ask: screen.send,
    talk: samples => screen.talk(samples),
    hear: listener => {
      screen.listeners.add(listener)
      return () => screen.listeners.delete(listener)
    },
    span: (from, to, signal = new AbortController().signal) => screen.span(from, to, signal),
    list: (asked, signal) =>
      answered(
        screen.ask(id => ({ type: 'list', id, ...asked }), signal, READING),
        'listed',
      ),
    find: (asked, signal) =>
      answered(
        screen.ask(id => ({ type: 'find', id, ...asked }), signal, READING),
        'found',
      ),
    get: (path, signal) => fetchFrom(address, path, signal),
    url: path => address.file(path),
    open,
  }
  const retry = () => viewer.send({ type: 'retry' })
  const start = () => {
    viewer.start()
    window.addEventListener('online', retry)
  }
  return { actions, start, retry }
}

/** To read a whole recording may take so long, in ms. */
const READING = 120_000
const answered = async <T extends Answer['type']>(answer: Promise<Answer>, type: T): Promise<Extract<Answer, { type: T }>> => {
  const given = await answer
  const is = (one: Answer): one is Extract<Answer, { type: T }> => one.type === type
  if (is(given)) return given
  throw new Error(`asked for what is ${type}, the server has answered with a ${given.type}`)
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

type Value = SnapshotFrom<ReturnType<typeof viewerOn>>['value']
/** A server that is tried again is away until it answers: who looks need not see each try. */
const lifeOf = (value: Value, failures: number): Life => {
  if (typeof value !== 'object') return value === 'closed' ? 'lost' : value
  if (value.online === 'connecting' && failures > 0) return 'lost'
  return value.online === 'seeking' ? 'travelling' : value.online
}

/** Rejects for what is not there, too. */
const fetchFrom = async (address: Address, path: string, signal?: AbortSignal): Promise<Response> => {
  const response = await fetch(address.file(path), signal ? { signal } : {})
  if (!response.ok) throw new Error(`${path}: the server answers ${response.status}`)
  return response
}
