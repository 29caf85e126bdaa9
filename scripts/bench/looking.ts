/** What it costs a room to be looked at, and to be recorded. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededIds } from '../../src/ids.ts'
import { probe } from '../../src/inspector/probe.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import { record } from '../../src/recording/write.ts'
import { type ChartRoom, openRoom } from '../../src/room.ts'
import { virtualClock } from '../../src/virtual.ts'
import { median } from './figures.ts'

export type Looking = 'nobody' | 'probe' | 'recording'
/** Events that the actors of a room take, in µs of CPU time each; `off` is without an onlooker, the others are what one adds. */
export type LookingCost = { off: number; probe: number; recording: number }

/** In each turn of the event loop, so often: two events, the room's and its microphone's, that change contexts and have effects. */
const BURST = 50

const spent = async (room: ChartRoom, turns: number): Promise<number> => {
  const start = process.cpuUsage()
  for (let n = 0; n < turns; n++) {
    for (let m = 0; m < BURST; m++) {
      room.setAttached(false)
      room.setAttached(true)
    }
    await new Promise(setImmediate)
  }
  const { user, system } = process.cpuUsage(start)
  return user + system
}

const lookingAt = (room: ChartRoom, kind: Looking, folder: string): (() => void) => {
  if (kind === 'probe') return probe(room, { sink: () => {} })
  if (kind === 'recording') return record(room, join(folder, String(Math.random()))).stop
  return () => {}
}
const eventsIn = async (room: ChartRoom): Promise<number> => {
  let events = 0
  const stop = probe(room, {
    sink: ({ type }) => {
      if (type === 'event') events++
    },
  })
  await spent(room, 1)
  stop()
  return events
}

/** The median of `rounds` by turns, each of `turns` bursts. */
export const looking = async (rounds: number, turns: number): Promise<LookingCost> => {
  const clock = virtualClock()
  const folder = mkdtempSync(join(tmpdir(), 'chartroom-looking-'))
  try {
    const hub = createLoopback({ clock, ids: seededIds(1) })
    const room = await clock.runUntil(openRoom(hub.world({ identity: 'agent' })))
    const events = (await eventsIn(room)) * turns
    const times: Record<Looking, number[]> = { nobody: [], probe: [], recording: [] }
    for (let round = -2; round < rounds; round++)
      for (const kind of ['nobody', 'probe', 'recording'] as const) {
        const stop = lookingAt(room, kind, folder)
        const time = (await spent(room, turns)) / events
        stop()
        if (round >= 0) times[kind].push(time)
      }
    await clock.runUntil(room.close())
    const off = median(times.nobody)
    return { off, probe: median(times.probe) - off, recording: median(times.recording) - off }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
