/** The page: a call, its charts, and everything that happened in it. */
import './tokens.css'
import './main.css'
import { deskOn } from './desk.ts'
import { headerOf } from './header.ts'
import { helpWindow, listenForKeys } from './keys.ts'
import type { Key, View } from './panel.ts'
import { panels } from './panels.ts'
import { Places } from './places.ts'

const desk = deskOn(location.href, { show: view => show(view), open: panel => places.open(panel) })
const { actions } = desk
const help = helpWindow(() => keys())
const header = headerOf(actions, { help: help.open, retry: desk.retry })
const places = new Places(panels, actions)

const keys = (): readonly Key[] => [
  ...header.keys,
  { key: '?', does: 'these keys', run: help.open },
  { key: '1 … 9', does: 'to a panel, by its number', run: () => {} },
  ...places.keys(),
]
const show = (view: View) => {
  header.show(view)
  places.show(view)
  document.title = view.hello?.header ? `${view.hello.header.room} · Chartroom` : 'Chartroom'
}

document.body.append(header.element, header.trouble, places.element, places.dock, help.element)
listenForKeys(keys, number => places.openAt(number))
desk.start()
document.body.dataset.ready = 'true'
