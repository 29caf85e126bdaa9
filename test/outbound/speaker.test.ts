import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { samplesOf } from '../../src/audio/frame.ts'
import { realClock } from '../../src/clock.ts'
import { Speaker } from '../../src/outbound/speaker.ts'
import type { Playhead } from '../../src/pipes/prompter.ts'
import type { Sink } from '../../src/ports.ts'
import { type StageOptions, stage } from './stage.ts'

const it = suite('speaker')

/** At 24 kHz, where 1 ms is 24 samples; each sample says which it is: 1, 2, 3 … */
const scene = (options: StageOptions = {}) => {
  const all = stage({ maxPendingMs: 600_000, ...options })
  const { speaker, clock, sound } = all
  const machine: string[] = []
  /** Adds an utterance, and pushes `ms` of sound; gives back what takes it out. */
  const add = (id: string, ms = 0, { ended = true } = {}) => {
    const remove = speaker.add(id, fact => {
      machine.push(`${id} ${fact.type}`)
      if (fact.type === 'queue.drained') remove()
    })
    if (ms > 0) void speaker.write(id, sound(ms))
    if (ended) speaker.end(id)
    return remove
  }
  const plug = () => {
    const device = all.device()
    speaker.plug(device)
    return device
  }
  /** What was played, from `ms` on. */
  const heard = (fromMs = 0) => [...all.played()].slice(fromMs * 24)
  /** The facts about runs and starts, in ms where that is exact. */
  const facts = () =>
    all.facts().map(fact => {
      if (fact.type === 'utterance.started') return `${fact.id} started at ${fact.at}`
      if (fact.type === 'utterance.progressed')
        return `${fact.id} at ${fact.startedAt}: ${fact.offset / 24} + ${fact.duration / 24}`
      return `${fact.type} ${'id' in fact ? fact.id : fact.error}`
    })
  return { ...all, machine, add, plug, heard, facts, pass: (ms: number) => clock.advance(ms) }
}
const counting = (from: number, n: number) => Array.from({ length: n }, (_, index) => from + index + 1)
const silence = (n: number) => new Array<number>(n).fill(0)

it('plays what is pushed, at once and in order, and tells it as it is heard (OUT-3, OUT-5, OUT-7)', async () => {
  const { add, plug, pass, heard, facts, machine, told, speaker } = scene()
  plug()
  add('a', 300)
  await pass(120)
  assert.equal(heard(), counting(0, 120 * 24))
  assert.equal(speaker.tally('a'), { pushed: 7_200, heard: 2_880, discarded: 0 })
  await pass(200)
  assert.equal(heard(), [...counting(0, 7_200), ...silence(20 * 24)])
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 300'])
  assert.equal(
    told.map(({ told }) => told),
    [1, 300],
  )
  assert.equal(machine, ['a source.ended', 'a playhead.entered', 'a queue.drained'])
})

it('counts at every moment what has left the queue, not what entered it (OUT-3, OUT-24)', async () => {
  const { add, plug, pass, speaker } = scene()
  plug()
  add('a', 200)
  for (let ms = 0; ms < 200; ms++) {
    assert.is(speaker.tally('a').heard, ms * 24)
    await pass(1)
  }
})

it('plays the next without a gap, whatever the length of the first (OUT-4)', async () => {
  const { add, plug, pass, heard, facts, speaker, frame } = scene()
  plug()
  add('a', 0, { ended: false })
  void speaker.write('a', frame(Int16Array.from(counting(0, 1_001))))
  speaker.end('a')
  add('b', 100)
  await pass(200)
  assert.equal(heard().slice(0, 3_401), [...counting(0, 1_001), ...counting(0, 2_400)])
  assert.equal(facts()[2], `b started at ${1_001 / 24}`)
})

it('tells the start of one only after all that became of those before it (OUT-6)', async () => {
  const { add, plug, pass, speaker, told } = scene()
  plug()
  const order: string[] = []
  const remove = speaker.add('a', ({ type }) => order.push(type))
  void speaker.write('a', scene().sound(25))
  speaker.end('a')
  add('b', 100)
  await pass(60)
  assert.equal(order, ['source.ended', 'playhead.entered', 'queue.drained'])
  assert.not.ok(told.some(fact => fact.type === 'utterance.started' && fact.id === 'b'))
  remove() // its machine has ended; whoever owns it hears so before this turn is over
  assert.is(told.length, 2)
  await pass(0)
  assert.ok(told.some(fact => fact.type === 'utterance.started' && fact.id === 'b'))
})

it('takes an utterance without samples as heard, with no start (OUT-5, OUT-8)', async () => {
  const { add, plug, pass, machine, facts } = scene()
  plug()
  add('a')
  await pass(10)
  assert.equal(machine, ['a source.ended', 'a queue.drained'])
  assert.equal(facts(), [])
})

it('ignores a second end, and the end and the failure of what is not there (OUT-8)', async () => {
  const { add, plug, pass, machine, speaker } = scene()
  plug()
  add('a', 20)
  speaker.end('a')
  speaker.end('nobody')
  speaker.fail('nobody', new Error('broke'))
  await pass(100)
  assert.equal(machine, ['a source.ended', 'a playhead.entered', 'a queue.drained'])
})

it('hands over whole blocks that fit, and keeps the rest (OUT-9, OUT-12)', async () => {
  const { add, pass, speaker, device } = scene()
  const blocks: number[] = []
  const sink = device()
  const free = () => sink.free()
  speaker.plug({
    ...{ sampleRate: 24_000, channels: 1, free, queued: () => sink.queued(), clear: () => sink.clear() },
    write: data => {
      assert.ok(sink.queued() + data.length <= 4_800)
      blocks.push(data.length / 24)
      return sink.write(data)
    },
  })
  add('a', 333)
  await pass(0)
  assert.equal(blocks, [100, 100]) // two whole blocks at once
  await pass(400)
  assert.equal(blocks, [100, 100, 100, 40]) // 33 ms and padding
})

it('leaves the padding out of every account (OUT-9, OUT-11)', async () => {
  const { add, plug, pass, heard, speaker, frame, facts } = scene()
  plug()
  add('a', 0, { ended: false })
  void speaker.write('a', frame(Int16Array.from(counting(0, 7))))
  speaker.end('a')
  await pass(10)
  add('b', 10)
  await pass(20)
  assert.equal(heard().slice(0, 480), [...counting(0, 7), ...silence(233), ...counting(0, 240)])
  assert.is(facts()[1], `a at 0: 0 + ${7 / 24}`)
})

it('sends a partial block before the queue runs dry (OUT-10)', async () => {
  const { add, plug, pass, speaker, sound, heard, facts } = scene()
  plug()
  add('a', 30, { ended: false })
  await pass(10)
  void speaker.write('a', sound(30, 720))
  await pass(1)
  speaker.end('a')
  await pass(80)
  assert.equal(heard().slice(0, 1_440), counting(0, 1_440))
  assert.is(facts().length, 2)
})

it('comes back for a partial block by itself, in time (OUT-10)', async () => {
  const { add, plug, pass, speaker, sound, heard } = scene()
  plug()
  add('a', 50, { ended: false })
  await pass(5)
  void speaker.write('a', sound(40, 1_200))
  await pass(200)
  assert.equal(heard().slice(0, 2_160), counting(0, 2_160))
})

it('ends a run when the queue is dry, and begins another (OUT-7)', async () => {
  const { add, plug, pass, speaker, sound, facts } = scene()
  plug()
  add('a', 50, { ended: false })
  await pass(100)
  void speaker.write('a', sound(50, 1_200))
  speaker.end('a')
  await pass(100)
  assert.equal(facts(), ['a started at 0', 'a at 0: 0 + 50', 'a at 100: 50 + 50'])
})

it('takes what is said before anybody listens, and plays it then (OUT-14)', async () => {
  const { add, plug, pass, heard, facts, clock, speaker } = scene()
  add('a', 100)
  await pass(5_000)
  assert.equal(speaker.tally('a'), { pushed: 2_400, heard: 0, discarded: 0 })
  assert.is(clock.timers, 0)
  plug()
  await pass(150)
  assert.equal(heard(5_000).slice(0, 2_400), counting(0, 2_400))
  assert.equal(facts(), ['a started at 5000', 'a at 5000: 0 + 100'])
})

it('ends what nobody has heard with nothing heard (OUT-14, OUT-25)', async () => {
  const { add, plug, pass, speaker, facts } = scene()
  add('a', 100)
  assert.equal(speaker.clear('a'), { pushed: 2_400, heard: 0, discarded: 2_400 })
  plug()
  await pass(100)
  assert.equal(facts(), [])
})

it('refuses frames of another kind before they are counted (OUT-15, AF-1)', async () => {
  const { add, speaker, sound } = scene()
  add('a', 10, { ended: false })
  const refused = async (frame: Parameters<Speaker['write']>[1]) => {
    try {
      await speaker.write('a', frame)
    } catch (error) {
      return error instanceof TypeError ? error.message : ''
    }
    return 'taken'
  }
  assert.match(await refused({ ...sound(10), sampleRate: 48_000 }), '48000 Hz')
  assert.match(await refused({ ...sound(10), channels: 2 }), 'channel')
  assert.match(await refused({ ...sound(10), samplesPerChannel: 241 }), '241 × 1 samples but holds 240')
  assert.match(await refused(JSON.parse('null')), 'an audio frame needs `data`')
  assert.equal(speaker.tally('a'), { pushed: 240, heard: 0, discarded: 0 })
})

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

it('takes frames until its end; what comes after that is of the next (OUT-1, OUT-26)', async () => {
  const { add, plug, pass, speaker, sound, heard, facts } = scene()
  plug()
  add('a', 0, { ended: false })
  add('b', 0, { ended: false })
  await pass(50)
  assert.equal(facts(), [], 'begins without a frame')
  assert.ok(await speaker.write('a', sound(30)))
  assert.ok(await speaker.write('a', sound(30, 720)))
  speaker.end('a')
  assert.is(await speaker.write('a', sound(30)), false)
  assert.ok(await speaker.write('b', sound(40, 1_440)))
  assert.equal([speaker.tally('a').pushed, speaker.tally('b').pushed], [60 * 24, 40 * 24])
  speaker.end('b')
  await pass(100)
  assert.equal(heard(50), counting(0, 100 * 24))
  assert.equal(facts(), ['a started at 50', 'a at 50: 0 + 60', 'b started at 110', 'b at 110: 0 + 40'])
})

it('takes nothing more once it has ended: late frames are logged, and in no account (OUT-26)', async () => {
  const { add, plug, pass, speaker, sound, logged } = scene()
  plug()
  const remove = add('a', 50)
  assert.is(await speaker.write('a', sound(10)), false)
  assert.is(speaker.tally('a').pushed, 1_200)
  await pass(100)
  remove()
  assert.is(await speaker.write('a', sound(10)), false)
  add('b', 50, { ended: false })
  speaker.clear('b')
  assert.is(await speaker.write('b', sound(10)), false)
  assert.is(speaker.tally('b').pushed, 1_200)
  const late = ['a', 'a', 'b'].map(id => ({ code: 'speaker.late', fields: { id, samples: 240 } }))
  assert.equal(logged, late)
})

it('lets a held writer go when its utterance is over (OUT-13, ROOM-12)', async () => {
  const { add, speaker, sound, clock } = scene({ maxPendingMs: 100 })
  add('a', 0, { ended: false })
  const written = speaker.write('a', sound(300))
  await clock.settle()
  speaker.clear('a')
  assert.is(await written, false)
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

it('has one timer at most, and none when there is nothing to do', async () => {
  const { add, plug, pass, clock, speaker, sound } = scene()
  plug()
  assert.is(clock.timers, 0)
  add('a', 20, { ended: false })
  for (let n = 0; n < 300; n++) {
    await pass(1)
    assert.ok(clock.timers <= 1)
    if (n < 200) void speaker.write('a', sound(1))
  }
  assert.is(clock.timers, 0)
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

it('shows where the sound of one is, to whoever follows it, also after its end (SYNC-2)', async () => {
  const { add, plug, pass, speaker, clock } = scene()
  plug()
  const remove = add('a', 200)
  const playhead: Playhead = speaker.playhead('a')
  const changes: [number, number, boolean][] = []
  const off = playhead.changed(() => changes.push([clock.now(), playhead.heardMs(), playhead.running()]))
  assert.equal([playhead.heardMs(), playhead.running(), playhead.clock], [0, false, clock])
  await pass(55)
  assert.equal([playhead.heardMs(), playhead.running()], [55, true])
  speaker.shut('a')
  await pass(100)
  assert.equal([playhead.heardMs(), playhead.running()], [65, false])
  speaker.open('a')
  await pass(500)
  assert.equal(changes, [
    [1, 1, true],
    [55, 65, false],
    [156, 66, true],
    [290, 200, false],
  ])
  off()
  remove()
  assert.equal([playhead.heardMs(), playhead.running()], [200, false])
  playhead.changed(() => {})()
})

it('tells a source’s failure to its machine, which decides', async () => {
  const { add, speaker, clock } = scene()
  const facts: unknown[] = []
  speaker.add('a', fact => facts.push(fact))
  speaker.fail('a', new Error('the voice broke\nin two'))
  await clock.settle()
  assert.equal(facts, [{ type: 'source.failed', error: 'the voice broke' }])
  add('b')
})

it('lets whoever is told something call back at once', async () => {
  const all = stage({
    tell: fact => {
      if (fact.type === 'utterance.started') heard.push(all.speaker.clear(fact.id).heard)
    },
  })
  const heard: number[] = []
  all.speaker.plug(all.device())
  const remove = all.speaker.add('a', () => {})
  void all.speaker.write('a', all.sound(100))
  await all.clock.advance(50)
  assert.equal(heard, [24 + 240])
  assert.equal(
    all.facts().map(({ type }) => type),
    ['utterance.started', 'utterance.progressed'],
  )
  remove()
})

it('lets others have their turn while somebody pushes half a minute at once', async () => {
  const speaker = new Speaker({ sampleRate: 24_000, channels: 1, clock: realClock(), log: () => {} })
  const remove = speaker.add('a', () => {})
  let turns = 0
  let isOver = false
  const turn = () => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  turn()
  const frame = stage().sound(10)
  for (let n = 0; n < 2_900; n++) await speaker.write('a', frame)
  isOver = true
  remove()
  assert.ok(turns >= 50, `${turns}`)
})

it('refuses what cannot work, by name, before anything is made (OPT-10)', () => {
  const make = (options: object) => () =>
    new Speaker({ ...{ sampleRate: 24_000, channels: 1, clock: stage().clock, log: () => {} }, ...options })
  const isOf = (name: string) => (error: Error) => error instanceof RangeError && error.message.startsWith(name)
  assert.throws(make({ sampleRate: 22_050 }), undefined)
  assert.throws(make({ sampleRate: 11_025 }), isOf('sampleRate is 11025'))
  assert.throws(make({ sampleRate: -24_000 }), isOf('sampleRate is -24000'))
  assert.throws(make({ channels: 0 }), isOf('channels is 0'))
  assert.throws(make({ fadeMs: 21 }), isOf('fadeMs is 21'))
  assert.throws(make({ fadeMs: Number.NaN }), isOf('fadeMs is NaN'))
  assert.throws(make({ maxPendingMs: 0 }), isOf('maxPendingMs is 0'))
  const { speaker } = stage()
  const sink: Sink = stage({ sampleRate: 48_000 }).device()
  assert.throws(() => speaker.plug(sink), /48000 Hz/)
})

it('refuses an id twice, and says that one is unknown (ERR_DUPLICATE_SEGMENT, ERR_UNKNOWN_SEGMENT)', () => {
  const { add, speaker } = scene()
  const code = (deed: () => unknown) => {
    try {
      deed()
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error
    }
    return 'nothing'
  }
  const remove = add('a', 0, { ended: false })
  assert.is(
    code(() => add('a')),
    'ERR_DUPLICATE_SEGMENT',
  )
  for (const deed of ['open', 'shut', 'clear', 'concede', 'review', 'tally', 'playhead'] as const)
    assert.is(
      code(() => speaker[deed]('b')),
      'ERR_UNKNOWN_SEGMENT',
    )
  remove()
  add('a')
})

it('counts the samples of one channel', async () => {
  const { plug, pass, speaker, frame } = scene({ channels: 2 })
  plug()
  const remove = speaker.add('a', () => {})
  void speaker.write('a', frame(new Int16Array(samplesOf(100, 24_000) * 2)))
  await pass(50)
  assert.equal(speaker.tally('a'), { pushed: 2_400, heard: 1_200, discarded: 0 })
  remove()
})

it.run()
