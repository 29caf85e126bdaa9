/** The code in the README, and of the machine alone in docs/library.md, runs as it stands there. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const outdir = resolve(`.cache/readme-${process.pid}`)
const blocksIn = (file: string) => [...readFileSync(file, 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code)
/** Runs it as a program of somebody who has the package. */
const ran = async (code: string) => {
  const outfile = join(outdir, 'program.mjs')
  await build({
    ...{ stdin: { contents: code, resolveDir: resolve('.') }, outfile, bundle: true, packages: 'external', logLevel: 'silent' },
    ...{ platform: 'node', target: 'node20', format: 'esm', alias: { chartroom: resolve('src/index.ts') } },
  })
  return spawnSync(process.execPath, [outfile], { encoding: 'utf8', timeout: 60_000 })
}

const it = suite('readme')
it.before(() => {
  mkdirSync(outdir, { recursive: true })
})
it.after(() => rmSync(outdir, { recursive: true, force: true }))

it('opens a room, hears, says, pauses, resumes, interrupts, waits, closes, and runs a machine alone', async () => {
  const [room = '', livekit] = blocksIn('README.md')
  const machine = blocksIn('docs/library.md').at(-1) ?? ''
  assert.match(livekit ?? '', /chartroom\/livekit/)
  const { status, stdout, stderr } = await ran(room + machine)
  assert.is(stderr, '')
  assert.is(status, 0)
  assert.match(stdout, /^1200$/m)
  assert.match(stdout, /outcome: 'interrupted',\n {2}pushed: 48000,\n {2}heard: \d{5},/)
  assert.match(stdout, /^paused \{ pushed: 48000, heard: [1-9]\d+, discarded: 0 \}$/m)
})

it.run()
