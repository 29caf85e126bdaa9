/** The messages that a page keeps, and how things stood after any of them. */
import type { EventMessage, Message, Path, StepMessage } from '../inspector/messages.ts'
import { apply, emptyScene, type Scene } from '../inspector/scene.ts'

/** So many messages are kept, some minutes of a busy call; when they are too many a tenth goes, the oldest first. */
const LIMIT = 20_000
/** A scene is kept for each so many messages: folding as many again takes a millisecond. */
const STRIDE = 500

/** Where the last item that `isBefore` lies, -1 if there is none: all of those before it are. */
const lastOf = <T>(items: readonly T[], isBefore: (item: T) => boolean): number => {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const item = items[middle]
    if (item !== undefined && isBefore(item)) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** A message by its number. Messages are in order, and may have holes. */
export const findMessage = (messages: readonly Message[], seq: number): Message | undefined => {
  const found = messages[lastOf(messages, message => message.seq <= seq)]
  return found?.seq === seq ? found : undefined
}
/** An event by its number. */
export const findEvent = (messages: readonly Message[], seq: number): EventMessage | undefined => {
  const found = findMessage(messages, seq)
  return found?.type === 'event' ? found : undefined
}
/** Where in the messages the last one lies that came up to this moment; -1: none did. */
export const indexAt = (messages: readonly Message[], at: number, seq = Number.POSITIVE_INFINITY): number =>
  lastOf(messages, message => message.at <= at && message.seq <= seq)

/** What comes after the last hole: machines are told of however long ago that was, and charts come by themselves. */
export const stretchOf = (messages: readonly Message[]): Message[] =>
  messages.slice(
    Math.max(
      0,
      messages.findLastIndex(({ seq }, index) => seq > endOf(messages[index - 1]) + 1),
    ),
  )

/** A gap stands for many messages. */
const endOf = (message: Message | undefined): number => {
  if (!message) return 0
  return message.type === 'gap' ? message.seq + message.count - 1 : message.seq
}

/** The next transition of an actor after the message `seq`, or the last one before it. */
export const stepFrom = (messages: readonly Message[], path: Path, seq: number, direction: 1 | -1): StepMessage | undefined => {
  for (let index = indexAt(messages, Number.POSITIVE_INFINITY, seq); index >= -1 && index < messages.length; index += direction) {
    const message = messages[index]
    if (message?.type === 'step' && message.path === path && message.taken.length > 0 && message.seq !== seq) return message
  }
  return undefined
}

export class Kept {
  /** Grows in place; another array when the oldest go, or when it begins anew. */
  messages: Message[] = []
  /** So many before the first are not kept. */
  lost = 0
  /** After the last message. */
  newest: Scene = emptyScene()
  /** Oldest first; the first is the earliest moment that one can go back to. */
  #scenes: Scene[] = []
  /** So many messages came since the last of the scenes. */
  #since = 0
  readonly #limit: number
  readonly #stride: number

  constructor({ limit = LIMIT, stride = STRIDE }: { limit?: number; stride?: number } = {}) {
    this.#limit = limit
    this.#stride = stride
  }

  /** Ms of the earliest moment that can be shown, and of the newest. */
  get from(): number {
    return this.#scenes[0]?.at ?? 0
  }
  /** Whether it is before all that can be shown; of messages that came at once, by their numbers. */
  isBefore(at: number, seq = Number.POSITIVE_INFINITY): boolean {
    const first = this.#scenes[0] ?? emptyScene()
    return at < first.at || (at === first.at && seq < first.seq)
  }
  get to(): number {
    return this.newest.at
  }

  /**
   * Forgets what it has. `scene` is how things stood after one of these messages or before them all; without `base`, how they stood before
   * the first, earlier moments cannot be shown.
   */
  begin({ scene, messages, lost = 0, base }: { scene: Scene; messages: readonly Message[]; lost?: number; base?: Scene }): void {
    // Before what is near there may be what tells why, from long ago.
    const isWhole = lost === 0 && messages[scene.seq - 1]?.seq === scene.seq
    const first = base ?? (isWhole ? emptyScene() : scene)
    this.messages = messages.filter(({ seq }) => seq <= first.seq)
    this.lost = lost
    this.newest = structuredClone(first)
    this.#scenes = [structuredClone(first)]
    this.#since = 0
    for (const message of messages) if (message.seq > first.seq) this.add(message)
  }

  /** Adds what is newer than what it has. False, and nothing is changed, if something between is missing, or it has not begun. */
  extend(messages: readonly Message[]): boolean {
    if (this.#scenes.length === 0) return false
    const next = this.newest.seq + 1
    const last = messages.at(-1)
    if (!last || last.seq < next) return true
    if (!findMessage(messages, next)) return false
    for (const message of messages) if (message.seq >= next) this.add(message)
    return true
  }

  add(message: Message): void {
    this.messages.push(message)
    apply(this.newest, message, seq => findEvent(this.messages, seq)?.event.type)
    if (++this.#since >= this.#stride) {
      this.#scenes.push(structuredClone(this.newest))
      this.#since = 0
    }
    if (this.messages.length > this.#limit) this.#slide()
  }

  /** How things stood at this moment, after all that came then; with `seq` right after that message. The earliest, for what was before it. */
  sceneAt(at: number, seq = Number.POSITIVE_INFINITY): Scene {
    const last = this.messages[indexAt(this.messages, at, seq)]
    const upTo = last?.seq ?? 0
    if (upTo >= this.newest.seq) return structuredClone(this.newest) // it goes on changing
    const start =
      this.#scenes[
        Math.max(
          0,
          lastOf(this.#scenes, scene => scene.seq <= upTo),
        )
      ]
    const scene = structuredClone(start ?? emptyScene())
    const eventType = (cause: number) => findEvent(this.messages, cause)?.event.type
    const begin = lastOf(this.messages, message => message.seq <= scene.seq) + 1
    for (let index = begin; index < this.messages.length; index++) {
      const message = this.messages[index]
      if (!message || message.seq > upTo) break
      apply(scene, message, eventType)
    }
    return scene
  }

  #slide(): void {
    const count = Math.max(1, Math.floor(this.#limit / 10))
    const gone = this.messages[count - 1]
    if (!gone) return
    const first = structuredClone(this.sceneAt(gone.at, gone.seq))
    this.#scenes = [first, ...this.#scenes.filter(({ seq }) => seq > first.seq)]
    this.messages = this.messages.slice(count)
    this.lost += count
  }
}
