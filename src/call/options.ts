/** The command line, read and checked. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { coded } from '../errors.ts'
import { closest } from './closest.ts'
import type { help } from './help.ts'
import type { ModelFlags } from './model.ts'

const mindNames = ['docent', 'parrot', 'openai'] as const
/** One of ours, or an ES module that has one. */
export type MindChoice = (typeof mindNames)[number] | { file: string }
/** `openai`: with the mind of that name only. */
type Answering = { mind: MindChoice; openai?: ModelFlags; minSpeechMs: number }
/** `seed` and `minSpeechMs` are whole numbers; `out` and `wav` are paths as given. */
export type CallOptions = {
  wav?: string
  out?: string
  realtime: boolean
  seed: number
  quiet: boolean
  color: boolean
} & Answering
export type JoinOptions = {
  url: string
  room?: string
  access: { token: string } | { key: string; secret: string }
  identity: string
  quiet: boolean
  color: boolean
} & Answering
export type Command =
  | { name: 'help'; about: keyof typeof help }
  | { name: 'version' }
  | { name: 'call'; options: CallOptions }
  | { name: 'join'; options: JoinOptions }
type Env = Record<string, string | undefined>
type Flags = Record<string, string | boolean | undefined>

const commands = ['call', 'join'] as const
const shared = {
  help: { type: 'boolean', short: 'h' },
  mind: { type: 'string', default: 'docent' },
  model: { type: 'string' },
  voice: { type: 'string' },
  instructions: { type: 'string' },
  config: { type: 'string' },
  'min-speech-ms': { type: 'string', default: '200' },
  quiet: { type: 'boolean', short: 'q' },
  'no-color': { type: 'boolean' },
} as const
const known = {
  general: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
  call: { ...shared, realtime: { type: 'boolean' }, out: { type: 'string' }, seed: { type: 'string', default: '1' } },
  join: {
    ...shared,
    url: { type: 'string' },
    room: { type: 'string' },
    token: { type: 'string' },
    dev: { type: 'boolean' },
    identity: { type: 'string', default: 'chartroom-agent' },
  },
} as const
type Section = keyof typeof known

/** The keys that `livekit-server --dev` always has, and where it listens. */
const development = { key: 'devkey', secret: 'secret', url: 'ws://localhost:7880' }

const refuse = (what: string, section: Section): never => {
  throw coded('ERR_USAGE', `${what}\nTry: chartroom ${section === 'general' ? '' : `${section} `}--help`)
}
const meant = (word: string, words: readonly string[], prefix = ''): string => {
  const other = closest(word, words)
  return other === undefined ? '' : `; did you mean ${prefix}${other}?`
}

/** No option of ours may be given twice as a list: node:util types them all as if. */
const isSingle = (entry: [string, unknown]): entry is [string, string | boolean | undefined] => !Array.isArray(entry[1])

/** What node:util says about wrong arguments, in one short line. */
const complaint = (error: unknown, section: Section): string => {
  const message = error instanceof Error ? error.message : String(error)
  const unknown = /^Unknown option '(-+)([^']*)'/.exec(message)
  if (unknown) return `unknown option ${unknown[1]}${unknown[2]}${meant(unknown[2] ?? '', Object.keys(known[section]), '--')}`
  const missing = /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument (?:missing|is ambiguous)/.exec(message)
  if (missing) return `${missing[1]} needs a value`
  const spare = /^Option '(?:-\w, )?(--[\w-]+)' does not take an argument/.exec(message)
  return spare ? `${spare[1]} takes no value` : (message.split(/\.\s|\n/, 1)[0] ?? message)
}

const parsed = (args: string[], section: Section): { values: Flags; positionals: string[] } => {
  const options: NonNullable<ParseArgsConfig['options']> = known[section]
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true })
    return { values: Object.fromEntries(Object.entries(values).filter(isSingle)), positionals }
  } catch (error) {
    return refuse(complaint(error, section), section)
  }
}

const textOf = (value: string | boolean | undefined): string | undefined => (typeof value === 'string' ? value : undefined)
const filled = (values: Flags, name: string, section: Section): string | undefined => {
  const value = textOf(values[name])
  return value === '' ? refuse(`--${name} is empty`, section) : value
}
const whole = (values: Flags, name: string, most: number, section: Section): number => {
  const text = textOf(values[name]) ?? ''
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return value <= most ? value : refuse(`--${name} must be a whole number from 0 to ${most}, not "${text}"`, section)
}
const mindOf = (values: Flags, section: Section): MindChoice => {
  const text = textOf(values.mind) ?? ''
  if (/\.[mc]?[jt]s$/.test(text)) return { file: text }
  const known = mindNames.find(name => name === text)
  return known ?? refuse(`--mind must be ${mindNames.join(', ')} or a file of yours such as mind.mjs, not "${text}"`, section)
}
const modelOf = (values: Flags, mind: MindChoice, section: Section): ModelFlags => {
  const flags: ModelFlags = {}
  for (const name of ['model', 'voice', 'instructions', 'config'] as const) {
    const value = filled(values, name, section)
    if (value === undefined) continue
    if (mind !== 'openai') refuse(`--${name} is for --mind openai`, section)
    flags[name] = value
  }
  return flags
}
const answeringOf = (values: Flags, section: Section) => {
  const mind = mindOf(values, section)
  const flags = modelOf(values, mind, section)
  return { mind, ...(mind === 'openai' && { openai: flags }) }
}
const commonOf = (values: Flags, env: Env, section: Section) => ({
  ...answeringOf(values, section),
  minSpeechMs: whole(values, 'min-speech-ms', 10_000, section),
  quiet: values.quiet === true,
  // https://no-color.org: any value but an empty one
  color: values['no-color'] !== true && !env.NO_COLOR && env.TERM !== 'dumb',
})

const callFrom = (args: string[], env: Env): Command => {
  const { values, positionals } = parsed(args, 'call')
  if (values.help) return { name: 'help', about: 'call' }
  const [wav, spare] = positionals
  if (spare !== undefined) refuse(`one WAV file at a time: "${spare}" is one too many`, 'call')
  const out = filled(values, 'out', 'call')
  if (values.mind === 'openai' && !values.realtime) refuse('--mind openai takes real time: add --realtime', 'call')
  return {
    name: 'call',
    options: {
      ...(wav !== undefined && { wav }),
      ...(out !== undefined && { out }),
      ...commonOf(values, env, 'call'),
      realtime: values.realtime === true,
      seed: whole(values, 'seed', 4_294_967_295, 'call'),
    },
  }
}

const accessFrom = (values: Flags, env: Env): JoinOptions['access'] => {
  const token = filled(values, 'token', 'join')
  if (token !== undefined) return { token }
  if (values.dev) return { key: development.key, secret: development.secret }
  const [key, secret] = [env.LIVEKIT_API_KEY, env.LIVEKIT_API_SECRET]
  if (key && secret) return { key, secret }
  return refuse(
    'no way in: give --token, or set LIVEKIT_API_KEY and LIVEKIT_API_SECRET, or use --dev for a development server',
    'join',
  )
}

const urlFrom = (values: Flags, env: Env): string => {
  const text = filled(values, 'url', 'join') ?? (env.LIVEKIT_URL || (values.dev ? development.url : undefined))
  if (text === undefined) return refuse('--url is missing: the address of the server, such as ws://localhost:7880', 'join')
  const { protocol } = URL.canParse(text) ? new URL(text) : { protocol: '' }
  return /^(?:wss?|https?):$/.test(protocol) ? text : refuse(`--url must begin with ws:// or wss://, not "${text}"`, 'join')
}

const joinFrom = (args: string[], env: Env): Command => {
  const { values, positionals } = parsed(args, 'join')
  if (values.help) return { name: 'help', about: 'join' }
  if (positionals[0] !== undefined) refuse(`"${positionals[0]}" is one too many: the room is named with --room`, 'join')
  const url = urlFrom(values, env)
  const access = accessFrom(values, env)
  const room = filled(values, 'room', 'join')
  if (room === undefined && !('token' in access)) refuse('--room is missing: the name of the room to join', 'join')
  const identity = filled(values, 'identity', 'join') ?? ''
  return {
    name: 'join',
    options: { url, access, identity, ...(room !== undefined && { room }), ...commonOf(values, env, 'join') },
  }
}

/** Reads the arguments after the program's name. Throws an Error with code ERR_USAGE: one line, and a second with a hint. */
export const commandFrom = (args: string[], env: Env): Command => {
  const [first, ...rest] = args
  if (first === 'call') return callFrom(rest, env)
  if (first === 'join') return joinFrom(rest, env)
  if (first !== undefined && !first.startsWith('-') && first !== 'help') {
    return refuse(`unknown command "${first}"${meant(first, commands)}`, 'general')
  }
  if (first === 'help') return { name: 'help', about: commands.find(name => name === rest[0]) ?? 'general' }
  const { values } = parsed(args, 'general')
  return values.version ? { name: 'version' } : { name: 'help', about: 'general' }
}
