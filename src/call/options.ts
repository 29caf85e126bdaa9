/** The command line, read and checked. */
import { type DrawOptions, drawFrom, type TraceOptions, traceFrom } from './exports.ts'
import { type Env, type Flags, filled, meant, parsed, refuse, type Section, textOf, whole } from './flags.ts'
import type { help } from './help.ts'
import type { ModelFlags } from './model.ts'
import { type ReplayOptions, replayFrom } from './replaying.ts'
import { asideOf, type Inspecting, inspecting, inspectingOf, type OpenOptions, openFrom } from './viewing.ts'

const mindNames = ['docent', 'parrot', 'openai'] as const
/** One of ours, or an ES module that has one. */
export type MindChoice = (typeof mindNames)[number] | { file: string }
/** `openai`: with the mind of that name only. */
type Answering = { mind: MindChoice; openai?: ModelFlags; minSpeechMs: number }
/** `seed` and `minSpeechMs` are whole numbers; `out`, `wav` and `record` are paths as given; an empty `record`: where it is usual. */
export type CallOptions = {
  wav?: string
  out?: string
  record?: string
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
  record?: string
  quiet: boolean
  color: boolean
  inspect?: Inspecting
} & Answering
export type InspectOptions = Omit<CallOptions, 'out' | 'realtime'> & Inspecting
/** `record`: each call gets a folder of its own in it. */
export type LiveOptions = { record?: string; quiet: boolean; color: boolean } & Answering & Inspecting
export type Command =
  | { name: 'help'; about: keyof typeof help }
  | { name: 'version' }
  | { name: 'call'; options: CallOptions }
  | { name: 'join'; options: JoinOptions }
  | { name: 'open'; options: OpenOptions }
  | { name: 'inspect'; options: InspectOptions }
  | { name: 'replay'; options: ReplayOptions }
  | { name: 'draw'; options: DrawOptions }
  | { name: 'trace'; options: TraceOptions }
  | { name: 'live'; options: LiveOptions }

const commands = ['live', 'call', 'join', 'inspect', 'open', 'replay', 'draw', 'trace'] as const
const shared = {
  help: { type: 'boolean', short: 'h' },
  mind: { type: 'string', default: 'docent' },
  model: { type: 'string' },
  voice: { type: 'string' },
  instructions: { type: 'string' },
  config: { type: 'string' },
  record: { type: 'string' },
  'min-speech-ms': { type: 'string', default: '200' },
  quiet: { type: 'boolean', short: 'q' },
  'no-color': { type: 'boolean' },
} as const
const known = {
  general: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } },
  call: { ...shared, realtime: { type: 'boolean' }, out: { type: 'string' }, seed: { type: 'string', default: '1' } },
  inspect: { ...shared, ...inspecting, seed: { type: 'string', default: '1' } },
  live: { ...shared, ...inspecting },
  join: {
    ...shared,
    ...inspecting,
    inspect: { type: 'boolean' },
    url: { type: 'string' },
    room: { type: 'string' },
    token: { type: 'string' },
    dev: { type: 'boolean' },
    identity: { type: 'string', default: 'chartroom-agent' },
  },
} as const

/** The keys that `livekit-server --dev` always has, and where it listens. */
const development = { key: 'devkey', secret: 'secret', url: 'ws://localhost:7880' }

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
  ...(typeof values.record === 'string' && { record: values.record }),
  quiet: values.quiet === true,
  // https://no-color.org: any value but an empty one
  color: values['no-color'] !== true && !env.NO_COLOR && env.TERM !== 'dumb',
})

const callFrom = (args: string[], env: Env): Command => {
  const { values, positionals } = parsed(args, 'call', known.call)
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

const inspectFrom = (args: string[], env: Env): Command => {
  const { values, positionals } = parsed(args, 'inspect', known.inspect)
  if (values.help) return { name: 'help', about: 'inspect' }
  const [wav, spare] = positionals
  if (spare !== undefined) refuse(`one WAV file at a time: "${spare}" is one too many`, 'inspect')
  const seed = whole(values, 'seed', 4_294_967_295, 'inspect')
  const options = { ...commonOf(values, env, 'inspect'), ...inspectingOf(values, 'inspect'), seed }
  return { name: 'inspect', options: { ...options, ...(wav !== undefined && { wav }) } }
}

const liveFrom = (args: string[], env: Env): Command => {
  const { values, positionals } = parsed(args, 'live', known.live)
  if (values.help) return { name: 'help', about: 'live' }
  const [spare] = positionals
  if (spare !== undefined) refuse(`"${spare}" is one too many: chartroom call ${spare} makes a call of a recording`, 'live')
  return { name: 'live', options: { ...commonOf(values, env, 'live'), ...inspectingOf(values, 'live') } }
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
  const { values, positionals } = parsed(args, 'join', known.join)
  if (values.help) return { name: 'help', about: 'join' }
  if (positionals[0] !== undefined) refuse(`"${positionals[0]}" is one too many: the room is named with --room`, 'join')
  const url = urlFrom(values, env)
  const access = accessFrom(values, env)
  const room = filled(values, 'room', 'join')
  if (room === undefined && !('token' in access)) refuse('--room is missing: the name of the room to join', 'join')
  const identity = filled(values, 'identity', 'join') ?? ''
  const inspect = asideOf(values, 'join')
  return {
    name: 'join',
    options: {
      ...{ url, access, identity, ...commonOf(values, env, 'join') },
      ...(room !== undefined && { room }),
      ...(inspect && { inspect }),
    },
  }
}

/** Reads the arguments after the program's name. Throws an Error with code ERR_USAGE: one line, and a second with a hint. */
export const commandFrom = (args: string[], env: Env): Command => {
  const [first, ...rest] = args
  if (first === 'live') return liveFrom(rest, env)
  if (first === 'call') return callFrom(rest, env)
  if (first === 'join') return joinFrom(rest, env)
  if (first === 'inspect') return inspectFrom(rest, env)
  if (first === 'open') {
    const options = openFrom(rest)
    return options ? { name: 'open', options } : { name: 'help', about: 'open' }
  }
  if (first === 'replay') {
    const options = replayFrom(rest)
    return options ? { name: 'replay', options } : { name: 'help', about: 'replay' }
  }
  if (first === 'draw') {
    const options = drawFrom(rest)
    return options ? { name: 'draw', options } : { name: 'help', about: 'draw' }
  }
  if (first === 'trace') {
    const options = traceFrom(rest)
    return options ? { name: 'trace', options } : { name: 'help', about: 'trace' }
  }
  if (first !== undefined && !first.startsWith('-') && first !== 'help') {
    return refuse(`unknown command "${first}"${meant(first, commands)}`, 'general')
  }
  if (first === 'help') return { name: 'help', about: commands.find(name => name === rest[0]) ?? 'general' }
  const { values } = parsed(args, 'general', known.general)
  return values.version ? { name: 'version' } : { name: 'help', about: 'general' }
}
