/** The code in the README and in docs/library.md runs as it stands there, where it needs no server. */
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
    ...{
      platform: 'node',
      target: 'node20',
      format: 'esm',
      alias: {
        'chartroom/rtc': resolve('src/livekit/rtc/index.ts'),
        'chartroom/testing': resolve('src/testing.ts'),
        chartroom: resolve('src/index.ts'),
      },
    },
  })
  return spawnSync(process.execPath, [outfile], { encoding: 'utf8', timeout: 60_000 })
}

const it = suite('readme')
it.before(() => {
  mkdirSync(outdir, { recursive: true })
})
it.after(() => rmSync(outdir, { recursive: true, force: true }))

/** The one in docs/library.md that is about this. */
const guide = (about: RegExp): string => {
  const [block = '', ...more] = blocksIn('docs/library.md').filter(code => about.test(code))
  assert.ok(block !== '' && more.length === 0, `${about}`)
  return block
}

it('opens a room, hears, says, pauses, resumes, interrupts, waits, closes, and runs a machine alone', async () => {
  const [room = '', livekit] = blocksIn('README.md')
  assert.match(livekit ?? '', /chartroom\/livekit/)
  const { status, stdout, stderr } = await ran(room + guide(/new AgentPlayout/) + guide(/createActor/))
  assert.is(stderr, '')
  assert.is(status, 0)
  assert.match(stdout, /^1200$/m)
  assert.match(stdout, /outcome: 'interrupted',\n {2}pushed: 48000,\n {2}heard: \d{5},/)
  assert.match(stdout, /^item_1 true\n\d{5} \d+ I was/m)
  assert.match(stdout, /^paused \{ pushed: 48000, heard: [1-9]\d+, discarded: 0 \}$/m)
})

it('opens a room with much of what there is to choose', async () => {
  const { status, stdout, stderr } = await ran(blocksIn('README.md')[0] + guide(/deleteRoomOnClose/))
  assert.is(stderr, '')
  assert.is(status, 0)
  assert.match(stdout, /^caller Hello\.$/m)
  assert.match(stdout, /^I$/m)
  assert.match(stdout, /^deleted /m)
})

it('mixes two voices into a file', async () => {
  const { status, stdout, stderr } = await ran(guide(/combineAudioFrames/))
  assert.equal([stdout, stderr, status], ['2 192044\n', '', 0])
})

it('tests in a room where time only moves when told to', async () => {
  const { status, stdout, stderr } = await ran(guide(/virtualClock/))
  assert.equal([stdout, stderr, status], ["word0 word1\n[ 'word0 word1' ]\n", '', 0])
})

it.run()
