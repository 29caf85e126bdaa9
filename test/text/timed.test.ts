import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { jsonLine, timedString, wordOf } from '../../src/text/timed.ts'

const it = suite('timed')
const mark = Symbol.for('lk.TimedString')

it('writes one JSON object and a newline, with what is known, in seconds (TXT-15)', () => {
  const lines = [
    { text: 'Hi' },
    { text: ' “you”\n', startMs: 0, endMs: 250 },
    { text: ' all.', startMs: 250, endMs: 512.5, confidence: 0.9, offsetMs: 3_000 },
  ].map(jsonLine)
  assert.equal(lines, [
    '{"text":"Hi"}\n',
    '{"text":" “you”\\n","start_time":0,"end_time":0.25}\n',
    '{"text":" all.","start_time":0.25,"end_time":0.5125,"confidence":0.9,"start_time_offset":3}\n',
  ])
})

it('leaves out times that are none', () => {
  const wrong = { text: 'Hi', startMs: Number.NaN, endMs: -1, confidence: Number.POSITIVE_INFINITY }
  assert.is(jsonLine(wrong), '{"text":"Hi"}\n')
  assert.is(timedString(wrong), 'Hi')
})

it('hands a word on as a string where nothing more is known, else with its times and the mark (SESS-5)', () => {
  assert.is(timedString({ text: 'Hi' }), 'Hi')
  const timed = timedString({ text: ' all.', startMs: 250, endMs: 500, confidence: 1, offsetMs: 0 })
  assert.equal(timed, { text: ' all.', startTime: 0.25, endTime: 0.5, confidence: 1, startTimeOffset: 0 })
  assert.ok(Reflect.get(Object(timed), mark))
})

it('takes back what it hands on, and what has no times; refuses what is neither text nor timed (SESS-5)', () => {
  for (const word of [{ text: 'Hi' }, { text: ' all.', startMs: 250, endMs: 500, confidence: 1, offsetMs: 0 }])
    assert.equal(wordOf(timedString(word)), word)
  assert.equal(wordOf({ text: 'Hi', startTime: '0', endTime: null }), { text: 'Hi' })
  for (const wrong of [7, null, undefined, {}, { text: 7 }]) assert.throws(() => wordOf(wrong), /a text, or an object/)
})

it.run()
