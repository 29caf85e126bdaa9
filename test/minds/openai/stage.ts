/** A session with the scripted server over a real socket. Its time-outs go by a virtual clock; whatever happens is waited for, never slept for. */
import * as assert from 'uvu/assert'
import { frameOf } from '../../../src/audio/frame.ts'
import { OpenAIRealtimeModel, type OpenAIRealtimeOptions } from '../../../src/minds/openai/index.ts'
import type { ChatItem, FunctionContext, RealtimeSession, SessionEvents } from '../../../src/realtime/port.ts'
import { type VirtualClock, virtualClock } from '../../../src/virtual.ts'
import { countingIds } from '../../fakes/ids.ts'
import { type ScriptedServer, type ServerOptions, scriptedServer } from '../../fakes/openai/index.ts'

type Name = keyof SessionEvents
export const key = 'sk-secret-0123456789'
const every: Record<Name, true> = {
  response_created: true,
  response_output_added: true,
  response_content_added: true,
  response_content_done: true,
  response_output_done: true,
  response_done: true,
  input_speech_started: true,
  input_speech_stopped: true,
  input_speech_committed: true,
  input_speech_transcription_completed: true,
  input_speech_transcription_failed: true,
  function_calls_collected: true,
  function_calls_finished: true,
  metrics_collected: true,
  error: true,
  closed: true,
}
const isName = (name: string): name is Name => name in every

/** What a session tells. */
export class Ear {
  readonly names: Name[] = []
  readonly #heard: { [E in Name]?: SessionEvents[E][] } = {}
  readonly #waiting = new Set<() => void>()

  constructor(session: RealtimeSession) {
    for (const name of Object.keys(every)) if (isName(name)) this.#listen(session, name)
  }
  all<E extends Name>(name: E): SessionEvents[E][] {
    const heard: { [N in E]?: SessionEvents[N][] } = this.#heard
    return heard[name] ?? []
  }
  /** The `count`th of them, as soon as it was told. */
  async until<E extends Name>(name: E, count = 1): Promise<SessionEvents[E]> {
    for (;;) {
      const payload = this.all(name)[count - 1]
      if (payload !== undefined) return payload
      await new Promise<void>(resolve => this.#waiting.add(resolve))
    }
  }
  #listen<E extends Name>(session: RealtimeSession, name: E): void {
    const heard: { [N in E]?: SessionEvents[N][] } = this.#heard
    heard[name] = []
    session.on(name, payload => {
      this.names.push(name)
      heard[name]?.push(payload)
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
    })
  }
}

export type Staging = {
  server?: ServerOptions
  options?: OpenAIRealtimeOptions
  items?: ChatItem[]
  fncCtx?: FunctionContext
  timeoutMs?: number
  epochMs?: number
}
export type Stage = {
  server: ScriptedServer
  model: OpenAIRealtimeModel
  session: RealtimeSession
  ear: Ear
  clock: VirtualClock
  logs: { level: string; code: string; fields?: unknown }[]
  codes(): string[]
  /** All that the server sent before has been taken. */
  settled(): Promise<void>
  /** The types of what the client said since the session was ready, without audio. */
  said(): string[]
  /** Closes both ends; nothing is left, and `closed` was the last, once. */
  end(): Promise<void>
}

export const dialects = ['ga', 'beta'] as const

export const stage = async (staging: Staging = {}): Promise<Stage> => {
  const { options = {}, items = [], fncCtx = [], timeoutMs = 5_000, epochMs } = staging
  const dialect = options.dialect ?? 'ga'
  const server = scriptedServer({ key, dialect, ...staging.server })
  const clock = virtualClock()
  const logs: Stage['logs'] = []
  const model = new OpenAIRealtimeModel({ apiKey: key, baseURL: await server.listen(), ...options })
  const session = model.session(
    { chatCtx: { items }, fncCtx },
    {
      clock,
      ids: countingIds(),
      log: (level, code, fields) => void logs.push({ level, code, fields }),
      timeoutMs,
      ...(epochMs !== undefined && { epochMs }),
    },
  )
  const ear = new Ear(session)
  let before = 0
  session.ready.then(
    () => {
      before = server.said().length
    },
    () => {},
  )
  return {
    server,
    model,
    session,
    ear,
    clock,
    logs,
    codes: () => logs.map(({ code }) => code),
    settled: () => session.inputAudioBuffer.clear(),
    said: () =>
      server
        .said()
        .slice(before)
        .map(({ type }) => type)
        .filter(type => !type.startsWith('input_audio_buffer')),
    end: async () => {
      await session.close()
      assert.is(ear.all('closed').length, 1)
      assert.is(ear.names.at(-1), 'closed')
      assert.is(clock.timers, 0, 'a timer is left')
      await server.close()
    },
  }
}
/** A stage whose session is ready. */
export const readied = async (staging: Staging = {}): Promise<Stage> => {
  const all = await stage(staging)
  await all.session.ready
  return all
}

export const frame = (ms = 100, value = 1_000) =>
  frameOf(new Int16Array(24 * ms).fill(value), { sampleRate: 24_000, channels: 1 })
export const message = (id: string, role: 'system' | 'user' | 'assistant', ...content: string[]): ChatItem => ({
  id,
  type: 'message',
  role,
  content,
})
export const codeIn = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'none'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
/** All of a stream, or how it failed. */
export const collect = async <T>(stream: AsyncIterable<T>): Promise<{ items: T[]; error?: Error }> => {
  const items: T[] = []
  try {
    for await (const item of stream) items.push(item)
    return { items }
  } catch (error) {
    return { items, error: error instanceof Error ? error : new Error(String(error)) }
  }
}
