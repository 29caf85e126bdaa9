/** The rows that are heard by a listener: agents, ours, the floor and perhaps a peer, by turns in rooms of their own, and one listener to all. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child } from './child.ts'
import { dice } from './figures.ts'
import { measure, merged, type Round } from './measure.ts'
import { Heard, load, now } from './recording.ts'
import type { Way } from './rooms.ts'
import { lengthMs, type Marks, type SceneName, wobbleMs } from './scenes.ts'
import { stretchOf } from './speech.ts'

export type Kind = 'floor' | 'ours' | 'peer'
/** One of each kind that takes part. */
export type Each<T> = { floor: T; ours: T; peer?: T }
export const eachOf = <T>(kinds: readonly Kind[], of: (kind: Kind) => T): Each<T> => ({
  floor: of('floor'),
  ours: of('ours'),
  ...(kinds.includes('peer') ? { peer: of('peer') } : {}),
})
/** `bundle`: the path of a bundled script. `admit`: the way into a room. `folder` for recordings. */
export type Bench = {
  kinds: readonly Kind[]
  speech: Int16Array
  folder: string
  bundle: (name: string) => string
  admit: (room: string, identity: string) => Promise<Way>
  say: (line: string) => void
}
export type Take = { kind: Kind; marks: Marks; file: string; from: number; to: number }

/** A moment between scenes, in ms: what one leaves in the path is gone before the next. */
const restMs = 150

const sleep = (ms: number) => new Promise<void>(done => setTimeout(done, ms))

/**
 * Plays the scenes `rounds` times with each voice, by turns. Each round has connections of its own: the tick of a source meets that of
 * the listener at another phase each time, and is worth up to 10 ms.
 */
export const talk = async (bench: Bench, scenes: SceneName[], rounds: number): Promise<Each<Round>> => {
  const { kinds } = bench
  const listener = new Child('listener', bench.bundle('listener'))
  const agents = new Map(kinds.map(kind => [kind, new Child(kind, bench.bundle(kind === 'peer' ? 'agent-peer' : 'agent'))]))
  const takes: Take[] = []
  try {
    for (let round = 0; round < rounds; round++) {
      bench.say(`round ${round + 1} of ${rounds}`)
      const order = round % 2 ? kinds : kinds.toReversed()
      for (const kind of order) await meet(bench, `${kind}-${round}`, kind, agents.get(kind), listener)
      const play = player(bench, listener, agents)
      for (const kind of order) await play(kind, 'stop', round, dice(0)) // warms up, not counted
      for (const scene of scenes)
        for (const kind of order) takes.push(await play(kind, scene, round, dice(97 * round + scenes.indexOf(scene))))
    }
  } finally {
    await Promise.all([listener, ...agents.values()].map(child => child.end()))
  }
  await writeFile(join(bench.folder, 'takes.json'), JSON.stringify(takes))
  return measured(bench, takes)
}

/** Both come into a new room, and out of the old; frames come also in silence. */
export const meet = async ({ admit }: Bench, room: string, kind: Kind, agent: Child | undefined, listener: Child) => {
  const since = now()
  await Promise.all([
    agent?.ask('join', { kind, way: await admit(room, 'agent') }),
    listener.ask('join', { name: kind, way: await admit(room, 'listener') }),
  ])
  for (let waited = 0; ; waited += 50) {
    if ((await listener.ask<number>('heard', { name: kind, from: since, to: Number.MAX_VALUE })) > 20) return
    if (waited > 20_000) throw new Error(`the listener does not hear ${kind}${listener.said ? `: ${listener.said}` : ''}`)
    await sleep(50)
  }
}

const player = ({ speech, folder }: Bench, listener: Child, agents: Map<Kind, Child>) => {
  let count = 0
  return async (kind: Kind, name: SceneName, round: number, roll: () => number): Promise<Take> => {
    const { from, to } = stretchOf(speech, lengthMs[name], roll())
    const wobble = Array.from({ length: 6 }, () => roll() * wobbleMs)
    const scene = { name, speech: speech.slice(from, to), wobble, lump: name === 'whole' && round % 2 === 1 }
    const marks = await agents.get(kind)?.ask<Marks>('act', scene)
    if (!marks) throw new Error(`there is no ${kind}`)
    const file = join(folder, `${round}-${kind}-${name}-${++count}`)
    await listener.ask('save', { name: kind, from: marks.playedAt - 300, to: marks.endedAt, file })
    await sleep(restMs)
    return { kind, marks, file, from, to }
  }
}

/** Measures what was taken. */
export const measured = ({ speech, kinds }: Pick<Bench, 'speech' | 'kinds'>, takes: readonly Take[]): Each<Round> => {
  const roundsOf = (kind: Kind) =>
    takes
      .filter(take => take.kind === kind)
      .map(({ marks, file, from, to }) => measure(marks, new Heard(load(file)), Float32Array.from(speech.subarray(from, to))))
  return eachOf(kinds, kind => merged(roundsOf(kind)))
}
