/** Keys that work anywhere on the page, and the list of them. */
import { button, h } from './dom.ts'
import type { Key } from './panel.ts'

/** Where a key is a letter, or does what the element does; to select what is selected does nothing, so there it is ours. */
const writes = 'input, textarea, select, [contenteditable="true"]'
const works =
  ':is(button, a[href], summary, [role="treeitem"], [role="tab"], [role="slider"], [role="option"], [role="button"]):not([role="tab"][aria-selected="true"], [role="treeitem"][aria-selected="true"])'

/** `open` is told digits, which stand for panels. */
export const listenForKeys = (keys: () => readonly Key[], open: (number: number) => void): void => {
  document.addEventListener('keydown', event => {
    const { key, ctrlKey, metaKey, altKey, target, defaultPrevented } = event
    if (ctrlKey || metaKey || altKey || defaultPrevented || !(target instanceof Element)) return
    if (target.closest(writes) || target.closest('dialog')) return
    if ([' ', 'Enter'].includes(key) && target.closest(works)) return
    if (/^[1-9]$/.test(key)) return open(Number(key))
    const found = keys().find(one => one.key === key)
    if (!found) return
    event.preventDefault()
    found.run()
  })
}

const names: Record<string, string> = { ' ': 'Space', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' }
/** What the panels answer to while they have the focus. */
const inPlaces: [string, string][] = [
  ['↑ ↓ ← →', 'in the tree: move, open and close'],
  ['↑ ↓ ← →', 'in the chart: from state to state'],
  ['PgUp', 'in the chart: to the state around it'],
  ['+ − 0', 'in the chart: closer, farther, all of it'],
  ['Esc', 'close this, or leave a field'],
]

/** A window that lists the keys. */
export const helpWindow = (keys: () => readonly Key[]): { element: HTMLDialogElement; open(): void } => {
  const list = h('dl', { class: 'keys' })
  const close = button('Close', () => element.close(), { class: 'button' })
  const element = h(
    'dialog',
    { class: 'help', 'aria-labelledby': 'help-title' },
    h('h2', { id: 'help-title' }, 'Keys'),
    list,
    close,
  )
  element.addEventListener('click', event => {
    if (event.target === element) element.close()
  })
  const open = () => {
    const lines = [...keys().map(({ key, does }) => [names[key] ?? key, does] as const), ...inPlaces]
    list.replaceChildren(...lines.flatMap(([key, does]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, does)]))
    element.showModal()
  }
  return { element, open }
}
