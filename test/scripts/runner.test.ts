/** The test runner counts what happened, whatever a test file does to it. */
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = `.cache/runner-${process.pid}`
const header = `import { suite } from 'uvu'
import * as assert from 'uvu/assert'
const it = suite('planted')
it('works', () => { assert.is(1 + 1, 2) })
`
/** Runs these bodies of test files; gives back the exit code, all lines and the last. */
const run = async (files: Record<string, string>, env: Record<string, string> = { CI: '' }) => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(`${folder}/e2e`, { recursive: true })
  for (const [name, body] of Object.entries(files)) writeFileSync(`${folder}/${name}.test.ts`, body)
  return new Promise<{ code: number; output: string; last: string }>(resolve => {
    const args = ['scripts/test.mjs', '--in', folder]
    execFile(process.execPath, args, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : 0
      resolve({ code, output: stdout + stderr, last: stdout.trimEnd().split('\n').at(-1) ?? '' })
    })
  })
}

const it = suite('test runner')
it.after(() => rmSync(folder, { recursive: true, force: true }))

it('counts what passed, and ends with that line', async () => {
  const { code, last } = await run({ one: `${header}it.run()`, two: `${header}it.skip('not now', () => {})\nit.run()` })
  assert.is(last, '2 passed, 0 failed, 1 skipped')
  assert.is(code, 0)
})

it('names what failed and shows it', async () => {
  const { code, output, last } = await run({ one: `${header}it('is wrong', () => { assert.is(1, 2) })\nit.run()` })
  assert.is(last, '1 passed, 1 failed, 0 skipped')
  assert.is(code, 1)
  assert.match(output, 'is wrong')
  assert.match(output, `failed: ${folder}/one.test.ts`)
})

it('runs those that play in real time one after the other, but for those that may run beside another', async () => {
  const seesOther = (own: string, other: string) => `import { existsSync, watch, writeFileSync } from 'node:fs'
    ${header}it('sees the other', () => new Promise((resolve, reject) => {
      const limit = setTimeout(() => done(new Error('alone')), 3_000)
      const watcher = watch('${folder}', () => existsSync('${folder}/${other}') && done())
      const done = error => {
        clearTimeout(limit)
        watcher.close()
        error ? reject(error) : resolve()
      }
      writeFileSync('${folder}/${own}', '')
      if (existsSync('${folder}/${other}')) done()
    }))
    it.run()`
  const pair = (head: string) => ({ 'e2e/one': head + seesOther('a', 'b'), 'e2e/two': head + seesOther('b', 'a') })
  assert.is((await run(pair('// beside: another\n'))).last, '4 passed, 0 failed, 0 skipped')
  assert.match((await run(pair(''))).output, /FAIL .*e2e\/one/)
})

it('gives a file that plays in real time a second try, which counts; and no other', async () => {
  const once = `import { existsSync, writeFileSync } from 'node:fs'
    ${header}it('works the second time', () => {
      const mark = '${folder}/mark'
      const again = existsSync(mark)
      writeFileSync(mark, '')
      assert.ok(again)
    })
    it.run()`
  const second = await run({ 'e2e/one': once })
  assert.is(second.last, '2 passed, 0 failed, 0 skipped')
  assert.is(second.code, 0)
  assert.match(second.output, /FAIL .*e2e\/one.*again .*e2e\/one/s)
  assert.is((await run({ one: once })).last, '1 passed, 1 failed, 0 skipped')
  const never = `${header}it('is wrong', () => { assert.is(1, 2) })\nit.run()`
  assert.is((await run({ 'e2e/one': never })).last, '1 passed, 1 failed, 0 skipped')
})

it('skips a file that needs what is not there, loudly, and fails it with CI=true', async () => {
  const needing = (folder: string) => `// needs: ${folder}, from npm ci\n${header}it.run()`
  const skipped = await run({ one: needing(`${folder}/nothing`), two: needing(folder) })
  assert.is(skipped.last, '1 passed, 0 failed, 1 skipped')
  assert.is(skipped.code, 0)
  assert.match(skipped.output, `skipped 1: ${folder}/nothing is not there: npm ci`)
  const { last, code } = await run({ one: needing(`${folder}/nothing`), two: needing(folder) }, { CI: 'true' })
  assert.equal([last, code], ['1 passed, 1 failed, 1 skipped', 1])
})

/** What a file does, what is said of it. */
const faults: [does: string, body: string, said: string | RegExp][] = [
  ['ends early', `it('goes', () => { process.exit(0) })\nit.run()`, 'ended early with exit code 0, in "planted: goes"'],
  ['aborts', `it('aborts', () => { process.abort() })\nit.run()`, 'ended early with signal SIGABRT, in "planted: aborts"'],
  [
    'waits for nothing',
    `it('waits', () => new Promise(() => {}))\nit.run()`,
    'ended early with exit code 13, in "planted: waits"',
  ],
  ['hangs', `// deadline: 1 s\nit('hangs', () => { for (;;) {} })\nit.run()`, 'not over after 1 s, in "planted: hangs"'],
  ['stays alive', `it.run()\nsetInterval(() => {}, 1000)`, 'still alive 5 s after its tests, kept by Timeout'],
  ['runs nothing', ``, 'suite without .run(): planted'],
  ['fails late', `it.run()\nsetTimeout(() => Promise.reject(new Error('late')), 50)`, 'ended with exit code 1 after its tests'],
  ['has a broken hook', `it.before(() => { throw new Error('no room') })\nit.run()`, 'no room'],
  ['has a broken hook at the end', `it.after(() => { throw new Error('no broom') })\nit.run()`, 'no broom'],
  ['cannot be bundled', `it.run(`, 'cannot be bundled'],
]
it('fails a file that misbehaves, by name, and goes on', async () => {
  const files = Object.fromEntries(
    faults.map(([does, body]) => [
      does.replaceAll(' ', '-'),
      body.startsWith('//') ? `${body.split('\n')[0]}\n${header}${body}` : header + body,
    ]),
  )
  const { code, output, last } = await run({ ...files, fine: `${header}it.run()` })
  for (const [does, , said] of faults) {
    assert.match(output, `FAIL ${folder}/${does.replaceAll(' ', '-')}.test.ts`)
    assert.match(output, said)
  }
  assert.match(output, `ok   ${folder}/fine.test.ts`)
  assert.match(last, new RegExp(`^\\d+ passed, ${faults.length} failed, 0 skipped$`))
  assert.is(code, 1)
})

it('counts tests that say they cannot run, and fails them where CI wants all', async () => {
  const files = { one: `${header}it.run()`, two: `console.log('SKIPPED 3: no server here')` }
  const here = await run(files)
  assert.is(here.last, '1 passed, 0 failed, 3 skipped')
  assert.is(here.code, 0)
  assert.match(here.output, 'no server here')
  const there = await run(files, { CI: 'true' })
  assert.is(there.last, '1 passed, 1 failed, 3 skipped')
  assert.is(there.code, 1)
})

it('is not content with nothing', async () => {
  const { code, last } = await run({})
  assert.is(last, '0 passed, 0 failed, 0 skipped')
  assert.is(code, 1)
})

it.run()
