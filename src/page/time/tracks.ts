/** What the lanes show, gathered from messages: who was heard when, in what state the agent was, and what went wrong. */
import type { RoomFact } from '../../facts.ts'
import type { Message, SoundMessage } from '../../inspector/messages.ts'
import { gapText } from '../../inspector/rows.ts'
import type { AgentState } from '../../mind.ts'
import type { Outcome } from '../../ports.ts'
import { emptyWave, sound, type Wave } from './wave.ts'

/** In ms of the room's clock; `to` undefined: it goes on. */
export type Stretch = { from: number; to?: number }
export type Utterance = Stretch & { id: string; outcome?: Outcome; heardMs: number; spoken?: string }
/** A word of the agent's, a sentence of the caller's, or what they wrote. */
export type Said = { from: number; to: number; speaker: 'agent' | 'caller'; id: string; text: string; written?: true }
export type Fault = { from: number; to: number; kind: 'failure' | 'drop' | 'stall' | 'gap'; text: string }

type Fact<T extends RoomFact['type']> = Extract<RoomFact, { type: T }>
type Run = Fact<'utterance.progressed'>
/** Where the caller's next piece of sound joins the one before, if the clock says so within `seamMs`. */
type Seam = { offset: number; at: number }
/** What of an utterance was given, and when which of it was heard. */
type Voice = { given: SoundMessage[]; runs: Run[] }

export type Tracks = {
  /** Of the agent's voice, in Hz. */
  sampleRate: number
  /** The latest moment that is known. */
  end: number
  caller: Wave
  agent: Wave
  said: Said[]
  utterances: Utterance[]
  states: (Stretch & { state: AgentState })[]
  pauses: Stretch[]
  faults: Fault[]
  voices: Map<string, Voice>
  /** The run that is heard now, of which no fact tells before it is over. */
  sounding?: Pick<Run, 'id' | 'startedAt' | 'offset'>
  seam: Seam
}

/** So many of each are kept; the oldest give way. That is several hours of talk. */
const mostKept = 50_000
/** Sound that was given and words that were shown belong to one of the last so many utterances. */
const mostVoices = 32
/** A clock is read late, a sample is not: pieces this near to each other have no seam, in ms. */
const seamMs = 80
/** A word whose times nobody knows is shown in its middle; this is how far it is taken to reach to either side, in ms. */
const halfWord = 120
/** So long is a word taken to last where all that is known is when the sentence had been understood, in ms. */
const wholeWord = 300

export const emptyTracks = (zero: number, sampleRate: number): Tracks => ({
  ...{
    sampleRate,
    end: zero,
    caller: emptyWave(zero),
    agent: emptyWave(zero),
    voices: new Map(),
    seam: { offset: -1, at: zero },
  },
  ...{ said: [], utterances: [], states: [], pauses: [], faults: [] },
})

/** Slides: what is over the bound goes in one piece, so that adding stays cheap. */
const keep = <T>(list: T[], one: T): void => {
  list.push(one)
  if (list.length > mostKept * 1.1) list.splice(0, list.length - mostKept)
}

const voiceOf = ({ voices }: Tracks, id: string): Voice => {
  const voice = voices.get(id) ?? { given: [], runs: [] }
  voices.set(id, voice)
  const [oldest] = voices.keys()
  if (voices.size > mostVoices && oldest !== undefined) voices.delete(oldest)
  return voice
}

/** Puts what was given of an utterance where a run of it was heard. */
const lay = (wave: Wave, run: Omit<Run, 'type'>, { offset, sampleRate, stepMs, peaks }: SoundMessage): void => {
  const step = (stepMs * sampleRate) / 1000
  const first = Math.max(0, Math.floor((run.offset - offset) / step))
  const end = Math.min(peaks.length, Math.ceil((run.offset + run.duration - offset) / step))
  if (end <= first) return
  const at = run.startedAt + ((offset + first * step - run.offset) * 1000) / sampleRate
  sound(wave, at, stepMs, peaks.slice(first, end))
}

/** What the agent says now, as far as is known; without a sound while it is silent. */
export const soundingIn = ({ sounding, voices, sampleRate, end, caller }: Tracks): Wave => {
  const wave = emptyWave(sounding?.startedAt ?? caller.zero)
  if (!sounding) return wave
  const run = { ...sounding, duration: ((end - sounding.startedAt) * sampleRate) / 1000 }
  for (const piece of voices.get(sounding.id)?.given ?? []) lay(wave, run, piece)
  return wave
}
/** Goes on after a pause with the very next sample. */
const resumed = (tracks: Tracks, at: number): void => {
  const last = tracks.utterances.at(-1)
  const run = last?.to === undefined ? tracks.voices.get(last?.id ?? '')?.runs.at(-1) : undefined
  if (run) tracks.sounding = { id: run.id, startedAt: at, offset: run.offset + run.duration }
}

/** A position in the audio of an utterance, in ms → the moment at which it was heard; undefined if that is not known. */
const momentOf = ({ voices, sampleRate }: Tracks, id: string, ms: number): number | undefined => {
  const at = (ms * sampleRate) / 1000
  const run = voices.get(id)?.runs.findLast(({ offset, duration }) => offset <= at && at <= offset + duration)
  return run && run.startedAt + ((at - run.offset) * 1000) / sampleRate
}

/** A piece ends at its moment. */
const listen = (tracks: Tracks, { at, offset, samples, sampleRate, stepMs, peaks }: SoundMessage): void => {
  const ms = (samples * 1000) / sampleRate
  const { seam } = tracks
  const follows = offset === seam.offset && Math.abs(at - ms - seam.at) <= seamMs
  const from = follows ? seam.at : at - ms
  tracks.seam = { offset: offset + samples, at: from + ms }
  sound(tracks.caller, from, stepMs, peaks)
}

const hear = (tracks: Tracks, fact: Fact<'words.shown'>): void => {
  const { id, speaker, at, startMs, endMs } = fact
  const text = fact.text.trim()
  if (text === '') return
  if (speaker === 'agent') {
    const from = (startMs === undefined ? undefined : momentOf(tracks, id, startMs)) ?? at - halfWord
    const to = (endMs === undefined ? undefined : momentOf(tracks, id, endMs)) ?? Math.max(at, from) + halfWord
    keep(tracks.said, { from, to, speaker, id, text })
    return
  }
  const known = tracks.said.findLast(one => one.speaker === 'caller')
  if (known?.id === id) Object.assign(known, { text, to: at })
  else keep(tracks.said, { from: at - lasting(text), to: at, speaker, id, text })
}

/** How long the caller has talked, when their sentence comes all at once; `[speech 2.3 s]` says it. */
const lasting = (text: string): number => {
  const told = /^\[speech ([\d.]+) s\]$/.exec(text)?.[1]
  return told === undefined ? text.split(/\s+/).length * wholeWord : Number(told) * 1000
}

const over = (list: Stretch[], at: number): void => {
  const last = list.at(-1)
  if (last) last.to ??= at
}

const utter = (tracks: Tracks, { played }: Fact<'utterance.ended'>, at: number): void => {
  const { id, outcome, spoken } = played
  if (tracks.sounding?.id === id) delete tracks.sounding
  const heardMs = (played.heard * 1000) / tracks.sampleRate
  const end = { to: at, outcome, heardMs, ...(spoken !== undefined && { spoken }) }
  const begun = tracks.utterances.findLast(one => one.id === id)
  if (begun) Object.assign(begun, end)
  else keep(tracks.utterances, { id, from: at - heardMs, ...end })
}

const wrong = (tracks: Tracks, at: number, kind: Fault['kind'], text: string, ms = 0): void =>
  keep(tracks.faults, { from: at - ms, to: at, kind, text })

const noteFact = (tracks: Tracks, fact: RoomFact, at: number): void => {
  if (fact.type === 'agent.changed') {
    over(tracks.states, fact.at)
    keep(tracks.states, { state: fact.state, from: fact.at })
  } else if (fact.type === 'utterance.started') {
    keep(tracks.utterances, { id: fact.id, from: fact.at, heardMs: 0 })
    tracks.sounding = { id: fact.id, startedAt: fact.at, offset: 0 }
  } else if (fact.type === 'utterance.progressed') {
    const { given, runs } = voiceOf(tracks, fact.id)
    runs.push(fact)
    for (const piece of given) lay(tracks.agent, fact, piece)
    if (tracks.sounding?.id === fact.id) delete tracks.sounding
  } else if (fact.type === 'utterance.ended') utter(tracks, fact, fact.at)
  else if (fact.type === 'paused') keep(tracks.pauses, { from: fact.at })
  else if (fact.type === 'resumed') {
    over(tracks.pauses, fact.at)
    resumed(tracks, fact.at)
  } else if (fact.type === 'words.shown') hear(tracks, fact)
  else if (fact.type === 'chat.received') {
    keep(tracks.said, { from: fact.at, to: fact.at, speaker: 'caller', id: '', text: fact.text, written: true })
  } else if (fact.type === 'closed') {
    over(tracks.states, fact.at)
    over(tracks.pauses, fact.at)
    if (fact.error !== undefined) wrong(tracks, fact.at, 'failure', `the room failed: ${fact.error}`)
  } else if (fact.type === 'input.dropped') wrong(tracks, at, 'drop', `${fact.samples} samples of the caller were dropped`)
  else if (fact.type === 'frame.failed') wrong(tracks, at, 'failure', `a frame of ${fact.id} failed: ${fact.error}`)
  else if (fact.type === 'captions.lost') wrong(tracks, at, 'failure', 'the captions are lost')
  else if (fact.type === 'failed')
    wrong(tracks, at, 'failure', `${fact.actor} failed${fact.restarted ? ' and began anew' : ''}: ${fact.error}`)
}

/** Adds a message to what the lanes show. */
export const note = (tracks: Tracks, message: Message): void => {
  const { at } = message
  if (at > tracks.end) tracks.end = at
  if (message.type === 'fact') noteFact(tracks, message.fact, at)
  else if (message.type === 'stall')
    wrong(tracks, at, 'stall', `the process stood still for ${Math.round(message.ms)} ms`, message.ms)
  else if (message.type === 'gap') wrong(tracks, at, 'gap', gapText(message.count, message.why))
  else if (message.type !== 'sound') return
  else if (message.of === 'caller') listen(tracks, message)
  else {
    const { given, runs } = voiceOf(tracks, message.of.slice('utterance:'.length))
    given.push(message)
    for (const run of runs) lay(tracks.agent, run, message)
  }
}

export const tracksOf = (messages: Iterable<Message>, zero: number, sampleRate: number): Tracks => {
  const tracks = emptyTracks(zero, sampleRate)
  for (const message of messages) note(tracks, message)
  return tracks
}
