/** A statement counts as proven by a title or a dated paragraph that names it in full, and by nothing else. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = `.cache/statements-${process.pid}`
const listed = '# ids\n\nSUM-1 adds\nSUM-2 adds twice\nSUM-2a adds a little more\nSUM-10 adds up\n'
type Found = { statements: { id: string; tests: string[]; why: string[] }[]; missing: string[]; strangers: [string, string][] }

/** Looks at a project of these tests and reasons. */
const look = ({ test = '', why = '', list = listed }: { test?: string; why?: string; list?: string }) => {
  rmSync(folder, { recursive: true, force: true })
  const files = { 'scripts/statements.txt': list, 'test/deep/sum.test.ts': test, 'docs/why.md': why }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/statements.mjs', folder, ...args], { encoding: 'utf8' })
  const { status, stdout, stderr } = run()
  const found: Found = JSON.parse(run('--json').stdout)
  return { status, output: stdout + stderr, ...found }
}

const it = suite('statements')
it.after(() => rmSync(folder, { recursive: true, force: true }))

it('prints what nobody names, and fails', () => {
  const { status, output, missing } = look({ test: "it('adds (SUM-1, SUM-2a)', () => {})\n" })
  assert.equal(missing, ['SUM-2', 'SUM-10'])
  assert.is(output, 'SUM-2    adds twice\nSUM-10   adds up\nstatements: 4, without a test or a reason: 2\n')
  assert.is(status, 1)
})

it('is content when each is named, in a title or in a reason, and says where', () => {
  const test = "\nit('adds (SUM-1, law 1)', () => {})\n\nit(\n  `adds $" + '{n} times (SUM-2)`,\n  async () => {},\n)\n'
  const why = '# Why\n\nSaid above.\n\n**2026-11-21 · No more.** It does not\n(SUM-2a), nor does\nSUM-10.\n'
  const { status, output, statements } = look({ test, why })
  assert.is(output, 'statements: 4, without a test or a reason: 0\n')
  assert.is(status, 0)
  assert.equal(
    statements.map(({ tests, why }) => [...tests, ...why]),
    [['test/deep/sum.test.ts:2'], ['test/deep/sum.test.ts:5'], ['2026-11-21 · No more.'], ['2026-11-21 · No more.']],
  )
})

const hollow: [what: string, project: { test?: string; why?: string }][] = [
  ['a range in words', { test: "it('adds (SUM-1 to SUM-10)', () => {})\n" }],
  ['a range with dots', { test: "it('adds (SUM-1..10)', () => {})\n" }],
  ['a range with a dash', { test: 'it("adds (SUM-1 – SUM-10)", () => {})\n' }],
  ['a comment', { test: "// it('adds (SUM-1)', () => {})\n/* of\n * it('adds (SUM-1)')\n */\nit('adds', () => {}) // SUM-1\n" }],
  ['a message', { test: "it('adds', () => assert.ok(true, 'SUM-1'))\n" }],
  ['a skipped test', { test: "it.skip('adds (SUM-1)', () => {})\n" }],
  ['a number that begins alike', { test: "it('adds (SUM-11)', () => {})\n" }],
  ['a name that ends alike', { test: "it('adds (CHECKSUM-1)', () => {})\n" }],
  ['the name of another thing', { test: "edit('adds (SUM-1)')\nsplit.it('adds (SUM-1)')\n" }],
  ['a reason without a date', { why: 'We do not add (SUM-1).\n' }],
]
for (const [what, project] of hollow)
  it(`takes ${what} for no proof`, () => {
    const { missing, status } = look(project)
    assert.ok(missing.includes('SUM-1'), missing.join(' '))
    assert.is(status, 1)
  })

it('names a slip: an id of a known kind that is no statement', () => {
  const { status, output, strangers } = look({ list: 'SUM-1 adds\n', test: "it('adds (SUM-1, SUM-3, LOG-4)', () => {})\n" })
  assert.equal(strangers, [['SUM-3', 'test/deep/sum.test.ts:1']])
  assert.match(output, 'SUM-3    is named and is no statement: test/deep/sum.test.ts:1')
  assert.is(status, 1)
})

it('has every statement of this project once', () => {
  const ids = readFileSync('scripts/statements.txt', 'utf8').match(/^[A-Z][A-Z\d]*-\d+a?/gm) ?? []
  assert.is(new Set(ids).size, ids.length)
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(id.replace(/-.*/, ''), (counts.get(id.replace(/-.*/, '')) ?? 0) + 1)
  const engine =
    'OPT 14, ROOM 17, LINK 14, MIC 17, PRE 17, OUT 32, TXT 15, SYNC 14, CHAT 6, CAM 3, STATE 4, PORT 3, SESS 6, PLAY 32, FWD 16, STT 7, FAKE 9, MM 51, OAI 5'
  const surface =
    'FFI 7, CAF 4, AVS 11, AF 6, AFE 1, MX 12, APM 8, RSM 6, RSQ 1, AS 9, AST 6, BSR 5, BSW 5, DP 1, E2E 1, EE 6, KP 2, LT 3, LP 11, LTP 1, PA 3, RM 13, RPC 3, DT 1, TSR 3, TSW 2, TK 1, TP 1, TR 1, VE 1, VF 7, VS 2, VST 3, SD 12'
  assert.is([...counts].map(([group, count]) => `${group} ${count}`).join(', '), `${engine}, ${surface}`)
})

it.run()
