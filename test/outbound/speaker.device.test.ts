/** A speaker whose device refuses, stands still, goes or comes again. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { counting, scene } from './booth.ts'

const it = suite('speaker.device')

it('loses a refused block and nothing else, and says so (OUT-16)', async () => {
  const { add, plug, pass, refusals, heard, facts, speaker, codes, machine } = scene()
  plug()
  add('a', 250)
  await pass(40) // four blocks are handed over
  refusals.push(new Error('no more'))
  await pass(80)
  assert.equal(speaker.tally('a'), { pushed: 6_000, heard: 2_880, discarded: 1_200 })
  await pass(200)
  assert.equal(heard().slice(0, 4_800), counting(0, 4_800))
  assert.equal(codes(), ['frame.failed'])
  assert.equal(facts(), ['a started at 0', 'frame.failed a', 'a at 0: 0 + 200'])
  assert.is(machine.at(-1), 'a queue.drained')
})

it('ends an utterance whose last block was refused (OUT-16)', async () => {
  const { add, plug, pass, refusals, machine, speaker } = scene()
  plug()
  refusals.push(new Error('no'))
  add('a', 20)
  await pass(0)
  assert.equal(machine, ['a source.ended', 'a queue.drained'])
  assert.not.ok(speaker.has('a'))
})

it('counts nothing as heard that was refused, also in the very turn (OUT-16)', async () => {
  const { add, plug, pass, refusals, speaker, facts } = scene()
  plug()
  add('a', 50, { ended: false })
  await pass(50)
  refusals.push(new Error('no'))
  void speaker.write('a', scene().sound(50, 1_200))
  for (let n = 0; n < 20; n++) {
    assert.is(speaker.tally('a').heard, 1_200)
    await Promise.resolve()
  }
  assert.equal(speaker.tally('a'), { pushed: 2_400, heard: 1_200, discarded: 1_200 })
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 50', 'frame.failed a'])
})

it('gives a sink up after three refusals in a row, and replays in the next what was not heard (OUT-17)', async () => {
  const { add, plug, pass, refusals, heard, facts, speaker, codes } = scene()
  plug()
  add('a', 400)
  await pass(20)
  refusals.push(...[1, 2, 3, 4].map(n => new Error(`no ${n}`)))
  await pass(180)
  const lost = ['frame.failed a', 'frame.failed a', 'frame.failed a']
  assert.equal(facts(), ['a started at 0', ...lost, 'a at 0: 0 + 101', 'sink.failed no 3'])
  assert.equal(codes(), ['frame.failed', 'frame.failed', 'frame.failed'])
  const { heard: before } = speaker.tally('a')
  refusals.length = 0
  await pass(5_000)
  assert.is(speaker.tally('a').heard, before)
  plug()
  await pass(400)
  assert.is(facts().at(-1), 'a at 5200: 101 + 99')
  assert.is(heard(5_200)[240], before + 241) // after the rise
})

it('forgets refusals after a block that was taken, and those of a sink that is gone', async () => {
  const { add, plug, pass, refusals, facts, speaker } = scene()
  plug()
  add('a', 1_000)
  for (let n = 0; n < 4; n++) {
    refusals.push(new Error('no'))
    await pass(120)
  }
  assert.not.ok(facts().includes('sink.failed no'))
  const lost = facts().filter(fact => fact === 'frame.failed a').length
  refusals.push(new Error('no'), new Error('no'), new Error('no'))
  speaker.unplug()
  plug()
  speaker.unplug() // before it says so
  await pass(100)
  assert.is(facts().filter(fact => fact === 'frame.failed a').length, lost)
  assert.not.ok(facts().some(fact => fact.startsWith('sink.failed')))
})

it('takes back what was not played when it is unplugged, and rises where it goes on (OUT-17)', async () => {
  const { add, plug, pass, heard, facts, speaker } = scene()
  const device = plug()
  add('a', 200)
  await pass(80)
  speaker.unplug()
  assert.is(device.queued(), 0)
  await pass(20)
  plug()
  await pass(150)
  const rise = counting(1_920, 240).map((value, n) => Math.round((value * n) / 240))
  assert.equal(heard(100).slice(0, 2_880), [...rise, ...counting(2_160, 2_640)])
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 80', 'a at 100: 80 + 120'])
})

it('moves from one sink to another if it is plugged into a second', async () => {
  const { add, plug, pass, facts } = scene({ fadeMs: 0 })
  const first = plug()
  add('a', 200)
  await pass(80)
  plug()
  assert.is(first.queued(), 0)
  await pass(200)
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 80', 'a at 80: 80 + 120'])
})

it('knows whether the sink plays on (OUT-18)', async () => {
  const { add, plug, pass, speaker } = scene()
  add('a', 1_500)
  assert.equal(speaker.review('a'), { pushed: 36_000, heard: 0, discarded: 0, unsent: 36_000, moving: true })
  const device = plug()
  await pass(300)
  const release = device.stall()
  assert.ok(speaker.review('a').moving)
  await pass(999)
  assert.ok(speaker.review('a').moving)
  await pass(1)
  assert.not.ok(speaker.review('a').moving)
  release()
  await pass(50)
  assert.ok(speaker.review('a').moving)
  const again = device.stall()
  await pass(2_000)
  assert.not.ok(speaker.review('a').moving)
  speaker.unplug()
  assert.ok(speaker.review('a').moving) // another one is awaited
  again()
})

it('takes a queue that was dry for long for one that moves as soon as it gets something (OUT-18)', async () => {
  const { add, plug, pass, speaker, sound } = scene()
  plug()
  add('a', 50, { ended: false })
  await pass(5_000)
  assert.not.ok(speaker.review('a').moving)
  void speaker.write('a', sound(50))
  await pass(0)
  assert.ok(speaker.review('a').moving)
})

it('says at an end how much was heard by then: the rest is what is waited for (OUT-18)', async () => {
  const { plug, pass, speaker, sound, clock } = scene()
  plug()
  const facts: unknown[] = []
  speaker.add('a', fact => facts.push(fact))
  void speaker.write('a', sound(100))
  await pass(13)
  speaker.end('a')
  await clock.settle()
  assert.equal(facts.at(-1), { type: 'source.ended', pushed: 2_400, heard: 312, discarded: 0 })
})

it('gives up a sink that has stood still for 5 000 ms, and goes on in the next with what was not heard (law 4)', async () => {
  const { add, plug, pass, heard, facts, speaker, clock, machine } = scene({ fadeMs: 0 })
  const device = plug()
  await pass(10_000) // with nothing to play it does not stand still
  add('a', 300)
  await pass(100)
  device.stall()
  await pass(4_999)
  assert.equal(facts(), ['a started at 10000'])
  await pass(50)
  assert.equal(facts().slice(1), ['a at 10000: 0 + 100', 'sink.failed the speaker plays no more'])
  assert.is(clock.timers, 0)
  await pass(10_000)
  assert.equal(speaker.tally('a'), { pushed: 7_200, heard: 2_400, discarded: 0 })
  plug()
  await pass(300)
  assert.equal(heard(25_149).slice(0, 4_800), counting(2_400, 4_800))
  assert.is(machine.at(-1), 'a queue.drained')
})

it('gives up a sink also if it never moved, and none that waits for somebody (OUT-14, OUT-19)', async () => {
  const { add, plug, pass, facts, speaker } = scene()
  add('a', 300)
  await pass(60_000) // nobody listens yet
  plug().stall()
  speaker.shut('a')
  await pass(60_000)
  assert.equal(facts(), [])
  speaker.open('a')
  await pass(4_999)
  assert.equal(facts(), [])
  await pass(50)
  assert.equal(facts(), ['sink.failed the speaker plays no more'])
})

it('does not ask a sink that stands still more than 20 times a second in the long run', async () => {
  const { add, plug, pass, speaker, clock } = scene()
  const device = plug()
  add('a', 1_000)
  await pass(0)
  device.stall()
  await pass(3_000)
  let asked = 0
  const { queued } = device
  device.queued = () => {
    asked++
    return queued.call(device)
  }
  await pass(1_000)
  assert.ok(asked > 0 && asked <= 45, `${asked}`)
  assert.is(clock.timers, 1)
  speaker.clear('a')
})

it('counts as heard what was handed over, when it is conceded (OUT-18)', async () => {
  const { add, plug, pass, facts, machine, speaker } = scene()
  const device = plug()
  add('a', 150)
  await pass(40)
  const release = device.stall()
  await pass(2_000)
  speaker.concede('a')
  await pass(0)
  assert.is(machine.at(-1), 'a queue.drained')
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 150'])
  add('b', 50)
  release()
  await pass(500)
  assert.equal(facts().slice(2, 3), ['b started at 2150']) // what the device still has of a comes before it
  assert.is(machine.at(-1), 'b queue.drained')
})

it.run()
