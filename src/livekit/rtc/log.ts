/** Where warnings go that nobody asked for elsewhere. */
import type { Log } from '../../ports.ts'

/** One line on stderr; debug lines are dropped. */
export const stderrLog: Log = (level, code, fields) => {
  if (level !== 'debug') process.stderr.write(`${level} ${code}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`)
}
