/** The options of what opens a page: where it is served, and what it shows. */
import { type Flags, filled, type Known, parsed, refuse, type Section, whole } from './flags.ts'

/** `browser`: the person's is opened. */
export type ServingOptions = { port: number; host?: string; allowRemote: boolean; browser: boolean }
export type OpenOptions = ServingOptions & { path: string }
/** `sends`: pages may send events to actors. */
export type Inspecting = ServingOptions & { sends: boolean }

export const serving = {
  port: { type: 'string', default: '0' },
  host: { type: 'string' },
  'allow-remote': { type: 'boolean' },
  'no-open': { type: 'boolean' },
} as const satisfies Known

export const inspecting = { ...serving, send: { type: 'boolean' } } as const satisfies Known

export const servingOf = (values: Flags, section: Section): ServingOptions => {
  const host = filled(values, 'host', section)
  return {
    port: whole(values, 'port', 65_535, section),
    ...(host !== undefined && { host }),
    allowRemote: values['allow-remote'] === true,
    browser: values['no-open'] !== true,
  }
}

export const inspectingOf = (values: Flags, section: Section): Inspecting => ({
  ...servingOf(values, section),
  sends: values.send === true,
})
/** Of a command that may open a page besides: undefined where it is not asked for. */
export const asideOf = (values: Flags, section: Section): Inspecting | undefined => {
  if (values.inspect) return inspectingOf(values, section)
  for (const name of ['host', 'allow-remote', 'no-open', 'send'])
    if (values[name] !== undefined) refuse(`--${name} is for --inspect`, section)
  if (values.port !== '0') refuse('--port is for --inspect', section)
  return undefined
}

/** Undefined: help is asked for. */
export const openFrom = (args: string[]): OpenOptions | undefined => {
  const { values, positionals } = parsed(args, 'open', { help: { type: 'boolean', short: 'h' }, ...serving })
  if (values.help) return undefined
  const [path, spare] = positionals
  if (spare !== undefined) refuse(`one recording at a time: "${spare}" is one too many`, 'open')
  return { path: path ?? refuse('which recording? Name its folder', 'open'), ...servingOf(values, 'open') }
}
