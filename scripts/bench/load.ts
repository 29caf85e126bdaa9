/** A process with several sessions, each of which speaks all the time and listens to its caller: what it costs. */
import { dispose } from '@livekit/rtc-node'
import { serve } from './child.ts'
import { median } from './figures.ts'
import type { Way } from './rooms.ts'

/** One session at work: how many frames it heard so far, and whether it is heard itself. */
export type Session = { heardFrames: number; speaks: boolean }
/** `cpu` in core-seconds per second and session; `rss` in MB, for the whole process. */
export type Cost = { cpu: number; rss: number }

const sleep = (ms: number) => new Promise<void>(done => setTimeout(done, ms))
const lookMs = 250

/** Measures for `ms`. Rejects if a session heard or said nothing meanwhile. */
const measure = async (sessions: Session[], ms: number): Promise<Cost> => {
  const before = sessions.map(({ heardFrames }) => heardFrames)
  const [start, cpu] = [process.hrtime.bigint(), process.cpuUsage()]
  const resident: number[] = []
  for (let passed = 0; passed < ms; passed += lookMs) {
    await sleep(lookMs)
    resident.push(process.memoryUsage.rss() / 2 ** 20)
  }
  const { user, system } = process.cpuUsage(cpu)
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  for (const [index, { heardFrames, speaks }] of sessions.entries()) {
    const frames = heardFrames - (before[index] ?? 0)
    // 50 ms frames: a caller who speaks all the time is 20 of them each second.
    if (frames < 15 * seconds || !speaks)
      throw new Error(
        `session ${index} heard ${frames} frames in ${seconds.toFixed(1)} s ${speaks ? 'and speaks' : 'and is not heard'}`,
      )
  }
  return { cpu: (user + system) / 1e6 / seconds / sessions.length, rss: median(resident) }
}

/** Serves as a process of sessions that `open` opens. */
export const serveLoad = (open: (way: Way, speech: Int16Array) => Promise<Session>): void => {
  let sessions: Session[] = []
  serve(
    {
      join: async ({ ways, speech }: { ways: Way[]; speech: Int16Array }) => {
        sessions = await Promise.all(ways.map(way => open(way, speech)))
      },
      measure: ({ ms }: { ms: number }) => measure(sessions, ms),
    },
    dispose,
  )
}

/** Stretches of `speech`, one after another, for ever. */
export function* replies(speech: Int16Array, samples: number): Generator<Int16Array> {
  for (let at = 0; ; at = at + 2 * samples > speech.length ? 0 : at + samples) yield speech.subarray(at, at + samples)
}
/** How long the utterances are, in samples. */
export const replySamples = 4 * 24_000
