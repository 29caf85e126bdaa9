/** A session whose service answers, refuses, loses and swaps as it likes: every promise settles, and nothing is left (MM-7, MM-8; law 12). */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Ears, Line } from '../../../src/minds/openai/line.ts'
import { OpenAIRealtimeSession } from '../../../src/minds/openai/session.ts'
import { isWire, part, text, type Wire } from '../../../src/minds/openai/wire.ts'
import type { CallContext } from '../../../src/realtime/port.ts'
import { virtualClock } from '../../../src/virtual.ts'
import { countingIds } from '../../fakes/ids.ts'
import { collect, Ear, frame, message } from './stage.ts'

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const times = Number(process.env.CHARTROOM_RUNS ?? 1)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`openai session.property: ${seeded}`)

const it = suite('openai session, any service')

const owner = [
  'create',
  'delete',
  'truncate',
  'clear',
  'commit',
  'respond',
  'cancel',
  'context',
  'recover',
  'append',
  'drained',
  'tools',
] as const
const service = [
  'answer',
  'refuse',
  'lose',
  'begin',
  'message',
  'part',
  'audio',
  'words',
  'call',
  'itemDone',
  'done',
  'error',
  'garbage',
] as const
type Step = { kind: (typeof owner)[number] | (typeof service)[number] | 'pass' | 'settle' | 'close' | 'cut'; n: number }
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...owner) },
    { weight: 60, arbitrary: fc.constantFrom(...service) },
    { weight: 20, arbitrary: fc.constantFrom('pass' as const, 'settle' as const) },
    { weight: 1, arbitrary: fc.constantFrom('close' as const, 'cut' as const) },
  ),
  n: fc.nat(9),
})

/** The service's end of a line in this process. */
class Service {
  readonly waiting: Wire[] = []
  readonly responses: string[] = []
  readonly places: { response: string; item: string; call: boolean }[] = []
  ears: Ears | undefined
  line: Line | undefined
  open = true
  /** The client has said farewell. */
  left = false
  sentAfterClose = 0
  #count = 0

  connect = async (ears: Ears): Promise<Line> => {
    this.ears = ears
    const line: Line = {
      where: { place: 'wss://here', model: 'm' },
      backlog: 0,
      send: (event, gone) => {
        if (this.left) this.sentAfterClose++
        if (event.type !== 'input_audio_buffer.append') this.waiting.push(event)
        queueMicrotask(gone)
      },
      close: () => this.leave(),
      cut: () => this.leave(),
    }
    this.line = line
    return line
  }
  leave(): void {
    this.left = true
    this.hangUp()
  }
  hangUp(): void {
    if (!this.open) return
    this.open = false
    queueMicrotask(() => this.ears?.lost(new Error('the line is gone')))
  }
  say(event: Wire): void {
    if (this.open) this.ears?.heard(event)
  }
  next(prefix: string): string {
    return `${prefix}${++this.#count}`
  }
  begin(metadata?: unknown): void {
    const id = this.next('resp_')
    this.responses.push(id)
    this.say({ type: 'response.created', response: { id, metadata } })
  }
  end(id: string | undefined): void {
    if (id === undefined) return
    this.responses.splice(this.responses.indexOf(id), 1)
    this.say({ type: 'response.done', response: { id, status: 'completed' } })
  }
  answer(command: Wire): void {
    const { item_id, content_index } = command
    const item = part(command, 'item')
    const { type } = command
    if (type === 'session.update') this.say({ type: 'session.updated' })
    if (type === 'conversation.item.create')
      this.say({ type: 'conversation.item.added', item, previous_item_id: command.previous_item_id ?? null })
    if (type === 'conversation.item.delete') this.say({ type: 'conversation.item.deleted', item_id })
    if (type === 'conversation.item.truncate') this.say({ type: 'conversation.item.truncated', item_id, content_index })
    if (type === 'input_audio_buffer.clear') this.say({ type: 'input_audio_buffer.cleared' })
    if (type === 'input_audio_buffer.commit') this.say({ type: 'input_audio_buffer.committed', item_id: this.next('item_') })
    if (type === 'response.create') this.begin(part(part(command, 'response'), 'metadata'))
    if (type === 'response.cancel') this.end(text(command, 'response_id') ?? this.responses[0])
  }
  refuse(command: Wire | undefined): void {
    this.say({ type: 'error', error: { code: 'no', message: 'I would rather not', event_id: command?.event_id } })
  }
}

class Scene {
  readonly clock = virtualClock()
  readonly service = new Service()
  readonly session
  readonly ear: Ear
  readonly promises: Promise<unknown>[] = []
  readonly streams: Promise<unknown>[] = []
  readonly signals: AbortSignal[] = []
  readonly drains = new AbortController()
  listeners = 0

  constructor() {
    const making = { connect: this.service.connect, options: {}, label: 'l', hush: (line: string) => line }
    const { signal } = this.drains
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      this.listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      this.listeners--
      remove(...args)
    }
    const hands = { clock: this.clock, ids: countingIds(), log: () => {}, timeoutMs: 3_000 }
    const fncCtx = [
      { name: 'f0', execute: () => 'x' },
      { name: 'f1', execute: () => undefined },
      { name: 'f2', execute: (_: unknown, { signal }: CallContext) => this.#stuck(signal) },
    ]
    this.session = new OpenAIRealtimeSession(making, { chatCtx: { items: [message('a', 'user', 'x')] }, fncCtx }, hands)
    this.ear = new Ear(this.session)
    this.session.on('response_content_added', content =>
      this.streams.push(collect(content.audioStream), collect(content.textStream)),
    )
    this.promises.push(this.session.ready)
  }
  async take({ kind, n }: Step): Promise<void> {
    if (kind === 'pass') await this.clock.advance(n * 300)
    else if (kind === 'settle') await this.clock.settle()
    else if (kind === 'close') this.promises.push(this.session.close())
    else if (kind === 'cut') this.service.hangUp()
    else if (owner.some(own => own === kind)) this.#ask(kind, n)
    else this.#serve(kind, n)
    for (const promise of this.promises) promise.catch(() => {})
  }
  async finish(): Promise<void> {
    const { session, ear, clock, service } = this
    const closing = session.close()
    await clock.settle()
    await clock.advance(10_000)
    await closing
    const ends = await Promise.all(
      [...this.promises, ...this.streams].map(work =>
        Promise.race([
          work.then(
            () => 'done',
            () => 'failed',
          ),
          clock
            .settle()
            .then(() => clock.settle())
            .then(() => 'PENDING'),
        ]),
      ),
    )
    assert.not.ok(ends.includes('PENDING'), ends.join())
    assert.equal([ear.all('closed').length, ear.names.at(-1)], [1, 'closed'])
    assert.equal([clock.timers, this.listeners, service.sentAfterClose], [0, 0, 0])
    assert.ok(this.signals.every(({ aborted }) => aborted))
    const collected = ear.all('function_calls_collected').flatMap(calls => calls.map(({ toolCallId }) => toolCallId))
    const finished = ear.all('function_calls_finished').flatMap(calls => calls.map(({ call }) => call.toolCallId))
    assert.equal([...finished].sort(), [...collected].sort())
    const told = ear.names.length
    service.ears?.heard({ type: 'response.created', response: { id: 'late' } })
    service.ears?.lost(new Error('again'))
    await clock.settle()
    assert.is(ear.names.length, told)
  }

  #stuck(signal: AbortSignal): Promise<void> {
    this.signals.push(signal)
    return new Promise(() => {})
  }
  #ask(kind: string, n: number): void {
    const { session, promises, service } = this
    const { item } = session.conversation
    const known = session.chatCtxCopy().items.map(({ id }) => id)
    const id = known[n % Math.max(1, known.length)] ?? 'nobody'
    const works: Record<string, () => Promise<unknown>> = {
      create: () => item.create(message(service.next('mine_'), 'user', 'x'), n % 2 ? id : undefined),
      delete: () => item.delete(id),
      truncate: () => item.truncate({ itemId: id, contentIndex: 0, audioEndMs: n }),
      clear: () => session.inputAudioBuffer.clear(),
      commit: () => session.inputAudioBuffer.commit(),
      respond: () => session.response.create(),
      cancel: () => session.response.cancel(n % 2 ? service.responses[0] : undefined),
      context: () =>
        session.setChatCtx({ items: [...session.chatCtxCopy().items.slice(n % 3), message(service.next('ctx_'), 'user', 'x')] }),
      recover: () => session.recoverFromTextResponse(id),
      append: async () => session.inputAudioBuffer.append(frame(20)),
      drained: () => session.inputAudioBuffer.drained(this.drains.signal),
      tools: async () => {
        session.fncCtx = [...session.fncCtx]
      },
    }
    promises.push(works[kind]?.() ?? Promise.resolve())
  }
  #serve(kind: string, n: number): void {
    const { service } = this
    const command = service.waiting[n % Math.max(1, service.waiting.length)]
    const response = service.responses[n % Math.max(1, service.responses.length)]
    const place = service.places[n % Math.max(1, service.places.length)]
    const at = { response_id: place?.response, item_id: place?.item, output_index: 0, content_index: n % 2 }
    const forget = () => service.waiting.splice(service.waiting.indexOf(command ?? {}), command ? 1 : 0)
    const open = (call: boolean) => {
      const item = service.next('item_')
      service.places.push({ response: response ?? 'resp_0', item, call })
      service.say({
        type: 'response.output_item.added',
        response_id: response,
        item: { id: item, type: call ? 'function_call' : 'message' },
      })
    }
    const acts: Record<string, () => unknown> = {
      answer: () => {
        forget()
        if (command) service.answer(command)
        else service.say({ type: 'session.created' })
      },
      refuse: () => {
        forget()
        service.refuse(command)
      },
      lose: forget,
      begin: () => service.begin(),
      message: () => open(false),
      call: () => open(true),
      part: () => service.say({ type: 'response.content_part.added', ...at, part: { type: n % 3 ? 'audio' : 'text' } }),
      audio: () => service.say({ type: 'response.output_audio.delta', ...at, delta: n === 9 ? '!' : 'AAAAAA==' }),
      words: () => service.say({ type: 'response.output_audio_transcript.delta', ...at, delta: ' word' }),
      itemDone: () => {
        const item = {
          id: place?.item,
          type: place?.call ? 'function_call' : 'message',
          call_id: `call ${place?.item}`,
          name: `f${n % 4}`,
          arguments: '',
        }
        service.say({ type: 'response.output_item.done', response_id: place?.response, item })
      },
      done: () => service.end(response),
      error: () => service.refuse(undefined),
      garbage: () => service.say(isWire(command) ? { ...command, item: null, response: 7 } : {}),
    }
    acts[kind]?.()
  }
}

it('settles every promise, ends every stream and every call, tells its end once and last, and leaves nothing (MM-7, MM-8, MM-44, MM-51)', async () => {
  let live = 0
  const steps = fc.array(step, { minLength: 5, maxLength: 80, size: 'max' })
  const property = fc.asyncProperty(fc.boolean(), steps, async (smooth, all) => {
    const scene = new Scene()
    // Half of them get as far as a session that works.
    for (let n = 0; smooth && n < 6; n++) {
      await scene.clock.settle()
      await scene.take({ kind: 'answer', n: 0 })
    }
    for (const one of all) await scene.take(one)
    live += scene.ear.names.length
    await scene.finish()
  })
  try {
    await fc.assert(property, { seed, numRuns: Math.round(400 * times), includeErrorInReport: true })
  } catch (error) {
    console.log(seeded)
    throw error
  }
  assert.ok(live > 1_000, `only ${live} events`)
})

it.run()
