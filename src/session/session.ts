/** A voice agent's session, as far as we look at it: `AgentSession` of `@livekit/agents` fits. */
import { coded, lineOf } from '../errors.ts'
import type { AgentState, ChatMessage } from '../mind.ts'
import type { Settings } from '../options.ts'
import type { Log, Participant, ParticipantKind } from '../ports.ts'

/** What a session must have, and what of it is used if it is there. */
export type Session = {
  input: { audio: unknown; video?: unknown }
  output: { audio: unknown; transcription: unknown }
  on(event: string, listener: (event: unknown) => void): unknown
  off(event: string, listener: (event: unknown) => void): unknown
  readonly agentState?: string
  _onRoomIOParticipantLinked?(participant: unknown): unknown
  _roomIO?: unknown
  interrupt?(): unknown
  generateReply?(how: { userInput: string }): unknown
  _closeSoon?(how: { reason: string }): unknown
  shutdown?(how: { drain: boolean; reason: string }): unknown
  close?(): unknown
}

const states: readonly string[] = ['initializing', 'idle', 'listening', 'thinking', 'speaking'] satisfies AgentState[]
const stateOf = (state: unknown): AgentState | undefined => (typeof state === 'string' && isState(state) ? state : undefined)
const isState = (state: string): state is AgentState => states.includes(state)

/** What the events that we look at carry. */
export const stateIn = (event: unknown): AgentState | undefined => stateOf(field(event, 'newState'))
export const wordsIn = (event: unknown): { text: string; final: boolean } | undefined => {
  const text = field(event, 'transcript')
  return typeof text === 'string' ? { text, final: field(event, 'isFinal') === true } : undefined
}
/** How much of a turn's text was heard: `written` is the length of all of it. */
export type Cut = { written: number; spoken: string }
/** What `say` of agents-js was told to say is in its history as a whole, also if it was interrupted: then it gets what was heard (SYNC-5). */
export const mend = (event: unknown, cut: Cut | undefined): void => {
  const item = field(event, 'item')
  const content = field(item, 'content')
  if (!cut || field(item, 'interrupted') !== true || !Array.isArray(content) || content.length !== 1) return
  const [text]: unknown[] = content
  if (typeof text === 'string' && text.length === cut.written && text.startsWith(cut.spoken)) content[0] = cut.spoken
}
/** What the user's state says of their sound. */
export const soundIn = (event: unknown): 'started' | 'ended' | undefined => {
  const state = field(event, 'newState')
  if (typeof state !== 'string') return undefined
  return state === 'speaking' ? 'started' : 'ended'
}
const field = (event: unknown, key: string): unknown =>
  typeof event === 'object' && event !== null ? Reflect.get(event, key) : undefined

/** Throws a TypeError that names the member that is missing. */
export const checkSession = (session: Session): void => {
  const has = (value: unknown, key: string) => typeof value === 'object' && value !== null && key in value
  if (!has(session, 'input') || !has(session.input, 'audio')) throw lacks('input.audio')
  for (const slot of ['audio', 'transcription'])
    if (!has(session, 'output') || !has(session.output, slot)) throw lacks(`output.${slot}`)
  for (const method of ['on', 'off'] as const)
    if (typeof session[method] !== 'function') throw lacks(`${method}(event, listener)`)
}
const lacks = (member: string) => new TypeError(`the session has no ${member}: give one that has all of an AgentSession's`)

/** Follows what the session tells, by the names of its events, until the function that is given back is called. */
export const follow = (session: Session, listeners: Record<string, (event: unknown) => void>): (() => void) => {
  for (const [event, listener] of Object.entries(listeners)) session.on(event, listener)
  return () => {
    for (const [event, listener] of Object.entries(listeners)) session.off(event, listener)
  }
}

/** Asks the session to close, in the way that it has. What it answers is its own concern; that it failed is logged. */
export const closeSession = async (session: Session, reason: string, log: Log): Promise<void> => {
  try {
    if (session._closeSoon) await session._closeSoon({ reason })
    else if (session.shutdown) await session.shutdown({ drain: false, reason })
    else if (session.close) await session.close()
    else throw coded('ERR_SESSION', 'the session has no way to be closed')
  } catch (error) {
    log('error', 'session.close.failed', { error: lineOf(error) })
  }
}

/** The same settings with what people write dealt with by the session: in the way that was asked for, else by a reply (CHAT-4, CHAT-6). */
export const answeredBy = (session: Session, settings: Settings): Settings => {
  const { textInput } = settings
  if (!textInput) return settings
  const answer = textInput.callback ?? replyTo
  const callback = (_: unknown, message: ChatMessage) => answer(session, message)
  return Object.freeze({ ...settings, textInput: Object.freeze({ ...textInput, callback }) })
}
/** Interrupts, waits for that, and asks for a reply. A speech that may not be interrupted costs nobody the text. */
export const replyTo = async (session: unknown, { text }: { text: string }): Promise<void> => {
  if (text.trim() === '') return
  const { interrupt, generateReply } = session as Session
  try {
    await settled(interrupt?.call(session))
  } catch {
    // Refused: the reply comes after what is being said.
  }
  await generateReply?.call(session, { userInput: text })
}
/** A value, a promise, or what agents-js gives: an object with its promise under `await`. */
const settled = (work: unknown): unknown => (typeof work === 'object' && work !== null && 'await' in work ? work.await : work)

/**
 * Whether the session waits for false interruptions itself: then it pauses and resumes our voice, and a second one who does so is in its
 * way. Its options may change while it runs.
 */
export const waitsItself = (session: Session): boolean => {
  const interruption = field(field(field(session, 'sessionOptions'), 'turnHandling'), 'interruption')
  return (
    field(interruption, 'resumeFalseInterruption') === true && typeof field(interruption, 'falseInterruptionTimeout') === 'number'
  )
}

/**
 * Whether the session's model gives its words at the pace of its voice, so that nobody else should. Asked anew for each turn: an agent
 * may have handed over to another. A session that does not run has no agent, and says so by an error.
 */
export const keepsPace = (session: Session): boolean => {
  try {
    const model = field(field(session, 'currentAgent'), 'llm') ?? field(session, 'llm')
    return field(field(model, 'capabilities'), 'nativeTranscriptSync') === true
  } catch {
    return false
  }
}

const kinds: readonly string[] = ['standard', 'ingress', 'egress', 'sip', 'agent', '', '', 'connector'] satisfies (
  | ParticipantKind
  | ''
)[]
/** A participant of a world with what a session reads of the SDK's: the number of its kind. */
export const described = (participant: Participant): object => {
  const { identity, sid, kind } = participant
  return { ...participant, info: { identity, sid, kind: kinds.indexOf(kind) } }
}

/** Where a session takes what it hears with, and what it speaks with. */
export type Slot = { of: 'input' | 'output'; name: 'audio' | 'video' | 'transcription' }
/** Whether somebody has been there before us (ROOM-8). */
export const isTaken = (session: Session, { of, name }: Slot): boolean => {
  const value: unknown = Reflect.get(session[of], name)
  return value !== undefined && value !== null
}
/** Where it has no place for it, as some have none for video (CAM-3), nothing is put. */
export const putIn = (session: Session, { of, name }: Slot, part: unknown): void => {
  if (part !== undefined && name in session[of]) Reflect.set(session[of], name, part)
}
/** Takes ours out, if it still is ours. */
export const takeOut = (session: Session, { of, name }: Slot, part: unknown): void => {
  if (part !== undefined && Reflect.get(session[of], name) === part) Reflect.set(session[of], name, null)
}

/** What a session looks for in the place of its own RoomIO. */
export const standInFor = (
  io: { readonly room: unknown; readonly linkedParticipant: unknown },
  close: () => Promise<void>,
  sdk: { localParticipant?: unknown } | undefined,
) => ({
  close,
  get rtcRoom() {
    return io.room
  },
  get linkedParticipant() {
    return io.linkedParticipant
  },
  get localParticipant() {
    return sdk?.localParticipant
  },
  get isParticipantAvailable() {
    return io.linkedParticipant !== undefined
  },
})
