/** What a person brings with them: the default export of an ES module, or a file of JSON. */
import { access, readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { checkMind, type MindLogic } from '../agent.ts'
import { coded, lineOf } from '../errors.ts'
import type { Conversation, Mind } from '../mind.ts'

/** Rejects with one line that names the file. */
export const ownPart = (file: string): Promise<unknown> =>
  from(file, async path => {
    if (/\.json$/.test(file)) return JSON.parse(await readFile(path, 'utf8'))
    const { default: part }: { default?: unknown } = await import(pathToFileURL(path).href)
    if (part === undefined) throw new TypeError('it has no default export')
    return part
  })
/** All that a module exports, by name. Rejects with one line that names the file. */
export const ownParts = (file: string): Promise<Record<string, unknown>> => from(file, path => import(pathToFileURL(path).href))

const from = async <T>(file: string, load: (path: string) => Promise<T>): Promise<T> => {
  const path = resolve(file)
  await access(path).catch(() => {
    throw coded('ERR_FILE', `cannot read ${file}: there is no such file`)
  })
  try {
    return await load(path)
  } catch (error) {
    throw coded('ERR_FILE', `${file}${lineIn(path, error)}: ${lineOf(error)}`, error)
  }
}
/** Where in the file, if the error says so. */
const lineIn = (path: string, error: unknown): string => {
  const [, after = ''] = (error instanceof Error ? (error.stack ?? '') : '').split(pathToFileURL(path).href)
  return /^:\d+/.exec(after)?.[0] ?? ''
}

/** The mind that a module has for its default export. */
export const ownMind = async (file: string): Promise<Mind | MindLogic> => {
  const part = (await ownPart(file)) as Mind | MindLogic // which is checked now
  try {
    checkMind(part)
  } catch (error) {
    throw coded('ERR_FILE', `${file}: its ${lineOf(error)}`, error)
  }
  return part
}

/** The same in virtual time, where nothing that a mind brings with it can keep up: that is refused by name. */
export const hurried = (mind: Mind | MindLogic): Mind | MindLogic => {
  const port = (name: string) => {
    throw coded('ERR_CALL', `the mind brings something of its own (${name}), which takes real time: add --realtime`)
  }
  const alone = (conversation: Conversation): Conversation => ({ ...conversation, outside: { ...conversation.outside, port } })
  const shown = mind.attending && { attending: mind.attending }
  if (typeof mind === 'function') return Object.assign((conversation: Conversation) => mind(alone(conversation)), shown)
  return { ...shown, start: (conversation, signal) => mind.start(alone(conversation), signal) }
}
