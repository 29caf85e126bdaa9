/** The bench: runs the rows that are asked for against a server, and gives back the table. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import { tokenFor } from '../../src/livekit/server.ts'
import { loadVoice } from '../../src/minds/assets.ts'
import type { Server } from '../livekit.mjs'
import { killAll } from './child.ts'
import { costs } from './costs.ts'
import { insideRows } from './inside-rows.ts'
import type { SceneName } from './scenes.ts'
import { chorus } from './speech.ts'
import { costRows, heardRows, type Row, render } from './table.ts'
import { type Bench, talk } from './talk.ts'

export type { Row }
export { killAll, render }

/** `rows` to run (all where empty); `rounds` of talking, `seconds` of measuring each number of sessions. */
export type Options = { rows: string[]; rounds: number; seconds: number; keep?: string }
export type Hands = {
  server: () => Promise<Server>
  bundle: (name: string) => string
  assets: URL
  say: (line: string) => void
}

/** The scenes that a row needs. */
const needs: Record<string, SceneName[]> = {
  play: ['stop'],
  interrupt: ['stop', 'talk'],
  pause: ['talk'],
  lost: ['talk', 'tail'],
  tail: ['talk', 'tail'],
  reported: ['stop', 'talk'],
  finished: ['tail', 'whole'],
  whole: ['whole'],
  click: ['talk', 'stop'],
}
const costly = ['cpu', 'memory']
const inside = ['frames', 'start', 'minute', 'import']
/** The names of all rows. */
export const rowNames = [...Object.keys(needs), ...costly, ...inside]
/** So many times each number of sessions is measured. */
const costRounds = 2

export const run = async ({ rows, rounds, seconds, keep }: Options, hands: Hands): Promise<Row[]> => {
  const wanted = rows.length > 0 ? rows : rowNames
  const has = (names: string[]) => names.some(name => wanted.includes(name))
  const all: Row[] = []
  if (has(inside)) all.push(...(await insideRows(wanted, hands.bundle)))
  if (has([...Object.keys(needs), ...costly])) all.unshift(...(await heard(wanted, has, { rounds, seconds, keep }, hands)))
  return all.filter(({ name }) => wanted.includes(name))
}

type Measuring = { rounds: number; seconds: number; keep: string | undefined }
const heard = async (wanted: string[], has: (names: string[]) => boolean, { rounds, seconds, keep }: Measuring, hands: Hands) => {
  const server = await hands.server()
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'chartroom-bench-')))
  const bench: Bench = {
    ...{ folder, bundle: hands.bundle, say: hands.say, speech: await speechFrom(hands.assets) },
    admit: async (room, identity) => ({
      url: server.url,
      token: await tokenFor({ ...server, room, identity, kind: identity === 'agent' ? 'agent' : 'standard' }),
    }),
  }
  try {
    const scenes = [...new Set(wanted.flatMap(name => needs[name] ?? []))]
    const result: Row[] = []
    if (scenes.length > 0) result.push(...heardRows(await talk(bench, scenes, rounds)))
    if (has(costly)) result.push(...costRows(await costs(bench, { rounds: costRounds, ms: seconds * 1000 }), costRounds))
    return result
  } finally {
    killAll()
    await server.stop()
    if (keep === undefined) await rm(folder, { recursive: true, force: true })
  }
}

/** Made of all lines of the docent. */
export const speechFrom = async (assets: URL): Promise<Int16Array> => {
  const voice = await loadVoice(assets, createOpus({ clock: realClock() }), new AbortController().signal)
  const lines = [...voice.values()].map(({ data }) => data)
  const whole = new Int16Array(lines.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const line of lines) {
    whole.set(line, at)
    at += line.length
  }
  return chorus(whole)
}
