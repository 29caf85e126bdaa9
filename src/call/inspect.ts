/** `chartroom inspect`: a call in a loopback room, in real time, with its charts in the browser. */
import { once } from 'node:events'
import { realClock, sleep } from '../clock.ts'
import { createOpus } from '../codec/opus.ts'
import type { Served } from '../inspector/server.ts'
import { bundledCaller, callerFrom, callFormat } from './caller.ts'
import { type Kept, keeping } from './keep.ts'
import { mindFor } from './minds.ts'
import type { InspectOptions } from './options.ts'
import { overheard } from './overheard.ts'
import { callOn } from './run.ts'
import { shownAside } from './shown.ts'
import { stageFor } from './stage.ts'

/** The caller waits so long for somebody who looks, in ms. */
const patienceMs = 60_000

/** Resolves when somebody looks, or nobody came. */
const seen = async (served: Served, signal: AbortSignal): Promise<void> => {
  const waiting = new AbortController()
  await Promise.race([served.seen, sleep(realClock(), patienceMs, AbortSignal.any([signal, waiting.signal]))])
  waiting.abort()
}

/** Holds the call, and stays until `signal` aborts, so that what happened can be looked at. Rejects with one clear line. */
export const inspect = async (options: InspectOptions, assets: URL, signal: AbortSignal): Promise<void> => {
  const stage = stageFor(options)
  const opus = createOpus({ clock: realClock(), sampleRate: callFormat.sampleRate })
  let kept: Kept | undefined
  let served: Served | undefined
  try {
    const caller = options.wav === undefined ? await bundledCaller(assets, opus, signal) : await callerFrom(options.wav, signal)
    const mind = await mindFor({ ...options, assets, opus, log: stage.log, signal }, caller.hearing)
    kept = await keeping(options.record)
    await callOn(
      {
        audio: caller.data,
        seed: options.seed,
        realtime: true,
        recorder: kept?.recorder,
        mind: (clock, hear) => mind(hearing => overheard(hearing, clock, hear)),
      },
      {
        ...{ ...stage, signal },
        opened: async room => {
          stage.screen.tell({ type: 'remark', text: 'the call begins when a page looks' })
          served = await shownAside(room, options, { ...stage, quiet: options.quiet })
          await seen(served, signal)
        },
      },
    )
    stage.screen.tell({ type: 'remark', text: 'the call is over: the page still shows it; Ctrl-C ends' })
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    kept?.recorder.close()
    if (kept) stage.screen.tell({ type: 'remark', text: `recorded in ${kept.folder}` })
    stage.screen.close()
    await served?.close()
  }
}
