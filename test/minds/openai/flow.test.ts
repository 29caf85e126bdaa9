import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Flow } from '../../../src/minds/openai/flow.ts'
import { collect } from './stage.ts'

const it = suite('openai flow')
const flow = (limit = 100) => {
  const full: string[] = []
  return {
    flow: new Flow<string>(
      limit,
      text => text.length,
      error => void full.push(error.message),
    ),
    full,
  }
}

it('gives what comes, and ends when it is told, also to a reader that waits (MM-7)', async () => {
  const { flow: early } = flow()
  early.push('a')
  early.end()
  early.push('b')
  assert.equal(await collect(early), { items: ['a'] })
  const { flow: late } = flow()
  const reading = collect(late)
  late.push('a')
  late.end()
  assert.equal(await reading, { items: ['a'] })
})

it('fails after what is left, if it breaks off (MM-7)', async () => {
  const { flow: broken } = flow()
  broken.push('a')
  broken.end(new Error('lost'))
  broken.end()
  const { items, error } = await collect(broken)
  assert.equal([items, error?.message], [['a'], 'lost'])
})

it('fails nobody who does not read (MM-7)', async () => {
  const { flow: unread } = flow()
  unread.end(new Error('lost'))
  await new Promise<void>(resolve => setImmediate(resolve)) // an unhandled rejection would end the process
})

it('is read once (MM-7)', async () => {
  const { flow: once } = flow()
  once.push('a')
  for await (const _ of once) break
  assert.throws(
    () => once[Symbol.asyncIterator](),
    (error: unknown) => Object(error).code === 'ERR_LOCKED',
  )
})

it('keeps nothing for a reader who left, nor for one who does not want the rest (MM-7)', async () => {
  const { flow: left, full } = flow(3)
  left.push('a')
  for await (const _ of left) break
  for (let n = 0; n < 10; n++) left.push('abc')
  const { flow: dropped } = flow()
  dropped.push('a')
  dropped.drop()
  dropped.push('b')
  assert.equal([await collect(dropped), full], [{ items: [] }, []])
})

it('is bounded: it fails for a reader who is too far behind, and says so once (MM-7)', async () => {
  const { flow: slow, full } = flow(3)
  for (let n = 0; n < 5; n++) slow.push('ab')
  const { items, error } = await collect(slow)
  assert.equal([items, Object(error).code, full.length], [['ab'], 'ERR_OVERFLOW', 1])
})

it.run()
