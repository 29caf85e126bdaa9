#!/usr/bin/env node
/** chartroom: the command line. Reads the arguments, runs the command, and says in one line what went wrong. */
import { readFile } from 'node:fs/promises'
import { help } from './call/help.ts'
import { type Command, commandFrom } from './call/options.ts'
import { codeOf, lineOf } from './errors.ts'

/** `stopped` is 128 and the number of the signal, as shells have it. */
const exitCodes = { done: 0, failed: 1, usage: 2, stopped: 130 }

/** Aborts at the first Ctrl-C; the second ends the process at once. */
const stopSignal = (): AbortSignal => {
  const stop = new AbortController()
  const interrupted = () => {
    if (stop.signal.aborted) process.exit(exitCodes.stopped)
    stop.abort(new Error('stopped'))
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, interrupted)
  return stop.signal
}

const version = async (): Promise<string> => {
  const about: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : 'unknown'
}

/** The heavier parts load only with the command that needs them. */
const run = async (command: Command, signal: AbortSignal): Promise<void> => {
  if (command.name === 'help') console.log(help[command.about])
  else if (command.name === 'version') console.log(await version())
  else if (command.name === 'live') {
    const { live } = await import('./call/live.ts')
    await live(command.options, new URL('../assets/', import.meta.url), signal)
  } else if (command.name === 'call') {
    const { call } = await import('./call/call.ts')
    await call(command.options, new URL('../assets/', import.meta.url), signal)
  } else if (command.name === 'inspect') {
    const { inspect } = await import('./call/inspect.ts')
    await inspect(command.options, new URL('../assets/', import.meta.url), signal)
  } else if (command.name === 'open') {
    const { open } = await import('./call/open.ts')
    await open(command.options, signal)
  } else if (command.name === 'draw') {
    const { draw } = await import('./call/draw.ts')
    await draw(command.options)
  } else if (command.name === 'trace') {
    const { trace } = await import('./call/trace.ts')
    await trace(command.options)
  } else if (command.name === 'replay') {
    const { replayAll } = await import('./call/replay.ts')
    await replayAll(command.options, signal)
  } else {
    const { join } = await import('./call/join.ts')
    await join(command.options, new URL('../assets/', import.meta.url), signal)
  }
}

const main = async (): Promise<number> => {
  const signal = stopSignal()
  try {
    await run(commandFrom(process.argv.slice(2), process.env), signal)
    return signal.aborted ? exitCodes.stopped : exitCodes.done
  } catch (error) {
    const isUsage = codeOf(error) === 'ERR_USAGE'
    const isStopped = signal.aborted && codeOf(error) !== 'ERR_STOPPED'
    console.error(`chartroom: ${isUsage && error instanceof Error ? error.message : isStopped ? 'stopped' : lineOf(error)}`)
    if (signal.aborted) return exitCodes.stopped
    return isUsage ? exitCodes.usage : exitCodes.failed
  }
}

// Whoever reads our output may stop reading, as `head` does: what is left to do is done all the same.
process.stdout.on('error', error => {
  if (codeOf(error) === 'EPIPE') return
  console.error(`chartroom: cannot write to standard output: ${lineOf(error)}`)
  process.exit(exitCodes.failed)
})
process.exitCode = await main()
