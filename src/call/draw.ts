/** `chartroom draw`: machines as pictures, ours and those of a module. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AnyStateMachine } from 'xstate'
import { chartFor } from '../charts/chart.ts'
import { definitionOf } from '../charts/definition.ts'
import { mermaidOf } from '../charts/mermaid.ts'
import { chartSvg } from '../charts/svg.ts'
import { coded, codeOf, lineOf } from '../errors.ts'
import { closest } from './closest.ts'
import { type DrawOptions, isPath } from './exports.ts'
import { machines } from './machines.ts'
import { ownParts } from './own.ts'
import { counted } from './times.ts'

/** By name. */
type Machines = Record<string, AnyStateMachine>

/** Rejects with one line that says what is wrong. */
export const draw = async ({ what, machine, mermaid, out, all }: DrawOptions): Promise<void> => {
  const found = what !== undefined && isPath(what) ? await machinesIn(what) : machines
  const textOf = async (one: AnyStateMachine) =>
    mermaid ? `${mermaidOf(definitionOf(one))}\n` : `${chartSvg(await chartFor(definitionOf(one)))}\n`
  if (all !== undefined) return drawAll(found, all, mermaid ? 'mmd' : 'svg', textOf)
  if (what === undefined) return list(found)
  const text = await textOf(isPath(what) ? only(found, what, machine) : named(found, what))
  if (out === undefined) process.stdout.write(text)
  else await write(out, text)
}

const list = (found: Machines): void => {
  const width = Math.max(...Object.keys(found).map(name => name.length))
  for (const [name, one] of Object.entries(found)) {
    const { nodes, edges } = definitionOf(one)
    console.log(`${name.padEnd(width)}  ${counted(nodes.length - 1, 'state')}, ${counted(edges.length, 'transition')}`)
  }
}
const drawAll = async (found: Machines, folder: string, ending: string, textOf: (one: AnyStateMachine) => Promise<string>) => {
  await mkdir(folder, { recursive: true }).catch(error => unwritable(folder, error))
  for (const [name, one] of Object.entries(found)) {
    const file = join(folder, `${name.replaceAll(/[^\w.-]/g, '_')}.${ending}`)
    await write(file, await textOf(one))
    console.log(file)
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'the folder is not there',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be written',
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'there is a file of that name',
}
export const unwritable = (file: string, error: unknown): never => {
  throw coded('ERR_OUT', `cannot write ${file}: ${reasons[codeOf(error) ?? ''] ?? lineOf(error)}`, error)
}
/** Over what is there. */
const write = (file: string, text: string): Promise<void> => writeFile(file, text).catch(error => unwritable(file, error))

const refuse = (message: string): never => {
  throw coded('ERR_MACHINE', message)
}
/** Of a foreign copy of XState too. */
const isMachine = (value: unknown): value is AnyStateMachine => {
  if (typeof value !== 'object' || value === null || !('root' in value) || !('id' in value)) return false
  const { transitions }: { transitions?: unknown } = Object(value.root)
  return transitions instanceof Map
}

/** By the names of their exports, the default one by its id. */
const machinesIn = async (file: string): Promise<Machines> => {
  const parts = Object.entries(await ownParts(file))
  const found = parts.flatMap(([name, part]) => (isMachine(part) ? [[name === 'default' ? part.id : name, part] as const] : []))
  return found.length > 0
    ? Object.fromEntries(found)
    : refuse(
        `${file}: no export of it is a machine of XState 5; it exports ${parts.map(([name]) => name).join(', ') || 'nothing'}`,
      )
}
const only = (found: Machines, file: string, name: string | undefined): AnyStateMachine => {
  if (name !== undefined) return named(found, name)
  const [first, ...others] = Object.entries(found)
  if (!first || others.length > 0)
    return refuse(
      `${file} has several machines (${Object.keys(found).join(', ')}): name one after it, or draw all with --all DIR`,
    )
  return first[1]
}
const named = (found: Machines, name: string): AnyStateMachine => {
  const other = closest(name, Object.keys(found))
  const meant = other === undefined ? `; there are ${Object.keys(found).join(', ')}` : `; did you mean ${other}?`
  return (Object.hasOwn(found, name) ? found[name] : undefined) ?? refuse(`unknown machine "${name}"${meant}`)
}
