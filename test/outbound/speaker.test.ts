/** The speaker: what is pushed is played and told, in order and to the sample. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { samplesOf } from '../../src/audio/frame.ts'
import { realClock } from '../../src/clock.ts'
import { Speaker } from '../../src/outbound/speaker.ts'
import type { Playhead } from '../../src/pipes/prompter.ts'
import type { Sink } from '../../src/ports.ts'
import { counting, scene, silence } from './booth.ts'
import { stage } from './stage.ts'

const it = suite('speaker')

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
