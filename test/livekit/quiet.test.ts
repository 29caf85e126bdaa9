/** The SDK's logger is turned to our log before its first line is written; other loggers of the process are left alone. */
import { tracingChannel } from 'node:diagnostics_channel'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hush } from '../../src/livekit/quiet.ts'

const it = suite('livekit quiet')

const streamSymbol = Symbol('pino.stream')
/** Writes as pino does: announces the line, and looks up its stream after that. */
const loggerOf = (name: string, symbols = true) => {
  const written: string[] = []
  const stream = { write: (line: string) => void written.push(line) }
  const logger = { level: 'debug', bindings: () => ({ name }), ...(symbols ? { [streamSymbol]: stream } : {}) }
  const write = (level: number, msg: string) => {
    const line = tracingChannel('pino_asJson').traceSync(() => JSON.stringify({ level, msg }), { instance: logger })
    const target: unknown = Reflect.get(logger, streamSymbol)
    if (typeof target === 'object' && target && logger.level !== 'silent') Reflect.get(target, 'write')(line)
  }
  return { logger, written, write }
}

it('passes warnings and errors of the SDK on, drops the rest, and leaves other loggers alone', async () => {
  const logged: string[] = []
  hush((level, code, fields) => void logged.push(`${level} ${code} ${fields?.message}`))
  const other = loggerOf('somebody-else')
  const sdk = loggerOf('lk-rtc')
  other.write(30, 'mine')
  for (const [level, msg] of [
    [20, 'debug'],
    [30, 'info'],
    [40, 'warn'],
    [50, 'error'],
  ] as const)
    sdk.write(level, msg)
  assert.equal(sdk.written, [])
  assert.equal(logged, ['warn livekit.sdk warn', 'error livekit.sdk error'])
  assert.is(other.written.length, 1)
  await new Promise(resolve => setImmediate(resolve))
  assert.not.ok(tracingChannel('pino_asJson').start.hasSubscribers, 'it stops looking once it has found the logger')
})

it('takes the log that was given last', () => {
  const logged: string[] = []
  hush((_, code) => void logged.push(code))
  assert.equal(logged, [])
})

it.run()
