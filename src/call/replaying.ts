/** What `chartroom replay` is told. */
import { parsed, refuse } from './flags.ts'

export type ReplayOptions = { folders: string[]; json: boolean }

/** Undefined: they want to read the help. */
export const replayFrom = (args: string[]): ReplayOptions | undefined => {
  const { values, positionals } = parsed(args, 'replay', { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } })
  if (values.help) return undefined
  if (positionals.length === 0) refuse('which recording? Name its folder', 'replay')
  if (positionals.includes('')) refuse('the name of a folder is empty', 'replay')
  return { folders: positionals, json: values.json === true }
}
