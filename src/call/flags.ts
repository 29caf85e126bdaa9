/** Arguments as they are typed: read by node:util, checked, and complained of in one line. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { coded } from '../errors.ts'
import { closest } from './closest.ts'
import type { help } from './help.ts'

export type Env = Record<string, string | undefined>
export type Flags = Record<string, string | boolean | undefined>
/** A command, or `general`. */
export type Section = keyof typeof help
/** What a command may be told. */
export type Known = NonNullable<ParseArgsConfig['options']>

/** Throws what a person sees: what is wrong, and a second line with a hint. */
export const refuse = (what: string, section: Section): never => {
  throw coded('ERR_USAGE', `${what}\nTry: chartroom ${section === 'general' ? '' : `${section} `}--help`)
}
export const meant = (word: string, words: readonly string[], prefix = ''): string => {
  const other = closest(word, words)
  return other === undefined ? '' : `; did you mean ${prefix}${other}?`
}

/** No option of ours may be given twice as a list: node:util types them all as if. */
const isSingle = (entry: [string, unknown]): entry is [string, string | boolean | undefined] => !Array.isArray(entry[1])

/** What node:util says about wrong arguments, in one short line. */
const complaint = (error: unknown, known: Known): string => {
  const message = error instanceof Error ? error.message : String(error)
  const unknown = /^Unknown option '(-+)([^']*)'/.exec(message)
  if (unknown) return `unknown option ${unknown[1]}${unknown[2]}${meant(unknown[2] ?? '', Object.keys(known), '--')}`
  const missing = /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument (?:missing|is ambiguous)/.exec(message)
  if (missing) return `${missing[1]} needs a value`
  const spare = /^Option '(?:-\w, )?(--[\w-]+)' does not take an argument/.exec(message)
  return spare ? `${spare[1]} takes no value` : (message.split(/\.\s|\n/, 1)[0] ?? message)
}

/** `--record` may stand alone, and is empty then. */
const spelled = (args: string[]) => args.map(arg => (arg === '--record' ? '--record=' : arg))

export const parsed = (args: string[], section: Section, options: Known): { values: Flags; positionals: string[] } => {
  try {
    const { values, positionals } = parseArgs({ args: spelled(args), options, allowPositionals: true, strict: true })
    return { values: Object.fromEntries(Object.entries(values).filter(isSingle)), positionals }
  } catch (error) {
    return refuse(complaint(error, options), section)
  }
}

export const textOf = (value: string | boolean | undefined): string | undefined => (typeof value === 'string' ? value : undefined)
export const filled = (values: Flags, name: string, section: Section): string | undefined => {
  const value = textOf(values[name])
  return value === '' ? refuse(`--${name} is empty`, section) : value
}
export const whole = (values: Flags, name: string, most: number, section: Section): number => {
  const text = textOf(values[name]) ?? ''
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return value <= most ? value : refuse(`--${name} must be a whole number from 0 to ${most}, not "${text}"`, section)
}
