import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkFree, checkWritable, stampOf, writeFolder } from '../../src/call/files.ts'
import { codeOf } from '../../src/errors.ts'

const it = suite<{ base: string }>('files', { base: '' })
it.before.each(async context => {
  context.base = await mkdtemp(join(tmpdir(), 'chartroom-files-'))
})
it.after.each(({ base }) => rm(base, { recursive: true, force: true }))

const rejected = async (work: Promise<unknown>): Promise<{ code?: string; message: string }> => {
  try {
    await work
  } catch (error) {
    const code = codeOf(error)
    return { message: error instanceof Error ? error.message : String(error), ...(code !== undefined && { code }) }
  }
  throw new Error('it was not rejected')
}

it('writes a folder with all its files', async ({ base }) => {
  const place = await writeFolder(join(base, 'a/b'), { 'one.txt': 'eins', 'two.bin': Uint8Array.of(1, 2) })
  assert.is(place, join(base, 'a/b'))
  assert.is(await readFile(join(place, 'one.txt'), 'utf8'), 'eins')
  assert.equal((await readdir(join(base, 'a'))).sort(), ['b'])
})

it('takes an empty folder that is there', async ({ base }) => {
  await mkdir(join(base, 'x'))
  await writeFolder(join(base, 'x'), { 'one.txt': '1' })
  assert.equal(await readdir(join(base, 'x')), ['one.txt'])
})

it('takes the next free name where it may, and leaves what was there alone', async ({ base }) => {
  const names = []
  for (let i = 0; i < 3; i++) names.push(await writeFolder(join(base, 'x'), { n: String(i) }, { others: true }))
  assert.equal(
    names.map(name => name.slice(base.length)),
    ['/x', '/x-2', '/x-3'],
  )
  assert.is(await readFile(join(base, 'x', 'n'), 'utf8'), '0')
})

it('refuses a folder that is not empty, before and after', async ({ base }) => {
  await writeFile(join(base, 'mine.txt'), 'mine')
  for (const work of [checkFree(base), writeFolder(base, { 'one.txt': '1' })]) {
    const { code, message } = await rejected(work)
    assert.is(code, 'ERR_OUT')
    assert.match(message, /is not empty: name another with --out$/)
  }
  assert.equal(await readdir(base), ['mine.txt'])
})

it('refuses a file where the folder should be', async ({ base }) => {
  await writeFile(join(base, 'file'), '')
  assert.match((await rejected(checkFree(join(base, 'file')))).message, /it is a file, not a folder$/)
})

it('leaves nothing behind when it fails or is stopped half-way', async ({ base }) => {
  const parent = join(base, 'p')
  await mkdir(parent)
  const failed = await rejected(writeFolder(join(parent, 'x'), { 'one.txt': '1', 'no/such/place.txt': '2' }))
  assert.is(failed.code, 'ERR_OUT')
  await rejected(writeFolder(join(parent, 'new/er/x'), { 'no/such/place.txt': '2' }))
  const stop = AbortSignal.abort(new Error('stopped'))
  assert.is((await rejected(writeFolder(join(parent, 'x'), { 'one.txt': '1' }, { signal: stop }))).message.length > 0, true)
  assert.equal(await readdir(parent), [])
})

it('says in one line why a folder cannot be written, before and after', async ({ base }) => {
  await writeFile(join(base, 'file'), '')
  await checkWritable(join(base, 'not/there/yet'))
  for (const work of [checkWritable, (folder: string) => writeFolder(folder, { a: '' })]) {
    const { code, message } = await rejected(work(join(base, 'file/x')))
    assert.is(code, 'ERR_OUT')
    assert.match(message, /^cannot write the folder .*x: a file is in the way: name another place with --out$/)
  }
  if (process.getuid?.() === 0) return // root may write anywhere
  await chmod(base, 0o500)
  for (const work of [checkWritable, (folder: string) => writeFolder(folder, { a: '' })])
    assert.match(
      (await rejected(work(join(base, 'x')))).message,
      /^cannot write the folder .*x: it may not be written there: name another place/,
    )
  await chmod(base, 0o700)
})

it('names a folder after the local time', () => {
  assert.is(stampOf(new Date(2026, 10, 21, 8, 15, 3)), '2026-11-21T08-15-03')
})

it.run()
