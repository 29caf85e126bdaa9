import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { changesBetween, checkContext, Mirror } from '../../src/realtime/context.ts'
import type { ChatContext, ChatItem } from '../../src/realtime/port.ts'

const it = suite('context')

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`context: ${seeded}`)

const message = (id: string, ...content: string[]): ChatItem => ({ id, type: 'message', role: 'user', content })
const of = (ids: string): ChatContext => ({ items: [...ids].map(id => message(id)) })
const idsIn = ({ items }: ChatContext) => items.map(({ id }) => id).join('')
const changes = (before: string, after: string) => {
  const { deleted, inserted } = changesBetween(of(before), of(after))
  return `-${deleted.join('')} +${inserted.map(({ item, previousId }) => `${previousId ?? '^'}${item.id}`).join(' ')}`
}

it('finds the least deletions and insertions, each behind the one it follows (OAI-3)', () => {
  assert.is(changes('', 'abc'), '- +^a ab bc')
  assert.is(changes('abc', ''), '-abc +')
  assert.is(changes('abc', 'abc'), '- +')
  assert.is(changes('abcd', 'acxd'), '-b +cx')
  assert.is(changes('abc', 'xabc'), '- +^x')
  assert.is(changes('abcdef', 'fabcde'), '-f +^f') // moved: taken out and put in again
})

/** As a service does what it is told. */
const applied = (before: string, after: string): string => {
  const { deleted, inserted } = changesBetween(of(before), of(after))
  const mirror = new Mirror()
  for (const item of of(before).items) mirror.insert(item)
  for (const id of deleted) mirror.delete(id)
  for (const { item, previousId } of inserted) mirror.insert(item, previousId)
  return idsIn(mirror.copy())
}
/** How many of both a longest common subsequence has, by the definition. */
const common = (before: string, after: string): number => {
  if (!before || !after) return 0
  if (before[0] === after[0]) return 1 + common(before.slice(1), after.slice(1))
  return Math.max(common(before.slice(1), after), common(before, after.slice(1)))
}

it('makes any conversation of any other, with no change too many (OAI-3)', () => {
  const ids = fc.shuffledSubarray([...'abcdefgh']).map(all => all.join(''))
  const property = fc.property(ids, ids, (before, after) => {
    assert.is(applied(before, after), after)
    const { deleted, inserted } = changesBetween(of(before), of(after))
    const kept = common(before, after)
    assert.equal([deleted.length, inserted.length], [before.length - kept, after.length - kept])
  })
  try {
    fc.assert(property, { seed, numRuns: 1_000, includeErrorInReport: true })
  } catch (error) {
    console.log(seeded)
    throw error
  }
})

it('takes a long conversation of which little changes as fast as a short one', () => {
  const items = Array.from({ length: 20_000 }, (_, n) => message(`item_${n}`))
  const { deleted, inserted } = changesBetween(
    { items },
    { items: [...items.slice(0, 500), ...items.slice(501), message('new')] },
  )
  assert.equal([deleted, inserted.length], [['item_500'], 1])
})

it('mirrors what is there: before all, behind somebody, at the end', () => {
  const mirror = new Mirror()
  mirror.insert(message('b'))
  mirror.insert(message('a'), null)
  mirror.insert(message('d'), 'nobody')
  mirror.insert(message('c'), 'b')
  assert.is(idsIn(mirror.copy()), 'abcd')
  assert.equal([mirror.size, mirror.has('c'), mirror.has('x')], [4, true, false])
  mirror.delete('c')
  mirror.delete('c')
  assert.is(idsIn(mirror.copy()), 'abd')
})

it('gives copies: what is done to them does not come back', () => {
  const mirror = new Mirror()
  mirror.insert(message('a', 'hello'))
  const [item] = mirror.copy().items
  if (item?.type === 'message') Object.assign(item, { role: 'system' })
  assert.equal(mirror.copy().items, [message('a', 'hello')])
})

it('keeps what the owner says of a message, whatever the model says of it later', () => {
  const mirror = new Mirror()
  mirror.insert({ id: 'a', type: 'message', role: 'assistant', content: [] })
  mirror.update('a', ['as far as heard...'], true)
  mirror.insert({ id: 'a', type: 'message', role: 'assistant', content: ['as far as heard, and more'] })
  mirror.update('nobody', ['x'])
  const whole = { id: 'a', type: 'message', role: 'assistant', content: ['as far as heard...'], interrupted: true }
  assert.equal(mirror.copy().items, [whole])
})

it('refuses a context without items, with an item of no id, or with two of one', () => {
  const items: unknown = undefined
  assert.throws(() => checkContext(Object({ items })), /a chat context needs `items`/)
  assert.throws(() => checkContext({ items: [message('')] }), /needs an id/)
  assert.throws(() => checkContext(of('aa')), /two items of the chat context have the id "a"/)
})

it.run()
