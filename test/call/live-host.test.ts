/** A call with a page, in virtual time: what its microphone sends is answered, and what it asks is done. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Wish } from '../../machines/live.ts'
import { frameOf, joined } from '../../src/audio/frame.ts'
import { bundledCaller } from '../../src/call/caller.ts'
import { openCall } from '../../src/call/live-call.ts'
import { createHost } from '../../src/call/live-host.ts'
import type { LiveMinds } from '../../src/call/live-minds.ts'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import type { RoomFact } from '../../src/facts.ts'
import { seededIds } from '../../src/ids.ts'
import type { CallAsked, CallSeat } from '../../src/inspector/host.ts'
import type { CallNews } from '../../src/inspector/scene.ts'
import type { Mind } from '../../src/mind.ts'
import { loadVoice } from '../../src/minds/assets.ts'
import { docent } from '../../src/minds/docent.ts'
import { speechHearing } from '../../src/minds/hearing.ts'
import { parrot } from '../../src/minds/parrot.ts'
import { voiceActivity } from '../../src/minds/vad.ts'
import type { Recorder } from '../../src/recording/recorder.ts'
import { virtualClock } from '../../src/virtual.ts'
import { loudMs, tone } from '../ports/sound.ts'

const it = suite('live host')
const never = new AbortController().signal
const assets = new URL(`${pathToFileURL(resolve('assets')).href}/`)
const perMs = 24

/** All real I/O, once. */
const loaded = (() => {
  let all: Promise<Awaited<ReturnType<typeof load>>> | undefined
  const load = async () => {
    const opus = createOpus({ clock: realClock(), sampleRate: 24_000 })
    const [caller, voice, activity] = await Promise.all([
      bundledCaller(assets, opus, never),
      loadVoice(assets, opus, never),
      voiceActivity(),
    ])
    const ears = { activity, hearing: speechHearing(activity), turns: { minSpeechMs: 200 } }
    return { caller, docent: () => docent({ ...ears, voice }), parrot: () => parrot(ears) }
  }
  return () => {
    all ??= load()
    return all
  }
})()

/** Says a tone of so many ms, word by word, and waits. */
const sayer = (ms: number, words = 'one two three four five six'): Mind => ({
  start: async ({ say, format }, signal) => {
    const audio = async function* () {
      yield frameOf(tone(ms, format.output.sampleRate), format.output)
    }
    const text = async function* () {
      for (const word of words.split(' ')) yield `${word} `
    }
    say({ audio: audio(), text: text() })
    await new Promise<void>(done => signal.addEventListener('abort', () => done(), { once: true }))
  },
})

type Load = LiveMinds['load']
const scene = (mind: () => Mind, { load, sample }: { load?: Load; sample?: Int16Array } = {}) => {
  const clock = virtualClock()
  const logged: { code: string; fields: Record<string, unknown> }[] = []
  const facts: RoomFact[] = []
  let calls = 0
  const host = createHost<number>({
    clock,
    callClock: () => clock,
    log: (_level, code, fields = {}) => logged.push({ code, fields }),
    minds: { names: ['mine'], load: load ?? (async () => ({ mind: mind(), ...(sample && { sample }) })) },
    watch: async () => ({ options: { listener: fact => facts.push(fact) }, feedOf: () => ++calls }),
    seed: () => 1,
  })
  /** Somebody opens the page. `takes`: whether it keeps up with what it hears. */
  const page = (takes = () => true) => {
    const news: CallNews[] = []
    const watched: number[] = []
    const heard: Int16Array[] = []
    const seat: CallSeat = host.attach({
      watch: feed => watched.push(feed),
      tell: one => news.push(one),
      play: samples => {
        heard.push(samples)
        return { sent: takes() }
      },
    })
    const ask = async (asked: CallAsked, ms = 0) => {
      seat.ask(asked)
      await clock.advance(ms)
    }
    const start = (voice: Wish['voice'] = 'microphone', ms = 0) => ask({ type: 'call.start', mind: 'mine', voice }, ms)
    return { seat, news, watched, heard, ask, start, states: () => news.map(({ state }) => state) }
  }
  const spoken = () => facts.flatMap(fact => (fact.type === 'utterance.ended' ? [fact.played] : []))
  const shown = (speaker: 'agent' | 'caller') =>
    facts.flatMap(fact => (fact.type === 'words.shown' && fact.speaker === speaker && fact.text !== '' ? [fact] : []))
  return { clock, host, page, logged, facts, spoken, shown, calls: () => calls }
}
/** Brings a recording as a page does: in pieces of 20 ms, some of them late, several at once, and a few never. */
const talk = async (seat: CallSeat, clock: ReturnType<typeof virtualClock>, audio: Int16Array, uneven: boolean) => {
  const zero = clock.now()
  for (let n = 0; n * 480 < audio.length; n++) {
    const late = uneven ? (n % 11 === 5 ? 35 : n % 97 < 4 ? 100 - 20 * (n % 97) : 0) : 0
    const due = zero + n * 20 + late
    if (due > clock.now()) await clock.advance(due - clock.now())
    if (!uneven || n % 301 !== 300) seat.hear(audio.slice(n * 480, (n + 1) * 480))
  }
}
const loudIn = (pieces: Int16Array[]) => loudMs(joined(pieces), 24_000)

it('answers a microphone whose pieces are late, come at once or never, and is interrupted by it', async () => {
  const { caller, docent } = await loaded()
  const { clock, host, page, spoken, shown, logged, facts } = scene(docent)
  const { seat, start, states, heard } = page()
  await start()
  assert.equal(states(), ['idle', 'starting', 'talking'])
  await talk(seat, clock, caller.data, true)
  await clock.advance(8_000)
  const cuts = spoken().filter(({ outcome, heard }) => outcome === 'interrupted' && heard > 0)
  assert.ok(cuts.length >= 2, `${cuts.length} interruptions`)
  for (const { id, spoken: words = '' } of spoken())
    assert.is(
      shown('agent')
        .filter(fact => fact.id === id)
        .map(({ text }) => text)
        .join(''),
      words,
    ) // the transcript is what was heard
  assert.ok(shown('caller').every(({ text }) => /^\[speech \d+\.\d s\]$/.test(text)))
  assert.ok(shown('caller').length >= 3)
  const played = spoken().reduce((sum, { heard }) => sum + heard, 0) / perMs
  const over = facts.flatMap(fact => (fact.type === 'closed' ? [fact.at] : []))[0] ?? clock.now()
  const waits = over - joined(heard).length / perMs
  assert.ok(Math.abs(waits) <= 20, `the page is ${waits} ms behind`)
  assert.ok(loudIn(heard) > 0.3 * played && loudIn(heard) < played)
  await seat.leave()
  await host.close()
  const account = logged.find(({ code }) => code === 'call.account')?.fields
  assert.ok(account && Number(account.late) > 0 && account.lost === 0, JSON.stringify(account))
  assert.is(clock.timers, 0)
})

it('adds 40 ms to a voice on its way in, and 20 on its way out, before what frames take', async () => {
  const click = new Int16Array(480).fill(12_000)
  const at = { brought: 0, heard: 0, said: 0, back: 0 }
  const isLoud = (data: Int16Array) => data.some(sample => sample > 4_000)
  const { clock, page, host } = scene(() => ({
    start: async ({ hear, say, format }, signal) => {
      for await (const { data } of hear()) {
        if (signal.aborted) return
        if (at.heard !== 0 || !isLoud(data)) continue
        at.heard = clock.now()
        const audio = async function* () {
          yield frameOf(click, format.output)
        }
        void say({ audio: audio() }).started.then(() => {
          at.said = clock.now()
        })
      }
    },
  }))
  const { seat, start, heard } = page()
  await start()
  for (let n = 0; n < 100; n++) {
    if (n === 50) at.brought = clock.now()
    seat.hear(n === 50 ? click : new Int16Array(480))
    await clock.advance(20)
    if (at.back === 0 && heard.some(isLoud)) at.back = clock.now()
  }
  const [inward, outward] = [at.heard - at.brought, at.back - at.said]
  assert.ok(inward > 40 && inward <= 40 + 50 + 1, `${inward} ms to the frame that the agent hears`) // frames of 50 ms
  assert.ok(outward <= 20 + 20, `${outward} ms to the page, of which 20 are this test's step`)
  await host.close()
})

it('says back what it heard, to the page, a moment later', async () => {
  const { parrot, caller } = await loaded()
  const { clock, page, host, spoken } = scene(parrot)
  const { seat, start, heard } = page()
  await start()
  await talk(seat, clock, caller.data.slice(0, 24_000 * 4), false)
  await clock.advance(8_000)
  assert.ok(spoken().length > 0)
  assert.ok(loudIn(heard) > 500, `${loudIn(heard)} ms`)
  await host.close()
})

it('is interrupted, paused and resumed by buttons', async () => {
  const { clock, page, host, facts, spoken } = scene(() => sayer(6_000))
  const { start, ask, heard } = page()
  await start('none', 1_000)
  await ask({ type: 'call.pause' }, 1_000)
  const quiet = heard.slice(-40)
  assert.is(loudIn(quiet), 0)
  await ask({ type: 'call.resume' }, 1_000)
  await ask({ type: 'call.interrupt' }, 500)
  const types = facts.map(({ type }) => type)
  assert.ok(types.indexOf('paused') < types.indexOf('resumed'))
  assert.equal(
    spoken().map(({ outcome }) => outcome),
    ['interrupted'],
  )
  assert.ok(Math.abs((spoken()[0]?.heard ?? 0) / perMs - 2_000) < 250)
  assert.is(loudIn(heard.slice(-20)), 0)
  await host.close()
  await clock.advance(0)
  assert.is(clock.timers, 0)
})

it('takes what is written, as the room does', async () => {
  const { page, host, facts } = scene(() => sayer(3_000))
  const { start, ask } = page()
  await start('none', 500)
  await ask({ type: 'call.write', text: ' How are you? ' }, 500)
  await ask({ type: 'call.write', text: '  ' }, 100)
  assert.equal(
    facts.flatMap(fact => (fact.type === 'chat.received' ? [[fact.identity, fact.text]] : [])),
    [['caller', 'How are you?']],
  )
  assert.ok(facts.some(fact => fact.type === 'utterance.ended' && fact.played.outcome === 'interrupted'))
  await host.close()
})

it('plays the sample call with both voices, and hangs up after it', async () => {
  const { clock, page, host } = scene(() => sayer(1_000), { sample: tone(2_000, 24_000, 300) })
  const { start, news, heard } = page()
  await start('sample', 9_000)
  assert.is(news.find(({ state }) => state === 'talking')?.channels, 2)
  assert.equal(news.at(-1), { type: 'call', state: 'ended', mind: 'mine', channels: 2 })
  const both = joined(heard)
  const voice = (of: 0 | 1) => both.filter((_, n) => n % 2 === of)
  assert.ok(Math.abs(loudIn([voice(0)]) - 1_000) < 30, `${loudIn([voice(0)])} ms of the agent`)
  assert.ok(Math.abs(loudIn([voice(1)]) - 2_000) < 30, `${loudIn([voice(1)])} ms of the caller`)
  await host.close()
  await clock.advance(0)
  assert.is(clock.timers, 0)
})

it('ends, leaves nothing, and begins again', async () => {
  const { clock, page, host, calls } = scene(() => sayer(3_000))
  const { start, ask, states, watched, heard } = page()
  for (let n = 0; n < 3; n++) {
    await start('microphone', 300)
    await ask({ type: 'call.end' }, 300)
    assert.is(clock.timers, 0, 'something goes on after the call')
  }
  assert.equal(states().slice(1, 5), ['starting', 'talking', 'ending', 'ended'])
  assert.equal([calls(), watched], [3, [1, 2, 3]])
  const before = heard.length
  await clock.advance(1_000)
  assert.is(heard.length, before)
  await host.close()
})

it('holds one call for a page: another is refused until it is over', async () => {
  const { clock, page, host, calls } = scene(() => sayer(3_000))
  const { seat, start, news, states } = page()
  await start('none', 100)
  await start('none', 100)
  const busy = 'there is a call already: hang up, and try again when it is over'
  assert.equal([news.at(-1)?.state, news.at(-1)?.text], ['talking', busy])
  seat.ask({ type: 'call.end' })
  seat.ask({ type: 'call.start', mind: 'mine', voice: 'none' })
  assert.equal([news.at(-1)?.state, news.at(-1)?.text], ['ending', busy])
  await clock.advance(500)
  assert.equal([states().at(-1), calls()], ['ended', 1])
  await start('none', 500)
  assert.equal([states().at(-1), calls()], ['talking', 2])
  await host.close()
})

it('shows the newest call to whoever has none', async () => {
  const { page, host, clock } = scene(() => sayer(3_000))
  const [one, two] = [page(), page()]
  await one.start('none', 100)
  assert.equal([one.watched, two.watched], [[1], [1]])
  await two.start('none', 100)
  assert.equal([one.watched, two.watched], [[1], [1, 2]])
  const three = page()
  assert.equal(three.watched, [2])
  assert.is(three.heard.length, 0)
  await host.close()
  await clock.advance(0)
  assert.is(clock.timers, 0)
})

it('ends the call of a page that goes, also while it is dialled', async () => {
  let come = () => {}
  const load: Load = (_, signal) =>
    new Promise((done, failed) => {
      come = () => done({ mind: sayer(1_000) })
      signal.addEventListener('abort', () => failed(signal.reason), { once: true })
    })
  const { page, clock, host, calls } = scene(() => sayer(1_000), { load })
  const { start, seat, states } = page()
  await start()
  seat.leave()
  await clock.advance(0)
  assert.equal([states(), calls()], [['idle', 'starting', 'ending', 'ended'], 0])
  const second = page()
  await second.start()
  come()
  await clock.advance(100)
  second.seat.leave()
  await clock.advance(100)
  assert.is(clock.timers, 0)
  second.seat.ask({ type: 'call.start', mind: 'mine', voice: 'none' })
  second.seat.hear(new Int16Array(480))
  await host.close()
  assert.is(second.states().at(-1), 'ended')
})

it('gives a mind up that is not there within half a minute', async () => {
  const { page, clock, host } = scene(() => sayer(1_000), { load: () => new Promise(() => {}) })
  const { start, news } = page()
  await start('none', 31_000)
  assert.is(news.at(-1)?.state, 'ending') // what does not heed its signal is waited for, but not for ever
  await clock.advance(9_000)
  assert.equal(news.at(-1), {
    type: 'call',
    state: 'failed',
    mind: 'mine',
    channels: 1,
    text: 'the agent did not come: try again',
  })
  await host.close()
  await clock.advance(0)
  assert.is(clock.timers, 0)
})

it('tells in one line why a call cannot be, or broke off, and that the agent has hung up', async () => {
  const refused = scene(() => sayer(1), { load: () => Promise.reject(new Error('cannot read the voice\nand more')) })
  const first = refused.page()
  await first.start('none', 100)
  assert.equal(first.news.at(-1), { type: 'call', state: 'failed', mind: 'mine', channels: 1, text: 'cannot read the voice' })
  await first.ask({ type: 'call.start', mind: 'another', voice: 'none' })
  assert.is(first.news.at(-1)?.text, 'there is no such call here: the minds are mine')

  const broken = scene(() => ({ start: () => Promise.reject(new Error('out of ideas')) }))
  const second = broken.page()
  await second.start('none', 5_000)
  assert.equal([second.news.at(-1)?.state, second.news.at(-1)?.text], ['failed', 'the call broke off: out of ideas'])
  assert.is(broken.clock.timers, 0)

  const done = scene(() => ({ start: async () => {} }))
  const third = done.page()
  await third.start('none', 5_000)
  assert.equal([third.news.at(-1)?.state, third.news.at(-1)?.text], ['ended', 'the agent has hung up'])
  await Promise.all([refused, broken, done].map(({ host }) => host.close()))
})

it('leaves nothing open in its room, however it ends', async () => {
  for (const voice of ['microphone', 'sample', 'none'] as const) {
    const clock = virtualClock()
    const shared = { clock, ids: seededIds(1), log: () => {}, play: () => true, sample: tone(500, 24_000) }
    const call = await openCall({ ...shared, voice, mind: sayer(3_000) }, never)
    call.hear(tone(20, 24_000))
    call.write('Hello?')
    await clock.advance(1_000)
    call.pause()
    await Promise.all([call.close(), call.close()])
    await clock.advance(0)
    assert.equal([call.open, clock.timers], [{ listeners: 0, streams: 0, timers: 0 }, 0])
    call.hear(tone(20, 24_000))
    call.write('Still there?')
    assert.is(clock.timers, 0)
    const given = new AbortController()
    given.abort(new Error('hung up'))
    const none = await openCall({ ...shared, voice, mind: sayer(3_000) }, given.signal).catch(error => String(error))
    assert.is(none, 'Error: hung up')
    await clock.advance(0)
    assert.is(clock.timers, 0)
  }
})

it('ends whatever a page has done, in whatever order, and leaves nothing', async () => {
  const step = fc.oneof(
    fc.constantFrom<CallAsked>(
      { type: 'call.end' },
      { type: 'call.pause' },
      { type: 'call.resume' },
      { type: 'call.interrupt' },
      { type: 'call.write', text: 'Hello?' },
      { type: 'call.start', mind: 'mine', voice: 'microphone' },
      { type: 'call.start', mind: 'mine', voice: 'none' },
      { type: 'call.start', mind: 'mine', voice: 'sample' },
    ),
    fc.record({ pieces: fc.nat(8), ms: fc.nat(300) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
      const { clock, page, host } = scene(() => sayer(1_500), { sample: tone(400, 24_000) })
      const { seat, states, news } = page()
      for (const one of steps) {
        if ('pieces' in one) {
          for (let n = 0; n < one.pieces; n++) seat.hear(new Int16Array(480))
          await clock.advance(one.ms)
        } else seat.ask(one)
      }
      const closing = host.close()
      await clock.advance(10_000)
      await closing
      assert.is(clock.timers, 0)
      assert.ok(['idle', 'ended'].includes(states().at(-1) ?? ''), states().join(' '))
      const count = (state: string) => news.filter(one => one.state === state && one.text === undefined).length
      assert.is(count('starting'), count('ended'))
    }),
    { numRuns: 60 }, // a failing run prints its seed
  )
})

it('lets go of a recording that no room came to, and of a room that cannot be looked at', async () => {
  let ended = 0
  let come = () => {}
  const recorder: Recorder = { input: () => {}, media: () => [0, 0], attach: () => {}, close: () => ended++ }
  const clock = virtualClock()
  const host = createHost<number>({
    ...{ clock, callClock: () => clock, log: () => {}, seed: () => 1 },
    minds: { names: ['mine'], load: async () => ({ mind: sayer(1_000) }) },
    watch: async () => {
      await new Promise<void>(done => {
        come = done
      })
      return {
        options: { recorder },
        feedOf: () => {
          throw new Error('nothing to see')
        },
      }
    },
  })
  const news: CallNews[] = []
  const seat = host.attach({ watch: () => {}, tell: one => news.push(one), play: () => ({ sent: true }) })
  seat.ask({ type: 'call.start', mind: 'mine', voice: 'none' })
  await clock.advance(0)
  seat.ask({ type: 'call.end' })
  come()
  await clock.advance(100)
  assert.equal([ended, news.at(-1)?.state, clock.timers], [1, 'ended', 0])
  seat.ask({ type: 'call.start', mind: 'mine', voice: 'none' })
  await clock.advance(0)
  come()
  await clock.advance(100)
  assert.equal([ended, news.at(-1)?.text, clock.timers], [2, 'nothing to see', 0])
  await host.close()
})

it('counts what a slow page does not take', async () => {
  const { page, host, logged } = scene(() => sayer(2_000))
  let n = 0
  const { start } = page(() => n++ % 2 === 0)
  await start('none', 1_000)
  await host.close()
  const account = logged.find(({ code }) => code === 'call.account')?.fields
  assert.ok(Math.abs(Number(account?.unplayed) - 25) < 2, JSON.stringify(account))
})

it.run()
