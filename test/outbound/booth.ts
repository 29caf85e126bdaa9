/** A speaker at work on a stage: utterances go in by their ids, and what was told of them is kept. */
import { type StageOptions, stage } from './stage.ts'

/** At 24 kHz, where 1 ms is 24 samples; each sample says which it is: 1, 2, 3 … */
export const scene = (options: StageOptions = {}) => {
  const all = stage({ maxPendingMs: 600_000, ...options })
  const { speaker, clock, sound } = all
  const machine: string[] = []
  /** Adds an utterance, and pushes `ms` of sound; gives back what takes it out. */
  const add = (id: string, ms = 0, { ended = true } = {}) => {
    const remove = speaker.add(id, fact => {
      machine.push(`${id} ${fact.type}`)
      if (fact.type === 'queue.drained') remove()
    })
    if (ms > 0) void speaker.write(id, sound(ms))
    if (ended) speaker.end(id)
    return remove
  }
  const plug = () => {
    const device = all.device()
    speaker.plug(device)
    return device
  }
  /** What was played, from `ms` on. */
  const heard = (fromMs = 0) => [...all.played()].slice(fromMs * 24)
  /** The facts about runs and starts, in ms where that is exact. */
  const facts = () =>
    all.facts().map(fact => {
      if (fact.type === 'utterance.started') return `${fact.id} started at ${fact.at}`
      if (fact.type === 'utterance.progressed')
        return `${fact.id} at ${fact.startedAt}: ${fact.offset / 24} + ${fact.duration / 24}`
      return `${fact.type} ${'id' in fact ? fact.id : fact.error}`
    })
  return { ...all, machine, add, plug, heard, facts, pass: (ms: number) => clock.advance(ms) }
}
export const counting = (from: number, n: number) => Array.from({ length: n }, (_, index) => from + index + 1)
export const silence = (n: number) => new Array<number>(n).fill(0)
