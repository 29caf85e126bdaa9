/** Elements, made in one expression. */

type Child = Node | string | null | false
/** Attributes, set as they are written; `on` holds listeners; true is an empty attribute, false and undefined none. */
type Attributes = {
  [name: string]: string | number | boolean | undefined | Record<string, (event: never) => void>
  on?: { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }
}

/** An element of HTML with attributes, listeners and children. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  dress(element, attributes)
  for (const child of children) if (child !== null && child !== false) element.append(child)
  return element
}

/** An element of SVG. */
export const s = <K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  dress(element, attributes)
  for (const child of children) if (child !== null && child !== false) element.append(child)
  return element
}

const dress = (element: Element, { on = {}, ...attributes }: Attributes): void => {
  for (const [name, value] of Object.entries(attributes)) if (typeof value !== 'object') attribute(element, name, value)
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener as EventListener)
}

/** Sets an attribute, or takes it away, only if that changes something: a page that is drawn often stays quiet. */
export const attribute = (element: Element, name: string, value: string | number | boolean | undefined): void => {
  const words = value === true ? '' : String(value)
  if (value === undefined || value === false) element.removeAttribute(name)
  else if (element.getAttribute(name) !== words) element.setAttribute(name, words)
}

/** Sets the text of an element, only if it is another. */
export const text = (element: Element, words: string): void => {
  if (element.textContent !== words) element.textContent = words
}

/** A button that says what it does: `label` where its face is a sign. */
export const button = (face: string, click: () => void, { label, ...rest }: Attributes & { label?: string } = {}) =>
  h('button', { type: 'button', 'aria-label': label, title: label, ...rest, on: { click } }, face)
