import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseVtt, type VttWord, writeVtt } from '../../src/codec/vtt.ts'

const it = suite('vtt')
const fails = (file: string, pattern: RegExp) =>
  assert.throws(
    () => parseVtt(file),
    (error: Error & { code?: string }) =>
      pattern.test(error.message) && !error.message.includes('\n') && error.code === 'ERR_VTT',
  )

it('reads cues with id, speaker, notes, entities, hours or none', () => {
  const cues = parseVtt(
    '\ufeffWEBVTT - a call\r\nKind: captions\r\n\r\nNOTE\r\nnot --> a cue\r\n\r\nhello\r\n00:01.000 --> 00:02.500 align:start\r\n<v Anna>Tom &amp; <i>Jerry</i>\r\n\r\n01:00:00.000 --> 01:00:01.000\r\ntwo\r\nlines\r\n',
  )
  assert.equal(cues, [
    {
      id: 'hello',
      speaker: 'Anna',
      startMs: 1000,
      endMs: 2500,
      text: 'Tom & Jerry',
      words: [
        { text: 'Tom', startMs: 1000, endMs: 1409 },
        { text: ' &', startMs: 1409, endMs: 1682 },
        { text: ' Jerry', startMs: 1682, endMs: 2500 },
      ],
    },
    {
      startMs: 3_600_000,
      endMs: 3_601_000,
      text: 'two lines',
      words: [
        { text: 'two', startMs: 3_600_000, endMs: 3_600_333 },
        { text: ' lines', startMs: 3_600_333, endMs: 3_601_000 },
      ],
    },
  ])
})

it('takes the times of words from inline stamps, with an end of their own or without', () => {
  const [cue] = parseVtt('WEBVTT\n\n00:01.000 --> 00:03.000\n<00:01.100>Hello,<00:01.400> <00:01.700>what <00:02.000>is this?\n')
  assert.equal(cue?.words, [
    { text: 'Hello,', startMs: 1100, endMs: 1400 },
    { text: ' what', startMs: 1700, endMs: 2000 },
    { text: ' is', startMs: 2000, endMs: 2333 },
    { text: ' this?', startMs: 2333, endMs: 3000 },
  ])
})

it('keeps times monotone and inside the cue, whatever the stamps say', () => {
  const [cue] = parseVtt('WEBVTT\n\n00:01.000 --> 00:02.000\n<00:01.500>a <00:01.200>b <00:09.000>c\n')
  assert.equal(
    cue?.words.map(({ startMs, endMs }) => [startMs, endMs]),
    [
      [1500, 1500],
      [1500, 2000],
      [2000, 2000],
    ],
  )
})

it('puts cues in the order of time, and reads a file without any', () => {
  const cues = parseVtt('WEBVTT\n\n00:05.000 --> 00:06.000\nlate\n\n00:01.000 --> 00:02.000\nearly')
  assert.equal(
    cues.map(cue => cue.text),
    ['early', 'late'],
  )
  assert.equal(parseVtt('WEBVTT\n'), [])
})

it('says in one line what is wrong with a file', () => {
  fails('1\n00:00:01,000 --> 00:00:02,000\nsubrip', /not a WebVTT file/)
  fails('WEBVTTX\n', /not a WebVTT file/)
  fails('WEBVTT\n\n0:1 --> 2\nhi', /cannot read the cue times "0:1 --> 2"/)
  fails('WEBVTT\n\n00:02.000 --> 00:01.000\nhi', /ends before it starts/)
  fails('WEBVTT\n\n00:01.000 -> 00:02.000\nhi', /cannot read the cue times "00:01.000 -> 00:02.000"/)
})

it('writes what it reads, word for word', () => {
  const word = fc.stringMatching(/^[a-z&<>,.?!äß漢-]{1,8}$/).filter(text => !text.includes('-->'))
  const timed = fc.array(fc.record({ text: word, gap: fc.nat(2000), long: fc.integer({ min: 1, max: 2000 }) }), {
    minLength: 1,
    maxLength: 8,
  })
  const seed = 20_261_121
  fc.assert(
    fc.property(timed, fc.option(word), (raw, speaker) => {
      let at = 0
      const words: VttWord[] = raw.map(({ text, gap, long }, i) => {
        const startMs = at + gap
        at = startMs + long
        return { text: i === 0 ? text : ` ${text}`, startMs, endMs: at }
      })
      const cue = { id: 'one', startMs: 0, endMs: at + 10, ...(speaker !== null && { speaker }) }
      const [back, ...others] = parseVtt(writeVtt([{ ...cue, words }]))
      assert.equal(others, [])
      assert.equal(back, { ...cue, words, text: words.map(({ text }) => text).join('') })
    }),
    { seed, numRuns: 300 },
  )
})

it('writes a text without words as one piece, on one line', () => {
  const file = writeVtt([{ startMs: 999.6, endMs: 3_723_004, speaker: 'A & B', text: 'one\n<two>' }])
  assert.is(file, 'WEBVTT\n\n00:00:01.000 --> 01:02:03.004\n<v A &amp; B>one &lt;two&gt;\n')
  assert.is(parseVtt(file)[0]?.text, 'one <two>')
  assert.is(parseVtt(file)[0]?.speaker, 'A & B')
})

it.run()
