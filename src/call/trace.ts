/** `chartroom trace`: a recording for Perfetto, written as it is read. */
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { codeOf } from '../errors.ts'
import { linesIn } from '../recording/lines.ts'
import { openRecording, tapeAt } from '../recording/read.ts'
import { Tape } from '../recording/tape.ts'
import { type TraceEvent, traceOf } from '../recording/trace.ts'
import { unwritable } from './draw.ts'
import type { TraceOptions } from './exports.ts'
import { tame } from './paint.ts'

/** Rejects with one line that says what cannot be read, or written. What is not whole in the recording is said on standard error. */
export const trace = async ({ path, out }: TraceOptions): Promise<void> => {
  const recording = await openRecording(path)
  await recording.close()
  for (const remark of recording.remarks) console.error(tame(`note: ${remark}`))
  const text = Readable.from(textOf(await tapeAt(path), recording.header))
  if (out === '-') return pipeline(text, process.stdout, { end: false }).catch(unlessClosed)
  await pipeline(text, createWriteStream(out)).catch(error => unwritable(out, error))
}

/** Whoever reads what comes may have enough of it. */
const unlessClosed = (error: unknown) => {
  if (codeOf(error) !== 'EPIPE') throw error
}

/** An event a line, so that it can be read by people and by lines too. */
async function* textOf(tape: string, header: Parameters<typeof traceOf>[0]): AsyncGenerator<string> {
  const tracing = traceOf(header)
  const messages = new Tape()
  let between = ''
  const join = (events: TraceEvent[]) => {
    const lines = events.map(event => JSON.stringify(event))
    const text = lines.length > 0 ? `${between}${lines.join(',\n')}` : ''
    if (text !== '') between = ',\n'
    return text
  }
  const file = await open(tape)
  try {
    yield '{"displayTimeUnit":"ms","traceEvents":[\n'
    let isHead = true
    for await (const lines of linesIn(file)) {
      yield join(lines.slice(isHead ? 1 : 0).flatMap(line => messages.take(line).flatMap(message => tracing.take(message))))
      isHead = false
    }
    yield join(messages.end().flatMap(message => tracing.take(message)))
    yield join(tracing.end())
    yield '\n]}\n'
  } finally {
    await file.close()
  }
}
