/** What the service knows of one conversation: its items in order, how much audio each has, and what waits in the input (FAKE-3). */
import { msOf } from '../../../src/audio/frame.ts'
import { type Item, type Refusal, sampleRate } from './wire.ts'

/** `samples`: what was sent of each content part that has audio. */
export type Kept = { item: Item; samples: Map<number, number> }
type Cut = { item_id: string; content_index: number; audio_end_ms: number }

const refused = (code: string, message: string, param?: string): Refusal => ({ code, message, ...(param && { param }) })

export class Conversation {
  readonly kept: Kept[] = []
  /** Samples that wait for their commit, and all that ever came. */
  waiting = 0
  received = 0

  get items(): Item[] {
    return this.kept.map(({ item }) => item)
  }
  /** The input buffer, in ms. */
  get inputMs(): number {
    return msOf(this.waiting, sampleRate)
  }
  find(id: string): Kept | undefined {
    return this.kept.find(({ item }) => item.id === id)
  }
  get last(): string | null {
    return this.kept.at(-1)?.item.id ?? null
  }

  hear(samples: number): void {
    this.waiting += samples
    this.received += samples
  }

  /** Puts an item behind another (`root`: before all), or at the end. Gives back whose follower it is. */
  insert(item: Item, after?: string): string | null | Refusal {
    if (this.find(item.id))
      return refused('item_create_duplicate_item_id', `Item with ID '${item.id}' is there already.`, 'item.id')
    if (item.type === 'function_call_output' && !this.#isCalled(item.call_id))
      return refused('item_create_invalid_call_id', `Tool call ID '${item.call_id}' not found in conversation.`, 'item.call_id')
    const place = after === undefined ? this.kept.length : after === 'root' ? 0 : this.#behind(after)
    if (place === undefined)
      return refused('item_create_invalid_previous_item_id', `Previous item with ID '${after}' not found.`, 'previous_item_id')
    this.kept.splice(place, 0, { item, samples: new Map() })
    return this.kept[place - 1]?.item.id ?? null
  }

  remove(id: string): Refusal | undefined {
    const place = this.kept.findIndex(({ item }) => item.id === id)
    if (place < 0)
      return refused('item_delete_invalid_item_id', `Error deleting item: the item with id '${id}' does not exist.`, 'item_id')
    this.kept.splice(place, 1)
    return undefined
  }

  truncate({ item_id: id, content_index: index, audio_end_ms: endMs }: Cut): Refusal | undefined {
    const kept = this.find(id)
    if (!kept)
      return refused(
        'item_truncate_invalid_item_id',
        `Error truncating item: the item with id '${id}' does not exist.`,
        'item_id',
      )
    const samples = kept.samples.get(index)
    if (kept.item.type !== 'message' || kept.item.role !== 'assistant' || samples === undefined)
      return refused('unsupported_content_type', 'Only model output audio messages can be truncated', 'item_id')
    const ms = msOf(samples, sampleRate)
    if (endMs > ms) return refused('invalid_value', `Audio content of ${ms}ms is already shorter than ${endMs}ms`, 'audio_end_ms')
    kept.samples.set(index, (endMs * sampleRate) / 1000)
    const part = kept.item.content[index]
    if (part) delete part.transcript
    return undefined
  }

  /** What was sent of a part. */
  sent(id: string, index: number, samples: number): void {
    const kept = this.find(id)
    kept?.samples.set(index, (kept.samples.get(index) ?? 0) + samples)
  }

  #behind(id: string): number | undefined {
    const place = this.kept.findIndex(({ item }) => item.id === id)
    return place < 0 ? undefined : place + 1
  }
  #isCalled(callId: string): boolean {
    return this.items.some(item => item.type === 'function_call' && item.call_id === callId)
  }
}
