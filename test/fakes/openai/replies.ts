/** What the model answers, as a script: parts, what each is made of, and at which pace it comes (FAKE-6). */
import type { Ending, Response } from './response.ts'
import { type Sound, samplesBetween } from './sound.ts'
import type { Timers } from './timers.ts'

/** A piece of what is said, with its place in the audio. */
export type Spoken = { text: string; atMs: number }
/** `leadMs`: how long before its sound the transcript of a moment comes; negative, if after it. `same`: in the item of the part before. */
export type AudioPart = {
  kind: 'audio'
  ms: number
  words: readonly Spoken[]
  chunkMs: number
  leadMs: number
  sound: Sound
  same?: boolean
}
export type TextPart = { kind: 'text'; pieces: readonly string[]; same?: boolean }
export type CallPart = { kind: 'call'; name: string; arguments: string; callId?: string; id?: string; chunk: number }
export type Part = AudioPart | TextPart | CallPart
/**
 * `pace`: how many times faster than it sounds the audio comes; Infinity, if not given: all at once. `thinkMs`: from the response's begin
 * to its first item. `status`, `reason`, `error`: how it ends, if not completed.
 */
export type Reply = Partial<Ending> & { parts?: readonly Part[]; pace?: number; thinkMs?: number }

const pieces = (text: string): string[] => text.match(/\s*\S+/g) ?? []
/** Words over so many ms, each of the same length. */
const spread = (words: string | readonly (string | Spoken)[], ms: number): Spoken[] => {
  const list = typeof words === 'string' ? pieces(words) : words
  return list.map((word, index) => (typeof word === 'string' ? { text: word, atMs: (index * ms) / list.length } : word))
}

type Audible = {
  ms?: number
  words?: string | readonly (string | Spoken)[]
  chunkMs?: number
  leadMs?: number
  sound?: Sound
  same?: boolean
}
/** Speech: a second without words, in chunks of 100 ms, as a ramp, where not said otherwise. */
export const audio = ({
  ms = 1000,
  words = [],
  chunkMs = 100,
  leadMs = 0,
  sound = 'ramp',
  ...more
}: Audible = {}): AudioPart => ({
  kind: 'audio',
  ms,
  words: spread(words, ms),
  chunkMs,
  leadMs,
  sound,
  ...more,
})
/** Text instead of speech. */
export const text = (said: string, more: { same?: boolean } = {}): TextPart => ({ kind: 'text', pieces: pieces(said), ...more })
/** A function call; arguments that are a string go out as they are, JSON or not. `chunk`: characters in each delta. */
export const call = (
  name: string,
  given: unknown = {},
  more: { callId?: string; id?: string; chunk?: number } = {},
): CallPart => ({
  kind: 'call',
  name,
  arguments: typeof given === 'string' ? given : JSON.stringify(given),
  chunk: 8,
  ...more,
})
/** What an audio part would say as text. */
export const inText = (part: Part): Part =>
  part.kind === 'audio' ? { kind: 'text', pieces: part.words.map(({ text }) => text), ...(part.same && { same: true }) } : part

type Step = { atMs: number; tell(response: Response): void }

const deltas = (part: Part, fromMs: number, pace: number): Step[] => {
  if (part.kind === 'text') return part.pieces.map(piece => ({ atMs: fromMs, tell: response => response.words(piece) }))
  if (part.kind === 'call') {
    const chunks = part.arguments.match(new RegExp(`[^]{1,${part.chunk}}`, 'g')) ?? []
    return chunks.map(chunk => ({ atMs: fromMs, tell: response => response.argument(chunk) }))
  }
  const { ms, chunkMs, leadMs, sound, words } = part
  const sounds = Array.from({ length: Math.ceil(ms / chunkMs) }, (_, index) => {
    const data = () => samplesBetween(sound, index * chunkMs, Math.min(ms, (index + 1) * chunkMs))
    return { soundMs: index * chunkMs, tell: (response: Response) => response.audio(data()) }
  })
  const said = words.map(({ text, atMs }) => ({
    soundMs: Math.max(0, atMs - leadMs),
    tell: (response: Response) => response.words(text),
  }))
  // Of one moment the sound comes first, unless the words run ahead.
  const both = leadMs > 0 ? [...said, ...sounds] : [...sounds, ...said]
  return both.sort((a, b) => a.soundMs - b.soundMs).map(({ soundMs, tell }) => ({ atMs: fromMs + soundMs / pace, tell }))
}

const open = (part: Part, nextId: (prefix: string) => string) => (response: Response) => {
  if (part.kind === 'call') return response.openItem({ ...part, callId: part.callId ?? nextId('call_') })
  if (!part.same) response.openItem()
  response.openPart(part.kind)
}

/** The whole of a reply as steps in time; the last delta's moment is `endMs`. */
export const stepsOf = ({ parts = [], pace = Infinity, thinkMs = 0 }: Reply, nextId: (prefix: string) => string) => {
  const steps: Step[] = []
  let atMs = thinkMs
  for (const part of parts) {
    const own = deltas(part, atMs, pace)
    steps.push({ atMs, tell: open(part, nextId) }, ...own)
    atMs = Math.max(atMs + (part.kind === 'audio' ? part.ms / pace : 0), own.at(-1)?.atMs ?? 0)
  }
  return { steps, endMs: atMs }
}

/** Says the steps in their time, for as long as they are `wanted`; `stop` says no more of them. */
export const play = (timers: Timers, response: Response, steps: readonly Step[], wanted: () => boolean): { stop(): void } => {
  const begunMs = timers.clock.now()
  let next = 0
  let cancel = () => {}
  const go = () => {
    for (let step = steps[next]; step && wanted(); step = steps[next]) {
      const leftMs = step.atMs - (timers.clock.now() - begunMs)
      if (leftMs > 0) {
        cancel = timers.after(leftMs, go)
        return
      }
      next++
      step.tell(response)
    }
  }
  const stop = () => {
    next = steps.length
    cancel()
  }
  go()
  return { stop }
}
