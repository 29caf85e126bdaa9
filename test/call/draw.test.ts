import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bundled, type Result, root, started } from './program.ts'
import { parseXml } from './xml.ts'

const it = suite<{ base: string; program: string }>('draw', { base: '', program: '' })

it.before(async context => {
  context.program = await bundled('draw-test')
})
it.before.each(async context => {
  context.base = await mkdtemp(join(tmpdir(), 'chartroom-draw-'))
})
it.after.each(({ base }) => rm(base, { recursive: true, force: true }))

type Place = { base: string; program: string }
const chartroom = ({ base, program }: Place, ...args: string[]): Promise<Result> => started(program, base, args).ended
const faultOf = async (place: Place, ...args: string[]) => {
  const { code, stdout, stderr } = await chartroom(place, ...args)
  assert.is(stdout, '')
  return `${code} ${stderr.trim()}`
}
/** A module of a user's, with their own copy of XState or the one that we have. */
const own = (machines: string) => `import { createRequire } from 'node:module'
const { createMachine } = createRequire(${JSON.stringify(join(root, 'package.json'))})('xstate')
${machines}`
const door = "createMachine({ id: 'door', initial: 'shut', states: { shut: { on: { open: 'ajar' } }, ajar: {} } })"

it('lists the machines, and draws each', async place => {
  const { stdout } = await chartroom(place, 'draw')
  const listed = stdout.trim().split('\n')
  assert.match(listed.join('\n'), /^playout +9 states, 46 transitions$/m)
  const documented = await readFile(join(root, 'docs/machines.md'), 'utf8')
  const names = Array.from(documented.matchAll(/^## (\w+)$/gm), ([, name]) => name)
  assert.equal(listed.map(line => line.split(' ')[0]).sort(), names.sort())
  const all = await chartroom(place, 'draw', '--all', 'drawn/here')
  assert.equal([all.code, all.stderr, all.stdout.trim().split('\n').length], [0, '', listed.length])
  const drawn = await readdir(join(place.base, 'drawn/here'))
  assert.is(drawn.length, listed.length)
  for (const file of drawn) parseXml(await readFile(join(place.base, 'drawn/here', file), 'utf8'))
})

it('draws a machine of a module, as SVG or for Markdown, to standard output or a file', async place => {
  await writeFile(join(place.base, 'door.mjs'), own(`export const doorMachine = ${door}\nexport const other = 1`))
  const { code, stdout, stderr } = await chartroom(place, 'draw', './door.mjs')
  assert.equal([code, stderr], [0, ''])
  assert.match(stdout, /data-edge="door\.shut\|open\|0"/)
  parseXml(stdout)
  const mermaid = await chartroom(place, 'draw', 'door.mjs', '--mermaid', '--out', 'door.mmd')
  assert.equal(mermaid, { code: 0, stdout: '', stderr: '' })
  assert.is(
    await readFile(join(place.base, 'door.mmd'), 'utf8'),
    'stateDiagram-v2\n  [*] --> shut\n  shut\n  ajar\n  shut --> ajar: open\n',
  )
})

it('says in a line what is wrong', async place => {
  await writeFile(join(place.base, 'none.mjs'), 'export const door = 1')
  await writeFile(join(place.base, 'two.mjs'), own(`export const one = ${door}\nexport default ${door}`))
  await writeFile(join(place.base, 'broken.mjs'), 'export const door = (')
  for (const [args, expected] of [
    ['draw playuot', '1 chartroom: unknown machine "playuot"; did you mean playout?'],
    ['draw ./nowhere.mjs', '1 chartroom: cannot read ./nowhere.mjs: there is no such file'],
    ['draw none.mjs', '1 chartroom: none.mjs: no export of it is a machine of XState 5; it exports door'],
    ['draw two.mjs', '1 chartroom: two.mjs has several machines (door, one): name one after it, or draw all with --all DIR'],
    ['draw two.mjs on', '1 chartroom: unknown machine "on"; did you mean one?'],
    ['draw playout --out nowhere/x.svg', '1 chartroom: cannot write nowhere/x.svg: the folder is not there'],
    ['trace', '2 chartroom: which recording? Name its folder\nTry: chartroom trace --help'],
    ['trace nowhere', '1 chartroom: cannot open nowhere: there is no such file or folder'],
    [
      'draw x y',
      '2 chartroom: one machine at a time: "y" is one too many; --all DIR draws every one\nTry: chartroom draw --help',
    ],
  ] as const)
    assert.is(await faultOf(place, ...args.split(' ')), expected)
  assert.match(await faultOf(place, 'draw', 'broken.mjs'), /^1 chartroom: broken\.mjs.*: Unexpected end of input$/)
})

it('traces a recording, as far as it goes', async place => {
  const header = {
    type: 'tape',
    version: 1,
    product: '0.1.0',
    room: 'demo',
    identity: 'agent',
    sampleRate: 24_000,
    replayable: false,
  }
  const fact = { seq: 1, at: 5, type: 'fact', fact: { type: 'agent.changed', state: 'listening', at: 5 } }
  const lines = [header, fact, { ...fact, seq: 2, at: 9 }].map(line => JSON.stringify(line)).join('\n')
  await writeFile(join(place.base, 'tape.jsonl'), lines.slice(0, -10))
  const { code, stdout, stderr } = await chartroom(place, 'trace', '.')
  assert.is(code, 0)
  assert.match(stderr, /^note: the last line is not whole/)
  const { traceEvents } = JSON.parse(stdout)
  assert.ok(traceEvents.some(({ ph, name }: { ph: string; name: string }) => ph === 'X' && name === 'listening'))
  assert.equal(await chartroom(place, 'trace', 'tape.jsonl', '--out', 'call.json').then(({ code, stdout }) => [code, stdout]), [
    0,
    '',
  ])
  assert.is(await readFile(join(place.base, 'call.json'), 'utf8'), stdout)
})

it('traces for somebody who stops reading', async place => {
  const header = { type: 'tape', version: 1, product: '', room: 'demo', identity: 'agent', sampleRate: 24_000, replayable: false }
  const facts = Array.from({ length: 30_000 }, (_, i) => {
    const fact = { type: 'agent.changed', state: i % 2 ? 'listening' : 'thinking', at: i }
    return { seq: i + 1, at: i, type: 'fact', fact }
  })
  await writeFile(join(place.base, 'tape.jsonl'), [header, ...facts].map(line => `${JSON.stringify(line)}\n`).join(''))
  const { child, ended } = started(place.program, place.base, ['trace', '.'])
  child.stdout?.once('data', () => child.stdout?.destroy())
  const { code, stderr } = await ended
  assert.equal([code, stderr], [0, ''])
})

it.run()
