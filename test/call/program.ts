/** The command as a user starts it: bundled from the sources as they are, run in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

export type Result = { code: number | null; stdout: string; stderr: string }
export type Run = {
  child: ChildProcess
  /** What came on either output until now. */
  so: Result
  /** The process has ended. */
  ended: Promise<Result>
  /** Standard output or standard error shows this. */
  shows(text: RegExp): Promise<void>
}
/** The project: tests run there. */
export const root = resolve('.')

/** Bundles the command into .cache/`name`; gives back the path of the program. */
export const bundled = async (name: string): Promise<string> => {
  const outdir = join(root, '.cache', name)
  const home = pathToFileURL(join(root, 'dist/cli.js')).href // from where it finds its assets and package.json
  await build({
    ...{
      absWorkingDir: root,
      entryPoints: ['src/cli.ts'],
      outdir,
      bundle: true,
      splitting: true,
      outExtension: { '.js': '.mjs' },
    },
    ...{ packages: 'external', platform: 'node', target: 'node20', format: 'esm', logLevel: 'error' },
    define: { 'import.meta.url': JSON.stringify(home) },
  })
  return join(outdir, 'cli.mjs')
}

/** Starts the program in the folder `base`, without any keys from outside. */
export const started = (program: string, base: string, args: string[], env: Record<string, string> = {}): Run => {
  const keys = /^(LIVEKIT_|OPENAI_|AZURE_OPENAI_|NODE_ENV$)/
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !keys.test(name)))
  const child = spawn(process.execPath, [program, ...args], {
    cwd: base,
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const so: Result = { code: null, stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  const note = (stream: 'stdout' | 'stderr') => (text: Buffer) => {
    so[stream] += text.toString()
    for (const look of watchers) look()
  }
  child.stdout?.on('data', note('stdout'))
  child.stderr?.on('data', note('stderr'))
  const ended = new Promise<Result>(done => child.on('close', code => done(Object.assign(so, { code }))))
  const shows = (text: RegExp) =>
    new Promise<void>((done, failed) => {
      const look = () => {
        if (text.test(so.stdout) || text.test(so.stderr)) done()
      }
      watchers.add(look)
      look()
      void ended.then(() => failed(new Error(`it ended without showing ${text}: ${so.stdout}${so.stderr}`)))
    })
  return { child, so, ended, shows }
}
