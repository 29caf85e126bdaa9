/** `chartroom live`: a page where one talks with the agent, until Ctrl-C. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { realClock } from '../clock.ts'
import { codeOf } from '../errors.ts'
import { feedOf } from '../inspector/feed.ts'
import { draw } from '../inspector/inspect.ts'
import { roomShow } from '../inspector/room-show.ts'
import { type Served, serve } from '../inspector/server.ts'
import type { Show } from '../inspector/show.ts'
import type { Watched } from '../inspector/watched.ts'
import { openBrowser } from './browser.ts'
import { checkWritable, freeName, stampOf } from './files.ts'
import { keeping } from './keep.ts'
import { createHost, type Watch } from './live-host.ts'
import { liveMinds } from './live-minds.ts'
import type { LiveOptions } from './options.ts'
import { serverOf } from './shown.ts'
import { stageFor } from './stage.ts'

/** Where it is served if nothing is said and nobody else is there: a browser remembers of an address that it may use the microphone. */
const usualPort = 8484
/** Ids are made from a number below this. */
const seeds = 2 ** 32

const served = async (show: Show, options: LiveOptions): Promise<Served> => {
  const asked = serverOf(options)
  if (asked.port !== 0) return serve(show, asked)
  try {
    return await serve(show, { ...asked, port: usualPort })
  } catch (error) {
    if (codeOf(error) !== 'ERR_LISTEN') throw error
    return serve(show, asked)
  }
}

const folderIn = (record: string) => join(record || 'calls', stampOf(new Date()))
/** Each call is recorded in a folder of its own, if at all: one after the other takes the next name that is free. */
const watchFor = ({ record, quiet }: LiveOptions) => {
  let lane: Promise<unknown> = Promise.resolve()
  const watch = async (): Promise<Watch<Watched>> => {
    const kept = record === undefined ? undefined : await keeping(await freeName(folderIn(record)))
    if (kept && !quiet) console.log(`this call is recorded in ${kept.folder}/`)
    return { options: kept ? { recorder: kept.recorder } : {}, feedOf }
  }
  return (): Promise<Watch<Watched>> => {
    const watching = lane.then(watch)
    lane = watching.catch(() => undefined) // whoever calls is told
    return watching
  }
}

/** Rejects with one clear line if no call can be held, or the page cannot be served. */
export const live = async (options: LiveOptions, assets: URL, signal: AbortSignal): Promise<void> => {
  if (options.record !== undefined) await checkWritable(folderIn(options.record), '--record=DIR')
  const { log } = stageFor({ quiet: true, color: options.color })
  const minds = await liveMinds({ ...options, assets, log, env: process.env, signal })
  const host = createHost<Watched>({
    ...{ log, minds, clock: realClock(), callClock: () => realClock() },
    ...{ watch: watchFor(options), seed: () => randomInt(seeds) },
  })
  const page = await served(roomShow({ host, sends: options.sends, draw }), options)
  console.log(options.quiet ? page.url : `\n  ${page.url}\n\nTalk with the agent there. Ctrl-C ends.`)
  if (options.browser) openBrowser(page.url)
  if (!signal.aborted) await once(signal, 'abort')
  await page.close()
}
