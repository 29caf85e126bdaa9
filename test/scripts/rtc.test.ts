/** What docs/rtc.md says is proven: members by the compiler, statements by tests; what is not so is told. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = `.cache/rtc-test-${process.pid}`
const surface = `
export class Frame { static create() { return new Frame() } data = 1; private secret = 2; own() { return this.secret } }
export class Box<T extends object> { put(thing: T) { return thing } }
export type Options = { deep?: { rate: number } }
export enum Kind { AUDIO = 1 }
export const combine = () => new Frame()
`
const project = {
  'scripts/statements.txt': 'AB-1 adds\nAB-2 is left out\nAB-3 nobody proves\n',
  'src/livekit/rtc/index.ts': surface,
  'test/sum.test.ts': "it('adds (AB-1)', () => {})\n// Frame data create size secret put rate AUDIO combine Gone\n",
  'docs/why.md': '**2026-11-26 · Left out.** For a reason (AB-2).\n',
}
const fine = [
  'Frame | `data` | have | Frame.data | works | AB-1',
  'Frame | `create()` | lacks | Frame.create, Box.put | works | AB-1',
  'Other | rate | differs | Options.deep.rate, Kind.AUDIO, combine | works | AB-1',
  'Other | loop | lacks | - | deviates: because there is none | AB-2',
  'Other | all | have | combine | works | test/sum.test.ts',
]

const run = (rows: string[], ...args: string[]) => {
  const files = { ...project, 'scripts/rtc.txt': `# rows\n\n${rows.join('\n')}\n` }
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/rtc.mjs', folder, ...args], { encoding: 'utf8' })
  return { status, output: stdout + stderr }
}
const page = () => readFileSync(join(folder, 'docs/rtc.md'), 'utf8')

const it = suite('rtc')
it.before.each(() => rmSync(folder, { recursive: true, force: true }))
it.after(() => rmSync(folder, { recursive: true, force: true }))

it('writes a page, and is content with it from then on', () => {
  assert.equal(run(fine), { status: 0, output: 'rtc: 5 rows, 0 faults\n' })
  assert.match(page(), '5 rows: in rtc-node 2 are the same, 1 differ and 2 are lacking; in `chartroom/rtc` 4 work and 1 deviate.')
  assert.match(page(), '| `create()` | nothing | `Frame.create`, `Box.put` | works | AB-1 |')
  assert.equal(run(fine, '--check'), { status: 0, output: 'rtc: 5 rows, 0 faults\n' })
})

it('says that the page is stale, and leaves it as it is', () => {
  run(fine)
  const before = page()
  const { status, output } = run(fine.slice(1), '--check')
  assert.match(output, 'docs/rtc.md is stale')
  assert.is(status, 1)
  assert.is(page(), before)
})

const faulty: [what: string, row: string, told: string][] = [
  ['a member that is not there', 'Frame | `size` | have | Frame.size | works | AB-1', 'Frame · `size`: Frame.size is not there'],
  ['a type that is not there', 'Frame | x | have | Gone | works | AB-1', 'Frame · x: Gone is not there'],
  ['a private member', 'Frame | x | have | Frame.secret | works | AB-1', 'Frame.secret is not there'],
  ['a statement that nobody proves', 'Frame | x | have | Frame | works | AB-3', 'no test names AB-3'],
  ['a reason for something that works', 'Frame | x | have | Frame | works | AB-2', 'no test names AB-2'],
  ['a statement that is none', 'Frame | x | have | Frame | works | AB-9', 'there is no statement AB-9'],
  ['a test that does not name it', 'Box | x | have | Box | works | test/sum.test.ts', 'no test that proves it names Box'],
  ['tests that do not name it', 'Box | x | have | Box | works | AB-1', 'no test that proves it names Box'],
  ['neither works nor deviates', 'Frame | x | have | Frame | nearly | AB-1', 'neither that it works nor why it deviates'],
  ['no word on what it is', 'Frame | x | have | - | works | AB-1', 'it works, and as what?'],
  ['another verdict', 'Frame | x | perhaps | Frame | works | AB-1', '"perhaps" says nothing'],
]
for (const [what, row, told] of faulty)
  it(`tells of ${what}`, () => {
    const { status, output } = run([...fine, row])
    assert.match(output, told)
    assert.match(output, 'rtc: 6 rows, 1 faults')
    assert.is(status, 1)
  })

it('refuses a row with a column too few or too many', () => {
  assert.is(run(['Frame | x | have | Frame | works']).status, 2)
  assert.is(run(['Frame | x | have | Frame | works | AB-1 | AB-2']).status, 2)
})

it.run()
