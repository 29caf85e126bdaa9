/** The options of what writes a file for other programs: drawings, and traces of recordings. */
import { filled, parsed, refuse } from './flags.ts'

/** `what`: a machine's name, or the path of a module; `machine`: one of those in it. `all`: a folder for every machine. */
export type DrawOptions = { what?: string; machine?: string; mermaid: boolean; out?: string; all?: string }
/** `path` of a recording; `out` of the file, `-` for standard output. */
export type TraceOptions = { path: string; out: string }

const help = { type: 'boolean', short: 'h' } as const

/** Whether a word is a path and not the name of a machine. */
export const isPath = (word: string): boolean => /\.[mc]?[jt]s$/.test(word) || /[/\\]/.test(word)

/** Undefined: help is asked for. */
export const drawFrom = (args: string[]): DrawOptions | undefined => {
  const known = { help, mermaid: { type: 'boolean' }, out: { type: 'string' }, all: { type: 'string' } } as const
  const { values, positionals } = parsed(args, 'draw', known)
  if (values.help) return undefined
  const [what, ...rest] = positionals
  const [machine] = what !== undefined && isPath(what) ? rest.splice(0, 1) : []
  if (rest[0] !== undefined) refuse(`one machine at a time: "${rest[0]}" is one too many; --all DIR draws every one`, 'draw')
  const [out, all] = [filled(values, 'out', 'draw'), filled(values, 'all', 'draw')]
  if (out !== undefined && all !== undefined) refuse('--out is for one machine, --all for every one: give one of them', 'draw')
  if (machine !== undefined && all !== undefined) refuse(`--all draws every machine: "${machine}" is one too many`, 'draw')
  if (what !== undefined && all !== undefined && !isPath(what))
    refuse(`--all draws every machine: "${what}" is one too many`, 'draw')
  if (what === undefined && out !== undefined) refuse('--out is for one machine: name it', 'draw')
  return {
    ...(what !== undefined && { what }),
    ...(machine !== undefined && { machine }),
    mermaid: values.mermaid === true,
    ...(out !== undefined && { out }),
    ...(all !== undefined && { all }),
  }
}

/** Undefined: help is asked for. */
export const traceFrom = (args: string[]): TraceOptions | undefined => {
  const { values, positionals } = parsed(args, 'trace', { help, out: { type: 'string' } })
  if (values.help) return undefined
  const [path, spare] = positionals
  if (spare !== undefined) refuse(`one recording at a time: "${spare}" is one too many`, 'trace')
  return { path: path ?? refuse('which recording? Name its folder', 'trace'), out: filled(values, 'out', 'trace') ?? '-' }
}
