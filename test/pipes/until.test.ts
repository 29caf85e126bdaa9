// node: --expose-gc
import { pipe } from 'it-pipe'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { until } from '../../src/pipes/until.ts'
import { all, sourceOf } from '../fakes/sound.ts'
import { pending } from '../model.ts'

const it = suite('until')
/** All that is ready has happened. */
const settle = () => new Promise<void>(resolve => setImmediate(resolve))

/** A source that gives what it is told, and says what was done to it. */
const scripted = <T>() => {
  const asked: ReturnType<typeof pending<IteratorResult<T>>>[] = []
  let returned = 0
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const one = pending<IteratorResult<T>>()
        asked.push(one)
        return one.promise
      },
      return: () => {
        returned++
        return new Promise<IteratorResult<T>>(() => {}) // as a generator does that waits
      },
    }),
  }
  const give = async (value: T) => {
    asked.at(-1)?.resolve({ done: false, value })
    await settle()
  }
  return { source, asked, give, returned: () => returned }
}
const collect = <T>(source: AsyncIterable<T>) => {
  const items: T[] = []
  const seen = { items, state: 'open' }
  const read = async () => {
    for await (const item of source) items.push(item)
  }
  read().then(
    () => {
      seen.state = 'ended'
    },
    (error: Error) => {
      seen.state = error.message
    },
  )
  return seen
}

it('passes all on and ends with its source', async () => {
  const { stream } = sourceOf([1, 2, 3])
  assert.equal(await all(pipe(stream, until<number>(new AbortController().signal))), [1, 2, 3])
})

it('ends at once when the signal says so, and returns a source that waits for ever, once (PLAY-15)', async () => {
  const { source, give, returned } = scripted<number>()
  const over = new AbortController()
  const seen = collect(until<number>(over.signal)(source))
  await settle()
  await give(1)
  over.abort()
  await settle()
  assert.equal(seen, { items: [1], state: 'ended' })
  assert.is(returned(), 1)
})

it('does not pull, and returns its source, if the signal has aborted', async () => {
  const { source, asked, returned } = scripted<number>()
  const seen = collect(until<number>(AbortSignal.abort())(source))
  await settle()
  assert.is(seen.state, 'ended')
  assert.equal([asked.length, returned()], [0, 1])
})

it('starts its source when it is read, and not before', async () => {
  const source = sourceOf([1])
  const stage = until<number>(new AbortController().signal)(source.stream)
  await settle()
  assert.is(source.pulled, 0)
  await stage.next()
  assert.is(source.pulled, 1)
})

it('passes an error on, and does not return what has thrown', async () => {
  const { source, asked, returned } = scripted<number>()
  const seen = collect(until<number>(new AbortController().signal)(source))
  await settle()
  asked[0]?.reject(new Error('broke'))
  await settle()
  assert.is(seen.state, 'broke')
  assert.is(returned(), 0)
})

it('passes on what a source throws that is no promise', async () => {
  const next = () => {
    throw new Error('broke at once')
  }
  const seen = collect(until<number>(new AbortController().signal)({ [Symbol.asyncIterator]: () => ({ next }) }))
  await settle()
  assert.is(seen.state, 'broke at once')
})

it('returns its source when its reader leaves', async () => {
  const source = sourceOf([1, 2, 3])
  for await (const item of until<number>(new AbortController().signal)(source.stream)) if (item === 2) break
  assert.equal([source.pulled, source.returned], [2, true])
})

it('hears nothing of a source any more after it was given up', async () => {
  const { source, asked } = scripted<number>()
  const over = new AbortController()
  const seen = collect(until<number>(over.signal)(source))
  await settle()
  over.abort()
  asked[0]?.reject(new Error('broke later')) // an unhandled rejection would end the process
  await settle()
  assert.equal(seen, { items: [], state: 'ended' })
})

it('bears a source whose return throws, rejects, or is missing', async () => {
  const next = () => new Promise<IteratorResult<number>>(() => {})
  const ways: Partial<AsyncIterator<number>>[] = [
    {},
    { return: () => Promise.reject(new Error('cannot')) },
    {
      return: () => {
        throw new Error('cannot')
      },
    },
  ]
  for (const way of ways) {
    const over = new AbortController()
    const seen = collect(until<number>(over.signal)({ [Symbol.asyncIterator]: () => ({ next, ...way }) }))
    await settle()
    over.abort()
    await settle()
    assert.is(seen.state, 'ended')
  }
})

it('leaves no listener on the signal', async () => {
  const over = new AbortController()
  let listeners = 0
  const { signal } = over
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--
    removeEventListener.apply(signal, args)
  }
  await all(until<number>(signal)(sourceOf([1, 2]).stream))
  for await (const _ of until<number>(signal)(sourceOf([1, 2]).stream)) break
  assert.is(listeners, 0)
})

it('lets go of every item that has passed', async () => {
  const over = new AbortController()
  const refs: WeakRef<object>[] = []
  async function* source() {
    for (let n = 0; n < 50; n++) {
      const item = { data: new Int16Array(10_000) }
      refs.push(new WeakRef(item))
      yield item
    }
    await new Promise(() => {})
  }
  const reading = (async () => {
    for await (const _ of until<object>(over.signal)(source()));
  })()
  await settle()
  await settle()
  const { gc } = globalThis
  assert.ok(gc, 'run with --expose-gc')
  gc()
  const kept = refs.filter(ref => ref.deref() !== undefined).length
  assert.ok(refs.length === 50 && kept <= 2, `${kept} of ${refs.length} are kept`)
  over.abort()
  await reading
})

it.run()
