// deadline: 240 s
/**
 * The laws of the whole room, whatever happens in whatever order: callers who come and go, a network that fails, a voice and words
 * that stall, break or never end. In virtual time. `CHARTROOM_SEED` repeats a run, `CHARTROOM_RUNS` makes them so many times more.
 */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AudioFrame } from '../src/audio/frame.ts'
import { sleep } from '../src/clock.ts'
import type { Mic, Operation } from '../src/loopback/index.ts'
import type { Conversation, LeaveReason, Played, Utterance, Word } from '../src/ports.ts'
import { type Call, paced, perMs, pieces, samples, sound, stalled, startCall, torn } from './fakes/call.ts'

const it = suite('laws')

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const numRuns = 150 * Number(process.env.CHARTROOM_RUNS ?? 1)

// What may happen

type Voice = 'whole' | 'paced' | 'stalled' | 'torn' | 'none'
type Words = 'none' | 'plain' | 'timed' | 'late' | 'stalled' | 'torn'
type Who = 'ann' | 'bob'
type Step =
  | { do: 'say'; ms: number; voice: Voice; words: Words }
  | { do: 'pause' | 'resume' | 'interrupt' | 'show' | 'read' | 'leaveOff' | 'attach' | 'detach' | 'unlink' | 'throwOut' }
  | { do: 'cut'; which: number }
  | { do: 'link' | 'join' | 'publish' | 'unpublish' | 'replace' | 'mute' | 'unmute' | 'talk'; who: Who }
  | { do: 'leave'; who: Who; reason: LeaveReason }
  | { do: 'outage'; kind: 'signal' | 'full'; ms: number; missed: boolean }
  | { do: 'fail' | 'stall'; operation: Operation }
  | { do: 'hang'; ms: number }
  | { do: 'think'; state: 'listening' | 'thinking' | 'idle' }
  | { do: 'heard'; final: boolean }
type Scene = { steps: { after: number; step: Step }[]; closeOnDisconnect: boolean; relink: 'any' | 'same' | 'none' }

const who = fc.constantFrom<Who>('ann', 'bob')
const operation = fc.constantFrom<Operation>(
  'setAttributes',
  'publish',
  'unpublish',
  'openText',
  'write',
  'writeSound',
  'closeText',
)
const say = fc.record({
  do: fc.constant('say' as const),
  ms: fc.constantFrom(10, 50, 130, 400, 1_010, 3_000),
  voice: fc.constantFrom<Voice>('whole', 'whole', 'paced', 'stalled', 'torn', 'none'),
  words: fc.constantFrom<Words>('none', 'plain', 'timed', 'timed', 'late', 'stalled', 'torn'),
})
const plain = fc
  .constantFrom('pause', 'resume', 'resume', 'interrupt', 'show', 'read', 'leaveOff', 'attach', 'detach', 'unlink')
  .map(one => ({ do: one }) as Step)
const ofSomebody = fc.record({
  do: fc.constantFrom('link', 'join', 'publish', 'unpublish', 'replace', 'mute', 'unmute', 'talk', 'talk'),
  who,
}) as fc.Arbitrary<Step>
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: say },
  { weight: 6, arbitrary: plain },
  { weight: 5, arbitrary: ofSomebody },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const), which: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('leave' as const),
      who,
      reason: fc.constantFrom<LeaveReason>('client_initiated', 'connection_lost', 'duplicate_identity'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('outage' as const),
      kind: fc.constantFrom('signal' as const, 'full' as const),
      ms: fc.constantFrom(50, 700, 5_000),
      missed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('fail' as const, 'stall' as const), operation }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hang' as const), ms: fc.constantFrom(100, 3_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('think' as const),
      state: fc.constantFrom('listening' as const, 'thinking' as const, 'idle' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heard' as const), final: fc.boolean() }) },
)
const rare = fc.oneof({ weight: 60, arbitrary: step }, { weight: 1, arbitrary: fc.constant<Step>({ do: 'throwOut' }) })
const scene: fc.Arbitrary<Scene> = fc.record({
  steps: fc.array(fc.record({ after: fc.constantFrom(0, 0, 1, 7, 50, 210, 777, 2_000), step: rare }), {
    maxLength: 24,
    size: 'max',
  }),
  closeOnDisconnect: fc.boolean(),
  relink: fc.constantFrom('any' as const, 'same' as const, 'none' as const),
})

// How it is done

type Said = { utterance: Utterance; text: string; given: number; voice: Voice; words: Words; played?: Played }
type Stage = Call & {
  bob: Call['caller']
  watcher: Call['caller']
  captions: ReturnType<Call['caller']['collect']>
  /** What the watcher hears of the agent. */
  ear: ReturnType<Call['caller']['hears']>
  /** How often a voice may have been cut or have risen again. */
  ramps: number
  /** What was heard of each utterance when it was last looked at. */
  heard: Map<string, number>
  /** The room was open until it was closed by us. */
  stayed: boolean
  said: Said[]
  conversation: () => Conversation | undefined
  mics: Record<Who, Mic[]>
  pin: Who | 'nobody' | undefined
  reading: AbortController | undefined
  frames: AudioFrame[]
  faults: Set<string>
  releases: (() => void)[]
}

const lyrics = (ms: number) => Array.from({ length: Math.ceil(ms / 200) }, (_, n) => `${n ? ' ' : ''}word${n}`)
const voiceOf = ({ ms, voice }: Step & { do: 'say' }, { clock }: Call): AsyncIterable<AudioFrame> => {
  if (voice === 'none') return pieces()
  if (voice === 'paced') return paced(clock, ms)
  if (voice === 'stalled') return stalled(sound(ms))
  return voice === 'torn' ? torn(sound(ms)) : sound(ms, { frameMs: 70 })
}
const wordsOf = ({ ms, words }: Step & { do: 'say' }, { clock }: Call): AsyncIterable<string | Word> => {
  const all = lyrics(ms)
  const times = all.map((text, n) => ({ text, startMs: n * 200, endMs: n * 200 + 200 }))
  if (words === 'timed') return pieces<string | Word>(...times)
  if (words === 'stalled') return stalled(pieces<string | Word>(...times))
  if (words === 'torn') return torn(pieces<string | Word>(...times))
  if (words === 'plain') return pieces<string | Word>(...all)
  return (async function* () {
    for (const text of all) {
      await sleep(clock, 450)
      yield text
    }
  })()
}

const read = async (stage: Stage, signal: AbortSignal) => {
  for await (const frame of stage.room.audio) {
    stage.frames.push(frame)
    if (signal.aborted) break
  }
  stage.reading = undefined
}
const personOf = ({ caller, bob }: Stage, name: Who) => (name === 'ann' ? caller : bob)

type StepOf<D, S = Step> = S extends { do: infer All } ? (D extends All ? S : never) : never
type Deeds = { [D in Step['do']]: (stage: Stage, step: StepOf<D>) => unknown }
/** Everything that a command can do. What makes no sense at that moment does nothing. */
const deeds: Deeds = {
  say: (stage, step) => {
    const { words, voice, ms } = step
    const utterance = stage.room.say({ audio: voiceOf(step, stage), ...(words === 'none' ? {} : { text: wordsOf(step, stage) }) })
    const text = words === 'none' ? '' : lyrics(ms).join('')
    const one: Said = { utterance, text, given: voice === 'none' ? 0 : ms * perMs, voice, words }
    void utterance.played.then(played => {
      one.played = played
    })
    stage.said.push(one)
  },
  cut: ({ said }, { which }) => {
    const played = said.at(-1 - which)?.utterance.interrupt()
    if (played) assert.is(played.pushed, played.heard + played.discarded, 'law 2: the account is open when interrupt returns')
  },
  pause: ({ room }) => room.pause(),
  resume: ({ room }) => room.resume(),
  interrupt: ({ room }) => room.interrupt(),
  show: ({ room }) => room.show('A note.'),
  attach: ({ room }) => room.setAttached(true),
  detach: ({ room }) => room.setAttached(false),
  link: (stage, { who }) => {
    stage.pin = who
    stage.room.setParticipant(who)
  },
  unlink: stage => {
    stage.pin = 'nobody'
    stage.room.setParticipant(undefined)
  },
  read: stage => {
    if (stage.reading) return
    stage.reading = new AbortController()
    void read(stage, stage.reading.signal)
  },
  leaveOff: ({ reading }) => reading?.abort(),
  think: ({ conversation }, { state }) => conversation()?.state(state),
  heard: ({ conversation }, { final }) => conversation()?.heard('Hello the', final),
  join: (stage, { who }) => {
    if (personOf(stage, who).here) return
    personOf(stage, who).join()
    stage.mics[who] = []
  },
  leave: (stage, { who, reason }) => {
    personOf(stage, who).leave(reason)
    stage.mics[who] = []
  },
  publish: (stage, { who }) => personOf(stage, who).here && stage.mics[who].push(personOf(stage, who).publish()),
  unpublish: ({ mics }, { who }) => mics[who].pop()?.unpublish(),
  replace: ({ mics, said }, { who }) => mics[who].at(-1)?.replace({ late: said.length % 2 === 1 }),
  mute: ({ mics }, { who }) => mics[who].at(-1)?.mute(),
  unmute: ({ mics }, { who }) => mics[who].at(-1)?.unmute(),
  talk: ({ mics }, { who }) => void mics[who].at(-1)?.speak(samples(700)),
  outage: ({ hub, faults }, { kind, ms, missed }) => {
    faults.add(kind)
    hub.reconnect(kind, ms, { identity: 'agent', missed })
  },
  fail: ({ hub, faults }, { operation }) => {
    faults.add(operation)
    hub.failNext(operation, new Error('on purpose'), 'agent')
  },
  stall: ({ hub, faults, releases }, { operation }) => {
    faults.add(operation)
    releases.push(hub.stall(operation, 'agent'))
  },
  hang: ({ hub, clock, faults }, { ms }) => {
    faults.add('hang')
    clock.setTimeout(hub.stallSinks('agent'), ms)
  },
  throwOut: ({ hub }) => hub.disconnect('agent'),
}
const perform = <D extends Step['do']>(stage: Stage, step: Step & { do: D }) => {
  const deed = deeds[step.do] as (stage: Stage, step: Step) => unknown // of the same name
  deed(stage, step)
}

// What holds at every moment

const isOpen = ({ room }: Stage) => room.actor.getSnapshot().value === 'running'

const checkMoment = (stage: Stage) => {
  const { room, pin } = stage
  const { received, silence, delivered, dropped, gated, overlap, buffered } = room.counters
  assert.is(received + silence, delivered + dropped + gated + overlap + buffered, 'law 6: input samples are lost')
  assert.ok(buffered <= 10_000 * perMs, 'law 6: more waits than may')
  if (pin === 'nobody') assert.is(room.linkedParticipant, undefined, 'law 9: somebody is linked who was let go')
  else if (pin) assert.ok([pin, '-'].includes(room.linkedParticipant ?? '-'), 'law 9: another than the pinned is linked')
  for (const { utterance, text } of stage.said) {
    assert.ok(text.startsWith(utterance.spoken), 'law 3: what is spoken is no prefix')
    const before = stage.heard.get(utterance.id) ?? 0
    assert.ok(utterance.heard >= before, 'law 2: heard falls')
    stage.heard.set(utterance.id, utterance.heard)
  }
}

// What holds in the end

const checkUtterance = (stage: Stage, { utterance: { id }, played, text, given, voice, words }: Said) => {
  const { facts, faults } = stage
  assert.ok(played, `law 1: ${id} never ends`)
  const about = facts.flatMap(fact =>
    ('id' in fact && fact.id === id) || ('played' in fact && fact.played.id === id) ? [fact] : [],
  )
  const ends = about.filter(fact => fact.type === 'utterance.ended')
  assert.is(ends.length, 1, `law 1: ${id} has ${ends.length} ends`)
  assert.is(about.at(-1)?.type, 'utterance.ended', 'law 1: something follows the end')
  assert.equal(ends[0]?.type === 'utterance.ended' && ends[0].played, played)
  assert.ok(about.filter(fact => fact.type === 'utterance.started').length <= 1)
  assert.is(played.pushed, played.heard + played.discarded, 'law 2')
  assert.ok(played.pushed <= given, 'law 2: more than was given')
  const runs = about.flatMap(fact => (fact.type === 'utterance.progressed' ? [fact] : []))
  let offset = 0
  for (const run of runs) {
    assert.is(run.offset, offset, 'law 4: the runs have holes')
    offset += run.duration
  }
  assert.is(offset, played.heard, 'law 4: the runs are not what was heard')
  const shown = about.flatMap(fact => (fact.type === 'words.shown' ? [fact.text] : [])).join('')
  assert.is(shown, played.spoken ?? '', 'law 3: shown and spoken differ')
  assert.is(played.spoken === undefined, words === 'none')
  if (played.outcome !== 'finished') return
  if (!faults.has('writeSound')) assert.equal([played.heard, played.discarded], [given, 0], 'law 2: finished and not heard')
  assert.ok(voice !== 'torn' && voice !== 'stalled', 'finished without an end')
  if (words === 'timed' || words === 'plain') assert.is(played.spoken, text, 'law 3: finished and not all of it shown')
}

const checkOrder = ({ facts }: Stage) => {
  let open: string | undefined
  for (const fact of facts) {
    if (fact.type === 'utterance.started') {
      assert.is(open, undefined, 'law 4: starts before the one before it has ended')
      open = fact.id
    }
    if (fact.type === 'utterance.ended' && fact.played.id === open) open = undefined
  }
  assert.is(facts.at(-1)?.type, 'closed')
}

/** All streams of one segment say the same of it; the final is one, and the last. */
const checkCaptions = (stage: Stage) => {
  const { captions, faults } = stage
  if (['openText', 'write', 'closeText', 'signal', 'full'].some(fault => faults.has(fault))) return
  const bySegment = new Map<string, typeof captions>()
  for (const one of captions) {
    const id = one.attributes['lk.segment_id'] ?? ''
    bySegment.set(id, [...(bySegment.get(id) ?? []), one])
  }
  for (const [id, streams] of bySegment) {
    const finals = streams.filter(({ attributes }) => attributes['lk.transcription_final'] === 'true')
    assert.ok(finals.length <= 1 && (finals.length === 0 || finals[0] === streams.at(-1)), 'law 12: the final is not the last')
    assert.is(new Set(streams.map(({ from }) => from)).size, 1, 'law 12: a segment changes its speaker')
    const played = stage.said.find(({ utterance }) => utterance.id === id)?.played
    if (played && stage.stayed)
      assert.is(streams.map(({ text }) => text).join(''), played.spoken ?? '', 'law 10: published and spoken differ')
  }
}

/** What the room can read of the agent is what it is. */
const checkState = ({ room, faults, watcher, stayed }: Stage) => {
  if (!stayed || ['setAttributes', 'signal', 'full'].some(fault => faults.has(fault))) return
  const { state } = room.actor.getSnapshot().context
  assert.is(watcher.attributesOf('agent')?.['lk.agent.state'], state, 'law 7: the attribute is not the last state')
}

/** What somebody in the room heard is what is said to have been heard, but for what a ramp made silent. */
const checkSound = ({ said, ear, faults, ramps }: Stage) => {
  if (['full', 'signal', 'hang', 'writeSound', 'publish', 'unpublish'].some(fault => faults.has(fault))) return
  const audible = ear.samples().filter(sample => sample !== 0).length
  const heard = said.reduce((sum, { played }) => sum + (played?.heard ?? 0), 0)
  assert.ok(audible <= heard, `law 2: ${audible - heard} samples were heard twice, or not counted`)
  assert.ok(
    audible >= heard - (ramps + 2) * 10 * perMs,
    `law 2: ${heard - audible} samples are said to have been heard and were not`,
  )
}

const checkLeft = async (stage: Stage) => {
  const { hub, clock, caller, bob, watcher } = stage
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 }, 'law 5')
  for (const release of stage.releases) release()
  for (const person of [caller, bob, watcher]) if (person.here) person.leave()
  await clock.advance(5_000)
  assert.is(clock.timers, 0, 'law 5: timers')
}

const play = async ({ steps, closeOnDisconnect, relink }: Scene): Promise<Stage> => {
  let conversation: Conversation | undefined
  const mind = {
    start: (given: Conversation) => {
      conversation = given
      return new Promise<void>(() => {})
    },
  }
  const call = await startCall({ options: { mind, closeOnDisconnect, relink, relinkGraceMs: 1_000, closeBudgetMs: 4_000 } })
  const bob = call.hub.participant({ identity: 'bob' })
  const watcher = call.hub.participant({ identity: 'watcher', kind: 'egress' })
  watcher.join()
  const stage: Stage = {
    ...call,
    ...{
      bob,
      watcher,
      captions: watcher.collect('lk.transcription'),
      ear: watcher.hears('agent'),
      ramps: steps.length,
      heard: new Map(),
      stayed: false,
    },
    ...{ said: [], conversation: () => conversation, mics: { ann: [], bob: [] } },
    ...{ pin: undefined, reading: undefined, frames: [] },
    ...{ faults: new Set(), releases: [] },
  }
  stage.mics.ann.push(call.caller.publish())
  perform(stage, { do: 'read' })
  perform(stage, { do: 'talk', who: 'ann' })
  for (const { after, step } of steps) {
    await call.clock.advance(after)
    if (!isOpen(stage)) break
    perform(stage, step)
    checkMoment(stage)
  }
  await call.clock.advance(10)
  stage.stayed = isOpen(stage)
  checkState(stage)
  const at = call.clock.now()
  await call.clock.runUntil(call.room.close(), 5_000)
  assert.ok(call.clock.now() - at <= 4_000, `law 4: took ${call.clock.now() - at} ms to close`)
  await call.clock.advance(100)
  return stage
}

const check = async (stage: Stage) => {
  for (const one of stage.said) checkUtterance(stage, one)
  checkOrder(stage)
  checkCaptions(stage)
  checkSound(stage)
  for (const { samplesPerChannel } of stage.frames) assert.is(samplesPerChannel, 50 * perMs, 'law 7')
  await checkLeft(stage)
}

it(`keeps its laws through ${numRuns} calls`, async () => {
  console.log(`CHARTROOM_SEED=${seed}`)
  const property = fc.asyncProperty(scene, async given => check(await play(given)))
  await fc.assert(property, { seed, numRuns })
})

it('plays the same scene the same way twice (law 9)', async () => {
  const property = fc.asyncProperty(scene, async given => {
    const [first, second] = [await play(given), await play(given)]
    assert.equal(first.facts, second.facts)
    assert.equal(first.logged, second.logged)
    assert.is(first.clock.now(), second.clock.now())
  })
  await fc.assert(property, { seed, numRuns: Math.ceil(numRuns / 10) })
})

it.run()
