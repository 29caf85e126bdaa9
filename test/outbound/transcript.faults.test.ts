/** Captions whose writes fail, stall or come to nothing: no text is lost, and the final is the last. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Chain } from '../../src/outbound/chain.ts'
import { fakePackets, fakeTextOut, gist, type TextCall } from '../fakes/text.ts'
import { failing, finish, slow, start } from './captioning.ts'

const it = suite('transcript.faults')

it('goes on in a new stream with the whole text after a failure (TXT-14)', async () => {
  const { clock, open, captions, out, codes } = start()
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'one')
  await clock.settle()
  failing(out, 'write', 1)
  captions.put('SG_1', ' two')
  await clock.settle()
  captions.put('SG_1', ' three')
  assert.equal(out.streams.map(gist), ['SG_1 one'])
  await clock.advance(500)
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_1 one two three'])
  assert.ok(out.streams[0]?.closed)
  failing(out, 'close', 1)
  actor.send(finish)
  await clock.advance(500)
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_1 one two three', 'SG_1 one two three final'])
  assert.equal(codes, ['transcript.failed', 'transcript.failed'])
})

it('rests when nothing helps, tries again with the next text, and says so if the final is lost', async () => {
  const { clock, open, captions, out, codes, facts } = start()
  const actor = open({ id: 'SG_1' })
  failing(out, 'open', 4)
  captions.put('SG_1', 'one')
  await clock.advance(60_000)
  assert.is(codes.length, 4)
  captions.put('SG_1', ' two')
  await clock.settle()
  assert.equal(out.streams.map(gist), ['SG_1 one two'])
  failing(out, 'close', 99)
  actor.send(finish)
  await clock.advance(60_000)
  assert.equal(facts, [{ type: 'captions.lost', id: 'SG_1' }])
  assert.is(actor.getSnapshot().status, 'done')
  assert.is(codes.length, 8)
})

it('gives up a write that is not answered, and a late answer changes nothing', async () => {
  const { clock, open, captions, out } = start()
  const release = slow(out, () => clock.settle())
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'one')
  actor.send(finish)
  await clock.advance(5_499)
  assert.equal(out.calls, ['open'])
  await clock.advance(1)
  assert.equal(out.calls, ['open', 'open'])
  await release()
  assert.equal(out.streams.map(gist), ['SG_1 ', 'SG_1 one final'])
  assert.ok(out.streams.every(({ closed }) => closed))
})

it('keeps the text while the room is away, and sends it whole on return (TXT-14)', async () => {
  const { clock, open, captions, out } = start()
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'one')
  await clock.settle()
  actor.send({ type: 'room.reconnecting' })
  captions.put('SG_1', ' two')
  const other = open({ id: 'SG_2', side: 'caller', away: true })
  captions.put('SG_2', 'hm')
  other.send(finish)
  await clock.advance(60_000)
  assert.equal(out.streams.map(gist), ['SG_1 one'])
  for (const each of [actor, other]) each.send({ type: 'room.reconnected' })
  await clock.settle()
  actor.send(finish)
  await clock.settle()
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_1 one two final', 'SG_2 hm', 'SG_2 hm final'])
})

it('holds at most 64 KiB, and leaves no hole (TXT-14)', async () => {
  const { clock, open, captions, out, codes } = start()
  const actor = open({ id: 'SG_1', away: true })
  captions.put('SG_1', 'a'.repeat(65_535))
  captions.put('SG_1', 'bb')
  captions.put('SG_1', 'c')
  actor.send(finish)
  actor.send({ type: 'room.reconnected' })
  await clock.settle()
  assert.is(out.streams[0]?.pieces.join('').length, 65_535)
  assert.equal(codes, ['transcript.dropped'])
})

it('ends at once when the room is gone or it is stopped, with no stream left open', async () => {
  const { clock, open, captions, out } = start()
  const [one, two, three] = ['SG_1', 'SG_2', 'SG_3'].map(id => open({ id, side: id === 'SG_1' ? 'agent' : 'caller' }))
  captions.put('SG_1', 'one')
  captions.put('SG_2', 'two')
  await clock.settle()
  one?.send({ type: 'room.disconnected' })
  two?.stop()
  captions.put('SG_3', 'three') // the lane is free
  three?.send(finish)
  await clock.settle()
  assert.ok(out.streams.every(({ closed }) => closed))
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_2 two', 'SG_3 three', 'SG_3 three final'])
  assert.is(clock.timers, 0)
})

it('gives up the packet under way, and gives the next in the chain all there is, when it ends without a final', async () => {
  const packets = fakePackets()
  const calls: unknown[] = []
  const sink = { captureText: (text: unknown) => calls.push(text), flush: () => calls.push('flush') }
  const { clock, open, captions } = start({ packets, next: new Chain(sink, () => {}) })
  const actor = open({ id: 'SG_1' })
  const signals: AbortSignal[] = []
  packets.send = async (_, signal) => {
    signals.push(signal)
    await new Promise(() => {})
  }
  captions.put('SG_1', 'one')
  await clock.settle()
  actor.send({ type: 'room.reconnecting' })
  captions.put('SG_1', ' two')
  actor.send({ type: 'room.disconnected' })
  await clock.settle()
  assert.equal(
    signals.map(({ aborted }) => aborted),
    [true],
  )
  assert.equal(calls, ['one', ' two', 'flush'])
})

const call = fc.constantFrom<TextCall>('open', 'write', 'close')
const move = fc.oneof(
  fc.record({ do: fc.constant('put' as const), text: fc.string({ minLength: 1, maxLength: 5 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 100, 600) }),
  fc.record({ do: fc.constant('fail' as const), call: fc.oneof(call, fc.constant('packet' as const)) }),
  fc.record({ do: fc.constantFrom('away' as const, 'back' as const) }),
)

it('shows the whole text in one final at the very end, whatever fails on the way (TXT-5, laws 12 and 13)', async () => {
  const story = fc.asyncProperty(
    fc.boolean(),
    fc.constantFrom('agent' as const, 'caller' as const),
    fc.array(move, { maxLength: 20 }),
    async (closes, side, moves) => {
      const packets = fakePackets()
      const { clock, open, captions, out } = start({ out: fakeTextOut(closes), packets })
      const actor = open({ id: 'SG_1', side })
      const failures: (TextCall | 'packet')[] = []
      const fail = (call: TextCall | 'packet') => {
        if (failures[0] !== call) return
        failures.shift()
        throw new Error('refused')
      }
      out.before = fail
      packets.before = () => fail('packet')
      let whole = ''
      let failed = 0
      for (const each of moves) {
        if (each.do === 'put') {
          whole = side === 'agent' ? whole + each.text : each.text
          captions.put('SG_1', each.text)
        } else if (each.do === 'wait') await clock.advance(each.ms)
        else if (each.do === 'fail') {
          if (++failed <= 3) failures.push(each.call) // the fourth in a row would lose the final
        } else actor.send({ type: each.do === 'away' ? 'room.reconnecting' : 'room.reconnected' })
      }
      actor.send(finish)
      actor.send({ type: 'room.reconnected' })
      await clock.advance(60_000)
      const finals = out.streams.filter(({ attributes, complete }) => complete && attributes['lk.transcription_final'] === 'true')
      assert.equal(finals.map(gist), whole ? [`SG_1 ${whole} final`] : [])
      if (whole) assert.is(out.streams.at(-1), finals[0])
      const lasts = packets.sent.filter(({ final }) => final)
      assert.equal(
        lasts.map(({ text }) => text),
        whole ? [whole] : [],
      )
      if (whole) assert.is(packets.sent.at(-1), lasts[0])
      assert.is(actor.getSnapshot().status, 'done')
      assert.ok(out.streams.every(({ closed }) => closed))
      assert.is(clock.timers, 0)
    },
  )
  await fc.assert(story, { numRuns: 300, seed: 20_261_121 })
})

it.run()
