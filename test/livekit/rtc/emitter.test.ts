/** Handlers of events: each once, in order, and none harms another or the emitter. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../src/errors.ts'
import { EventEmitter } from '../../../src/livekit/rtc/emitter.ts'

const it = suite('rtc emitter')

type Events = { said: { words: string }; moved: [from: string, to: string]; left: Record<never, never> }
const open = () => {
  const logged: [level: string, code: string, fields: unknown][] = []
  const emitter = new EventEmitter<Events>({ log: (...line) => void logged.push([line[0], line[1], line[2]]) })
  const heard: string[] = []
  const hears =
    (name: string) =>
    ({ words }: { words: string }) =>
      void heard.push(`${name}: ${words}`)
  return { emitter, logged, heard, hears }
}
const settle = () => new Promise<void>(resolve => setImmediate(resolve))
const codeFrom = (misused: () => unknown) => {
  try {
    misused()
  } catch (error) {
    assert.instance(error, TypeError)
    return codeOf(error)
  }
  return 'accepted'
}

it('gives handlers what is told, one thing or several, and says whether there was one', () => {
  const { emitter, heard, hears } = open()
  assert.is(emitter.emit('said', { words: 'nobody' }), false)
  emitter.on('said', hears('a')).on('moved', (from, to) => void heard.push(`${from} to ${to}`))
  assert.is(emitter.emit('said', { words: 'hello' }), true)
  emitter.emit('moved', 'here', 'there')
  emitter.emit('left', {})
  assert.equal(heard, ['a: hello', 'here to there'])
})

it('calls a function that was registered twice once, however it was registered (EE-1)', () => {
  const { emitter, heard, hears } = open()
  const mine = hears('a')
  emitter.on('said', mine).on('said', mine).once('said', mine)
  assert.is(emitter.listenerCount('said'), 1)
  emitter.emit('said', { words: 'one' })
  emitter.emit('said', { words: 'two' })
  assert.equal(heard, ['a: one', 'a: two'], 'what is registered for all stays so')
  emitter.off('said', mine).once('said', mine).on('said', mine)
  emitter.emit('said', { words: 'three' })
  emitter.emit('said', { words: 'four' })
  assert.equal(heard.slice(2), ['a: three', 'a: four'])
})

it('logs a handler that throws with the name of the event, a TypeError too, and the others run (EE-2)', () => {
  const { emitter, logged, heard, hears } = open()
  emitter
    .on('said', () => {
      throw new TypeError('no such thing\nand more')
    })
    .on('said', () => {
      throw 'a word'
    })
    .on('said', hears('b'))
  assert.not.throws(() => emitter.emit('said', { words: 'hello' }))
  assert.equal(heard, ['b: hello'])
  assert.equal(logged, [
    ['error', 'livekit.handler.failed', { event: 'said', error: 'no such thing' }],
    ['error', 'livekit.handler.failed', { event: 'said', error: 'a word' }],
  ])
})

it('never throws, whatever a handler throws and whatever an event is called (EE-2)', () => {
  const { emitter, logged } = open()
  for (const thrown of [Object.create(null), Symbol('a sign'), Object.assign(new Error(), { message: undefined })])
    emitter.once('left', () => {
      throw thrown
    })
  assert.ok(emitter.emit('left', {}))
  assert.equal(
    logged.map(([, , fields]) => Reflect.get(Object(fields), 'error')),
    ['something that cannot be put into words', 'Symbol(a sign)', 'undefined'],
  )
  const sign = Symbol('a sign')
  const names = ['constructor', 'toString', '__proto__', sign] as const
  const odd = new EventEmitter<Record<(typeof names)[number], [number]>>()
  const heard: number[] = []
  for (const name of names) {
    assert.is(odd.emit(name, 0), false)
    odd.on(name, one => heard.push(one)).emit(name, 1)
  }
  assert.equal(heard, [1, 1, 1, 1])
  assert.is(odd.removeAllListeners().listenerCount(sign), 0)
})

it('still calls in an event what was removed during it, and not what was added (EE-3)', () => {
  const { emitter, heard, hears } = open()
  const [late, removed] = [hears('late'), hears('removed')]
  emitter.on('said', () => void emitter.off('said', removed).on('said', late)).on('said', removed)
  emitter.emit('said', { words: 'one' })
  assert.equal(heard, ['removed: one'])
  emitter.emit('said', { words: 'two' })
  assert.equal(heard, ['removed: one', 'late: two'])
})

it('refuses an async handler, and what is no function, and changes nothing (EE-4)', () => {
  const { emitter } = open()
  const refused: unknown[] = [async () => {}, async function* () {}, 'a word', undefined]
  for (const handler of refused)
    for (const way of [emitter.on, emitter.once])
      assert.is(
        codeFrom(() => Reflect.apply(way, emitter, ['said', handler])),
        'ERR_HANDLER',
      )
  assert.is(emitter.listenerCount('said'), 0)
})

it('catches and logs the promise of a handler that rejects (EE-4)', async () => {
  const { emitter, logged, heard, hears } = open()
  emitter.on('said', () => Promise.reject(new Error('too late'))).on('said', hears('b'))
  emitter.emit('said', { words: 'hello' })
  await settle()
  assert.equal(heard, ['b: hello'])
  assert.equal(logged, [['error', 'livekit.handler.failed', { event: 'said', error: 'too late' }]])
})

it('calls a handler for one event once, though it emits the same event itself, or another does before it (EE-5)', () => {
  const { emitter, heard, hears } = open()
  let depth = 0
  emitter.on('said', () => {
    if (depth++ === 0) emitter.emit('said', { words: 'inner' })
  })
  emitter.once('said', told => {
    hears('once')(told)
    emitter.emit('said', { words: 'its own' })
  })
  emitter.emit('said', { words: 'outer' })
  assert.equal(heard, ['once: inner'])
  assert.is(emitter.listenerCount('said'), 1)
})

it('calls handlers in the order in which they were registered (EE-6)', () => {
  const { emitter, heard, hears } = open()
  const names = ['c', 'a', 'd', 'b']
  for (const [index, name] of names.entries()) index % 2 ? emitter.once('said', hears(name)) : emitter.on('said', hears(name))
  emitter.emit('said', { words: '' })
  assert.equal(
    heard,
    names.map(name => `${name}: `),
  )
})

it('lets go of one handler, of those of an event, and of all; of what is not there, without a word', () => {
  const { emitter, heard, hears } = open()
  const mine = hears('mine')
  emitter
    .off('said', mine)
    .on('said', mine)
    .on('said', hears('b'))
    .on('left', () => {})
  assert.is(emitter.off('said', mine).listenerCount('said'), 1)
  assert.is(emitter.removeAllListeners('said').listenerCount('said'), 0)
  assert.is(emitter.listenerCount('left'), 1)
  assert.is(emitter.removeAllListeners().listenerCount('left'), 0)
  emitter.once('said', mine).off('said', mine).emit('said', { words: 'hello' })
  assert.equal(heard, [])
})

it.run()
