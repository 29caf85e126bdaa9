/** What is done with a voice in each round, the same to ours and to the floor, and when it was done. All moments are `now()`. */
import type { AudioFrame } from '../../src/audio/frame.ts'
import { lumped, paced } from './paced.ts'
import { now } from './recording.ts'
import { rate } from './signal.ts'

/** Something that speaks into a room. `heard` and what `interrupt` gives back: samples of this utterance. */
export type Voice = {
  say(audio: AsyncIterable<AudioFrame>): Speaking
  pause(): void
  resume(): void
}
export type Speaking = { interrupt(): number; finished: Promise<number> }

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

/** Plays one scene; resolves when the listener has heard what there is to hear. */
export const act = async (voice: Voice, { name, speech, wobble, lump }: Scene): Promise<Marks> => {
  const off = wobble[Symbol.iterator]()
  const playedAt = now()
  let due = playedAt
  const after = (ms: number) => {
    due += ms + (off.next().value ?? 0)
    return sleepTo(due)
  }
  const speaking = voice.say(lump ? lumped(speech) : paced(speech, name === 'whole' ? 0 : undefined))
  const marks: Marks = { name, playedAt, pauses: [], endedAt: 0 }
  speaking.finished.then(at => {
    marks.finishedAt = at
  })
  const pause = async (ms: number) => {
    const one = { at: now(), resumedAt: 0 }
    voice.pause()
    marks.pauses.push(one)
    await after(ms)
    one.resumedAt = now()
    voice.resume()
  }
  const interrupt = () => {
    const at = now()
    const reported = speaking.interrupt()
    marks.interrupted = { at, reported, tookMs: now() - at }
  }
  if (name === 'talk') {
    for (let n = 0; n < 2; n++) {
      await after(550)
      await pause(280)
    }
    await after(550)
    interrupt()
  }
  if (name === 'stop') {
    await after(650)
    interrupt()
  }
  if (name === 'tail') {
    await after((speech.length * 1000) / rate - tailMs - wobbleMs)
    await pause(350)
    await speaking.finished
  }
  if (name === 'whole') await speaking.finished
  await sleep(restMs)
  marks.endedAt = now()
  return marks
}
