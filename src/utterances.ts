/** The replies of one room: what is pushed, what is shown, and the one end of each. */
import type { RoomEvent } from '../machines/room.ts'
import { deferred } from './deferred.ts'
import { coded, lineOf } from './errors.ts'
import type { RoomFact } from './facts.ts'
import type { Saying, Utterance } from './mind.ts'
import type { Speaker } from './outbound/speaker.ts'
import { Showing } from './outbound/sync.ts'
import type { Captions } from './outbound/transcript.ts'
import { say } from './pipes/say.ts'
import type { Clock, Ids, Log, Played, Tally, Word } from './ports.ts'
import { Mark } from './text/mark.ts'

export type UtterancesHands = {
  speaker: Speaker
  captions: Captions
  clock: Clock
  ids: Ids
  log: Log
  /** Whether words wait for their sound, and how fast the voice speaks until that is known (SYNC-7, SYNC-13). */
  sync: { syncTranscription: boolean; transcriptionSpeedFactor: number }
  /** Our identity in the room. */
  identity: () => string
  send: (event: RoomEvent) => void
  /** What the machine of this utterance ended with, if it has and the room does not know yet. */
  outcome: (id: string) => Played | undefined
  emit: (fact: RoomFact) => void
}
/** Without `showing` there is no text, or the machine of the utterance has not started. */
type Entry = {
  saying: Saying
  showing?: Showing
  played?: Played
  ending: boolean
  over: boolean
  mark: Mark
  begin: (started: boolean) => void
  resolve: (played: Played) => void
}

/** So many ended ids are remembered, so that none is used twice. */
const REMEMBERED = 1_000

export class Utterances {
  readonly #hands: UtterancesHands
  readonly #entries = new Map<string, Entry>()
  /** The latest ids, in the order they were said, and the end of each. */
  readonly #used = new Map<string, Promise<Played>>()

  constructor(hands: UtterancesHands) {
    this.#hands = hands
  }

  /** Takes a reply. Throws ERR_DUPLICATE_SEGMENT for an id that was used before, a TypeError for what cannot be read. */
  say(saying: Saying): Utterance {
    const { ids, send, identity } = this.#hands
    checkSaying(saying)
    const id = saying.id ?? ids.next('SG_')
    if (this.#used.has(id) || this.#entries.has(id))
      throw coded('ERR_DUPLICATE_SEGMENT', `the id ${id} was used by another utterance: give each its own`)
    if (saying.text && saying.shown !== false) this.#hands.captions.checkFree(id)
    const { promise: started, resolve: begin } = deferred<boolean>()
    const { promise: played, resolve } = deferred<Played>()
    this.#remember(id, played)
    const entry: Entry = { saying, ending: false, over: false, mark: new Mark(), begin, resolve }
    this.#entries.set(id, entry)
    const { attributes, shown = true } = saying
    const segment = { id, side: 'agent' as const, identity: identity(), ...(attributes ? { attributes } : {}) }
    if (saying.text && shown) send({ type: 'caption', segment })
    send({ type: 'say', id, ...(saying.text ? { text: true } : {}) })
    return this.#handle(id, entry, { started, played })
  }

  /** Pushes what was given with `say`, until the signal aborts: the machine of the utterance has started. */
  start(id: string, signal: AbortSignal): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    const { speaker, log, sync } = this.#hands
    const { audio, text } = entry.saying
    if (text)
      entry.showing = new Showing(speaker.playhead(id), {
        ...{ id, text, log, format: speaker.format, speed: sync.transcriptionSpeedFactor },
        publish: word => {
          entry.mark.note(word, this.#heardMs(id, entry))
          this.#shown(id, word)
        },
        fail: error => speaker.fail(id, error),
        // What waits for no sound is all there: what is said next need not wait for its end.
        ended: () => {
          if (!sync.syncTranscription) this.#hands.send({ type: 'finish', id })
        },
      })
    void say(audio, speaker, id, signal, entry.showing?.prompter)
  }
  /** The words of an utterance whose machine has started. */
  showing(id: string): Showing | undefined {
    return this.#entries.get(id)?.showing
  }

  /**
   * Another utterance begins to sound: so that ends and starts keep their order, one before it whose machine has ended is over, also if
   * the room is too busy to say so, and text that is still late for it is closed.
   */
  started(id: string): void {
    for (const other of [...this.#entries.keys()]) {
      const played = other === id ? undefined : this.#hands.outcome(other)
      if (played) this.ended(other, played)
      if (other !== id) this.hurry(other)
    }
    this.#entries.get(id)?.begin(true)
  }

  /** The machine of the utterance is done; without an output it has failed, by `error` if there was one. */
  ended(id: string, output: Played | undefined, error?: unknown): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    entry.played = output ?? this.#lost(id, error)
    if (entry.played.outcome !== 'finished') {
      this.#conclude(id, entry)
    } else {
      entry.ending = true
      void Promise.resolve(entry.showing?.finish()).then(() => this.#conclude(id, entry))
    }
  }

  /** The end of this one, or of the last of all so far once all have ended (OUT-27). */
  async wait(id?: string): Promise<Played | undefined> {
    const all = [...this.#used.values()]
    if (id === undefined) return (await Promise.all(all)).at(-1)
    const played = this.#used.get(id)
    if (!played) throw coded('ERR_UNKNOWN_SEGMENT', `no utterance has the id ${id}: take the id that say gave back`)
    return played
  }
  /** Where the word began that is under way, in ms of the audio; undefined where no text says. */
  wordStart(id: string): number | undefined {
    const entry = this.#entries.get(id)
    return entry?.saying.text ? entry.mark.startOf(this.#heardMs(id, entry)) : undefined
  }

  /** Ends this utterance, or all of them, now: also one whose audio was heard and whose text is late. */
  interrupt(id?: string): void {
    this.#hands.send({ type: 'interrupt', ...(id === undefined ? {} : { id }) })
    this.hurry(id)
  }
  /** Waits no longer for text that comes after its audio. */
  hurry(only?: string): void {
    for (const [id, entry] of [...this.#entries]) if (entry.ending && (only ?? id) === id) this.#conclude(id, entry)
  }
  /** Ends whatever is left when the room is gone. */
  close(): void {
    this.hurry()
    for (const id of [...this.#entries.keys()]) this.ended(id, undefined)
  }

  /** The machine left no account: the speaker has it. */
  #lost(id: string, error: unknown = 'the room has closed'): Played {
    const { speaker, log } = this.#hands
    let tally = none
    try {
      if (speaker.has(id)) tally = speaker.clear(id)
    } catch (failure) {
      log('error', 'utterance.lost', { id, error: lineOf(failure) })
    }
    return { id, outcome: 'abandoned', ...tally, error: lineOf(error) }
  }
  #heard(id: string, { played }: Entry): number {
    const { speaker } = this.#hands
    return played?.heard ?? (speaker.has(id) ? speaker.tally(id).heard : 0)
  }
  #heardMs(id: string, entry: Entry): number {
    return (this.#heard(id, entry) * 1000) / this.#hands.speaker.format.sampleRate
  }
  #conclude(id: string, entry: Entry): void {
    if (entry.over || !entry.played) return
    entry.over = true
    const spoken = entry.showing?.cut() ?? ''
    this.#entries.delete(id)
    const { syncTranscription } = this.#hands.sync
    entry.played = { ...entry.played, ...(entry.saying.text && syncTranscription ? { spoken } : {}) }
    this.#hands.send({ type: 'finish', id })
    this.#hands.emit({ type: 'utterance.ended', played: entry.played, at: this.#hands.clock.now() })
    entry.begin(false) // unless it had
    entry.resolve(entry.played)
  }
  #shown(id: string, word: Word): void {
    if (this.#entries.get(id)?.saying.shown === false) return
    const { captions, emit, identity, clock } = this.#hands
    const { text, startMs, endMs } = word
    captions.put(id, word)
    const times = { ...(startMs === undefined ? {} : { startMs }), ...(endMs === undefined ? {} : { endMs }) }
    emit({ type: 'words.shown', id, speaker: 'agent', identity: identity(), text, final: false, at: clock.now(), ...times })
  }
  #remember(id: string, played: Promise<Played>): void {
    this.#used.set(id, played)
    for (const oldest of this.#used.keys()) {
      if (this.#used.size <= REMEMBERED) return
      this.#used.delete(oldest)
    }
  }
  #handle(id: string, entry: Entry, ends: Pick<Utterance, 'started' | 'played'>): Utterance {
    const { speaker, sync } = this.#hands
    const heard = () => this.#heard(id, entry)
    return {
      id,
      ...ends,
      get heard() {
        return heard()
      },
      get spoken() {
        return (sync.syncTranscription && entry.showing?.spoken) || ''
      },
      interrupt: () => {
        this.interrupt(id)
        // Only who asks within a transition, where nobody's code should run, gets the account as it was.
        return entry.played ?? { id, outcome: 'interrupted', ...(speaker.has(id) ? speaker.tally(id) : none) }
      },
    }
  }
}

const none: Tally = { pushed: 0, heard: 0, discarded: 0 }

const isSource = (value: unknown) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value
const checkSaying = ({ id, audio, text, attributes = {} }: Saying) => {
  if (id !== undefined && (typeof id !== 'string' || id === ''))
    throw new TypeError('the id of an utterance is a text that is not empty')
  if (!isSource(audio))
    throw new TypeError('the audio of an utterance is an async iterable of frames: an async generator will do')
  if (text !== undefined && !isSource(text)) throw new TypeError('the text of an utterance is an async iterable of its pieces')
  for (const [key, value] of Object.entries(attributes))
    if (typeof value !== 'string') throw new TypeError(`the attribute "${key}" of an utterance is a text, not a ${typeof value}`)
}
