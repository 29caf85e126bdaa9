/** The conversation as the service keeps it: what is done to it, and what is known of it. */
import type { Ids, Log } from '../../ports.ts'
import { changesBetween, checkContext, Mirror } from '../../realtime/context.ts'
import type { ChatAudio, ChatContext, ChatItem } from '../../realtime/port.ts'
import { answers, type Commands } from './commands.ts'
import { chatItem, silentItem, wireItem } from './items.ts'
import { type Dialect, part, text, type Wire } from './wire.ts'

type Cut = { itemId: string; contentIndex: number; audioEndMs: number }
export type ConversationHands = { commands: Commands; dialect: Dialect; ids: Ids; log: Log }

const isHeard = (item: ChatItem): boolean =>
  item.type === 'message' && item.role === 'user' && item.content.some(one => typeof one !== 'string' && one.frames.length > 0)

export class Conversation {
  readonly mirror = new Mirror()
  readonly #hands: ConversationHands
  /** Ours that the service has not taken yet: it does not give back all that we know of them. */
  readonly #offered = new Map<string, ChatItem>()
  /** One context is set after the other: each is compared with what the one before has left. */
  #setting: Promise<unknown> = Promise.resolve()

  constructor(hands: ConversationHands) {
    this.#hands = hands
  }

  /** `after`: an id; null for before all; at the end where not given. Nothing is sent of an item of which nothing can be. */
  async create(item: ChatItem, after?: string | null): Promise<void> {
    const wire = this.#wire(item)
    if (wire) await this.#offer(item, wire, after)
  }
  async delete(itemId: string): Promise<void> {
    await this.#hands.commands.ask('conversation.item.delete', { item_id: itemId }, answers.deleted(itemId))
  }
  async truncate({ itemId, contentIndex, audioEndMs }: Cut): Promise<void> {
    const cut = { item_id: itemId, content_index: contentIndex, audio_end_ms: audioEndMs }
    await this.#hands.commands.ask('conversation.item.truncate', cut, answers.truncated(itemId, contentIndex))
  }
  /** A second of silence, said by the user. */
  async beSilent(): Promise<void> {
    const id = this.#hands.ids.next('item_')
    await this.#create(silentItem(id), id)
  }
  /** Makes the service's conversation this one (OAI-3). */
  set(chatCtx: ChatContext): Promise<void> {
    const set = () => this.#set(chatCtx)
    const done = this.#setting.then(set)
    this.#setting = done.catch(() => undefined)
    return done
  }

  /** The service has an item, or has finished it. */
  added(wire: Wire): void {
    const id = text(part(wire, 'item'), 'id')
    const item = (id && this.#offered.get(id)) || chatItem(part(wire, 'item'))
    if (id === undefined) return
    // What the caller said comes as text later, and by another way; what the model says is whole when its item is.
    const isOwn = item?.type !== 'message' || item.role === 'assistant'
    const previousId = wire.previous_item_id === null ? null : text(wire, 'previous_item_id')
    if (item && (isOwn || !this.mirror.has(id))) this.mirror.insert(item, previousId)
    this.#hands.commands.answer(answers.added(id))
  }
  /** What the model says is whole; in the dialect of before nothing else says so. */
  completed(wire: Wire): void {
    const item = chatItem(wire)
    if (item && this.mirror.has(item.id)) this.mirror.insert(item)
  }
  deleted(itemId: string): void {
    this.mirror.delete(itemId)
    this.#hands.commands.answer(answers.deleted(itemId))
  }
  update(itemId: string, content: readonly (string | ChatAudio)[], interrupted?: boolean): void {
    this.mirror.update(itemId, content, interrupted)
  }

  async #offer(item: ChatItem, wire: Wire, after?: string | null): Promise<void> {
    this.#offered.set(item.id, item)
    try {
      await this.#create(wire, item.id, after)
    } finally {
      this.#offered.delete(item.id)
    }
  }
  async #create(item: Wire, id: string, after?: string | null): Promise<void> {
    // `root` is the service's word for "before all"; in an empty conversation there is no need of it.
    const previous = after === null ? this.mirror.size > 0 && 'root' : after
    const fields = { ...(previous && { previous_item_id: previous }), item }
    await this.#hands.commands.ask('conversation.item.create', fields, answers.added(id))
  }
  async #set(chatCtx: ChatContext): Promise<void> {
    checkContext(chatCtx)
    if (this.#hands.commands.refusal) throw this.#hands.commands.refusal
    const wires = new Map(chatCtx.items.map(item => [item.id, this.mirror.has(item.id) ? undefined : this.#wire(item)]))
    const sendable = chatCtx.items.filter(({ id }) => wires.get(id) || this.mirror.has(id))
    const { deleted, inserted } = changesBetween(this.mirror.copy(), { items: sendable })
    const gone = deleted.map(id => this.delete(id))
    // The mirror holds until the answers come what is deleted: only what stays counts.
    const isEmpty = this.mirror.size === deleted.length
    const added = inserted.map(({ item, previousId }) =>
      this.#offer(item, wires.get(item.id) ?? {}, isEmpty ? (previousId ?? undefined) : previousId),
    )
    if (inserted.length > 0 && !inserted.some(({ item }) => isHeard(item))) added.push(this.beSilent())
    await allOf([...gone, ...added])
  }
  #wire(item: ChatItem): Wire | undefined {
    const { dialect, log } = this.#hands
    return wireItem(item, dialect, () => log('warn', 'openai.content.skipped', { item: item.id, role: Object(item).role }))
  }
}

/** Settles when all have; rejects with the first refusal. */
const allOf = async (work: Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(work)).find(one => one.status === 'rejected')
  if (failed) throw failed.reason
}
