/**
 * Keeps stdout clean. rtc-node logs with pino to stdout, at debug unless NODE_ENV is "production", and exports no logger; pino
 * announces each line on a diagnostics channel, with the logger that writes it. There the logger is turned to our log, before
 * its first line is written and whatever was imported first. Debug and info lines are dropped.
 */
import { channel } from 'node:diagnostics_channel'
import type { Log, LogLevel } from '../ports.ts'

const CHANNEL = 'tracing:pino_asJson:start'
const SDK_NAME = 'lk-rtc'
/** pino's numbers from which on a line is passed on. */
const levels: [number, LogLevel][] = [
  [50, 'error'],
  [40, 'warn'],
]

let log: Log | undefined
let hushed = false

/** From now on the SDK's warnings and errors go to `to` (the last one given) with code `livekit.sdk`, and nothing of it to stdout. */
export const hush = (to: Log): void => {
  log = to
  if (hushed) return
  hushed = true
  const lines = channel(CHANNEL)
  const look = (news: unknown) => {
    const logger = loggerOf(news)
    if (!logger || nameOf(logger) !== SDK_NAME) return
    redirect(logger)
    setImmediate(() => lines.unsubscribe(look)) // not now: the channel is going through its subscribers
  }
  lines.subscribe(look)
}

const loggerOf = (news: unknown): object | undefined => {
  const logger: unknown = isObject(news) ? Reflect.get(news, 'instance') : undefined
  return isObject(logger) ? logger : undefined
}
const nameOf = (logger: object): unknown => {
  const bindings: unknown = Reflect.get(logger, 'bindings')
  const fields: unknown = typeof bindings === 'function' ? bindings.call(logger) : undefined
  return isObject(fields) ? Reflect.get(fields, 'name') : undefined
}

/** pino looks up its stream, which it keeps under a symbol, after this announcement; without that symbol the logger is silenced. */
const redirect = (logger: object): void => {
  const stream = Object.getOwnPropertySymbols(logger).find(symbol => symbol.description === 'pino.stream')
  if (stream) Reflect.set(logger, stream, { write: pass })
  else Reflect.set(logger, 'level', 'silent')
}

const pass = (line: string): void => {
  const fields: unknown = JSON.parse(line)
  if (!isObject(fields)) return
  const number = Number(Reflect.get(fields, 'level'))
  const level = levels.find(([from]) => number >= from)?.[1]
  if (level) log?.(level, 'livekit.sdk', { message: Reflect.get(fields, 'msg') })
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
