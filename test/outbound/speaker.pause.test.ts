/** A speaker that is shut, opened, cleared: what is taken back, what fades, and what is heard of it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { counting, scene, silence } from './booth.ts'

const it = suite('speaker.pause')

it('stops at once and takes back what was not played; what follows is the very next sample (OUT-20, OUT-21, OUT-23)', async () => {
  const { add, plug, pass, heard, facts, speaker, clock } = scene()
  const device = plug()
  add('a', 500)
  await pass(123)
  assert.equal(speaker.shut('a'), { pushed: 12_000, heard: 133 * 24, discarded: 0 })
  assert.is(device.queued(), 240) // the fade, and nothing else
  await pass(1_000)
  assert.equal(speaker.tally('a'), { pushed: 12_000, heard: 133 * 24, discarded: 0 })
  assert.is(clock.timers, 0)
  speaker.open('a')
  await pass(500)
  const played = heard()
  assert.equal(played.slice(0, 123 * 24), counting(0, 123 * 24))
  const fall = counting(123 * 24, 240).map((value, n) => Math.round((value * (239 - n)) / 240))
  assert.equal(played.slice(123 * 24, 133 * 24), fall)
  assert.equal(played.slice(133 * 24, 1_123 * 24), silence(990 * 24))
  const rise = counting(133 * 24, 240).map((value, n) => Math.round((value * n) / 240))
  assert.equal(played.slice(1_123 * 24, 1_133 * 24), rise)
  assert.equal(played.slice(1_133 * 24, 1_490 * 24), counting(143 * 24, 357 * 24))
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 133', 'a at 1123: 133 + 367'])
})

it('loses and repeats nothing over any number of pauses (OUT-21, law 5)', async () => {
  const { add, plug, pass, heard, speaker, machine } = scene({ fadeMs: 0 })
  plug()
  add('a', 500)
  for (let n = 0; n < 60; n++) {
    speaker.shut('a')
    if (n % 3 === 0) await pass(7)
    speaker.open('a')
    await pass(n % 9)
  }
  await pass(600)
  assert.equal(
    heard().filter(value => value !== 0),
    counting(0, 12_000),
  )
  assert.is(machine.at(-1), 'a queue.drained')
})

it('adds at most a fade to what is heard while it is shut, however often (law 5)', async () => {
  const { add, plug, pass, speaker } = scene()
  plug()
  add('a', 500)
  await pass(50)
  for (let n = 0; n < 50; n++) {
    speaker.shut('a')
    speaker.open('a')
  }
  assert.is(speaker.shut('a').heard, 60 * 24)
})

it('does not fade before anything has sounded since the start or the resume (OUT-23)', async () => {
  const { add, plug, pass, heard, speaker } = scene()
  plug()
  add('a', 500)
  await pass(0)
  assert.is(speaker.shut('a').heard, 0)
  await pass(20)
  assert.is(speaker.tally('a').heard, 0)
  speaker.open('a')
  await pass(30)
  assert.is(heard(20)[0], 1) // and what was never heard does not rise
  speaker.shut('a')
  await pass(100)
  speaker.open('a')
  await pass(0)
  assert.is(speaker.clear('a').heard, 40 * 24)
})

it('does not fade while nothing sounds (OUT-23)', async () => {
  const { add, plug, pass, heard, speaker } = scene()
  plug()
  add('a', 50, { ended: false })
  await pass(60)
  void speaker.write('a', scene().sound(100))
  assert.is(speaker.shut('a').heard, 1_200)
  await pass(50)
  assert.equal(heard(50), silence(60 * 24))
})

it('cuts without a fade where the position is not exact (OUT-23)', async () => {
  const { add, plug, pass, heard, speaker } = scene({ exact: false })
  plug()
  add('a', 500)
  await pass(123)
  assert.is(speaker.shut('a').heard, 123 * 24)
  await pass(100)
  assert.equal(heard(), [...counting(0, 123 * 24), ...silence(100 * 24)])
})

it('plays a fade to its end, whoever is cut next (OUT-23, law 2)', async () => {
  const { add, plug, pass, heard, speaker } = scene()
  plug()
  add('a', 500)
  add('b', 500)
  await pass(100)
  speaker.clear('a')
  await pass(3)
  assert.is(speaker.clear('b').heard, 0) // taken back with the rest of the fade
  await pass(50)
  const fall = counting(100 * 24, 240).map((value, n) => Math.round((value * (239 - n)) / 240))
  assert.equal(heard(100), [...fall, ...silence(43 * 24)])
})

it('fades what sounds also if others were cut before it in the same turn, and tells its run at once (OUT-7, OUT-23)', async () => {
  for (const deed of ['shut', 'clear'] as const) {
    const { add, plug, pass, heard, facts, speaker } = scene()
    plug()
    add('a', 150)
    add('b', 500)
    await pass(100)
    speaker[deed]('b') // takes back what the queue held of both
    assert.is(speaker[deed]('a').heard, 110 * 24)
    assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 110'])
    await pass(50)
    const fall = counting(100 * 24, 240).map((value, n) => Math.round((value * (239 - n)) / 240))
    assert.equal(heard(100), [...fall, ...silence(40 * 24)])
  }
})

it('counts a fade as heard when it is handed over: that stands, also if it is refused or its sink goes (OUT-24, law 2)', async () => {
  for (const mishap of ['refused', 'unplugged']) {
    const { add, plug, pass, facts, speaker, refusals, codes } = scene()
    plug()
    add('a', 500)
    await pass(100)
    if (mishap === 'refused') refusals.push(new Error('no'))
    const tally = speaker.shut('a')
    assert.equal(tally, { pushed: 12_000, heard: 110 * 24, discarded: 0 })
    if (mishap === 'unplugged') speaker.unplug()
    await pass(50)
    assert.equal(codes(), mishap === 'refused' ? ['frame.failed'] : [])
    assert.equal(speaker.tally('a'), tally)
    if (mishap === 'unplugged') plug()
    speaker.open('a')
    await pass(500)
    assert.is(facts().at(-1), 'a at 150: 110 + 390')
  }
})

it('fades what is left, if that is less (OUT-23)', async () => {
  const { add, plug, pass, speaker, machine } = scene()
  plug()
  add('a', 100)
  await pass(96)
  assert.equal(speaker.shut('a'), { pushed: 2_400, heard: 2_400, discarded: 0 })
  await pass(0)
  assert.is(machine.at(-1), 'a queue.drained') // nothing is left to wait for
})

it('discards the rest when it is cleared; the numbers do not change afterwards (OUT-24, OUT-25)', async () => {
  const { add, plug, pass, facts, speaker } = scene()
  plug()
  const remove = add('a', 500)
  await pass(200)
  const tally = speaker.clear('a')
  assert.equal(tally, { pushed: 12_000, heard: 210 * 24, discarded: 290 * 24 })
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 210']) // told before it returns
  await pass(300)
  assert.equal(speaker.tally('a'), tally)
  assert.equal(speaker.clear('a'), tally)
  remove()
  remove()
  assert.not.ok(speaker.has('a'))
  assert.is(facts().length, 2)
})

it('lets the others go on when one in the line is cleared (OUT-24)', async () => {
  const { add, plug, pass, heard, facts, speaker } = scene()
  plug()
  add('a', 150)
  add('b', 150)()
  add('c', 150)
  await pass(100)
  speaker.clear('c')
  await pass(100)
  assert.equal(heard().slice(0, 3_600), counting(0, 3_600))
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 150']) // one run: nobody hears the cut behind it
})

it('holds those behind one that is shut (OUT-19)', async () => {
  const { add, plug, pass, facts, speaker } = scene()
  plug()
  add('a', 100)
  add('b', 100)
  await pass(50)
  speaker.shut('a')
  await pass(500)
  assert.is(facts().length, 2)
  speaker.open('a')
  speaker.open('a')
  await pass(500)
  assert.equal(facts().slice(2), ['a at 550: 60 + 40', 'b started at 590', 'b at 590: 0 + 100'])
})

it('tells all about one that is cleared before that returns, also while the end of another is on its way (OUT-6)', async () => {
  const { add, plug, pass, speaker, facts, sound } = scene()
  plug()
  speaker.add('a', () => {}) // its machine is slow
  void speaker.write('a', sound(20))
  speaker.end('a')
  add('b', 100)
  await pass(50)
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 20'])
  speaker.clear('b')
  assert.equal(facts().slice(2), ['b started at 20', 'b at 20: 0 + 40'])
})

it.run()
