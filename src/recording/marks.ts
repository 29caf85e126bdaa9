/** What the lanes of a time line show of a recording: few enough to be in memory, however long it is. */
import type { FactMessage, GapMessage, Message, SoundMessage, StallMessage } from '../inspector/messages.ts'
import { Peaks } from './peaks.ts'

type Mark = FactMessage | StallMessage | GapMessage
/** An utterance as it is heard: from `from` to `to`, in ms of the clock. */
type Heard = { from: number; to: number; facts: FactMessage[]; peaks: Peaks; sound: SoundMessage | undefined }

/** So many marks are kept, some hours of talk; when there are more, every second word goes, or every second of all. */
const MOST = 60_000
/** Steps of the caller's loudness, so that 20 ms each are an hour and a half, and of one utterance's. */
const [CALLER_STEPS, UTTERANCE_STEPS] = [262_144, 512]
/** Utterances whose sound is remembered. */
const MOST_UTTERANCES = 20_000
/** What a page gets at most: it has some thousand columns. */
const SHOWN = { utterances: 500, words: 1_000, others: 1_200, peaks: 6_000 }
/** The newest of each of these before a span tells how things stood at its start. */
const standing: Record<string, string> = {
  'agent.changed': 'agent',
  linked: 'link',
  unlinked: 'link',
  paused: 'voice',
  resumed: 'voice',
}

export class Marks {
  readonly #sampleRate: number
  readonly #utterances = new Map<string, Heard>()
  readonly #caller = new Peaks(CALLER_STEPS)
  #callerSound: SoundMessage | undefined
  #marks: Mark[] = []
  #from: number | undefined

  /** `sampleRate`: of the agent's voice. */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate
  }

  add(message: Message): void {
    this.#from ??= message.at
    if (message.type === 'sound') this.#hear(message)
    if (message.type !== 'fact' && message.type !== 'stall' && message.type !== 'gap') return
    this.#marks.push(message)
    if (message.type === 'fact') this.#place(message)
    if (this.#marks.length > MOST) this.#thin()
  }

  /** Between two moments, in the order of the tape, with what was heard across them and what held when they began. */
  span(from: number, to: number): Message[] {
    const marks = this.#marks.filter(({ at }) => at >= from && at <= to)
    const heard = [...this.#utterances.values()].filter(one => one.from <= to && one.to >= from)
    const shown = every(heard, SHOWN.utterances)
    const all = [
      ...shown.flatMap(({ facts }) => facts),
      ...every(marks.filter(isWord), SHOWN.words),
      ...every(
        marks.filter(mark => !isWord(mark) && idOf(mark) === undefined),
        SHOWN.others,
      ),
      ...this.#before(from),
      ...this.#sounds(shown, from, to),
    ]
    return all.sort((one, other) => one.seq - other.seq)
  }

  #hear(sound: SoundMessage): void {
    const { of, offset, sampleRate, stepMs, peaks, at } = sound
    if (of === 'caller') {
      this.#callerSound ??= { ...sound, peaks: [] }
      this.#caller.add(at - peaks.length * stepMs - (this.#from ?? at), stepMs, peaks)
      return
    }
    const heard = this.#heard(of.slice('utterance:'.length))
    if (!heard) return
    heard.sound ??= { ...sound, peaks: [] }
    heard.peaks.add((offset * 1000) / sampleRate, stepMs, peaks)
  }
  #heard(id: string): Heard | undefined {
    const known = this.#utterances.get(id)
    if (known || this.#utterances.size >= MOST_UTTERANCES) return known
    const heard = { from: Infinity, to: -Infinity, facts: [], peaks: new Peaks(UTTERANCE_STEPS), sound: undefined }
    this.#utterances.set(id, heard)
    return heard
  }
  #place(message: FactMessage): void {
    const { fact, at } = message
    const id = idOf(message)
    const heard = id === undefined ? undefined : this.#heard(id)
    if (!heard) return
    heard.facts.push(message)
    const [from, to] =
      fact.type === 'utterance.progressed'
        ? [fact.startedAt, fact.startedAt + (fact.duration * 1000) / this.#sampleRate]
        : [at, at]
    heard.from = Math.min(heard.from, from)
    heard.to = Math.max(heard.to, to)
  }
  #thin(): void {
    const spares = this.#marks.filter(isWord).length > MOST / 4 ? isWord : () => true
    let n = 0
    this.#marks = this.#marks.filter(mark => !spares(mark) || n++ % 2 === 0)
  }
  #before(from: number): FactMessage[] {
    const found = new Map<string, FactMessage>()
    for (let i = this.#marks.length - 1; i >= 0 && found.size < 3; i--) {
      const mark = this.#marks[i]
      if (mark?.type !== 'fact' || mark.at >= from) continue
      const kind = standing[mark.fact.type]
      if (kind !== undefined && !found.has(kind)) found.set(kind, mark)
    }
    return [...found.values()]
  }

  #sounds(heard: Heard[], from: number, to: number): SoundMessage[] {
    const zero = this.#from ?? 0
    const share = Math.max(8, Math.floor(SHOWN.peaks / Math.max(1, heard.length)))
    const caller = this.#caller.between(from - zero, to - zero, SHOWN.peaks).map(stretch => {
      const { from, stepMs, peaks } = stretch
      const sound = this.#callerSound
      const ms = peaks.length * stepMs
      return sound && { ...sound, at: zero + from + ms, stepMs, peaks, samples: Math.round((ms * sound.sampleRate) / 1000) }
    })
    const agent = heard.flatMap(({ sound, peaks }) =>
      peaks.between(0, Infinity, Math.min(share, UTTERANCE_STEPS)).map(stretch => {
        const rate = sound?.sampleRate ?? this.#sampleRate
        const [offset, samples] = [stretch.from, stretch.peaks.length * stretch.stepMs].map(ms => Math.round((ms * rate) / 1000))
        return sound && { ...sound, offset: offset ?? 0, samples: samples ?? 0, stepMs: stretch.stepMs, peaks: stretch.peaks }
      }),
    )
    // What is joined from many pieces has its bytes in no one place.
    return [...caller, ...agent].flatMap(sound => (sound ? [without(sound)] : []))
  }
}

const without = ({ media: _, ...sound }: SoundMessage): SoundMessage => sound

const isWord = (mark: Mark): boolean => mark.type === 'fact' && mark.fact.type === 'words.shown'
/** Of the utterance that a fact is about. */
const idOf = (mark: Mark): string | undefined => {
  if (mark.type !== 'fact') return undefined
  const { fact } = mark
  if (fact.type === 'utterance.ended') return fact.played.id
  return fact.type === 'utterance.started' || fact.type === 'utterance.progressed' ? fact.id : undefined
}
/** So many of them at most, evenly. */
const every = <T>(all: T[], most: number): T[] => {
  if (all.length <= most) return all
  const step = all.length / most
  return Array.from({ length: most }, (_, i) => all[Math.floor(i * step)]).filter(one => one !== undefined)
}
