/** The rows of text: ours tells replies whose words have known times, and a listener notes when it hears and when it reads each of them. */
import { join } from 'node:path'
import { Child } from './child.ts'
import { dice } from './figures.ts'
import { type Chunk, excessIn, lagsOf } from './lag.ts'
import { Heard, load } from './recording.ts'
import type { Reply } from './replies.ts'
import { type Bench, meet } from './talk.ts'
import type { Telling, Told } from './telling.ts'

/** Words a minute. */
export const textSpeeds = [114, 157]
export const wordSpeeds = [120, 210, 360]
/** By speed, without and with word times. */
export type Both = { plain: number[]; timed: number[] }
export type Tale = { lags: Map<number, Both>; excess: Map<number, Both>; wrong: string[] }

/** So many interruptions in each round, at each speed. */
const cuts = 2

export const tale = async (bench: Bench, replies: readonly Reply[], rows: readonly string[], rounds: number): Promise<Tale> => {
  const empty = (speeds: number[]) => new Map(speeds.map(speed => [speed, { plain: [], timed: [] }]))
  const tale: Tale = { lags: empty(textSpeeds), excess: empty(wordSpeeds), wrong: [] }
  const listener = new Child('listener', bench.bundle('listener'))
  const agent = new Child('ours', bench.bundle('agent'))
  const teller = tellerOf(bench, listener, agent)
  try {
    for (let round = 0; round < rounds; round++) {
      await meet(bench, `text-${round}`, 'ours', agent, listener)
      for (const timed of [false, true]) {
        bench.say(`text: round ${round + 1} of ${rounds}${timed ? ', with times' : ''}`)
        if (rows.includes('text')) await lags(tale, teller, replies, round, timed)
        if (rows.includes('words')) await excesses(tale, teller, replies, round, timed)
      }
    }
  } finally {
    await Promise.all([listener, agent].map(child => child.end()))
  }
  return tale
}

type Teller = (telling: Telling) => Promise<{ told: Told; heard: Heard; chunks: Chunk[] }>
const tellerOf = ({ folder }: Bench, listener: Child, agent: Child): Teller => {
  let count = 0
  return async telling => {
    const told = await agent.ask<Told>('tell', telling)
    const file = join(folder, `told-${++count}`)
    const span = { name: 'ours', from: told.playedAt - 100, to: told.endedAt }
    await listener.ask('save', { ...span, file })
    return { told, heard: new Heard(load(file)), chunks: await listener.ask<Chunk[]>('read', span) }
  }
}
const pick = (replies: readonly Reply[], speed: number, n: number): Reply => {
  const all = replies.filter(reply => reply.speed === speed)
  const reply = all[n % all.length]
  if (!reply) throw new Error(`there is no reply of ${speed} words a minute`)
  return reply
}

const lags = async (tale: Tale, tell: Teller, replies: readonly Reply[], round: number, timed: boolean) => {
  for (const speed of textSpeeds) {
    const reply = pick(replies, speed, round)
    const { told, heard, chunks } = await tell({ ...reply, timed })
    const lags = lagsOf(reply, told, heard, chunks)
    if (lags) tale.lags.get(speed)?.[timed ? 'timed' : 'plain'].push(...lags)
    else tale.wrong.push('reply')
  }
}
const excesses = async (tale: Tale, tell: Teller, replies: readonly Reply[], round: number, timed: boolean) => {
  const roll = dice(31 * round + (timed ? 1 : 0))
  for (const speed of wordSpeeds)
    for (let n = 0; n < cuts; n++) {
      const reply = pick(replies, speed, cuts * round + n)
      const lastMs = reply.words.at(-1)?.startMs ?? 0
      const { told, heard } = await tell({ ...reply, timed, cutMs: 300 + roll() * (lastMs - 300) })
      const excess = excessIn(reply, told, heard)
      if (excess) tale.excess.get(speed)?.[timed ? 'timed' : 'plain'].push(excess.words)
      else tale.wrong.push('interruption')
    }
}
