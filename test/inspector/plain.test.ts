/** Values of any kind as JSON: what they are, bounded, and nothing that can throw. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, createMachine } from 'xstate'
import { actorAt, members, pathOf, plain } from '../../src/inspector/plain.ts'

const it = suite('plain')

it('has each kind of value in JSON, or leaves it out', () => {
  const cases: [unknown, unknown][] = [
    [null, null],
    ['text', 'text'],
    [1.5, 1.5],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [12n, '12'],
    [undefined, undefined],
    [Symbol('s'), undefined],
    [() => {}, undefined],
    [Promise.resolve(), undefined],
    [(function* () {})(), undefined],
    [(async function* () {})(), undefined],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new URL('http://here/'), 'http://here/'],
    [new Set([1, 'two']), [1, 'two']],
    [new Map([['one', { n: 1 }]]), { one: { n: 1 } }],
    [new Int16Array([0, -16_384]), { samples: 2, peak: 50 }],
    [new Uint8Array(3), { bytes: 3 }],
    [new ArrayBuffer(4), { bytes: 4 }],
    [new TypeError('first\nsecond'), 'first'],
    [
      [undefined, () => {}, 1],
      [null, null, 1],
    ],
    [{ a: undefined, b: { c: [] } }, { b: { c: [] } }],
    [Object.create(null), {}],
  ]
  for (const [value, told] of cases) assert.equal(plain(value), told)
  assert.equal(members({ type: 'go', call: () => {}, n: 1 }), { type: 'go', n: 1 })
})

it('cuts what is too long, too deep or too much, so that it can be seen', () => {
  assert.is(plain('é'.repeat(1_001)), `${'é'.repeat(1_000)}… (+1)`)
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`k${n}`, n]))
  assert.equal(Object.entries(plain(many) ?? {}).at(-1), ['…', '+50'])
  assert.equal(plain(new Map(Object.entries(many))), plain(many))
  assert.equal(plain(new Set(Object.values(many))), plain(Object.values(many)))
  const more = Object.fromEntries(Array.from({ length: 1_100 }, (_, n) => [`k${n}`, n]))
  assert.equal(Object.entries(members(more)).slice(-2), [
    ['k999', 999],
    ['…', '+100'],
  ])
  let deep: unknown = 'bottom'
  for (let n = 0; n < 20; n++) deep = [deep]
  assert.is(JSON.stringify(plain(deep)), '[[[[[[[["[…]"]]]]]]]]')
  const wide = Array.from({ length: 90 }, () => Array.from({ length: 90 }, () => 1))
  assert.ok(JSON.stringify(plain(wide)).length < 4_000)
  const loop: unknown[] = []
  loop.push(loop, { loop })
  assert.equal(plain(loop), ['[cycle]', { loop: '[cycle]' }])
})

it('says where it cannot read, and takes no harm from names', () => {
  const broken = {
    get sore(): never {
      throw new Error('ouch')
    },
  }
  assert.is(plain(broken), '[unreadable: ouch]')
  assert.equal(members({ broken, fine: 1 }), { broken: '[unreadable: ouch]', fine: 1 })
  assert.equal(members(broken), { sore: '[unreadable: ouch]' })
  assert.is(plain(new Date(Number.NaN)), null)
  const wicked: unknown = JSON.parse('{"__proto__": {"polluted": true}, "fine": 1}')
  assert.equal(plain(wicked), { fine: 1 })
  assert.is(Reflect.get({}, 'polluted'), undefined)
})

it('tells actors by their place, and finds them there', () => {
  const child = createMachine({ id: 'child' })
  const parent = createMachine({
    id: 'parent',
    invoke: [
      { src: child, id: 'a' },
      { src: child, id: 'a/b' },
    ],
  })
  const actor = createActor(parent, { id: 'root' }).start()
  const { children } = actor.getSnapshot()
  for (const [id, one] of Object.entries(children)) {
    if (!one) throw new Error('no child')
    assert.is(pathOf(one), `root/${id}`)
    assert.is(actorAt(actor, `root/${id}`), one)
    assert.equal(plain({ one }), { one: { actor: `root/${id}` } })
  }
  for (const path of ['', 'root/b', 'roots', 'root/a/c']) assert.is(actorAt(actor, path), undefined)
  const snapshot = plain(actor.getSnapshot())
  assert.equal(snapshot, { status: 'active', value: {}, context: {} })
  actor.stop()
})

it('gives back what is JSON already, whatever it is, if it is small', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
      const text = JSON.stringify(value)
      if (text.includes('__proto__') || text.length > 400) return
      assert.equal(JSON.parse(JSON.stringify(plain(value))), JSON.parse(text))
    }),
  )
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }), value => {
      const told = plain(value)
      if (told !== undefined) assert.equal(JSON.parse(JSON.stringify(told)), told)
    }),
  )
})

it.run()
