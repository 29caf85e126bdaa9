/** The bench: runs the rows that are asked for against a server, and gives back the table. */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { joined } from '../../src/audio/frame.ts'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import { tokenFor } from '../../src/livekit/server.ts'
import { loadVoice } from '../../src/minds/assets.ts'
import type { Server } from '../livekit.mjs'
import { killAll } from './child.ts'
import { costs } from './costs.ts'
import { insideRows } from './inside-rows.ts'
import type { Round } from './measure.ts'
import { repliesFrom } from './replies.ts'
import type { SceneName } from './scenes.ts'
import { chorus } from './speech.ts'
import { costRows, heardRows, type Row, render, textRows, truncationRows } from './table.ts'
import { type Bench, type Each, type Kind, talk } from './talk.ts'
import { tale } from './tell.ts'
import { truncations } from './truncate.ts'

export type { Row }
export { killAll, render }

/** `rows` to run (all where empty); `rounds` of talking, `seconds` of measuring each number of sessions. `peers`: beside a peer, as far as it has such a thing. */
export type Options = { rows: string[]; rounds: number; seconds: number; keep?: string; peers?: boolean }
export type Hands = {
  server: () => Promise<Server>
  bundle: (name: string) => string
  assets: URL
  /** The file of replies whose words have known times. */
  replies: string
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
const read = ['text', 'words']
const modelled = ['truncate']
const costly = ['cpu', 'memory']
const inside = ['frames', 'start', 'minute', 'looking', 'reply', 'recording', 'page', 'mixing', 'import']
/** The names of all rows. */
export const rowNames = [...Object.keys(needs), ...read, ...modelled, ...costly, ...inside]
/** So many times each number of sessions is measured. */
const costRounds = 3

/** `notes`: what the reader of the rows should know. */
export type Report = { rows: Row[]; notes: string[] }

export const run = async ({ rows, rounds, seconds, keep, peers = false }: Options, hands: Hands): Promise<Report> => {
  const all = peers ? rowNames.filter(name => !inside.includes(name)) : rowNames
  const wanted = rows.length > 0 ? rows : all
  const kinds: Kind[] = peers ? ['floor', 'ours', 'peer'] : ['floor', 'ours']
  const has = (names: string[]) => names.some(name => wanted.includes(name))
  const scenes = [...new Set(wanted.flatMap(name => needs[name] ?? []))]
  const report: Report = { rows: [], notes: [] }
  if (scenes.length > 0 || has([...read, ...modelled, ...costly]))
    await onServer(hands, { keep, kinds }, async bench => {
      if (scenes.length > 0) {
        const both = await talk(bench, scenes, rounds)
        report.rows.push(...heardRows(both))
        report.notes.push(...notesOn(both))
      }
      if (has(read)) {
        const told = await tale(bench, repliesFrom(hands.replies, bench.speech), wanted, rounds)
        report.rows.push(...textRows(told))
        if (told.wrong.length > 0)
          report.notes.push(`text: not found in what was heard, and not counted: ${told.wrong.join(', ')}`)
      }
      if (has(modelled)) {
        const cut = await truncations(bench, repliesFrom(hands.replies, bench.speech), rounds)
        report.rows.push(...truncationRows(cut))
        if (cut.wrong.length > 0) report.notes.push(`truncate: not found in what was heard: ${cut.wrong.length}`)
      }
      if (!has(costly)) return
      const note = (line: string) => report.notes.push(line)
      report.rows.push(...costRows(await costs(bench, { rounds: costRounds, ms: seconds * 1000, note }), costRounds))
    })
  if (has(inside)) report.rows.push(...(await insideRows(wanted, hands.bundle)))
  return { ...report, rows: report.rows.filter(({ name }) => wanted.includes(name)) }
}

const notesOn = (each: Each<Round>): string[] =>
  Object.entries(each).flatMap(([kind, { wrong }]) =>
    wrong.length > 0 ? [`${kind}: not found in what was heard, and not counted: ${wrong.join(', ')}`] : [],
  )

const onServer = async (
  hands: Hands,
  { keep, kinds }: { keep: string | undefined; kinds: Kind[] },
  work: (bench: Bench) => Promise<void>,
): Promise<void> => {
  const server = await hands.server()
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'chartroom-bench-')))
  await mkdir(folder, { recursive: true })
  if (keep === undefined) process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  try {
    await work({
      ...{ kinds, folder, bundle: hands.bundle, say: hands.say, speech: await speechFrom(hands.assets) },
      admit: async (room, identity) => ({
        url: server.url,
        token: await tokenFor({ ...server, room, identity, kind: identity === 'agent' ? 'agent' : 'standard' }),
      }),
    })
  } finally {
    killAll()
    await server.stop()
  }
}

/** Made of all lines of the docent. */
export const speechFrom = async (assets: URL): Promise<Int16Array> => {
  const voice = await loadVoice(assets, createOpus({ clock: realClock() }), new AbortController().signal)
  return chorus(joined([...voice.values()].map(({ data }) => data)))
}
