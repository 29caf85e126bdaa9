/** A recording of the sample call, made in virtual time: the same in every run. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bundledCaller } from '../../src/call/caller.ts'
import { mindFor } from '../../src/call/minds.ts'
import { phone } from '../../src/call/run.ts'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import { seededIds } from '../../src/ids.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import { record } from '../../src/recording/write.ts'
import { openRoom } from '../../src/room.ts'
import { virtualClock } from '../../src/virtual.ts'

const assets = pathToFileURL('assets/')
/** Far more than the sample call takes, in ms. */
const LONGEST = 600_000

/** What the caller of the sample call says: mono, 24 000 Hz. */
export const callerVoice = async () => {
  const opus = createOpus({ clock: realClock(), sampleRate: 24_000 })
  return { opus, ...(await bundledCaller(assets, opus, new AbortController().signal)) }
}

/** Holds the sample call with the docent; gives back the folder of its recording. */
export const recorded = async (): Promise<string> => {
  const folder = join(mkdtempSync(join(tmpdir(), 'chartroom-recorded-')), 'call')
  const { signal } = new AbortController()
  const log = () => {}
  const { opus, data, hearing } = await callerVoice()
  const make = await mindFor({ mind: 'docent', minSpeechMs: 200, assets, log, opus, signal }, hearing)
  const clock = virtualClock()
  const converse = async () => {
    const hub = createLoopback({ clock, ids: seededIds(1), log })
    const room = await openRoom(hub.world({ identity: 'agent' }), { mind: make() })
    record(room, folder)
    await phone(hub.participant({ identity: 'caller' }), room, data, clock, signal)
    await room.close()
    hub.close()
  }
  await clock.runUntil(converse(), LONGEST)
  return folder
}
