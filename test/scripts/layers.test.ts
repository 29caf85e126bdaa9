/** The import rule finds what it is there to find, and nothing else. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = `.cache/layers-${process.pid}`
/** A small project that keeps every rule. */
const clean = {
  'machines/unbound.ts': 'export const unbound = 1\n',
  'machines/outbound/playout.ts':
    "import { setup } from 'xstate'\nimport type { Played } from '../../src/ports.ts'\nimport { unbound } from '../unbound.ts'\nsetup({}).createMachine({})\n",
  'src/ports.ts':
    "import type { Frame } from './audio/frame.ts'\nexport interface Clock {\n  setTimeout(callback: () => void, ms: number): unknown\n}\n",
  'src/audio/frame.ts': 'export type Frame = 1\n',
  'src/clock.ts': "import type { Clock } from './ports.ts'\nsetTimeout(() => performance.now(), 1)\n",
  'src/outbound/playout.ts':
    "import { playoutMachine, type PlayoutEvent } from '../../machines/outbound/playout.ts'\nimport { type Clock } from '../ports.ts'\nclock.setTimeout(() => {}, 1)\nconst fake = {\n  setTimeout(callback, ms) {\n  },\n}\n",
  'machines/outbound/lane.ts': 'export const latest = 1\n',
  'src/outbound/lane.ts': "import { latest } from '../../machines/outbound/lane.ts'\n",
  'src/livekit/room.ts': "import { Room } from '@livekit/rtc-node'\nDate.now()\n",
  'src/room.ts': "import { playoutOn } from './outbound/playout.ts' // not: import './livekit/room.ts'\n",
  'src/index.ts': "export { openRoom } from './room.ts'\nexport const join = () => import('./livekit/room.ts')\n",
}
/** Checks the clean project with these files in it. */
const check = (files: Record<string, string>) => {
  rmSync(folder, { recursive: true, force: true })
  for (const [file, text] of Object.entries({ ...clean, ...files })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/layers.mjs', folder], { encoding: 'utf8' })
  return { status, output: stdout + stderr, problems: stdout.trimEnd().split('\n').slice(0, -1) }
}

const it = suite('layers')
it.after(() => rmSync(folder, { recursive: true, force: true }))

it('lets a clean project pass', () => {
  const { status, output } = check({})
  assert.is(output, 'layers: 11 files, no violations; 1 of 17 machines, 20 of 8450 lines\n')
  assert.is(status, 0)
})

const planted: [what: string, file: string, text: string, found: string][] = [
  [
    'a machine that uses a port',
    'machines/room.ts',
    "import { clock } from '../src/ports.ts'\n",
    'machines/room.ts:1: ../src/ports.ts: a machine decides',
  ],
  [
    'a machine that binds',
    'machines/room.ts',
    "\nimport type { x } from '../src/room.ts'\n",
    'machines/room.ts:2: ../src/room.ts: a machine decides',
  ],
  [
    'a machine that looks at the time',
    'machines/room.ts',
    'const at = 1\nconst now = Date.now()\n',
    'machines/room.ts:2: Date.now: time comes',
  ],
  [
    'audio that knows text',
    'src/audio/mix.ts',
    "import {\n  word,\n} from '../text/word.ts'\n",
    'src/audio/mix.ts:1: ../text/word.ts: src/audio is pure',
  ],
  [
    'a port with a value',
    'src/ports.ts',
    "import { frame } from './audio/frame.ts'\n",
    'src/ports.ts:1: ./audio/frame.ts: the ports are types',
  ],
  ['a leaf that grows', 'src/errors.ts', "export { x } from './ports.ts'\n", 'src/errors.ts:1: ./ports.ts: everybody uses'],
  [
    'a binder of another machine',
    'src/outbound/output.ts',
    "import { playoutMachine } from '../../machines/outbound/playout.ts'\n",
    'src/outbound/output.ts:1: ../../machines/outbound/playout.ts: a binder knows',
  ],
  [
    'a pipe that runs a machine',
    'src/pipes/say.ts',
    "import { createActor } from 'xstate'\n",
    'src/pipes/say.ts:1: xstate: a pipe joins',
  ],
  [
    'an engine that knows LiveKit',
    'src/room.ts',
    "import('@livekit/rtc-node')\n",
    'src/room.ts:1: @livekit/rtc-node: only src/livekit/',
  ],
  [
    'a room that chooses its world',
    'src/room.ts',
    "import './loopback/world.ts'\n",
    'src/room.ts:1: ./loopback/world.ts: the room puts',
  ],
  [
    'tokens in the command',
    'src/cli.ts',
    "import { AccessToken } from 'livekit-server-sdk'\n",
    'src/cli.ts:1: livekit-server-sdk: only src/livekit/',
  ],
  ['a timer', 'src/pipes/hear.ts', 'setTimeout(() => {}, 5)\n', 'src/pipes/hear.ts:1: setTimeout: timers come'],
  ['an accident', 'src/loopback/world.ts', 'export const at = Math.random()\n', 'src/loopback/world.ts:1: Math.random: ids come'],
  [
    'a second door to the native layer',
    'src/livekit/room.ts',
    'export const client = () => globalThis._ffiClientInstance\n',
    'src/livekit/room.ts:1: _ffiClientInstance: src/livekit/rtc/native.ts is the one door',
  ],
  [
    'a test in the product',
    'src/testing.ts',
    "export { fake } from '../test/fake.ts'\n",
    'src/testing.ts:1: ../test/fake.ts: only machines/, src/',
  ],
  ['a folder nobody knows', 'src/extra/x.ts', "import 'xstate'\n", 'src/extra/x.ts:1: src/extra/x.ts has no row'],
  [
    'a heavy entry',
    'src/index.ts',
    "export { Room } from './livekit/room.ts'\nexport * from 'opus-decoder'\n",
    'src/index.ts:2: opus-decoder: src/index.ts loads it at once',
  ],
  ['a long machine', 'machines/room.ts', 'x\n'.repeat(201), 'machines/room.ts:200: 201 lines: at most 200'],
]
for (const [what, file, text, found] of planted) {
  it(`finds ${what}`, () => {
    const { status, problems } = check({ [file]: text })
    assert.is(status, 1)
    assert.is(problems.length, 1, problems.join('\n'))
    assert.match(problems[0] ?? '', found)
  })
}

it.run()
