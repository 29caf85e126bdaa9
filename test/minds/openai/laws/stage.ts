/** A call with the real adapter through the real client, and the scripted service behind it, in virtual time. */
import 'openai'
import 'openai/realtime/ws'
import { sleep } from '../../../../src/clock.ts'
import type { RoomFact } from '../../../../src/facts.ts'
import { OpenAIRealtimeModel } from '../../../../src/minds/openai/index.ts'
import {
  type AgentEvent,
  type AgentNews,
  type ChatItem,
  type FunctionTool,
  MultimodalAgent,
} from '../../../../src/multimodal-agent.ts'
import { newCall, samples } from '../../../fakes/call.ts'
import { audio, call, type Part, type ScriptedServer, scriptedServer, text } from '../../../fakes/openai/index.ts'
import type { Piece, Scene, Step } from './scene.ts'

/** How long anything may take that waits for the service, and how long the end may. */
export const budgets = { initMs: 4_000, closeMs: 5_000 }
export const voice = 'one two three four five six seven eight'

/** `mirror`: what the conversation says of the item in the moment in which it is told. */
export type Told = AgentNews & { atMs: number; mirror?: string[] | undefined }
/** Whatever an owner may wait for. */
export type Wait = { what: string; settled: boolean; error?: unknown }
export type Stage = ReturnType<typeof newCall> & {
  server: ScriptedServer
  agent: MultimodalAgent
  told: Told[]
  roomFacts: RoomFact[]
  waits: Wait[]
  ear: ReturnType<ReturnType<typeof newCall>['caller']['hears']>
  captions: ReturnType<ReturnType<typeof newCall>['caller']['collect']>
  mic: ReturnType<ReturnType<typeof newCall>['caller']['publish']>
  /** When it was live, and when it was asked to close. */
  liveMs: number | undefined
  closingMs: number | undefined
}

const events: AgentEvent[] = [
  ...(['user_started_speaking', 'user_stopped_speaking', 'user_speech_committed'] as const),
  ...(['agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_committed', 'agent_speech_interrupted'] as const),
  ...(['function_calls_collected', 'function_calls_finished', 'metrics_collected', 'error', 'closed'] as const),
]
const toolsOn = ({ clock }: ReturnType<typeof newCall>): FunctionTool[] => [
  { name: 'answers', execute: () => ({ it: 'is so' }) },
  { name: 'says_nothing', execute: () => undefined },
  {
    name: 'throws',
    execute: () => {
      throw new Error('broken')
    },
  },
  { name: 'waits', execute: (_, { signal }) => sleep(clock, 700, signal) },
  { name: 'hangs', execute: () => new Promise(() => {}) },
]
const itemsBefore = (count: number): ChatItem[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `before_${n}`,
    type: 'message',
    role: n % 2 ? 'assistant' : 'user',
    content: ['hello'],
  }))

const watch = (stage: Stage) => {
  const { agent, told, clock } = stage
  const partsOf = (id: string) => {
    const item = agent.chatCtxCopy().items.find(one => one.id === id)
    return item?.type === 'message'
      ? item.content.map(part => (typeof part === 'string' ? part : (part.transcript ?? '')))
      : undefined
  }
  for (const event of events)
    agent.on(event, payload => {
      const about = typeof payload === 'object' && payload !== null && 'role' in payload ? { mirror: partsOf(payload.id) } : {}
      told.push({ event, payload, atMs: clock.now(), ...about } as Told) // the one goes with the other
    })
}
/** Notes how it settles. */
export const wait = ({ waits }: Pick<Stage, 'waits'>, what: string, work: Promise<unknown>): void => {
  const one: Wait = { what, settled: false }
  waits.push(one)
  work.then(
    () => {
      one.settled = true
    },
    error => {
      one.settled = true
      one.error = error
    },
  )
}

/** An agent that starts, in a room in which somebody is. */
export const enter = (scene: Omit<Scene, 'steps'>): Stage => {
  const made = newCall()
  const { clock, caller, world } = made
  const { dialect, early, reconnect, reportThinking, maxTextResponseRetries, items } = scene
  const otherwise = scene.talkative ? { otherwise: { parts: [audio({ ms: 900, words: voice })], pace: 2 } } : {}
  const server = scriptedServer({ clock, dialect, ...otherwise })
  server.fault(...early)
  const model = new OpenAIRealtimeModel({ apiKey: 'sk-test', baseURL: server.plug(), dialect })
  const fncCtx = toolsOn(made)
  const how = { reconnect, reportThinking, maxTextResponseRetries, initTimeoutMs: budgets.initMs }
  const agent = new MultimodalAgent({
    model,
    fncCtx,
    chatCtx: { items: itemsBefore(items) },
    closeBudgetMs: budgets.closeMs,
    ...how,
  })
  const begun = { told: [], roomFacts: [], waits: [], liveMs: undefined, closingMs: undefined }
  const captions = caller.collect('lk.transcription')
  const stage: Stage = { ...made, ...begun, server, agent, ear: caller.hears('agent'), captions, mic: caller.publish() }
  watch(stage)
  const started = agent.start(world)
  agent.chart?.on(fact => stage.roomFacts.push(fact))
  started.then(
    () => {
      stage.liveMs = clock.now()
    },
    () => {},
  )
  wait(stage, 'start', started)
  return stage
}
export const isSpeaking = ({ agent }: Stage) => agent.chart?.actor.getSnapshot().context.state === 'speaking'
export const isOver = ({ told }: Stage) => told.at(-1)?.event === 'closed'

const partOf =
  (ms: number, leadMs: number) =>
  (piece: Piece): Part => {
    if (piece === 'audio' || piece === 'same')
      return audio({ ms, words: voice, leadMs, chunkMs: 100, ...(piece === 'same' && { same: true }) })
    if (piece === 'text') return text('only text')
    return call(piece.replace(' ', '_'), piece === 'no JSON' ? '{"at":' : {})
  }
const endings = {
  completed: {},
  failed: { status: 'failed', error: { type: 'server_error', code: 'overloaded', message: 'too much' } },
  incomplete: { status: 'incomplete', reason: 'max_output_tokens' },
} as const

export const close = (stage: Stage): Promise<void> => {
  stage.closingMs ??= stage.clock.now()
  return stage.agent.close()
}
/** What cannot be done in this moment is left. */
export const perform = (stage: Stage, step: Step): void => {
  const { server, agent, caller } = stage
  const last = server.sessions.at(-1)
  const session = last?.open ? last : undefined
  if (step.do === 'answer' || step.do === 'reply') {
    const { pieces, ms, leadMs, pace, status } = step
    const reply = { parts: pieces.map(partOf(ms, leadMs)), pace, ...endings[status] }
    if (step.do === 'answer') server.answer(reply)
    else if (session && !session.active) session.reply(reply)
  }
  if (step.do === 'turn' && session) {
    const { ms: end, interrupts, answers } = step
    const words = {
      come: { transcript: 'hello' },
      late: { transcript: 'hello', afterMs: 900 },
      fail: { fails: 'noise' },
      none: {},
    }
    server.speech({ end, interrupts, answers, ...words[step.words] })
  }
  if (step.do === 'talk') void stage.mic.speak(samples(step.ms))
  if (step.do === 'interrupt') agent.interrupt()
  if (step.do === 'generate') wait(stage, 'generateReply', agent.generateReply())
  if (step.do === 'context') wait(stage, 'setChatCtx', agent.setChatCtx({ items: itemsBefore(3) }))
  if (step.do === 'tools') agent.fncCtx = toolsOn(stage).slice(0, 4)
  if (step.do === 'complain' && session) server.error()
  if (step.do === 'cut') session?.close(step.code)
  if (step.do === 'fault' && (session || !('slow' in step.fault || 'stall' in step.fault))) server.fault(step.fault)
  if (step.do === 'leave' && caller.here) caller.leave()
  if (step.do === 'come' && !caller.here) caller.join()
  if (step.do === 'close') wait(stage, 'close', close(stage))
}
