/** Several utterances on one speaker, each with its real actor, under commands and mishaps; after each step their account is checked. */
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type AudioFrame, frameOf, samplesOf } from '../../src/audio/frame.ts'
import type { Device } from '../../src/loopback/sink.ts'
import { playoutOn } from '../../src/outbound/playout.ts'
import type { Heard } from '../../src/outbound/speaker.ts'
import { say } from '../../src/pipes/say.ts'
import type { Clock, Outcome, Played, Sink } from '../../src/ports.ts'
import { compareRun, playedOf, positionOf, scoreOf, type Told } from './score.ts'
import { type StageOptions, stage } from './stage.ts'

type Who = number | 'all' | 'last first'
export type Step =
  | { do: 'say'; chunksMs: number[]; gapMs: number; end: Ending }
  | { do: Command; who: Who }
  | { do: 'late'; who: Who }
  | { do: 'pass'; ms: number; early?: Extract<Step, { do: Command }> | undefined }
  | { do: 'refuse'; blocks: number }
  | { do: 'stall' }
  | { do: 'release' }
  | { do: 'unplug' }
  | { do: 'plug' }
type Ending = 'ends' | 'hangs' | 'throws'
/** `vague`: the device tells its counts in whole ticks, and not always the right ones. */
export type EnsembleOptions = StageOptions & { vague?: boolean }
type Plan = Extract<Step, { do: 'say' }>

/** The audio of one voice, as a plan says; it hangs until it is let go. */
class Source {
  given = 0
  returned = 0
  #timer: unknown
  #go = () => {}
  readonly #take: (ms: number) => AudioFrame
  readonly #plan: Plan
  readonly #clock: Clock
  #end: Ending

  constructor(plan: Plan, clock: Clock, take: (ms: number) => AudioFrame) {
    this.#plan = plan
    this.#clock = clock
    this.#take = take
    this.#end = plan.end
  }
  async *frames(): AsyncGenerator<AudioFrame> {
    for (const ms of this.#plan.chunksMs) {
      if (this.#plan.gapMs > 0)
        await this.#wait(go => {
          this.#timer = this.#clock.setTimeout(go, this.#plan.gapMs)
        })
      const frame = this.#take(ms)
      this.given += frame.samplesPerChannel
      yield frame
    }
    if (this.#end === 'throws') throw new Error('the voice broke')
    if (this.#end === 'hangs') await this.#wait(() => {})
  }
  [Symbol.asyncIterator](): AsyncIterator<AudioFrame> {
    const frames = this.frames()
    return {
      next: () => frames.next(),
      return: async () => {
        this.returned++
        this.#clock.clearTimeout(this.#timer)
        return { done: true, value: undefined }
      },
    }
  }
  letGo(): void {
    this.#end = 'ends'
    this.#go()
  }
  #wait(start: (go: () => void) => void): Promise<void> {
    return new Promise(resolve => {
      this.#go = resolve
      start(resolve)
    })
  }
}

type Voice = {
  id: string
  number: number
  source: Source
  send: (type: Command) => void
  heard: number
  isPaused: boolean
  /** The ends that it may come to besides `finished`. */
  ends: Set<Outcome>
  played?: Played
}
type Command = 'pause' | 'resume' | 'interrupt' | 'abandon'
type Line = Heard | { type: 'ended'; id: string }

/** A sink that counts in ticks, one too many or too few now and then: the same ones in every run. */
const vagueOf = (device: Device): Sink => {
  const tick = device.sampleRate / 100
  const errors = [0, 1, 0, -1, 0]
  let turn = 0
  const vague = (n: number) => Math.max(0, (Math.ceil(n / tick) + (errors[turn++ % errors.length] ?? 0)) * tick)
  return {
    sampleRate: device.sampleRate,
    channels: device.channels,
    free: () => device.free(),
    queued: () => vague(device.queued()),
    write: data => device.write(data),
    clear: () => {
      const unplayed = vague(device.queued())
      return { ...device.clear(), unplayed }
    },
  }
}

export class Ensemble {
  readonly #scene
  readonly #logic
  readonly #vague: boolean
  readonly #fade: number
  readonly #voices: Voice[] = []
  /** All that was told, in order. */
  readonly #lines: Line[] = []
  /** What the devices refused, and where they were cut off. */
  readonly #refused: Int16Array[] = []
  readonly #cutAt: number[] = []
  #device: Device | undefined
  #isBroken = false
  #release = () => {}

  constructor({ vague = false, ...options }: EnsembleOptions) {
    this.#scene = stage({ ...options, channels: 2, tell: fact => this.#hear(fact) })
    this.#vague = vague
    this.#fade = samplesOf(options.fadeMs ?? 10, this.#scene.format.sampleRate)
    this.#logic = playoutOn(this.#scene.speaker, (id, signal) => {
      const voice = this.#voices.find(one => one.id === id)
      if (voice) void say(voice.source, this.#scene.speaker, id, signal)
    })
    this.#plug()
  }

  /** Clock ms. */
  get now(): number {
    return this.#scene.clock.now()
  }
  /** Does one step, and checks every account right after it and when all that follows from it has settled. */
  async take(step: Step): Promise<void> {
    if (step.do === 'pass') await this.#pass(step)
    else this.#act(step)
    this.#checkAccounts()
    await this.#scene.clock.settle()
    this.#checkAccounts()
    for (const { source, played, id } of this.#voices)
      if (!played) assert.is(this.#scene.speaker.tally(id).pushed, source.given, `${id}: not all that was given was taken`)
    if (this.#isBroken) this.#unplug()
  }
  /** Lets all sources end, and all be heard: nothing may be left. */
  async finish(): Promise<void> {
    const { clock, refusals, speaker } = this.#scene
    refusals.length = 0
    this.#release()
    for (const { source } of this.#voices) source.letGo()
    await this.take({ do: 'plug' })
    await this.take({ do: 'resume', who: 'all' })
    for (let waited = 0; this.#voices.some(({ played }) => !played); waited++) {
      assert.ok(waited < 200, `not over: ${this.#voices.filter(({ played }) => !played).map(({ id }) => id)}`)
      await this.take({ do: 'pass', ms: 1_000 })
      if (!this.#device) await this.take({ do: 'plug' })
    }
    await clock.advance(1_000)
    assert.is(clock.timers, 0, 'a timer is left')
    for (const { id, source } of this.#voices) {
      assert.not.ok(speaker.has(id))
      assert.ok(source.returned <= 1, `${id}: the source was returned twice`)
    }
    this.#checkOrder()
    for (const voice of this.#voices) this.#checkRuns(voice)
  }

  /** What was told is what was played: every run sample by sample at its place, and silence elsewhere. */
  compare(): void {
    const played = this.#scene.played()
    for (const { id, number: voice } of this.#voices)
      for (const run of this.#runsOf(id))
        compareRun(played, run, { voice, format: this.#scene.format, fade: this.#fade, cutAt: this.#cutAt })
    const stray = played.findIndex(value => value !== 0)
    assert.is(stray, -1, `at sample ${stray / 2} something sounds of which nothing was told: ${played.slice(stray, stray + 8)}`)
  }
  /** Without ramps: what was played of each is all that was heard, in order, without a gap but for refused blocks. */
  compareOrder(): void {
    const played = playedOf(this.#scene.played())
    const lost = this.#refused.map(playedOf)
    for (const { number, id, played: end } of this.#voices) {
      const samples = played.get(number) ?? []
      assert.is(samples.length, end?.heard, `${id}: heard`)
      const refused = new Set(lost.flatMap(samples => samples.get(number) ?? []))
      let next = samples[0] ?? 0
      for (const sample of samples) {
        while (next < sample && refused.has(next)) next++
        assert.is(sample, next++, `${id}: a sample is missing, doubled or astray`)
      }
    }
  }
  /** Whatever the device did: no sample is heard twice or out of order, and no more than was told. */
  compareRising(): void {
    const played = playedOf(this.#scene.played())
    for (const { number, id, played: end } of this.#voices) {
      const samples = played.get(number) ?? []
      assert.ok(
        samples.every((sample, index) => index === 0 || sample > (samples[index - 1] ?? 0)),
        `${id}: out of order`,
      )
      assert.ok(samples.length <= (end?.heard ?? 0), `${id}: more was played than heard`)
    }
  }

  #hear(fact: Heard): void {
    this.#lines.push(fact)
    if (fact.type === 'sink.failed') this.#isBroken = true
  }
  /** `early`: a command at its end, before the speaker looks. */
  async #pass({ ms, early }: Extract<Step, { do: 'pass' }>): Promise<void> {
    const { clock } = this.#scene
    if (early) clock.setTimeout(() => this.#act(early), ms)
    await clock.advance(ms)
  }
  #act(step: Exclude<Step, { do: 'pass' }>): void {
    const { refusals } = this.#scene
    if (step.do === 'say') this.#say(step)
    else if (step.do === 'refuse') for (let n = 0; n < step.blocks; n++) refusals.push(new Error('refused on purpose'))
    else if (step.do === 'unplug') this.#unplug()
    else if (step.do === 'plug') this.#plug()
    else if (step.do === 'stall') this.#stall()
    else if (step.do === 'release') this.#release()
    else if (step.do === 'late') this.#late(step.who)
    else this.#command(step.do, step.who)
  }
  #say(plan: Plan): void {
    const { clock, format } = this.#scene
    const number = this.#voices.length
    const id = `SG_${number}`
    const source: Source = new Source(plan, clock, ms => {
      const samples = Math.max(1, samplesOf(ms, format.sampleRate))
      return frameOf(scoreOf(number, source.given, samples), format)
    })
    const actor = createActor(this.#logic, { clock, id, input: { id, sampleRate: format.sampleRate } })
    const voice: Voice = {
      ...{ id, number, source, heard: 0, isPaused: false },
      ends: new Set(plan.end === 'throws' ? ['abandoned'] : []),
      send: type => actor.send({ type }),
    }
    this.#voices.push(voice)
    actor.subscribe({
      complete: () => {
        const { output } = actor.getSnapshot()
        if (output) voice.played = output
        this.#lines.push({ type: 'ended', id })
      },
    })
    actor.start()
  }
  /** The numbers are final when `interrupt` returns (OUT-24, OUT-25). */
  #command(type: Command, who: Who): void {
    for (const voice of this.#choose(who)) {
      const { played, id } = voice
      if (type === 'interrupt') voice.ends.add('interrupted')
      if (type === 'abandon') voice.ends.add('abandoned')
      voice.send(type)
      if (played) assert.is(voice.played, played, `${id} ends again`)
      else if (type === 'interrupt' || type === 'abandon') assert.ok(voice.played, `${id} goes on after ${type}`)
      else if (!voice.played) {
        voice.isPaused = type === 'pause'
        voice.heard = this.#scene.speaker.tally(id).heard
      }
    }
  }
  /** OUT-26: what comes for an utterance that is over is in no account. */
  #late(who: Who): void {
    for (const { id, played } of this.#choose(who))
      if (played) void this.#scene.speaker.write(id, frameOf(scoreOf(99, 0, 7), this.#scene.format))
  }
  #choose(who: Who): Voice[] {
    if (who === 'last first') return [...this.#voices].reverse()
    return who === 'all' ? this.#voices : this.#voices.slice(who, who + 1)
  }
  #plug(): void {
    if (this.#device) return
    this.#device = this.#scene.device()
    const sink = this.#vague ? vagueOf(this.#device) : this.#device
    const write = (data: Int16Array) => {
      const done = sink.write(data)
      done.catch(() => this.#refused.push(data.slice()))
      return done
    }
    const { sampleRate, channels } = this.#scene.format
    const { free, queued, clear } = bound(sink)
    this.#scene.speaker.plug({ sampleRate, channels, free, queued, clear, write })
  }
  #stall(): void {
    this.#release = this.#device?.stall() ?? this.#release
  }
  /** As the output machine does it: the old device goes. */
  #unplug(): void {
    this.#scene.speaker.unplug()
    this.#device?.close()
    this.#device = undefined
    this.#isBroken = false
    this.#cutAt.push(positionOf(this.now, this.#scene.format))
  }

  #checkAccounts(): void {
    for (const voice of this.#voices) {
      const { id, source, played } = voice
      const { pushed, heard, discarded } = played ?? this.#scene.speaker.tally(id)
      assert.ok(pushed <= source.given, `${id}: pushed ${pushed} of ${source.given}`)
      assert.ok(heard >= voice.heard, `${id}: heard fell from ${voice.heard} to ${heard}`)
      if (voice.isPaused) assert.is(heard, voice.heard, `${id}: is heard while it is paused`)
      assert.ok(pushed >= heard + discarded && discarded >= 0, `${id}: pushed ${pushed}, heard ${heard}, discarded ${discarded}`)
      if (played) this.#checkEnd(voice, played)
      voice.heard = heard
    }
  }
  #checkEnd({ id, ends, source }: Voice, { outcome, pushed, heard, discarded }: Played): void {
    assert.is(pushed, heard + discarded, `${id}: something is left at its end`)
    if (outcome !== 'finished') assert.ok(ends.has(outcome), `${id} is ${outcome}, and nobody wanted it`)
    else assert.is(pushed, source.given, `${id}: not all that was given was taken`)
  }
  /** One end each; started before it, and after the end of all that were before; nothing of it afterwards (OUT-2, OUT-5, OUT-6). */
  #checkOrder(): void {
    const started: string[] = []
    const over: string[] = []
    for (const line of this.#lines) {
      if (line.type === 'sink.failed') continue
      assert.not.ok(over.includes(line.id), `${line.type} of ${line.id} after its end`)
      if (line.type === 'ended') over.push(line.id)
      if (line.type === 'utterance.progressed') assert.ok(started.includes(line.id), `${line.id} progresses before it starts`)
      if (line.type !== 'utterance.started') continue
      assert.not.ok(started.includes(line.id), `${line.id} starts twice`)
      started.push(line.id)
      for (const { id } of this.#voices.slice(
        0,
        this.#voices.findIndex(({ id }) => id === line.id),
      ))
        assert.ok(over.includes(id), `${line.id} starts before the end of ${id}`)
    }
    for (const { id, played } of this.#voices) assert.is(started.includes(id), (played?.heard ?? 0) > 0, `${id}: started`)
  }
  #runsOf(id: string): Told[] {
    return this.#lines.flatMap(line => (line.type === 'utterance.progressed' && line.id === id ? line : []))
  }
  /** The runs follow one another without a hole, and add up to what was heard (OUT-7). */
  #checkRuns({ id, played }: Voice): void {
    let heard = 0
    for (const { offset, duration } of this.#runsOf(id)) {
      assert.is(offset, heard, `${id}: a hole in its runs`)
      assert.ok(duration > 0, `${id}: an empty run`)
      heard += duration
    }
    assert.is(heard, played?.heard, `${id}: the runs and what was heard`)
  }
}
const bound = (sink: Sink) => ({ free: () => sink.free(), queued: () => sink.queued(), clear: () => sink.clear() })
