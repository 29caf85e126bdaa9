/** What a mind is, and what it works with: the room, as far as it is the mind's. */
import type { AudioFrame, Format } from './audio/frame.ts'
import type { Clock, Outside, Participant, Played, StreamInfo, Word } from './ports.ts'
import type { VideoFrame } from './video/frame.ts'

/** What a reply is made of. `id` where the caller has one; text pieces with or without times. */
export type Saying = {
  id?: string
  audio: AsyncIterable<AudioFrame>
  text?: AsyncIterable<string | Word>
  /** Go out with the text, beside the protocol's own. */
  attributes?: Record<string, string>
  /** False: its words are counted as they are heard, and shown to nobody. Default true. */
  shown?: boolean
}
/**
 * A reply on its way. `heard` in samples per channel, `spoken` the text that counts as said: both at this moment. Nothing is known to be
 * spoken where text is not synchronised.
 */
export interface Utterance {
  readonly id: string
  readonly heard: number
  readonly spoken: string
  /** Resolves with true when its first sample is heard, with false if it ends before that. Never rejects. */
  readonly started: Promise<boolean>
  /** The one terminal event, always after `started`. Never rejects. */
  readonly played: Promise<Played>
  interrupt(): Played
}

/** What somebody wrote to the agent. `info` is of the stream, `participant` as it was when the stream opened. */
export type ChatMessage = { text: string; info: StreamInfo; participant: Participant; participantIdentity: string }

export type AgentState = 'initializing' | 'idle' | 'listening' | 'thinking' | 'speaking'
/** What a mind may say of the agent; that it speaks, the room knows better. */
export type Attending = Exclude<AgentState, 'speaking'>
/** What a mind works with. */
export type Conversation = {
  hear(): AsyncIterable<AudioFrame>
  /** What the linked participant shows; empty where that is not switched on. One reader at a time. */
  see(): AsyncIterable<VideoFrame>
  /** What people write, after the agent was interrupted for it. One reader at a time. */
  chat(): AsyncIterable<ChatMessage>
  say(saying: Saying): Utterance
  show(text: string): Promise<void>
  /**
   * Tells the caller's words as they are recognised; `final` closes the sentence. With an `id` several may be open: each is of whoever was
   * linked when its id came first.
   */
  heard(text: string, final: boolean, id?: string): void
  interrupt(): void
  /** What the agent is while it does not speak; `initializing`: it cannot answer yet, or not at this moment. */
  state(state: Attending): void
  /** The caller began or stopped to make a sound, whatever becomes of it; a turn of theirs is told with `interrupt`. */
  speech(change: 'started' | 'ended'): void
  /** Resolves when somebody is linked who can receive, and hears the agent; rejects with ERR_CLOSED if that does not happen. */
  ready(): Promise<void>
  readonly clock: Clock
  readonly outside: Outside
  readonly format: { input: Format; output: Format }
}
/**
 * How the conversation of a mind that is an actor ended. With an `error` the room closes as failed by it: to start such a mind again would
 * not mend it. A `reason` is the room's.
 */
export type Ending = { reason?: string; error?: unknown }
/** The mind of the agent: resolves when it is done, rejects when it failed and may be started again. */
export interface Mind {
  start(conversation: Conversation, signal: AbortSignal): Promise<void>
  /** What the agent is until the mind says something of it; `listening` where not given. */
  readonly attending?: Attending
}
