/** A call in which all of it may happen: the deeds behind the steps, and what is noted to hold it against the laws. */
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { sleep } from '../../src/clock.ts'
import type { Mic } from '../../src/loopback/index.ts'
import type { Conversation, Mind, Utterance } from '../../src/mind.ts'
import type { RoomOptions } from '../../src/options.ts'
import type { Played, Word } from '../../src/ports.ts'
import { type Call, format, newCall, perMs, pieces, stalled, torn } from '../fakes/call.ts'
import type { Answers, AnswersOf } from './answers.ts'
import type { Scene, Step, Voice, Who, Words } from './scene.ts'
import { altered, Tape } from './world.ts'

/** Sample n of an utterance: it says its place, and is never silent. */
export const sampleAt = (n: number) => (n % 30_000) + 1
/** What ann's microphone sends at this moment; bob's is the negative of it. A recording is louder than anything live. */
export const sampleOf = (ms: number) => 1 + Math.floor(ms / 2)
export const momentOf = (sample: number) => 2 * (Math.abs(sample) - 1)
/** Made once: filling arrays would take a fifth of the time. */
const tables = {
  voice: Int16Array.from({ length: 60_000 }, (_, n) => sampleAt(n)),
  ann: Int16Array.from({ length: 65_000 * perMs }, (_, n) => sampleOf(n / perMs)),
  bob: Int16Array.from({ length: 65_000 * perMs }, (_, n) => -sampleOf(n / perMs)),
}
export const recorded = 32_767
export const budgets = { closeMs: 4_000, pendingMs: 1_000, bufferMs: 1_000 }

/** The voice of one utterance, and how much of it was asked for. */
export class Source {
  given = 0
  ended = false
  #waiting: number[] = []
  #wake = () => {}

  /** `ms` of its sound, from where it is. */
  next(ms: number): AudioFrame {
    const from = this.given % 30_000
    this.given += ms * perMs
    return frameOf(tables.voice.slice(from, from + ms * perMs), format)
  }
  push(ms: number): void {
    this.#waiting.push(ms)
    this.#wake()
  }
  flush(): void {
    this.ended = true
    this.#wake()
  }
  async *pushed(): AsyncGenerator<AudioFrame> {
    for (;;) {
      const ms = this.#waiting.shift()
      if (ms !== undefined) yield this.next(ms)
      else if (this.ended) return
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }
  async *whole(ms: number, pause: () => Promise<void> = async () => {}): AsyncGenerator<AudioFrame> {
    for (let left = ms; left > 0; left -= 70) {
      yield this.next(Math.min(70, left))
      await pause()
    }
    this.ended = true
  }
}

export type Said = {
  utterance: Utterance
  text: string
  voice: Voice
  words: Words
  source: Source
  /** What was heard when it was last looked at, and when the voice was paused. */
  heard: number
  atPause?: number
  played?: Played
}
type Spoken = { mic: Mic; untilMs: number }
export type Stage = Call & {
  people: Record<Who, Call['caller']>
  watcher: Call['caller']
  captions: ReturnType<Call['caller']['collect']>
  /** The values of the agent's attribute, in the order in which the room was told. */
  attributes: (string | undefined)[]
  tape: Tape
  said: Said[]
  mics: Record<Who, Spoken[]>
  conversation: () => Conversation | undefined
  crash: () => void
  pin: Who | 'nobody' | undefined
  reading: AbortController | undefined
  frames: { frame: AudioFrame; at: number }[]
  /** When the agent did not hear: [from, to] in ms. */
  deaf: [from: number, to: number][]
  breaks: number
  faults: Set<string>
  answers: Answers
  releases: (() => void)[]
}

const lyrics = (ms: number) => Array.from({ length: Math.ceil(ms / 200) }, (_, n) => `${n ? ' ' : ''}word${n}`)
const voiceOf = (source: Source, { ms, voice }: Step & { do: 'say' }, { clock }: Call): AsyncIterable<AudioFrame> => {
  if (voice === 'none') return source.whole(0)
  if (voice === 'pushed') return source.pushed()
  if (voice === 'endless') return source.whole(1_000_000)
  if (voice === 'paced') return source.whole(ms, () => sleep(clock, 65))
  if (voice === 'stalled') return stalled(source.whole(ms))
  return voice === 'torn' ? torn(source.whole(ms)) : source.whole(ms)
}
const wordsOf = ({ ms, words }: Step & { do: 'say' }, { clock }: Call): AsyncIterable<string | Word> => {
  const all = lyrics(ms)
  const times = all.map((text, n) => ({ text, startMs: n * 200, endMs: n * 200 + 200 }))
  if (words === 'timed') return pieces<string | Word>(...times)
  if (words === 'stalled') return stalled(pieces<string | Word>(...times))
  if (words === 'torn') return torn(pieces<string | Word>(...times))
  if (words === 'plain') return pieces<string | Word>(...all)
  return (async function* () {
    for (const text of all) {
      await sleep(clock, 450)
      yield text
    }
  })()
}

const read = async (stage: Stage, signal: AbortSignal, slowly: boolean) => {
  for await (const frame of stage.room.audio) {
    stage.frames.push({ frame, at: stage.clock.now() })
    if (slowly) await sleep(stage.clock, 90, signal)
    if (signal.aborted) break
  }
  stage.reading = undefined
}
const publish = (stage: Stage, who: Who, preconnect: boolean) => {
  const person = stage.people[who]
  if (!person.here) return
  const mic = person.publish({ preconnect })
  stage.mics[who].push({ mic, untilMs: 0 })
  const attributes = { trackId: mic.sid, sampleRate: '24000', channels: '1' }
  const bytes = new Uint8Array(new Int16Array(330 * perMs).fill(recorded).buffer)
  if (preconnect)
    person.sendBytes('lk.agent.pre-connect-audio-buffer', [bytes.subarray(0, 777), bytes.subarray(777)], { attributes })
}
const talk = ({ mics, clock }: Stage, who: Who) => {
  const last = mics[who].at(-1)
  if (!last) return
  const from = Math.max(clock.now(), last.untilMs)
  last.untilMs = from + 700
  void last.mic.speak(tables[who].slice(from * perMs, last.untilMs * perMs))
}
const attach = ({ room, deaf, clock }: Stage, attached: boolean) => {
  room.setAttached(attached)
  const last = deaf.at(-1)
  const isDeaf = last?.[1] === Number.POSITIVE_INFINITY
  if (attached && last && isDeaf) last[1] = clock.now()
  if (!attached && !isDeaf) deaf.push([clock.now(), Number.POSITIVE_INFINITY])
}
const say = (stage: Stage, step: Step & { do: 'say' }) => {
  const { words, voice, ms } = step
  const source = new Source()
  const audio = voiceOf(source, step, stage)
  const utterance = stage.room.say({ audio, ...(words === 'none' ? {} : { text: wordsOf(step, stage) }) })
  const text = words === 'none' ? '' : lyrics(ms).join('')
  const one: Said = { utterance, text, voice, words, source, heard: 0, ...(isPaused(stage) ? { atPause: 0 } : {}) }
  void utterance.played.then(played => {
    one.played = played
  })
  stage.said.push(one)
}

export const isOpen = ({ room }: Call) => room.actor.getSnapshot().value === 'running'
export const isPaused = ({ room }: Call) => room.actor.getSnapshot().context.paused
const pushedAt = ({ said }: Stage, which: number) => said.filter(({ voice }) => voice === 'pushed').at(-1 - which)?.source

type StepOf<D, S = Step> = S extends { do: infer All } ? (D extends All ? S : never) : never
type Deeds = { [D in Step['do']]: (stage: Stage, step: StepOf<D>) => unknown }
/** Everything that a command can do. What makes no sense at that moment does nothing. */
const deeds: Deeds = {
  say,
  push: (stage, { which, ms }) => pushedAt(stage, which)?.push(ms),
  flush: (stage, { which }) => pushedAt(stage, which)?.flush(),
  cut: ({ said }, { which }) => said.at(-1 - which)?.utterance.interrupt(),
  pause: stage => {
    if (isPaused(stage)) return
    stage.room.pause()
    for (const one of stage.said) if (!one.played) one.atPause = one.utterance.heard
  },
  resume: ({ room, said }) => {
    for (const one of said) delete one.atPause
    room.resume()
  },
  interrupt: ({ room, said }) => {
    for (const one of said) delete one.atPause
    room.interrupt()
  },
  show: ({ room }) => room.show('A note.'),
  attach: stage => attach(stage, true),
  detach: stage => attach(stage, false),
  link: (stage, { who }) => {
    stage.pin = who
    stage.room.setParticipant(who)
  },
  unlink: stage => {
    stage.pin = 'nobody'
    stage.room.setParticipant(undefined)
  },
  read: (stage, { slowly }) => {
    if (stage.reading) return
    stage.reading = new AbortController()
    void read(stage, stage.reading.signal, slowly)
  },
  leaveOff: ({ reading }) => reading?.abort(),
  think: ({ conversation }, { state }) => conversation()?.state(state),
  heard: ({ conversation, clock }, { final }) => conversation()?.heard(`Hello at ${clock.now()}`, final),
  join: ({ people, mics }, { who }) => {
    if (people[who].here) return
    people[who].join()
    mics[who] = []
  },
  leave: ({ people, mics }, { who, reason }) => {
    people[who].leave(reason)
    mics[who] = []
  },
  publish: (stage, { who }) => publish(stage, who, false),
  record: (stage, { who }) => publish(stage, who, true),
  unpublish: ({ mics }, { who }) => mics[who].pop()?.mic.unpublish(),
  replace: ({ mics, said }, { who }) => mics[who].at(-1)?.mic.replace({ late: said.length % 2 === 1 }),
  mute: ({ mics }, { who }) => mics[who].at(-1)?.mic.mute(),
  unmute: ({ mics }, { who }) => mics[who].at(-1)?.mic.unmute(),
  talk: (stage, { who }) => talk(stage, who),
  outage: ({ hub, faults }, { kind, ms, missed }) => {
    faults.add(kind)
    hub.reconnect(kind, ms, { identity: 'agent', missed })
  },
  fail: ({ hub, faults }, { operation }) => {
    faults.add(operation)
    hub.failNext(operation, new Error('on purpose'), 'agent')
  },
  stall: ({ hub, faults, releases }, { operation }) => {
    faults.add(operation)
    releases.push(hub.stall(operation, 'agent'))
  },
  refuse: ({ hub, faults }, { blocks }) => {
    faults.add('writeSound')
    for (let n = 0; n < blocks; n++) hub.failNext('writeSound', new Error('refused'), 'agent')
  },
  hang: ({ hub, clock, faults }, { ms }) => {
    faults.add('hang')
    clock.setTimeout(hub.stallSinks('agent'), ms)
  },
  crash: stage => stage.crash(),
  deafen: stage => {
    stage.breaks++
  },
  close: ({ room }) => void room.close('enough'),
  throwOut: ({ hub }) => hub.disconnect('agent'),
}
export const perform = <D extends Step['do']>(stage: Stage, step: Step & { do: D }) => {
  const deed = deeds[step.do] as (stage: Stage, step: Step) => unknown // of the same name
  deed(stage, step)
}

/** Lets go on what can go on, cuts what would never end, and waits until the rest must have been heard. */
export const waitOut = async (stage: Stage) => {
  perform(stage, { do: 'resume' })
  for (const { utterance, voice, words, source } of stage.said) {
    if (voice === 'stalled' || voice === 'endless' || words === 'stalled') utterance.interrupt()
    if (voice === 'pushed') source.flush()
  }
  const left = stage.said.reduce((sum, { source, heard, played }) => sum + (played ? 0 : (source.given - heard) / perMs), 0)
  // After an outage, a device that hangs, a publication tried again, words that come a second late.
  await stage.clock.advance(20_000 + Math.min(left, 60_000))
}

/** A room that is open, a caller whose microphone is read, and one who only watches. */
export const enter = async (
  { closeOnDisconnect, relink, fadeMs, slowly }: Omit<Scene, 'steps' | 'isPatient' | 'lateMs'>,
  answersOf: AnswersOf,
  more: RoomOptions = {},
): Promise<Stage> => {
  let conversation: Conversation | undefined
  const mind: Mind = {
    start: given => {
      conversation = given
      return new Promise((_, reject) => {
        stage.crash = () => reject(new Error('the mind broke'))
      })
    },
  }
  const tape = new Tape()
  const faults = new Set<string>()
  const call = newCall({
    options: {
      ...{ mind, closeOnDisconnect, relink, relinkGraceMs: 1_000, closeBudgetMs: budgets.closeMs, ...more },
      audioInput: { maxBufferMs: budgets.bufferMs },
      audioOutput: { fadeMs, maxPendingMs: budgets.pendingMs },
    },
    wrap: world =>
      altered(world, {
        ...{ tape, answers: { begin: (...asked) => answers.begin(...asked), answer: (...asked) => answers.answer(...asked) } },
        breaks: () => stage.breaks > 0 && stage.breaks-- > 0,
      }),
  })
  const { hub, clock, caller } = call
  const answers = answersOf(clock, () => faults.add('late'))
  const people = { ann: caller, bob: hub.participant({ identity: 'bob' }) }
  const watcher = hub.participant({ identity: 'watcher', kind: 'egress' })
  watcher.join()
  const attributes: Stage['attributes'] = []
  watcher.watch(fact => {
    if (fact.type === 'participant.changed' && fact.identity === 'agent') attributes.push(fact.attributes['lk.agent.state'])
  })
  const stage: Stage = {
    ...{ ...call, room: call.open(), people, watcher, attributes, tape, answers },
    ...{ captions: watcher.collect('lk.transcription'), said: [], mics: { ann: [], bob: [] } },
    ...{ conversation: () => conversation, crash: () => {}, pin: undefined, reading: undefined, frames: [], deaf: [] },
    ...{ breaks: 0, faults, releases: [] },
  }
  await answers.until(stage.room.opened)
  await clock.advance(1)
  publish(stage, 'ann', false)
  perform(stage, { do: 'read', slowly })
  talk(stage, 'ann')
  return stage
}
