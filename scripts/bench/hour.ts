/** A process for what a recording of an hour costs to open, and to scrub in. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openRecording } from '../../src/recording/read.ts'
import { recordingOf } from '../../test/recording/tapes.ts'
import { serve } from './child.ts'
import { dice, median, quantile } from './figures.ts'

const hourMs = 3_600_000
/** CPU time in ms, all threads: a busy machine does not count, and on an idle one it is at least the time that passes. */
const timed = async (work: () => unknown): Promise<number> => {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

/** In ms: `openMs` the median of `count`; a moment anywhere, of 300; all lanes of the hour; and a second of both voices. */
const hour = async (count: number) => {
  const folder = await mkdtemp(join(tmpdir(), 'chartroom-hour-'))
  try {
    await recordingOf(folder, hourMs)
    const opens: number[] = []
    for (let n = 0; n < count; n++) opens.push(await timed(async () => (await openRecording(folder)).close()))
    const recording = await openRecording(folder)
    const roll = dice(1)
    const moments: number[] = []
    for (let n = 0; n < 300; n++) moments.push(await timed(() => recording.moment(roll() * hourMs)))
    const spanMs = await timed(() => recording.span(recording.from, recording.to))
    const soundMs = await timed(() =>
      Promise.all((['caller', 'agent'] as const).map(side => recording.sound(side, 1_800_000, 1_801_000))),
    )
    await recording.close()
    return { openMs: median(opens), momentMs: { median: median(moments), p95: quantile(moments, 0.95) }, spanMs, soundMs }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
export type Hour = Awaited<ReturnType<typeof hour>>

serve({ hour: () => hour(5) })
