/** What is done with a voice in each round, the same to ours, to the floor and to the peer, and when it was done. All moments are `now()`. */
import type { AudioFrame } from '../../src/audio/frame.ts'
import { lumped, paced } from './paced.ts'
import { now } from './recording.ts'
import { rate } from './signal.ts'

/** Something that speaks into a room. `interrupt` gives back how many samples of the utterance were heard, `finished` the moment. A peer may have to wait for that. */
export type Voice = {
  say(audio: AsyncIterable<AudioFrame>): Speaking
  pause(): void
  resume(): void
}
export type Speaking = { interrupt(): number | Promise<number>; finished: Promise<number> }

export type SceneName = 'talk' | 'stop' | 'tail' | 'whole'
/** `wobble`: delays every action by so many ms, up to `wobbleMs`, so that it meets the native 10 ms tick at any phase. `lump`: all samples in one frame. */
export type Scene = { name: SceneName; speech: Int16Array; wobble: number[]; lump: boolean }
export const wobbleMs = 20
export type Pause = { at: number; resumedAt: number }
export type Marks = {
  name: SceneName
  playedAt: number
  pauses: Pause[]
  interrupted?: { at: number; reported: number; tookMs: number }
  /** When the voice said that the utterance was heard to its end. */
  finishedAt?: number
  endedAt: number
}

/** After the last action: the path takes 60 ms, a peer's tail 200. */
const restMs = 350

/** How long the utterance of a scene is, in ms. */
export const lengthMs: Record<SceneName, number> = { talk: 3_600, stop: 2_000, tail: 1_000, whole: 2_500 }
/** What is left of the `tail` scene's utterance when it is paused: 150 ms, and a wobble more. */
const tailMs = 130

const sleep = (ms: number) => new Promise<void>(done => setTimeout(done, ms))
/** To a tenth of a millisecond: setTimeout knows whole ones only. */
const sleepTo = async (at: number) => {
  await sleep(Math.max(0, at - now() - 1.5))
  while (now() < at) await new Promise(setImmediate)
}

/** One scene being played. */
class Stage {
  readonly marks: Marks
  readonly #voice: Voice
  readonly #speaking: Speaking
  readonly #wobble: Iterator<number>
  #due: number

  constructor(voice: Voice, { name, speech, wobble, lump }: Scene) {
    this.#voice = voice
    this.#wobble = wobble[Symbol.iterator]()
    this.#due = now()
    this.marks = { name, playedAt: this.#due, pauses: [], endedAt: 0 }
    this.#speaking = voice.say(lump ? lumped(speech) : paced(speech, name === 'whole' ? 0 : undefined))
    void this.#speaking.finished.then(at => {
      this.marks.finishedAt = at
    })
  }
  get finished(): Promise<number> {
    return this.#speaking.finished
  }
  /** So long after the last action was due, and its wobble. */
  after(ms: number): Promise<void> {
    this.#due += ms + (this.#wobble.next().value ?? 0)
    return sleepTo(this.#due)
  }
  async pause(ms: number): Promise<void> {
    const pause = { at: now(), resumedAt: 0 }
    this.#voice.pause()
    this.marks.pauses.push(pause)
    await this.after(ms)
    pause.resumedAt = now()
    this.#voice.resume()
  }
  async interrupt(): Promise<void> {
    const at = now()
    const reported = await this.#speaking.interrupt()
    this.marks.interrupted = { at, reported, tookMs: now() - at }
  }
}

const scenes: Record<SceneName, (stage: Stage, lengthMs: number) => Promise<void>> = {
  talk: async stage => {
    for (let n = 0; n < 2; n++) {
      await stage.after(550)
      await stage.pause(280)
    }
    await stage.after(550)
    await stage.interrupt()
  },
  stop: async stage => {
    await stage.after(650)
    await stage.interrupt()
  },
  tail: async (stage, lengthMs) => {
    await stage.after(lengthMs - tailMs - wobbleMs)
    await stage.pause(350)
    await stage.finished
  },
  whole: async stage => {
    await stage.finished
  },
}

/** Plays one scene; resolves when the listener has heard what there is to hear. */
export const act = async (voice: Voice, scene: Scene): Promise<Marks> => {
  const stage = new Stage(voice, scene)
  await scenes[scene.name](stage, (scene.speech.length * 1000) / rate)
  await sleep(restMs)
  return { ...stage.marks, endedAt: now() }
}
