/** The laws of the playout (section 9 of playout.md), under any sequence of play, interrupt, pause, resume, ends, failures and close. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AgentPlayout, type PlayoutHandle } from '../src/agent-playout.ts'
import { type AudioFrame, frameOf } from '../src/audio/frame.ts'
import { sleep } from '../src/clock.ts'
import { seededIds } from '../src/ids.ts'
import { Device } from '../src/loopback/sink.ts'
import { TtsForwarder } from '../src/outbound/tts.ts'
import type { Clock, Word } from '../src/ports.ts'
import { virtualClock } from '../src/virtual.ts'
import { fakeCaptions } from './fakes/captions.ts'

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const times = Number(process.env.CHARTROOM_RUNS ?? 1)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`agent-playout.property: ${seeded}`)

const it = suite('agent playout, any sequence of calls')

const format = { sampleRate: 1_000, channels: 1 }
type Ending = 'ends' | 'hangs' | 'throws' | 'flawed'
type Stream = { ms: number[]; gapMs: number; end: Ending }
type Step =
  | { do: 'play'; when: 'replace' | 'after'; audio: Stream; text: Stream; timed: boolean }
  | { do: 'interrupt'; who: number }
  | { do: 'all' | 'pause' | 'resume' | 'refuse' | 'letGo' }
  | { do: 'pass'; ms: number }

const gap = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1_500 }))
const end = fc.constantFrom<Ending[]>('ends', 'ends', 'ends', 'ends', 'hangs', 'throws', 'flawed')
const stream = fc.record({ ms: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 5 }), gapMs: gap, end })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      ...{ do: fc.constant('play' as const), when: fc.constantFrom('replace' as const, 'after' as const) },
      ...{ audio: stream, text: stream, timed: fc.boolean() },
    }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 700 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('interrupt' as const), who: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('all' as const, 'pause', 'resume', 'resume', 'refuse', 'letGo'),
    }) as fc.Arbitrary<Step>,
  },
)

/** The items at the pace of the stream, and its end; `seen` says what was taken, and how often it was let go of. */
const source = <T>(clock: Clock, { ms, gapMs, end }: Stream, items: T[], flaw: T, hanging: Set<() => void>) => {
  const seen = { returned: 0, ended: false, taken: [] as T[] }
  const over = new AbortController()
  async function* run(): AsyncGenerator<T> {
    for (const item of items.slice(0, ms.length)) {
      if (gapMs > 0) await sleep(clock, gapMs, over.signal)
      if (over.signal.aborted) return
      seen.taken.push(item)
      yield item
    }
    if (end === 'throws') throw new Error('the stream broke')
    if (end === 'flawed') yield flaw
    if (end === 'hangs')
      await new Promise<void>(resolve => {
        hanging.add(resolve)
      })
  }
  const iterable: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => {
      const iterator = run()
      return {
        next: async () => {
          try {
            const result = await iterator.next()
            seen.ended ||= result.done === true
            return result
          } catch (error) {
            seen.ended = true
            throw error
          }
        },
        return: async () => {
          seen.returned++
          over.abort()
          return { done: true, value: undefined }
        },
      }
    },
  }
  return { seen, iterable }
}

type Voice = {
  handle: PlayoutHandle
  forwarder: TtsForwarder
  frames: ReturnType<typeof source<AudioFrame>>['seen']
  pieces: ReturnType<typeof source<string | Word>>['seen']
  heard: number
  played: string
  ended: number
}

class Scene {
  readonly clock = virtualClock()
  readonly captions = fakeCaptions(this.clock)
  readonly voices: Voice[] = []
  readonly news: { voice: number; type: 'start' | 'stop'; interrupted?: boolean }[] = []
  readonly hanging = new Set<() => void>()
  readonly #refusals: Error[] = []
  #isRefused = false
  readonly #device = new Device({ ...format, queueMs: 200, name: 'voice' }, this.clock, {
    exact: true,
    refusal: () => this.#refusals.shift(),
  })
  readonly playout = new AgentPlayout({
    ...{ audioSource: this.#device, clock: this.clock, ids: seededIds(1), log: this.captions.room.log },
  })

  constructor() {
    const voiceOf = (handle: PlayoutHandle) => this.voices.findIndex(one => one.handle === handle)
    this.playout.on('playout_started', ({ handle }) => this.news.push({ voice: voiceOf(handle), type: 'start' }))
    this.playout.on('playout_stopped', ({ handle, interrupted }) =>
      this.news.push({ voice: voiceOf(handle), type: 'stop', interrupted }),
    )
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'play') this.#play(step)
    if (step.do === 'pass') await this.clock.advance(step.ms)
    if (step.do === 'interrupt') this.#interrupt(step.who)
    if (step.do === 'all') this.playout.interrupt()
    if (step.do === 'pause') this.playout.pause()
    if (step.do === 'resume') this.playout.resume()
    if (step.do === 'refuse') this.#refuse()
    if (step.do === 'letGo') this.letGo()
    this.check()
    await this.clock.settle()
    this.check()
  }
  letGo(): void {
    for (const go of this.hanging) go()
    this.hanging.clear()
  }
  /** Laws 3 and 5, at any moment. */
  check(): void {
    for (const voice of this.voices) {
      const { handle, forwarder, frames, pieces } = voice
      const pushed = frames.taken.reduce((sum, { samplesPerChannel }) => sum + samplesPerChannel, 0)
      assert.ok(handle.audioSamples >= voice.heard && handle.audioSamples <= pushed, 'law 3')
      const given = pieces.taken.map(piece => (typeof piece === 'string' ? piece : piece.text)).join('')
      assert.ok(given.startsWith(forwarder.playedText) && forwarder.playedText.startsWith(voice.played), 'law 5')
      if (handle.done() && voice.ended === 0) this.#checkEnd(voice, pushed, given)
      if (handle.done()) voice.ended++
      if (voice.ended > 1) assert.equal([handle.audioSamples, forwarder.playedText], [voice.heard, voice.played])
      voice.heard = handle.audioSamples
      voice.played = forwarder.playedText
    }
    const open = this.voices.filter(({ handle }) => !handle.done())
    assert.ok(open.length <= 1 || this.voices.length > 1)
  }
  /** Laws 1 to 4, 7 and 11, when all is over. */
  async finish(): Promise<void> {
    for (const { handle } of this.voices) assert.ok(handle.done(), 'law 12')
    const ends = await Promise.all(this.voices.map(({ handle }) => handle.finished))
    for (const [index, { handle, forwarder, frames, pieces }] of this.voices.entries()) {
      const own = this.news.filter(({ voice }) => voice === index)
      assert.equal(
        own.map(({ type }) => type),
        handle.audioSamples > 0 ? ['start', 'stop'] : [],
        'law 2',
      )
      assert.is(own[1]?.interrupted ?? false, own.length > 0 && handle.outcome !== 'finished')
      assert.equal([ends[index]?.audioSamples, ends[index]?.text], [handle.audioSamples, forwarder.playedText])
      for (const { returned, ended } of [frames, pieces]) assert.ok(returned === 1 || (ended && returned === 0), 'law 11')
      assert.ok(forwarder.closed)
    }
    assert.ok(
      this.news.every(({ type }, index) => type === (index % 2 ? 'stop' : 'start')),
      'starts and stops alternate',
    )
    const finals = new Map<string, number>()
    for (const { id, final } of this.captions.shown) {
      assert.not.ok(finals.has(id), 'law 8: a caption after its final')
      if (final) finals.set(id, 1)
    }
    assert.ok(
      this.captions.shown.every(({ id }) => finals.has(id)),
      'law 8: a caption stays open',
    )
  }

  #refuse(): void {
    this.#isRefused = true
    this.#refusals.push(new Error('refused'), new Error('refused'), new Error('refused'))
  }
  #interrupt(who: number): void {
    const voice = this.voices[who]
    if (!voice) return
    voice.handle.interrupt()
    assert.ok(voice.handle.done(), 'interrupt ends it at once')
  }
  #play({ when, audio, text, timed }: Extract<Step, { do: 'play' }>): void {
    const frames = audio.ms.map(ms => frameOf(new Int16Array(ms).fill(500), format))
    const bad = { ...format, samplesPerChannel: 10, data: new Int16Array(3) }
    const words = text.ms.map((ms, n) => {
      const word = `${n % 3 ? ' ' : ' End.'}W${'o'.repeat(1 + (ms % 5))}d`
      return timed ? { text: word, startMs: n * 200, endMs: n * 200 + 200 } : word
    })
    const sounds = source(this.clock, audio, frames, bad, this.hanging)
    const pieces = source<string | Word>(this.clock, text, words, JSON.parse('7'), this.hanging)
    const forwarder = new TtsForwarder({ room: this.captions.room, participant: 'agent' })
    const handle = this.playout.play({
      ...{ itemId: `${this.voices.length}`, contentIndex: 0, transcriptionFwd: forwarder, when },
      ...{ audioStream: sounds.iterable, textStream: pieces.iterable },
    })
    if (when === 'replace')
      assert.ok(
        this.voices.every(one => one.handle.done()),
        'law 7',
      )
    this.voices.push({ handle, forwarder, frames: sounds.seen, pieces: pieces.seen, heard: 0, played: '', ended: 0 })
  }
  #checkEnd({ handle, forwarder }: Voice, pushed: number, given: string): void {
    if (handle.outcome === 'finished') {
      if (!this.#isRefused) assert.is(handle.audioSamples, pushed, 'law 3: finished') // a refused block is lost (OUT-16)
      if (handle.audioSamples > 0) assert.is(forwarder.playedText, given, 'law 5: finished')
    }
  }
}

const check = async (runs: number, last: (scene: Scene) => Promise<void>) => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 16, size: 'max' }), async steps => {
    const scene = new Scene()
    for (const one of steps) await scene.take(one)
    await last(scene)
    await scene.finish()
  })
  try {
    await fc.assert(property, { seed, numRuns: Math.round(runs * times), includeErrorInReport: true })
  } catch (error) {
    console.log(seeded)
    throw error
  }
}

it('comes to an end by itself once all streams end and nothing is paused (laws 1 to 5, 7, 8, 11, 12 of playout)', () =>
  check(600, async scene => {
    scene.letGo()
    await scene.take({ do: 'resume' })
    for (let n = 0; n < 40 && scene.voices.some(({ handle }) => !handle.done()); n++) {
      scene.letGo()
      await scene.take({ do: 'pass', ms: 1_000 })
    }
    await scene.take({ do: 'pass', ms: 3_000 })
    assert.is(scene.clock.timers, 0, 'a timer is left')
  }))

it('comes to an end at its close, whatever the streams do (PLAY-32, law 12 of playout)', () =>
  check(600, async scene => {
    void scene.playout.close()
    scene.check()
    assert.ok(scene.voices.every(({ handle }) => handle.done()))
    await scene.take({ do: 'pass', ms: 2_000 })
    assert.is(scene.clock.timers, 0, 'a timer is left')
  }))

it.run()
