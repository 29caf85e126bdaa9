/** Recordings in folders of their own, which go when the test is over. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Recorder } from '../../src/recording/recorder.ts'
import { recorderIn } from '../../src/recording/write.ts'

/** Records what `call` does; gives back what `look` makes of the folder. */
export const recorded = async <T>(
  call: (recorder: Recorder) => Promise<unknown>,
  look: (folder: string) => T,
): Promise<Awaited<T>> => {
  const folder = mkdtempSync(join(tmpdir(), 'chartroom-replay-'))
  try {
    const recorder = recorderIn(folder)
    await call(recorder)
    recorder.close()
    return await look(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Json = { [key: string]: unknown }
export const linesIn = (folder: string, name: 'inputs.jsonl' | 'tape.jsonl'): Json[] =>
  readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
/** Changes the first line that `is`; gives back whether there was one. */
export const amend = (
  folder: string,
  name: 'inputs.jsonl' | 'tape.jsonl',
  is: (line: Json) => unknown,
  change: (line: Json) => Json | undefined,
) => {
  const lines = linesIn(folder, name)
  const at = lines.findIndex(is)
  const line = lines[at]
  if (!line) throw new Error(`no line of ${name} is so`)
  const changed = change(line)
  lines.splice(at, 1, ...(changed ? [changed] : []))
  writeFileSync(join(folder, name), lines.map(one => `${JSON.stringify(one)}\n`).join(''))
}
export const cutOff = (folder: string, name: string, bytes: number) => {
  const file = join(folder, name)
  writeFileSync(file, readFileSync(file).subarray(0, -bytes))
}
export const append = (folder: string, name: string, text: string) => appendFileSync(join(folder, name), text)
