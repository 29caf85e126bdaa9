/** The row of what a realtime model is told at an interruption, beside what a listener heard of that reply. */
import { join } from 'node:path'
import { Child } from './child.ts'
import { dice } from './figures.ts'
import { type Excess, excessIn } from './lag.ts'
import { Heard, load } from './recording.ts'
import type { Reply } from './replies.ts'
import { type Bench, meet } from './talk.ts'
import type { Told } from './telling.ts'

/** A reply that the caller interrupts so long after it began. */
export type Cut = Reply & { cutMs: number }
/** In ms, and in words. */
export type Truncations = { ms: number[]; words: number[]; wrong: string[] }

/** So many interruptions in each round. */
const cuts = 5

export const truncations = async (bench: Bench, replies: readonly Reply[], rounds: number): Promise<Truncations> => {
  const all: Truncations = { ms: [], words: [], wrong: [] }
  const listener = new Child('listener', bench.bundle('listener'))
  const agent = new Child('model', bench.bundle('model-agent'))
  try {
    for (let round = 0; round < rounds; round++) {
      bench.say(`truncate: round ${round + 1} of ${rounds}`)
      await meet(bench, `truncate-${round}`, 'ours', agent, listener)
      const roll = dice(53 * round)
      for (let n = 0; n < cuts; n++) {
        const reply = replies[(round * cuts + n) % replies.length]
        if (reply) note(all, await truncate(bench, listener, agent, cutOf(reply, roll())))
      }
    }
  } finally {
    await Promise.all([listener, agent].map(child => child.end()))
  }
  return all
}

const cutOf = (reply: Reply, share: number): Cut => {
  const lastMs = reply.words.at(-1)?.startMs ?? 0
  return { ...reply, cutMs: 400 + share * (lastMs - 400) }
}
type Measured = (Excess & { audioEndMs: number }) | undefined
const truncate = async ({ folder }: Bench, listener: Child, agent: Child, cut: Cut): Promise<Measured> => {
  const told = await agent.ask<Told & { audioEndMs: number }>('answer', cut)
  const file = join(folder, `truncated-${told.playedAt}`)
  await listener.ask('save', { name: 'ours', from: told.playedAt - 100, to: told.endedAt, file })
  const excess = excessIn(cut, told, new Heard(load(file)))
  return excess && { ...excess, audioEndMs: told.audioEndMs }
}
const note = ({ ms, words, wrong }: Truncations, measured: Measured) => {
  if (!measured) return void wrong.push('truncation')
  const { audioEndMs, heardMs } = measured
  ms.push(audioEndMs - Math.min(Math.max(audioEndMs, heardMs.from), heardMs.to)) // anywhere in a silence is right
  words.push(measured.words)
}
