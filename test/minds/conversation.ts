/** A conversation without a room: the caller's audio comes in time, and what is said sounds in time, on a virtual clock. */
import { type AudioFrame, type Format, frameOf, joined, samplesOf } from '../../src/audio/frame.ts'
import { sleep } from '../../src/clock.ts'
import type { Recording } from '../../src/codec/wav.ts'
import type { ChatMessage, Conversation, Saying, Utterance } from '../../src/mind.ts'
import type { VoiceActivity } from '../../src/minds/senses.ts'
import type { Played, Word } from '../../src/ports.ts'
import type { VirtualClock } from '../../src/virtual.ts'
import { countingIds } from '../fakes/ids.ts'

export type Said = { type: 'said'; words: Word[]; data: Int16Array; startMs: number; endMs: number; played: Played }
/** What happened, in order; ms of the virtual clock, which begins with the caller's first frame. */
export type Entry =
  | { type: 'state'; state: string; atMs: number }
  | { type: 'heard'; text: string; final: boolean; atMs: number }
  | { type: 'say'; atMs: number }
  | { type: 'shown'; text: string }
  | Said
export type Stage = { conversation: Conversation; entries: Entry[]; readonly said: Said[]; readonly readers: number }
export type StageOptions = {
  clock: VirtualClock
  caller: Recording
  output?: Format
  lastsMs?: number
  failsMs?: number
  writes?: [atMs: number, text: string][]
}

const frameMs = 50
/** Whoever writes. */
const nobody: Pick<ChatMessage, 'info' | 'participant'> = {
  info: { id: 'ST_1', topic: 'lk.chat', attributes: {}, mimeType: 'text/plain', timestamp: 0 },
  participant: { identity: 'ann', sid: 'PA_1', kind: 'standard', attributes: {}, active: true, tracks: [] },
}
/** From `say` to the first sample: what a queue and a path would cost. */
const pathMs = 20

/** What the utterances of one conversation share: they sound one after the other. */
type Desk = { clock: VirtualClock; output: Format; entries: Entry[]; live: Set<() => Played>; line: Promise<unknown> }

const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

const utter = (desk: Desk, { audio, text }: Saying, id: string): Utterance => {
  const { clock, output, entries, live } = desk
  let begunMs: number | undefined
  let pushed = 0
  let result: Played | undefined
  let tell: (played: Played) => void = () => {}
  const played = new Promise<Played>(resolve => {
    tell = resolve
  })
  const heard = () => Math.min(pushed, begunMs === undefined ? 0 : samplesOf(clock.now() - begunMs, output.sampleRate))
  const end = (outcome: Played['outcome']) => {
    live.delete(interrupt)
    result = { id, outcome, pushed, heard: heard(), discarded: pushed - heard() }
    tell(result)
    return result
  }
  const interrupt = () => result ?? end('interrupted')
  const sound = async () => {
    const [frames, words] = await Promise.all([collect(audio), collect(text ?? collectNothing())])
    const data = joined(frames.map(frame => frame.data))
    if (!result) await sleep(clock, pathMs)
    if (!result) [begunMs, pushed] = [clock.now(), data.length / output.channels]
    const startMs = clock.now()
    if (!result) await Promise.race([played, sleep(clock, (pushed * 1000) / output.sampleRate)])
    const last = result ?? end('finished')
    const timed = words.map(word => (typeof word === 'string' ? { text: word } : word))
    entries.push({ type: 'said', words: timed, data, startMs, endMs: clock.now(), played: last })
  }
  live.add(interrupt)
  desk.line = desk.line.then(sound)
  return {
    id,
    get heard() {
      return result?.heard ?? heard()
    },
    spoken: '',
    started: played.then(() => begunMs !== undefined),
    played,
    interrupt,
  }
}
async function* collectNothing(): AsyncGenerator<Word> {}

/** `caller` is heard from 0 ms on, then silence, until `lastsMs` (it ends) or `failsMs` (it throws): for as long as somebody listens. */
export const stage = ({
  clock,
  caller,
  output = caller,
  lastsMs = Infinity,
  failsMs = Infinity,
  writes = [],
}: StageOptions): Stage => {
  const input = { sampleRate: caller.sampleRate, channels: caller.channels }
  const desk: Desk = { clock, output, entries: [], live: new Set(), line: Promise.resolve() }
  let readers = 0
  async function* hear(): AsyncGenerator<AudioFrame> {
    const size = samplesOf(frameMs, input.sampleRate) * input.channels
    readers++
    try {
      for (let i = 0; (i + 1) * frameMs <= lastsMs; i++) {
        await sleep(clock, (i + 1) * frameMs - clock.now())
        if (clock.now() >= failsMs) throw new Error('the line is dead')
        const data = new Int16Array(size)
        data.set(caller.data.subarray(i * size, (i + 1) * size))
        yield frameOf(data, input)
      }
    } finally {
      readers--
    }
  }
  const interrupt = () => {
    for (const end of [...desk.live]) end()
  }
  async function* written(): AsyncGenerator<ChatMessage> {
    for (const [atMs, text] of writes) {
      await sleep(clock, atMs - clock.now())
      interrupt()
      yield { text, ...nobody, participantIdentity: 'ann' }
    }
  }
  return {
    entries: desk.entries,
    get said() {
      return desk.entries.flatMap(entry => (entry.type === 'said' ? [entry] : []))
    },
    get readers() {
      return readers
    },
    conversation: {
      hear,
      see: async function* () {},
      chat: written,
      say: saying => {
        desk.entries.push({ type: 'say', atMs: clock.now() })
        return utter(desk, saying, `SG_${desk.entries.length}`)
      },
      show: async text => void desk.entries.push({ type: 'shown', text }),
      heard: (text, final) => desk.entries.push({ type: 'heard', text, final, atMs: clock.now() }),
      interrupt,
      speech: () => {},
      state: state => desk.entries.push({ type: 'state', state, atMs: clock.now() }),
      ready: async () => {},
      clock,
      outside: { clock, port: (_, port) => port, ids: countingIds(), log: () => {}, epochMs: 0 },
      format: { input, output },
    },
  }
}

/** Hears speech where there is any signal. */
export const loudness = (): VoiceActivity & { readonly opened: number } => {
  let opened = 0
  return {
    get opened() {
      return opened
    },
    open: async () => {
      opened++
      return {
        sampleRate: 16_000,
        frameMs: 10,
        isSpeech: data => data.some(sample => Math.abs(sample) > 1000),
        close: () => {
          opened--
        },
      }
    },
  }
}

/** Silence of `ms`, with sound in the given spans; every sample of it has a value of its own. */
export const sounding = (format: Format, ms: number, ...spans: [fromMs: number, toMs: number][]): Recording => {
  const data = new Int16Array(samplesOf(ms, format.sampleRate) * format.channels)
  for (const [fromMs, toMs] of spans) {
    const [from, to] = [fromMs, toMs].map(at => samplesOf(at, format.sampleRate) * format.channels)
    for (let i = from ?? 0; i < (to ?? 0); i++) data[i] = (i % 80 < 40 ? -1 : 1) * (4000 + (i % 20_011)) // 300 Hz
  }
  return { ...format, data }
}
