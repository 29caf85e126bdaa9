/** Where a command speaks to a person: this process's terminal, or whatever its output goes to. */
import { realClock } from '../clock.ts'
import type { Log } from '../ports.ts'
import { tame } from './paint.ts'
import { type Screen, screenOn, type Terminal } from './screen.ts'

export type Stage = { screen: Screen; log: Log }

const standardOutput: Terminal = {
  write: text => {
    process.stdout.write(text)
  },
  get isTTY() {
    return process.stdout.isTTY === true && process.env.TERM !== 'dumb'
  },
  get columns() {
    return process.stdout.columns ?? 80
  },
}

/** What ends the conversation: that is the last line, and said once. */
const isLast = (code: string, { actor, restarted }: Record<string, unknown> = {}) =>
  code === 'model.failed' || (code === 'actor.failed' && actor === 'agent' && restarted === false)

/** The screen on standard output. Warnings and errors of the engine go to standard error, or above the live part if both are one terminal. */
export const stageFor = ({ quiet, color }: { quiet: boolean; color: boolean }): Stage => {
  const clock = realClock()
  const screen = screenOn({ terminal: standardOutput, color: color && standardOutput.isTTY, quiet, clock })
  const shared = standardOutput.isTTY && process.stderr.isTTY === true && !quiet
  const log: Log = (level, code, fields) => {
    if (level === 'debug' || level === 'info') return
    if (level === 'error' && isLast(code, fields)) return
    const line = `${level}: ${code}${fields ? ` ${JSON.stringify(fields)}` : ''}`
    if (shared) screen.tell({ type: 'remark', text: line })
    else process.stderr.write(`${tame(line)}\n`)
  }
  return { screen, log }
}
