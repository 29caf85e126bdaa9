import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseVtt } from '../../src/codec/vtt.ts'
import { encodeWav, parseWav } from '../../src/codec/wav.ts'
import { bundled, type Result, type Run, root, started } from './program.ts'
import { parseXml } from './xml.ts'

const it = suite<{ base: string; program: string }>('cli', { base: '', program: '' })

it.before(async context => {
  context.program = await bundled('cli-test')
})
it.before.each(async context => {
  context.base = await mkdtemp(join(tmpdir(), 'chartroom-cli-'))
})
it.after.each(({ base }) => rm(base, { recursive: true, force: true }))

type Place = { base: string; program: string }
const start = ({ base, program }: Place, ...args: string[]): Run => started(program, base, args)
const chartroom = (place: Place, ...args: string[]): Promise<Result> => start(place, ...args).ended

/** Three seconds: silence, a buzz that the detector takes for a voice, silence. */
const buzz = () => {
  const data = Int16Array.from({ length: 48_000 }, (_, i) => {
    const loud = i > 16_000 && i < 32_000 ? 1 : 0
    const glide = 130 + 30 * Math.sin(i / 3000)
    return loud * 9000 * ((((i * glide) / 16_000) % 1) - 0.5) * (0.6 + 0.4 * Math.sin(i / 900))
  })
  return encodeWav({ sampleRate: 16_000, channels: 1, data })
}
const names = ['agent.wav', 'call.vtt', 'caller.wav', 'events.jsonl', 'timeline.svg']
const contents = (folder: string) => Promise.all(names.map(name => readFile(join(folder, name))))

it('records a call into its folder: the same bytes each time, and the same call when it is given its inputs again', async place => {
  await writeFile(join(place.base, 'buzz.wav'), buzz())
  for (const name of ['one', 'other']) {
    const { code, stderr } = await chartroom(place, 'call', 'buzz.wav', '--mind=parrot', '--record', '--out', name, '-q')
    assert.is(code, 0, stderr)
    assert.equal((await readdir(join(place.base, name))).sort(), [...names, 'inputs.jsonl', 'media.bin', 'tape.jsonl'].sort())
  }
  for (const file of ['inputs.jsonl', 'media.bin', 'tape.jsonl'])
    assert.equal(await readFile(join(place.base, 'one', file)), await readFile(join(place.base, 'other', file)))
  const replayed = await chartroom(place, 'replay', 'one')
  assert.match(replayed.stdout, /same: /)
  await mkdir(join(place.base, 'none'))
  const several = await chartroom(place, 'replay', 'none', 'other')
  assert.is(several.code, 1)
  assert.match(several.stdout, /^cannot replay none: nothing was recorded there[^\n]*\nother: same: /)
  assert.is(several.stderr, 'chartroom: 1 of 2 cannot be replayed\n')
  const refused = await chartroom(place, 'call', 'buzz.wav', '--record=one')
  assert.is(refused.code, 1)
  assert.match(refused.stderr, 'chartroom: the folder one is not empty: name another for the recording')
})

it('says what keeps it from writing, and leaves nothing half done', async place => {
  await writeFile(join(place.base, 'buzz.wav'), buzz())
  await writeFile(join(place.base, 'file'), '')
  const inTheWay = /^chartroom: cannot record into the folder file: a file is in the way, name another\n$/
  const below = /^chartroom: cannot write the folder file\/x: a file is in the way: name another place with --record=DIR\n$/
  const wrong: [args: string[], says: RegExp][] = [
    [['call', 'buzz.wav', '--record=file'], inTheWay],
    [['call', 'buzz.wav', '--record=file/x'], below],
  ]
  for (const [args, says] of wrong) {
    const { code, stdout, stderr } = await chartroom(place, ...args)
    assert.match(stderr, says)
    assert.equal([code, stdout], [1, ''])
  }
  assert.equal((await readdir(place.base)).sort(), ['buzz.wav', 'file'])
})

it('says in one line that standard output takes nothing more', async ({ base, program }) => {
  const full = await open('/dev/full', 'w').catch(() => undefined) // of Linux
  if (!full) return
  const child = spawn(process.execPath, [program, 'draw', 'playout'], { cwd: base, stdio: ['ignore', full.fd, 'pipe'] })
  let stderr = ''
  child.stderr?.on('data', text => {
    stderr += text
  })
  const [code] = await once(child, 'close')
  await full.close()
  assert.match(stderr, /^chartroom: cannot write to standard output: ENOSPC[^\n]+\n$/)
  assert.is(code, 1)
})

it('prints help and the version on standard output', async place => {
  for (const args of [[], ['--help'], ['call', '--help'], ['join', '--help']]) {
    const { code, stdout, stderr } = await chartroom(place, ...args)
    assert.is(code, 0)
    assert.match(stdout, /Usage: chartroom/)
    assert.is(stderr, '')
  }
  const about = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  assert.is((await chartroom(place, '--version')).stdout, `${about.version}\n`)
})

it('answers wrong usage with a line, a hint and exit code 2', async place => {
  const { code, stdout, stderr } = await chartroom(place, 'call', '--frob')
  assert.is(code, 2)
  assert.is(stdout, '')
  assert.is(stderr, 'chartroom: unknown option --frob\nTry: chartroom call --help\n')
})

it('answers bad input with one line, exit code 1 and nothing written', async place => {
  await writeFile(join(place.base, 'broken.wav'), 'RIFFxxxxWAVE')
  await mkdir(join(place.base, 'full'))
  await writeFile(join(place.base, 'full/mine.mjs'), 'export default {}')
  await writeFile(join(place.base, 'full/odd.mjs'), 'export default }')
  await writeFile(join(place.base, 'full/bad.mjs'), '// no mind\nthrow new Error("out of luck")')
  const wrong: [args: string[], says: RegExp][] = [
    [['call', 'none.wav'], /^chartroom: cannot read none\.wav: there is no such file\n$/],
    [['call', 'broken.wav'], /^chartroom: broken\.wav: [^\n]+\n$/],
    [['call', '--mind', './none.mjs'], /^chartroom: cannot read \.\/none\.mjs: there is no such file\n$/],
    [['call', '--mind', 'full/mine.mjs'], /^chartroom: full\/mine\.mjs: its mind has no start\(conversation, signal\)[^\n]+\n$/],
    [['call', '--mind', 'full/odd.mjs'], /^chartroom: full\/odd\.mjs: Unexpected token[^\n]+\n$/],
    [['call', '--mind', 'full/bad.mjs'], /^chartroom: full\/bad\.mjs:2: out of luck\n$/],
    [['call', '--out', 'full'], /^chartroom: the folder full is not empty: name another with --out\n$/],
    [['call', '--out', 'broken.wav'], /^chartroom: broken\.wav is in the way: it is a file, not a folder\n$/],
  ]
  for (const [args, says] of wrong) {
    const { code, stdout, stderr } = await chartroom(place, ...args)
    assert.match(stderr, says)
    assert.is(stdout, '')
    assert.is(code, 1)
  }
  assert.equal((await readdir(place.base)).sort(), ['broken.wav', 'full'])
})

it('refuses in virtual time what a mind brings with it, and takes it in real time', async place => {
  await writeFile(join(place.base, 'my.wav'), buzz())
  await writeFile(
    join(place.base, 'mind.mjs'),
    `export default { start: async ({ outside }) => { outside.port('weather', {}) } }`,
  )
  const args = ['call', 'my.wav', '--mind', 'mind.mjs', '-q']
  const { code, stderr } = await chartroom(place, ...args)
  assert.is(code, 1)
  assert.match(stderr, /the mind brings something of its own \(weather\), which takes real time: add --realtime\n$/)
  assert.equal((await chartroom(place, ...args, '--realtime')).code, 0)
})

it('makes a call of any WAV: five files that fit together, the same bytes every time', async place => {
  await writeFile(join(place.base, 'my.wav'), buzz())
  const first = await chartroom(place, 'call', 'my.wav', '--mind', 'parrot', '--out', 'one')
  assert.is(first.stderr, '')
  assert.is(first.code, 0)
  assert.match(first.stdout, /caller {3}\[speech \d\.\d s\]\n/)
  assert.match(first.stdout, /\none\/ {2}timeline\.svg {2}call\.vtt {2}caller\.wav {2}agent\.wav {2}events\.jsonl\n$/)
  const second = await chartroom(place, 'call', 'my.wav', '--mind', 'parrot', '--out', 'two', '--quiet')
  assert.is(second.stdout, 'two\n')
  assert.equal((await readdir(join(place.base, 'one'))).sort(), names)
  const [ones, twos] = [await contents(join(place.base, 'one')), await contents(join(place.base, 'two'))]
  names.forEach((name, i) => {
    assert.ok(ones[i]?.equals(twos[i] ?? Buffer.alloc(0)), `${name} differs between two runs`)
  })
  const [agent, vtt, caller, events, svg] = ones.map(bytes => bytes.toString('utf8'))
  assert.is(parseXml(svg ?? '').name, 'svg')
  assert.ok(parseVtt(vtt ?? '').length >= 2)
  for (const line of (events ?? '').trim().split('\n')) JSON.parse(line)
  assert.is(agent?.length !== undefined && caller?.length !== undefined, true)
  const [heard, said] = [parseWav(ones[0] ?? Buffer.alloc(0)), parseWav(ones[2] ?? Buffer.alloc(0))]
  assert.is(heard.data.length, said.data.length)
  assert.ok(
    heard.data.some(sample => Math.abs(sample) > 1000),
    'the parrot is heard',
  )
})

it('puts calls without a name into calls/<time>, each into its own', async place => {
  await writeFile(join(place.base, 'my.wav'), buzz())
  const runs = await Promise.all([1, 2].map(() => chartroom(place, 'call', 'my.wav', '--mind', 'parrot', '-q')))
  const folders = await readdir(join(place.base, 'calls'))
  assert.is(folders.length, 2)
  for (const { stdout } of runs) assert.match(stdout, /^calls\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d)?\n$/)
})

it('stops at Ctrl-C with exit code 130 and leaves nothing behind', async place => {
  await writeFile(join(place.base, 'my.wav'), buzz())
  const { child, shows, ended } = start(place, 'call', 'my.wav', '--mind', 'parrot', '--realtime')
  await shows(/caller is here/)
  child.kill('SIGINT')
  const { code, stderr } = await ended
  assert.is(code, 130)
  assert.is(stderr, 'chartroom: stopped: nothing was written\n')
  assert.equal(await readdir(place.base), ['my.wav'])
})

it('needs no colours and no live picture where there is no terminal', async place => {
  await writeFile(join(place.base, 'my.wav'), buzz())
  const { stdout } = await chartroom(place, 'call', 'my.wav', '--mind', 'parrot')
  assert.not.match(stdout, new RegExp(String.fromCharCode(27)))
})

it('refuses to join where there is no server, in one line', async place => {
  const { code, stdout, stderr } = await chartroom(place, 'join', '--url', 'ws://127.0.0.1:9', '--room', 'r', '--dev')
  assert.is(code, 1)
  assert.is(stdout, '')
  assert.match(stderr, /^chartroom: no LiveKit server answers at ws:\/\/127\.0\.0\.1:9 [^\n]+\n$/)
})

it.run()
