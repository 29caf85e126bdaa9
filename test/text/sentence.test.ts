import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { bare, sentences } from '../../src/text/sentence.ts'

/** The sentences of a text that comes in pieces of `size`. */
const cutIn = (text: string, size: number, own?: (text: string) => string[], failures: unknown[] = []): string[] => {
  const all = sentences(own, error => failures.push(error))
  const ends: number[] = []
  for (let at = 0; at < text.length; at += size) ends.push(...all.push(text.slice(at, at + size)))
  ends.push(...all.end())
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end))
}

const it = suite('sentence')

const text = 'Acme Inc. is here. He said “Stop!” Then 3.5 went in.\nA new line\n你好。今天好。 In 2. 30 men came. Yes? No… well'

it('finds the sentences of a text, and loses nothing (FWD-11)', () => {
  const found = cutIn(text, 7)
  assert.equal(
    found.map(one => one.trim()),
    [
      'Acme Inc. is here.',
      'He said “Stop!”',
      'Then 3.5 went in.',
      'A new line',
      '你好。',
      '今天好。',
      'In 2. 30 men came.',
      'Yes?',
      'No… well',
    ],
  )
  assert.is(found.join(''), text)
})

it('finds the same ones however the text is cut (FWD-11, SYNC-14)', () => {
  const whole = cutIn(text, text.length)
  for (const size of [1, 2, 3, 5, 11, 40]) assert.equal(cutIn(text, size), whole, `${size}`)
})

it('tells an end once it is certain, and before which place none is in doubt', () => {
  const all = sentences()
  assert.equal(all.push('Hello.'), [])
  assert.equal(all.push(' W'), [6])
  assert.equal(all.push('e have 2. 3'), [])
  assert.is(all.doubt, 17) // "2. 3 Men" would be two sentences
  assert.equal(all.push('0 men'), [])
  assert.is(all.doubt, Number.POSITIVE_INFINITY)
  assert.equal(all.end(), [24])
})

it('cuts what never ends between two words, wherever the pieces were cut', () => {
  const endless = 'word '.repeat(2_000)
  const whole = cutIn(endless, endless.length)
  assert.ok(whole.length > 4)
  assert.ok(whole.every(one => one.length <= 2_049 && one.endsWith('word')))
  assert.equal(cutIn(endless, 3), whole)
  assert.ok(cutIn('😀'.repeat(3_000), 7).every(one => !/^[\uDC00-\uDFFF]/.test(one)))
})

it('takes as long for a letter of a long text as for one of a short text (SYNC-14)', () => {
  const took = (words: number) => {
    const began = process.cpuUsage().user
    cutIn('and so on, '.repeat(words / 3), 4)
    return process.cpuUsage().user - began
  }
  took(3_000)
  const [short, long] = [took(10_000), took(100_000)]
  assert.ok(long < short * 30 + 200_000, `${short} and ${long} µs`)
})

it('uses somebody’s own tokenizer, until it throws or loses text', () => {
  assert.equal(
    cutIn('one;two;', 3, text => text.split(/(?<=;)/)),
    ['one;', 'two;'],
  )
  const failures: unknown[] = []
  const lossy = (text: string) => text.split(';')
  assert.equal(cutIn('One. Two;three.', 4, lossy, failures), ['One.', ' Two;three.'])
  assert.is(failures.length, 1)
  const broken = () => {
    throw new Error('no model')
  }
  assert.equal(cutIn('One. Two.', 4, broken, failures), ['One.', ' Two.'])
  assert.is(failures.length, 2)
})

it('takes the punctuation off the end of what is not final (FWD-8)', () => {
  for (const mark of '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~±—‘’“”…') assert.is(bare(`so${mark}${mark}`), 'so')
  assert.is(bare('“Well'), '“Well')
  assert.is(bare('你好。'), '你好。')
})

it.run()
