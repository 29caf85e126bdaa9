import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { splitter, type Timed } from '../../src/text/word.ts'

const split = (...pieces: (string | Timed)[]): Timed[] => {
  const words = splitter()
  return [...pieces.flatMap(piece => words.push(piece)), ...words.end()]
}
const texts = (...pieces: (string | Timed)[]) => split(...pieces).map(({ text }) => text)
const joined = (...pieces: (string | Timed)[]) => texts(...pieces).join('')

const it = suite('word')

it('gives a word the space before it and the punctuation around it (SYNC-3)', () => {
  assert.equal(texts('Hello, “dear” world! (It’s 3.5 km.)'), ['Hello,', ' “dear”', ' world!', ' (It’s', ' 3.5', ' km.)'])
  assert.equal(texts('Wait... - what?\n\nYes  '), ['Wait...', ' -', ' what?', '\n\nYes', '  '])
  assert.equal(texts('well-known and/or so—or so — yes'), ['well-known', ' and/or', ' so—', 'or', ' so', ' —', ' yes'])
  assert.equal(texts(''), [])
})

it('goes by grapheme where a script has no spaces (SYNC-10)', () => {
  assert.equal(texts('今日は、「東京」へ。'), ['今', '日', 'は、', '「東', '京」', 'へ。'])
  assert.equal(texts('コーヒー OK です'), ['コ', 'ー', 'ヒ', 'ー', ' OK', ' で', 'す'])
  assert.equal(texts('안녕하세요'), ['안', '녕', '하', '세', '요'])
  assert.equal(texts('น้ำดี'), ['น้ำ', 'ดี'])
  assert.equal(texts('3月 iPhone版'), ['3', '月', ' iPhone', '版'])
})

it('splits no grapheme, wherever the pieces were cut', () => {
  const family = '👩‍👩‍👧 e\u0301te\u0301 각 🇩🇪🇫🇷'
  const whole = texts(family)
  assert.equal(whole, ['👩‍👩‍👧', ' e\u0301te\u0301', ' 각', ' 🇩🇪🇫🇷'])
  assert.equal(texts(...family.split('')), whole) // even between the halves of a surrogate pair
  const japanese = 'か\u3099き\u3099'
  assert.equal(texts(...japanese.split('')), ['か\u3099', 'き\u3099'])
})

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...' aé今コ「」“(—-.,!\n3👩‍👧ัน'), maxLength: 40 }),
)
const check = <T>(property: fc.IPropertyWithHooks<T>) => fc.assert(property, { numRuns: 500, seed: 20_261_121 })

it('loses nothing, and gives the same units for any cutting (SYNC-4, SYNC-14, law 3)', () => {
  check(
    fc.property(anyText, fc.array(fc.nat(40)), (text, cuts) => {
      const edges = [0, ...cuts.filter(cut => cut <= text.length).sort((a, b) => a - b), text.length]
      const pieces = edges.slice(1).map((edge, index) => text.slice(edges[index], edge))
      assert.is(joined(text), text)
      assert.equal(texts(...pieces), texts(text))
    }),
  )
})

it('loses nothing of timed text either', () => {
  const piece = fc.oneof(anyText, fc.record({ text: anyText, startMs: fc.nat(), endMs: fc.nat() }, { requiredKeys: ['text'] }))
  check(
    fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
      assert.is(joined(...pieces), pieces.map(each => (typeof each === 'string' ? each : each.text)).join(''))
    }),
  )
})

it('gives a unit the times of its piece', () => {
  assert.equal(split({ text: 'Hello ', startMs: 0, endMs: 400 }, { text: 'world.', startMs: 450, endMs: 900 }), [
    { text: 'Hello', startMs: 0, endMs: 400 },
    { text: ' world.', startMs: 450, endMs: 900 },
  ])
  assert.equal(split({ text: ' a long one', startMs: 100, endMs: 900 }), [
    { text: ' a', startMs: 100 },
    { text: ' long' },
    { text: ' one', endMs: 900 },
  ])
})

it('takes a start that comes in the middle of a word as no start of it', () => {
  assert.equal(split('(', { text: 'Hel', startMs: 5 }, { text: 'lo', startMs: 90 }, { text: ' you', startMs: 200 }), [
    { text: '(Hello', startMs: 5 },
    { text: ' you', startMs: 200 },
  ])
  assert.equal(split('Hel', { text: 'lo', startMs: 90, endMs: 200 }), [{ text: 'Hello', endMs: 200 }])
})

it('completes a unit at the end of a timed piece, while text is still to come (SYNC-6)', () => {
  const words = splitter()
  assert.equal(words.push('Hello'), [])
  assert.equal(words.push({ text: ' world', startMs: 1, endMs: 2 }), [
    { text: 'Hello' },
    { text: ' world', startMs: 1, endMs: 2 },
  ])
  assert.equal(words.push('!'), [])
  assert.equal(words.end(), [{ text: '!' }])
})

it('does the same work for each character, however long the text and small the pieces', () => {
  const time = (text: string) => {
    const words = splitter()
    const began = process.cpuUsage()
    for (const unit of text) words.push(unit)
    words.end()
    const { user, system } = process.cpuUsage(began)
    return user + system
  }
  const hard = [
    (n: number) => 'a'.repeat(n),
    (n: number) => `a${'\u0301'.repeat(n)}`,
    (n: number) => '今'.repeat(n),
    (n: number) => ' '.repeat(n),
  ]
  for (const make of hard) {
    time(make(2_000)) // warms up
    const [short, long] = [time(make(2_000)), time(make(16_000))]
    assert.ok(long < 8 * 6 * Math.max(short, 1_000), `8 times the text took ${(long / short).toFixed(0)} times as long`)
  }
})

it.run()
