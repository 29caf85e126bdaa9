import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { placed } from '../../src/call/lanes.ts'
import { textWidth } from '../../src/call/svg.ts'

const it = suite('lanes')
const room = { x: (ms: number) => ms / 10, right: 1000, size: 12, lanes: 3, gap: 4 }
const said = (texts: string[], everyMs: number) => texts.map((text, i) => ({ text, startMs: i * everyMs }))

it('puts words that fit side by side on the first line', () => {
  assert.equal(
    placed(said(['one', 'two', 'three'], 1000), room).map(({ lane, x, text }) => [lane, x, text]),
    [
      [0, 0, 'one'],
      [0, 100, 'two'],
      [0, 200, 'three'],
    ],
  )
})

it('never lets two words overlap, however fast they come', () => {
  for (const everyMs of [40, 90, 150, 300]) {
    const words = placed(
      said(
        Array.from({ length: 60 }, (_, i) => 'abcdefghijklmnop'.slice(0, 1 + ((i * 7) % 16))),
        everyMs,
      ),
      room,
    )
    for (const one of words) {
      const next = words.find(other => other.lane === one.lane && other.x > one.x)
      if (next)
        assert.ok(
          one.x + textWidth(one.text, room.size) + room.gap <= next.x + 0.001,
          `${one.text} covers ${next.text} at ${everyMs} ms`,
        )
    }
    assert.ok(words.length > 5)
  }
})

it('cuts a word at the edge of the page, with an ellipsis', () => {
  const [word] = placed([{ text: 'immeasurable', startMs: 9500 }], room)
  assert.match(word?.text ?? '', /^imm.*…$/)
  assert.ok((word?.x ?? 0) + textWidth(word?.text ?? '', 12) <= 1000)
})

it('leaves out what has no room at all', () => {
  assert.equal(placed([{ text: 'late', startMs: 9990 }], room), [])
  assert.equal(placed([{ text: '  ', startMs: 10 }], room), [])
})

it.run()
