/** A room of a command, in the browser besides. */
import { inspect } from '../inspector/inspect.ts'
import type { Served, ServerOptions } from '../inspector/server.ts'
import type { ChartRoom } from '../room.ts'
import { openBrowser } from './browser.ts'
import type { Screen } from './screen.ts'
import type { Inspecting, ServingOptions } from './viewing.ts'

/** The options of the server, as it has them. */
export const serverOf = ({ port, host, allowRemote }: ServingOptions): ServerOptions => ({
  ...{ port, allowRemote },
  ...(host !== undefined && { host }),
})

/** Serves it, says where, and opens the browser if that is wanted. If it cannot be served the room is closed. */
export const shownAside = async (
  room: ChartRoom,
  options: Inspecting,
  { screen, quiet }: { screen: Screen; quiet: boolean },
): Promise<Served> => {
  const served = await inspect(room, { ...serverOf(options), sends: options.sends }).catch(async error => {
    await room.close()
    throw error
  })
  if (quiet) console.log(served.url)
  else screen.tell({ type: 'remark', text: `look at ${served.url}` })
  if (options.browser) openBrowser(served.url)
  return served
}
