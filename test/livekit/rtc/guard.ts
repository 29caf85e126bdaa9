/**
 * Guards in front of the native layer, each tried in a process of its own: what would abort it or over-read is refused by us with a
 * code, and the process lives on. The child runs the bundle of the test file again, with its suites at rest, and does one case.
 */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { AudioFrame, AudioResampler, dispose } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { codeOf, lineOf } from '../../../src/errors.ts'

type Deed = () => unknown
type Guarded = {
  /** What must be done through us and be refused, each for itself, all in one process. */
  does: Deed | readonly Deed[]
  /** The code that each refusal has. */
  code: string
  /** The same with rtc-node or the native layer alone: it aborts the process, so it is the guard that saves it. */
  alone?: Deed | readonly Deed[]
}
/** How a child ended, and what it told before that. */
type Ended = { signal: NodeJS.Signals | null; exit: number | null; told: Told[]; output: string }
type Told = { code: string; message: string }

/** A process, with the native library in it, has so long from start to end, in ms; on a busy machine it takes 2 s. */
const limitMs = 45_000
const start = `
  const [bundle, name] = process.argv.slice(1)
  const guards = new Map()
  Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [[]], CHARTROOM_GUARDS: guards })
  await import(bundle)
  await guards.get(name)()`

/** Each case of this file, by its number: the child meets them in the same order. */
const cases: Deed[] = []
const number = (deed: Deed): string => {
  const guards: unknown = Reflect.get(globalThis, 'CHARTROOM_GUARDS')
  const name = String(cases.push(deed))
  if (guards instanceof Map) guards.set(name, deed)
  return name
}
const inChild = (name: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const bundle = `file://${process.argv[2]}`
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe', 'pipe']
    const child = spawn(process.execPath, ['--input-type=module', '-e', start, bundle, name], { stdio })
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
    const heard = new Map<number, string>()
    for (const [fd, stream] of child.stdio.entries())
      stream?.on('data', (chunk: Buffer) => void heard.set(fd, `${heard.get(fd) ?? ''}${chunk}`))
    child.once('error', reject)
    child.once('close', (exit, signal) => {
      clearTimeout(timer)
      const told = (heard.get(3) ?? '').split('\n').filter(Boolean)
      resolve({ exit, signal, told: told.map(line => JSON.parse(line)), output: `${heard.get(1) ?? ''}${heard.get(2) ?? ''}` })
    })
  })

const tell = (told: Told) => writeSync(3, `${JSON.stringify(told)}\n`)
const refusal = async (deed: Deed): Promise<Told> => {
  try {
    await deed()
    return { code: 'none', message: 'was not refused' }
  } catch (error) {
    return { code: codeOf(error) ?? 'none', message: lineOf(error) }
  }
}
const listed = (deeds: Deed | readonly Deed[]): readonly Deed[] => (typeof deeds === 'function' ? [deeds] : deeds)
/** The native layer still answers, and lets go. */
const proveAlive = async () => {
  const resampler = new AudioResampler(48_000, 24_000)
  resampler.push(new AudioFrame(new Int16Array(480), 48_000, 1, 480))
  const samples = resampler.flush().reduce((all, { samplesPerChannel }) => all + samplesPerChannel, 0)
  resampler.close()
  tell({ code: 'alive', message: String(samples) })
  await dispose()
}

/** The body of a test: each deed is refused with the code and leaves the native layer as it was; alone, the deed ends the process. */
export const guarded = ({ does, code, alone = [] }: Guarded): (() => Promise<void>) => {
  const ours = number(async () => {
    for (const deed of listed(does)) tell(await refusal(deed))
    await proveAlive()
  })
  const theirs = listed(alone).map(deed =>
    number(async () => {
      tell(await refusal(deed))
      await dispose()
    }),
  )
  return async () => {
    const { exit, signal, told, output } = await inChild(ours)
    assert.equal([signal, exit], [null, 0], output)
    const codes = [...listed(does).map(() => code), 'alive']
    assert.equal(
      told.map(one => one.code),
      codes,
      told.map(({ message }) => message).join('; '),
    )
    for (const name of theirs) {
      const end = await inChild(name)
      assert.is(end.signal, 'SIGABRT', `it no longer aborts, so this guard may be dropped: ${JSON.stringify(end)}`)
    }
  }
}
