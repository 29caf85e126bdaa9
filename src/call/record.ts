/** Who was heard when: gathered from what the room tells, while the call runs. */

import type { RoomFact } from '../facts.ts'
import type { AgentState } from '../mind.ts'
import type { Outcome } from '../ports.ts'
import type { Voice } from './envelope.ts'

export type Speaker = 'caller' | 'agent'
/** Milliseconds from the start of the call. */
export type Span = { startMs: number; endMs: number }
/** A word where it was heard; `id` is the utterance's or the sentence's. */
export type HeardWord = Span & { speaker: Speaker; id: string; text: string }
/** One reply: from its first sample heard to its end, and how much of it sounded. */
export type Spoken = Span & { id: string; outcome: Outcome; heardMs: number; spoken?: string }
/** A call, whole: what `timeline` draws and the folder holds. */
export type CallRecord = {
  durationMs: number
  voices: Record<Speaker, Voice>
  words: HeardWord[]
  states: (Span & { state: AgentState })[]
  utterances: Spoken[]
  pauses: Span[]
}

/** What the caller cut short; an utterance of which nothing was heard was not. */
export const isCut = ({ outcome, heardMs }: Spoken): boolean => outcome === 'interrupted' && heardMs > 0

/** Takes facts and the caller's words in; gives the record when the call is over. */
export type Recorder = {
  note(fact: RoomFact): void
  /** A word of the caller's, in call time. */
  hear(word: Omit<HeardWord, 'speaker'>): void
  record(durationMs: number, voices: Record<Speaker, Voice>): CallRecord
}
type Fact<T extends RoomFact['type']> = Extract<RoomFact, { type: T }>
type Draft = {
  zero: number
  closedAt?: number
  sampleRate: number
  shown: Fact<'words.shown'>[]
  heard: HeardWord[]
  /** The caller's sentences, as the mind tells them. */
  told: Map<string, Fact<'words.shown'>>
  states: { state: AgentState; at: number }[]
  started: Map<string, number>
  runs: Map<string, Fact<'utterance.progressed'>[]>
  ended: Fact<'utterance.ended'>[]
  pauses: { startMs: number; endMs?: number }[]
}

/** A word whose times nobody knows is shown in its middle; this is how far it is taken to reach to either side, in ms. */
const halfWord = 120
/** So long is a word taken to last where all that is known is when the sentence had been understood, in ms. */
const wholeWord = 300

const note = (draft: Draft, fact: RoomFact): void => {
  const { zero, runs } = draft
  if (fact.type === 'agent.changed') draft.states.push({ state: fact.state, at: fact.at - zero })
  else if (fact.type === 'utterance.started') draft.started.set(fact.id, fact.at - zero)
  else if (fact.type === 'utterance.progressed') runs.set(fact.id, [...(runs.get(fact.id) ?? []), fact])
  else if (fact.type === 'utterance.ended') draft.ended.push(fact)
  else if (fact.type === 'paused') draft.pauses.push({ startMs: fact.at - zero })
  else if (fact.type === 'resumed') {
    const last = draft.pauses.at(-1)
    if (last) last.endMs ??= fact.at - zero
  } else if (fact.type === 'closed') draft.closedAt = fact.at - zero
  else if (fact.type === 'words.shown' && fact.speaker === 'agent' && fact.text.trim() !== '') draft.shown.push(fact)
  else if (fact.type === 'words.shown' && fact.speaker === 'caller' && fact.final) draft.told.set(fact.id, fact)
}

/** A position in the audio of an utterance, in ms → the moment at which it was heard; undefined if it was not. */
const momentOf = ({ runs, zero, sampleRate }: Draft, id: string, ms: number): number | undefined => {
  const at = (ms * sampleRate) / 1000
  const run = runs.get(id)?.find(({ offset, duration }) => offset <= at && at <= offset + duration)
  return run && run.startedAt + ((at - run.offset) * 1000) / sampleRate - zero
}

const agentWord = (draft: Draft, { id, text, at, startMs, endMs }: Fact<'words.shown'>): HeardWord => {
  const { zero, ended } = draft
  const middle = at - zero
  const earliest = draft.started.get(id) ?? 0
  const from = (startMs === undefined ? undefined : momentOf(draft, id, startMs)) ?? Math.max(earliest, middle - halfWord)
  const to = endMs === undefined ? undefined : momentOf(draft, id, endMs)
  // A word that was cut ends with its utterance.
  const over = (ended.find(({ played }) => played.id === id)?.at ?? Number.POSITIVE_INFINITY) - zero
  const endsMs = to ?? Math.min(Math.max(middle, from) + halfWord, over)
  return { speaker: 'agent', id, text: text.trim(), startMs: from, endMs: endsMs }
}

/** Of a mind with ears of its own. */
const toldWords = ({ told, zero }: Draft): HeardWord[] =>
  [...told.values()].flatMap(({ id, text, at }) => {
    const words = text.split(/\s+/).filter(word => word !== '')
    const begin = at - zero - words.length * wholeWord
    const moment = (n: number) => Math.max(0, begin + n * wholeWord)
    return words.map((word, n): HeardWord => ({ speaker: 'caller', id, text: word, startMs: moment(n), endMs: moment(n + 1) }))
  })

const spokenOf = ({ started, zero, sampleRate }: Draft, { played, at }: Fact<'utterance.ended'>): Spoken => ({
  id: played.id,
  startMs: started.get(played.id) ?? at - zero,
  endMs: at - zero,
  outcome: played.outcome,
  heardMs: (played.heard * 1000) / sampleRate,
  ...(played.spoken !== undefined && { spoken: played.spoken }),
})

/** Words in the order in which they were told, in whole ms: each begins after the one before it, and ends before the next begins. */
const inOrder = (words: HeardWord[], durationMs: number): HeardWord[] => {
  let latest = -1
  const begun = words.map(word => {
    latest = Math.max(latest + 1, Math.round(word.startMs))
    return { ...word, startMs: latest }
  })
  return begun.map((word, i) => {
    const next = begun[i + 1]?.startMs ?? durationMs
    return { ...word, endMs: Math.round(Math.max(word.startMs, Math.min(word.endMs, next))) }
  })
}

/** `zero`: the clock's time at the start of the call; `sampleRate` of the agent's voice. */
export const recorder = (zero: number, sampleRate: number): Recorder => {
  const draft: Draft = {
    zero,
    sampleRate,
    shown: [],
    heard: [],
    told: new Map(),
    states: [],
    started: new Map(),
    runs: new Map(),
    ended: [],
    pauses: [],
  }
  return {
    note: fact => note(draft, fact),
    hear: word => draft.heard.push({ ...word, speaker: 'caller', text: word.text.trim() }),
    record: (durationMs, voices) => {
      const agent = draft.shown.map(fact => agentWord(draft, fact))
      const caller = draft.heard.length > 0 ? draft.heard : toldWords(draft)
      const words = [...inOrder(caller, durationMs), ...inOrder(agent, durationMs)]
      const over = Math.min(durationMs, draft.closedAt ?? durationMs)
      const states = draft.states.map(({ state, at }, i) => ({
        ...{ state, startMs: Math.max(0, at), endMs: draft.states[i + 1]?.at ?? over },
      }))
      return {
        durationMs,
        voices,
        words: words.sort((a, b) => a.startMs - b.startMs),
        states: states.filter(({ startMs, endMs }) => endMs > startMs && startMs < durationMs),
        utterances: draft.ended.map(fact => spokenOf(draft, fact)),
        pauses: draft.pauses.map(({ startMs, endMs = durationMs }) => ({ startMs, endMs })),
      }
    },
  }
}
