/** An agent with a model that does anything at any time, in a room where people come and go: the laws of the conversation. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { outcomeOf, perMs, samples } from './fakes/call.ts'
import type { FakeContent, FakeSession } from './fakes/model.ts'
import { newStage, type Told } from './realtime/stage.ts'

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const times = Number(process.env.CHARTROOM_RUNS ?? 1)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`multimodal-agent.property: ${seeded}`)
const it = suite('multimodal-agent.property')

const ways = {
  model: ['begin', 'content', 'content', 'content', 'end', 'end', 'fail', 'done', 'done', 'cancelled', 'failed', 'error'],
  mute: ['text'],
  caller: ['started', 'stopped', 'committed', 'transcribed', 'misheard', 'speak', 'leave', 'join', 'replace'],
  owner: ['interrupt', 'reply', 'context', 'pin', 'unpin', 'pause', 'resume'],
  link: ['full', 'drain', 'refuse', 'away', 'open', 'subscribe'],
  worst: ['drop'],
} as const
type Deed = (typeof ways)[keyof typeof ways][number]
type Step = { does: Deed } | { does: 'push' | 'advance'; ms: number } | { does: 'close' }
const deed = (weight: number, does: readonly Deed[]) => ({
  weight,
  arbitrary: fc.constantFrom(...does.map(one => ({ does: one }))),
})
const timed = (weight: number, does: 'push' | 'advance', ...ms: number[]) => ({
  weight,
  arbitrary: fc.record({ does: fc.constant(does), ms: fc.constantFrom(...ms) }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  ...[
    deed(16, ways.model),
    deed(8, ways.caller),
    deed(5, ways.owner),
    deed(4, ways.link),
    deed(1, ways.mute),
    deed(1, ways.worst),
  ],
  ...[timed(16, 'push', 40, 300, 1_000, 2_500), timed(16, 'advance', 1, 30, 250, 1_000, 4_000)],
)
type Setting = { eager: boolean; truncate: boolean; reconnect: boolean; subscribes: boolean; retries: number; closes: boolean }
const mostly = fc.integer({ min: 0, max: 5 }).map(n => n < 5)
const setting: fc.Arbitrary<Setting> = fc.record({
  ...{ eager: mostly, truncate: mostly, reconnect: fc.boolean(), subscribes: mostly, closes: fc.boolean() },
  retries: fc.integer({ min: 0, max: 2 }),
})

/** What was made of the steps, to hold it against the laws. */
class Scene {
  readonly stage
  readonly setting: Setting
  readonly starting: Promise<{ value?: unknown; error?: unknown }>
  /** In the order of arrival, with the session each came from. */
  readonly contents: { content: FakeContent; session: FakeSession; responseId: string }[] = []
  readonly open = new Map<string, { done: (status?: 'completed' | 'cancelled' | 'failed') => void; session: FakeSession }>()
  readonly waits: { what: string; settled: boolean }[] = []
  readonly transcribed = new Set<string>()
  mic: ReturnType<ReturnType<typeof newStage>['caller']['publish']> | undefined
  live = false
  away = false
  lostFrames = 0
  #items = 0
  #said = 0

  constructor(setting: Setting) {
    const { eager, truncate, reconnect, subscribes, retries: maxTextResponseRetries } = setting
    const stage = newStage({
      caller: { subscribes },
      model: { eager, truncate },
      options: { maxTextResponseRetries, reconnect, initTimeoutMs: 3_000, maxInputBufferMs: 1_000 },
    })
    this.stage = stage
    this.setting = setting
    this.mic = stage.caller.publish()
    const start = stage.agent.start(stage.world)
    start
      .then(() => {
        this.live = true
      })
      .catch(() => {})
    this.starting = outcomeOf(stage.clock, start)
  }

  get session(): FakeSession | undefined {
    const session = this.stage.model.sessions.at(-1)
    return session?.closed ? undefined : session
  }
  get isOver(): boolean {
    return this.stage.of('closed').length > 0
  }
  until(what: string, work: Promise<unknown>): void {
    const wait = { what, settled: false }
    this.waits.push(wait)
    const settle = () => {
      wait.settled = true
    }
    work.then(settle, settle)
  }
  latest(): FakeContent | undefined {
    return this.contents.findLast(
      ({ session, content, responseId }) => !session.closed && this.open.has(responseId) && !content.text.endsWith('.'),
    )?.content
  }
  content(contentType: 'audio' | 'text'): void {
    const { session } = this
    if (![...this.open.values()].some(({ session: its }) => its === session)) this.begin()
    const responseId = [...this.open].findLast(([, { session: its }]) => its === session)?.[0]
    const response = responseId === undefined ? undefined : this.#responses.get(responseId)
    if (!session || !response || responseId === undefined) return
    const content = response.content({ itemId: `item_${++this.#items}`, contentType, text: '' })
    if (contentType === 'audio') this.contents.push({ content, session, responseId })
    else content.end()
  }
  readonly #responses = new Map<string, ReturnType<FakeSession['begins']>>()
  begin(): void {
    const { session } = this
    if (!session) return
    const response = session.begins(`resp_${this.#responses.size}`)
    this.#responses.set(response.id, response)
    this.open.set(response.id, { session, done: status => response.done(status) })
  }
  done(status: 'completed' | 'cancelled' | 'failed'): void {
    const { session } = this
    const [id, response] = [...this.open].find(([, { session: its }]) => its === session) ?? []
    if (id === undefined || !response || !session) return
    for (const { content, responseId } of this.contents)
      if (responseId === id && !content.text.endsWith('.')) content.say(' end.').end()
    this.open.delete(id)
    response.done(status)
  }
  item(): string {
    return `user_${++this.#said}`
  }
}

const acts: Record<Deed, (scene: Scene) => unknown> = {
  begin: scene => scene.begin(),
  content: scene => scene.content('audio'),
  text: scene => scene.content('text'),
  end: scene => scene.latest()?.say(' end.').end(),
  fail: scene => scene.latest()?.say(' end.').fail(new Error('torn')),
  done: scene => scene.done('completed'),
  cancelled: scene => scene.done('cancelled'),
  failed: scene => scene.done('failed'),
  error: ({ session }) => session?.emit('error', { error: new Error('the server minds'), recoverable: true }),
  started: ({ session }) => session?.emit('input_speech_started', {}),
  stopped: ({ session }) => session?.emit('input_speech_stopped', {}),
  committed: scene => scene.session?.emit('input_speech_committed', { itemId: scene.item() }),
  transcribed: scene => {
    const itemId = scene.item()
    const { session } = scene
    if (!session?.isOpen) return // it has heard nothing yet
    session.emit('input_speech_committed', { itemId })
    scene.transcribed.add(itemId)
    session.emit('input_speech_transcription_completed', { itemId, transcript: `words of ${itemId}` })
  },
  misheard: scene => {
    const itemId = scene.item()
    scene.session?.emit('input_speech_committed', { itemId })
    scene.session?.emit('input_speech_transcription_failed', { itemId, message: 'too short' })
  },
  speak: ({ mic, stage }) => stage.caller.here && void mic?.speak(samples(500)),
  leave: ({ stage }) => stage.caller.here && stage.caller.leave('unknown'),
  join: scene => {
    const { caller } = scene.stage
    if (caller.here) return
    caller.join()
    scene.mic = caller.publish()
  },
  replace: ({ mic, stage }) => stage.caller.here && mic?.replace(),
  interrupt: ({ stage }) => stage.agent.interrupt(),
  reply: scene => scene.until('generateReply', scene.stage.agent.generateReply()),
  context: scene => scene.until('setChatCtx', scene.stage.agent.setChatCtx(scene.stage.agent.chatCtxCopy())),
  pin: ({ stage }) => stage.agent.chart?.setParticipant('ann'),
  unpin: ({ stage }) => stage.agent.chart?.setParticipant(undefined),
  pause: ({ stage }) => stage.agent.chart?.pause(),
  resume: ({ stage }) => stage.agent.chart?.resume(),
  drop: scene => {
    if (!scene.live) return
    for (const { content, session } of scene.contents) if (!session.closed) content.fail(new Error('the socket closed'))
    scene.session?.drop()
  },
  full: ({ session }) => session && Object.assign(session, { full: true }),
  drain: ({ session }) => session?.drain(),
  refuse: ({ session }) => session?.refuses('truncate', new Error('refused')),
  open: ({ session }) => session?.open(),
  subscribe: ({ stage }) => stage.caller.here && stage.caller.subscribe('agent'),
  away: ({ stage }) => stage.hub.reconnect('signal', 200, { identity: 'agent' }),
}

const only = (told: Told[], ...events: string[]) => told.filter(({ event }) => events.includes(event))
/** Laws 1 to 5: what the agent said. */
const checkSpeech = ({ stage, contents, setting }: Scene) => {
  const said = only(
    stage.told,
    'agent_started_speaking',
    'agent_stopped_speaking',
    'agent_speech_committed',
    'agent_speech_interrupted',
  )
  const course = said
    .map(({ event }) => ({ agent_started_speaking: 'S', agent_stopped_speaking: 'T' })[event as string] ?? 'C')
    .join('')
  assert.match(course, /^(STC)*$/, 'law 1')
  const commits = said
    .flatMap(({ event, payload }) =>
      /speech/.test(event) ? [{ ...(payload as { id: string; text: string }), cut: event.endsWith('interrupted') }] : [],
    )
    .filter(({ id }) => id !== undefined)
  const starts = commits.map(({ id }) => id)
  assert.equal(starts, [...new Set(starts)], 'law 3: an item ends twice')
  const order = contents.map(({ content }) => content.itemId)
  assert.equal(
    starts,
    order.filter(id => starts.includes(id)),
    'law 3: not in the order of arrival',
  )
  const ends = stage.facts.length > 0 ? stage.ends() : []
  for (const { pushed, heard, discarded, outcome } of ends) {
    assert.is(pushed, heard + discarded, 'law 5')
    if (outcome === 'finished') assert.is(discarded, 0, 'law 5')
  }
  const heard = ends.filter(end => end.heard > 0)
  assert.equal(
    heard.map(({ spoken, outcome }) => (outcome === 'finished' ? spoken : `${spoken}...`)),
    commits.map(({ text }) => text),
    'law 2',
  )
  for (const { id, text } of commits) {
    const last = contents.find(({ content }) => content.itemId === id)
    assert.is(last?.session.textOf(id) ?? text, text, 'law 2: the mirror')
  }
  for (const session of stage.model.sessions) {
    const cuts = session.named('truncate') as { itemId: string; audioEndMs: number }[]
    if (!setting.truncate) assert.equal(cuts, [])
    assert.is(new Set(cuts.map(({ itemId }) => itemId)).size, cuts.length, 'law 4: twice')
    for (const { itemId, audioEndMs } of cuts) {
      const at = commits.findIndex(({ id }) => id === itemId)
      const given = contents.find(({ content }) => content.itemId === itemId)?.content.given ?? 0
      assert.ok(audioEndMs >= 0 && audioEndMs <= Math.floor(given / perMs), 'law 4: more than there was')
      if (at < 0) assert.is(audioEndMs, 0, 'law 4: it was never heard')
      else
        assert.equal(
          [commits[at]?.cut, audioEndMs],
          [true, Math.floor((heard[at]?.heard ?? 0) / perMs)],
          'law 4: not what was heard',
        )
    }
  }
}
/** Laws 6, 7 and 9: what the model heard, and the caller's words. */
const checkHearing = ({ stage, transcribed, live }: Scene) => {
  const { agent, model } = stage
  const given = model.sessions.flatMap(session => session.given)
  for (const { samplesPerChannel } of given) assert.is(samplesPerChannel, 2_400, 'law 6')
  const counters = agent.chart?.counters
  if (counters) {
    const { received, silence, delivered, dropped, gated, overlap, buffered } = counters
    assert.is(received + silence, delivered + dropped + gated + overlap + buffered, 'law 6')
    const rest = delivered - given.length * 2_400
    assert.ok(rest >= 0 && rest <= 2 * 2_400, `law 6: ${rest} samples are nowhere`)
  }
  if (!live) assert.is(given.length, 0, 'law 7')
  const shown = new Map<string, boolean>()
  for (const fact of stage.facts) {
    if (fact.type !== 'words.shown' || fact.speaker !== 'caller') continue
    assert.not(shown.get(fact.id), 'law 9: words after the final')
    shown.set(fact.id, fact.final)
  }
  if (stage.of('closed').length > 0) assert.not([...shown.values()].includes(false), 'law 9: a caption stays open')
  const committed = stage.of('user_speech_committed').map(({ id }) => id)
  assert.equal(committed, [...transcribed], 'law 9')
}
/** Law 8. */
const checkState = async (scene: Scene) => {
  const { stage } = scene
  if (scene.isOver || !stage.caller.here) return
  const { chart } = stage.agent
  const stopped = only(stage.told, 'agent_stopped_speaking').at(-1)?.at ?? -100
  if (stage.clock.now() - stopped <= 20) return // what follows within that follows at once
  if (!chart?.isOpen || chart.actor.getSnapshot().context.away) return
  const { started, ended } = { started: only(stage.told, 'agent_started_speaking').length, ended: stage.commits().length }
  const mind = chart.actor.getSnapshot().context.crew.agent?.getSnapshot()?.children?.mind?.getSnapshot()
  const calm = mind?.matches?.('live') ? 'listening' : 'initializing'
  assert.is(stage.attribute(), started > ended ? 'speaking' : calm, 'law 8')
}

/** What all the scripts together came to. */
const seen = { commits: 0, cuts: 0 }

const run = async (steps: Step[], setting: Setting) => {
  const scene = new Scene(setting)
  const { stage } = scene
  const { clock, agent, hub, caller } = stage
  agent.chart?.on(fact => stage.facts.push(fact))
  await clock.advance(50)
  for (const one of steps) {
    if ('ms' in one && one.does === 'advance') await clock.advance(one.ms)
    else if ('ms' in one) {
      if (!scene.latest()) scene.content('audio')
      scene.latest()?.say('word ').push(one.ms)
    } else if (one.does !== 'close') acts[one.does as Deed](scene)
    if (one.does === 'advance' && one.ms >= 250) await checkState(scene)
    else await clock.settle()
  }
  if (!setting.eager) stage.model.sessions.at(-1)?.open()
  // Law 13: without further input it listens, speaks, or is closed.
  if (!setting.closes) {
    for (let n = 0; n < 40 && scene.open.size > 0 && scene.session; n++) scene.done('completed')
    agent.chart?.resume()
    agent.chart?.setParticipant('ann')
    if (!caller.here) caller.join()
    caller.subscribe('agent')
    for (let n = 0; n < 6; n++) {
      await clock.advance(5_000)
      if (!setting.eager) stage.model.sessions.at(-1)?.open()
    }
    assert.ok(scene.isOver || stage.attribute() === 'listening', `law 13: ${stage.attribute()}`)
  }
  const before = stage.model.sessions.map(({ orders }) => orders.length)
  const from = clock.now()
  await clock.runUntil(agent.close())
  assert.ok(clock.now() - from <= 5_000, 'law 12: it takes too long to close')
  await clock.advance(100)
  for (const [n, { orders }] of stage.model.sessions.entries())
    assert.ok(
      orders.slice(before[n]).every(({ name }) => name === 'close'),
      'law 7: an order after closing began',
    )
  seen.commits += stage.commits().length
  seen.cuts += stage.model.sessions.reduce((sum, session) => sum + session.named('truncate').length, 0)
  checkSpeech(scene)
  checkHearing(scene)
  const start = await scene.starting
  assert.ok('value' in start || 'error' in start, 'law 12: start never settles')
  assert.equal(
    scene.waits.filter(({ settled }) => !settled).map(({ what }) => what),
    [],
    'law 12',
  )
  const last = stage.told.at(-1)?.event
  assert.equal([last, stage.of('closed').length], ['closed', 1], 'law 12')
  for (const session of stage.model.sessions) assert.equal([session.listeners, session.closed], [0, true], 'law 12')
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 }, 'law 12')
  // Law 10: so many texts in a row, and then the end.
  for (const session of stage.model.sessions) assert.ok(session.named('recover').length <= 40)
  const mute = stage.of('error').filter(({ error }) => /answered in text/.test(error.message)).length
  if (mute > 0) assert.match(String(stage.of('closed')[0]?.error), 'answered in text', 'law 10')
  if (caller.here) caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0, 'law 12')
}

it('holds the thirteen laws of the conversation, whatever the model, the room and the people do (MM-45, MM-46)', async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), setting, run)
  try {
    await fc.assert(property, { seed, numRuns: 150 * times, includeErrorInReport: true })
  } catch (error) {
    console.log(seeded)
    throw error
  }
  assert.ok(seen.commits > 60 && seen.cuts > 15, `the scripts say too little: ${JSON.stringify(seen)}`)
})

it.run()
