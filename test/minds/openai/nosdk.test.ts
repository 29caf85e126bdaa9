/** In a process where the package `openai` is not installed. */
import { register } from 'node:module'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OpenAIRealtimeModel } from '../../../src/minds/openai/index.ts'
import { virtualClock } from '../../../src/virtual.ts'
import { countingIds } from '../../fakes/ids.ts'

const it = suite('openai is not there')

const absent = `export const resolve = (name, context, next) => {
  if (name === 'openai') throw Object.assign(new Error("Cannot find package 'openai'"), { code: 'ERR_MODULE_NOT_FOUND' })
  return next(name, context)
}`
register(`data:text/javascript,${encodeURIComponent(absent)}`)

it('says in one line what to install', async () => {
  const clock = virtualClock()
  const model = new OpenAIRealtimeModel({ apiKey: 'sk-test' })
  const session = model.session(
    { chatCtx: { items: [] }, fncCtx: [] },
    { clock, ids: countingIds(), log: () => {}, timeoutMs: 5_000 },
  )
  const error: unknown = await session.ready.catch(reason => reason)
  assert.equal(
    [Object(error).code, Object(error).message],
    ['ERR_NO_SDK', 'the package that talks to OpenAI is not installed: npm install openai'],
  )
  await session.close()
  assert.is(clock.timers, 0)
})

it.run()
