/** What a model knows of a conversation, and how another one is made of it. */
import type { ChatAudio, ChatContext, ChatItem } from './port.ts'

type Content = readonly (string | ChatAudio)[]
/** `deleted` first, then `inserted` in its order. `previousId`: whom it follows; null if it is the first. */
export type Changes = { deleted: string[]; inserted: { item: ChatItem; previousId: string | null }[] }

const roles = ['system', 'user', 'assistant']
const checkItem = (item: ChatItem): void => {
  const { id, type } = item
  const wrong = (what: string) => new TypeError(`the item "${id}" of the chat context: its ${what}`)
  if (type !== 'message' && type !== 'call' && type !== 'output')
    throw wrong(`type is "${String(type)}": use message, call, output`)
  if (type !== 'message') return
  if (!roles.includes(item.role)) throw wrong(`role is "${item.role}": use ${roles.join(', ')}`)
  if (!Array.isArray(item.content)) throw wrong('content is a list of texts and audio')
}
/** Throws a TypeError if an entry is none, or has no id, or one that another has. */
export const checkContext = (chatCtx: ChatContext): void => {
  if (!Array.isArray(chatCtx?.items)) throw new TypeError('a chat context needs `items`: a list of messages, calls and outputs')
  const ids = new Set<string>()
  for (const item of chatCtx.items) {
    const { id } = Object(item)
    if (typeof id !== 'string' || id === '') throw new TypeError('each item of a chat context needs an id')
    if (ids.has(id)) throw new TypeError(`two items of the chat context have the id "${id}"`)
    ids.add(id)
    checkItem(item)
  }
}

/** The same, with an end for each call that has no output: nobody will answer it any more, and a model would wait. */
export const answered = ({ items }: ChatContext, nextId: () => string): ChatContext => {
  const known = new Set(items.flatMap(item => (item.type === 'output' ? [item.callId] : [])))
  const output = 'Error: the connection was lost while it ran'
  const answer = (item: ChatItem): ChatItem[] =>
    item.type === 'call' && !known.has(item.callId)
      ? [item, { id: nextId(), type: 'output', callId: item.callId, output, isError: true }]
      : [item]
  return { items: items.flatMap(answer) }
}

/** The first place in `tails` whose value is not below `value`. */
const placeFor = (tails: { at: number }[], value: number): number => {
  let [low, high] = [0, tails.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((tails[middle]?.at ?? value) < value) low = middle + 1
    else high = middle
  }
  return low
}
/**
 * The ids of the longest common subsequence. No id is there twice, so it is the longest run of places in `after` that rises: it takes
 * n log n steps, and a conversation may be long.
 */
const kept = (before: string[], after: string[]): Set<string> => {
  type Link = { id: string; at: number; previous: Link | undefined }
  const places = new Map(after.map((id, at) => [id, at]))
  const tails: Link[] = []
  for (const id of before) {
    const at = places.get(id)
    if (at === undefined) continue
    const length = placeFor(tails, at)
    tails[length] = { id, at, previous: tails[length - 1] }
  }
  const ids = new Set<string>()
  for (let link = tails.at(-1); link; link = link.previous) ids.add(link.id)
  return ids
}

/** The least deletions and insertions, by id, that make one conversation of the other (OAI-3). What an item holds is not looked at. */
export const changesBetween = (before: ChatContext, after: ChatContext): Changes => {
  const ids = kept(
    before.items.map(({ id }) => id),
    after.items.map(({ id }) => id),
  )
  return {
    deleted: before.items.flatMap(({ id }) => (ids.has(id) ? [] : [id])),
    inserted: after.items.flatMap((item, at) =>
      ids.has(item.id) ? [] : [{ item, previousId: after.items[at - 1]?.id ?? null }],
    ),
  }
}

/** What the model's side is known to hold, item by item. */
export class Mirror {
  readonly #items: ChatItem[] = []
  /** Whose content its owner has set: what the model says of it later does not count. */
  readonly #fixed = new Set<string>()

  get size(): number {
    return this.#items.length
  }
  has(id: string): boolean {
    return this.#place(id) >= 0
  }
  /** Behind `previousId`, before all if that is null, else at the end. An item that is there already gets the content. */
  insert(item: ChatItem, previousId?: string | null): void {
    const place = this.#place(item.id)
    if (place >= 0) {
      if (!this.#fixed.has(item.id)) this.#items[place] = item
      return
    }
    const before = typeof previousId === 'string' ? this.#place(previousId) : -1
    if (before < 0 && previousId !== null) this.#items.push(item)
    else this.#items.splice(before + 1, 0, item)
  }
  delete(id: string): void {
    const place = this.#place(id)
    if (place >= 0) this.#items.splice(place, 1)
    this.#fixed.delete(id)
  }
  /** What its owner knows of a message; an id that is not here changes nothing. */
  update(id: string, content: Content, interrupted?: boolean): void {
    const place = this.#place(id)
    const item = this.#items[place]
    if (item?.type !== 'message') return
    const { interrupted: before, ...rest } = item
    const cut = interrupted ?? before
    this.#items[place] = { ...rest, content: [...content], ...(cut !== undefined && { interrupted: cut }) }
    this.#fixed.add(id)
  }
  copy(): ChatContext {
    return { items: this.#items.map(item => (item.type === 'message' ? { ...item, content: [...item.content] } : { ...item })) }
  }

  #place(id: string): number {
    return this.#items.findLastIndex(item => item.id === id)
  }
}
