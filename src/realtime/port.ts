/** What a speech-to-speech model is to the agent: no vendor is named here. One adapter for each provider is in `src/minds/`. */
import type { AudioFrame } from '../audio/frame.ts'
import type { Clock, Ids, Log } from '../ports.ts'

/** Sound that was said, as part of a message; `transcript` if somebody knows its words. */
export type ChatAudio = { type: 'audio'; frames: readonly AudioFrame[]; transcript?: string }
/** One entry of a conversation. `interrupted`: only this much of it was heard. */
export type ChatItem =
  | {
      id: string
      type: 'message'
      role: 'system' | 'user' | 'assistant'
      content: readonly (string | ChatAudio)[]
      interrupted?: boolean
    }
  | { id: string; type: 'call'; callId: string; name: string; arguments: string }
  | { id: string; type: 'output'; callId: string; output: string; isError?: boolean }
/** A conversation, oldest first. */
export type ChatContext = { readonly items: readonly ChatItem[] }

/** What a running function is told beside its arguments: `signal` aborts when the agent closes. */
export type CallContext = { callId: string; signal: AbortSignal }
/** `parameters`: a JSON schema of type object. What `execute` gives back is told as text or JSON; nothing, if undefined (MM-43). */
export type FunctionTool = {
  name: string
  description?: string
  parameters?: object
  execute(args: Record<string, unknown>, context: CallContext): unknown
}
/** The functions a model may call; no two of one name. */
export type FunctionContext = readonly FunctionTool[]
export type FunctionCall = { toolCallId: string; name: string; rawArguments: string; arguments: Record<string, unknown> }
export type FunctionResult = { call: FunctionCall; result?: unknown; error?: unknown }

/**
 * One part of a response. `text` is what has come of it so far. Both streams are read once, bounded by their reader, and end or fail for
 * certain (MM-7); a part of text has no audio.
 */
export type ResponseContent = {
  readonly responseId: string
  readonly itemId: string
  readonly outputIndex: number
  readonly contentIndex: number
  readonly contentType: 'text' | 'audio'
  readonly text: string
  /** Of its sound, per channel, read or not; where this is not given, what was read counts. */
  readonly samples?: number
  readonly textStream: AsyncIterable<string>
  readonly audioStream: AsyncIterable<AudioFrame>
  readonly toolCalls: readonly FunctionCall[]
}
export type ResponseStatus = 'in_progress' | 'completed' | 'cancelled' | 'failed' | 'incomplete'
/** A response of the model, as far as it has come. `error`: why it failed or is incomplete. */
export type ModelResponse = { id: string; status: ResponseStatus; usage?: unknown; error?: ModelFailure }
export type ResponseOutput = { responseId: string; itemId: string; outputIndex: number; type: 'message' | 'function_call' }
export type ModelFailure = { type?: string; reason?: string; code?: string; message?: string }

/** What one response took: times in ms, `ttftMs` −1 if no content came, numbers that are not known 0 (MM-40). `timestamp` in epoch ms. */
export type ModelMetrics = {
  timestamp: number
  requestId: string
  ttftMs: number
  durationMs: number
  cancelled: boolean
  label: string
  completionTokens: number
  promptTokens: number
  totalTokens: number
  tokensPerSecond: number
  inputTokenDetails: { cached: number; text: number; audio: number }
  outputTokenDetails: { text: number; audio: number }
  error?: ModelFailure
}

/** What a session tells, in the order in which it happened. `atMs`: where in the input, if the model says. */
export type SessionEvents = {
  response_created: ModelResponse
  response_output_added: ResponseOutput
  response_content_added: ResponseContent
  response_content_done: ResponseContent
  response_output_done: ResponseOutput
  response_done: ModelResponse
  input_speech_started: { itemId?: string; atMs?: number }
  input_speech_stopped: { itemId?: string; atMs?: number }
  input_speech_committed: { itemId: string }
  input_speech_transcription_completed: { itemId: string; transcript: string }
  input_speech_transcription_failed: { itemId: string; message: string }
  function_calls_collected: FunctionCall[]
  function_calls_finished: FunctionResult[]
  metrics_collected: ModelMetrics
  /** The session goes on. `eventId`: of the command that it answers, which rejects with the same error. */
  error: { error: Error; recoverable: boolean; eventId?: string }
  /** The last of all, once; `error` if nobody asked for it. */
  closed: { error?: Error }
}

/**
 * A conversation with a model. What waits for the server's answer rejects when it refuses, or with ERR_TIMEOUT, or with ERR_CLOSED (MM-8).
 * `on` and `off` take one listener each; a listener that throws is logged.
 */
export interface RealtimeSession {
  /** Resolves when the model is configured and knows the conversation; rejects with one clear line. Never waits for ever. */
  readonly ready: Promise<void>
  fncCtx: FunctionContext
  chatCtxCopy(): ChatContext
  setChatCtx(chatCtx: ChatContext): Promise<void>
  readonly inputAudioBuffer: {
    /** Mono, at the model's input rate. False: the way is full, and the frame was not taken. Throws ERR_CLOSED when the session is over. */
    append(frame: AudioFrame): boolean
    commit(): Promise<void>
    clear(): Promise<void>
    /** Resolves when there is room for another frame, or the session is over. */
    drained(signal: AbortSignal): Promise<void>
  }
  readonly conversation: {
    readonly item: {
      create(item: ChatItem, previousItemId?: string): Promise<void>
      delete(itemId: string): Promise<void>
      truncate(cut: { itemId: string; contentIndex: number; audioEndMs: number }): Promise<void>
    }
  }
  readonly response: {
    /** Asks for a response; resolves with its id when the model begins it. */
    create(how?: { instructions?: string }): Promise<string>
    /** Resolves when it has stopped; that there was nothing to stop is no error (MM-32). */
    cancel(responseId?: string): Promise<void>
  }
  /** Deletes a text that should have been speech, and asks for it anew, step by step (MM-36). Rejects with the step that was refused. */
  recoverFromTextResponse(itemId: string): Promise<void>
  /** The mirror of the conversation only: nothing is sent. */
  updateConversationItemContent(itemId: string, content: readonly (string | ChatAudio)[], interrupted?: boolean): void
  on<E extends keyof SessionEvents>(event: E, listener: (payload: SessionEvents[E]) => void): void
  off<E extends keyof SessionEvents>(event: E, listener: (payload: SessionEvents[E]) => void): void
  /** Ends it: streams end, calls abort, waits reject, `closed` is told. Never rejects; a second call is the same promise. */
  close(): Promise<void>
}

/**
 * What a model can do. `truncate`: it takes back what was not heard. `turnDetection`: it says itself when the caller has spoken; where
 * it does not, the owner commits. `transcription`: it writes down what the caller says; true where not given. Rates in Hz.
 */
export type ModelCapabilities = {
  truncate: boolean
  turnDetection: boolean
  transcription?: boolean
  inputSampleRate: number
  outputSampleRate: number
}
/**
 * `timeoutMs`: how long the server may take over any answer; `closeMs`: how long a close may take, whatever the server does (default 2 500).
 * `epochMs`: epoch time of the clock's zero.
 */
export type SessionHands = { clock: Clock; ids: Ids; log: Log; timeoutMs: number; closeMs?: number; epochMs?: number }
/** A speech-to-speech model. `session` starts to connect at once and never throws for what the world does: `ready` says. */
export interface RealtimeModel {
  readonly label: string
  readonly capabilities: ModelCapabilities
  session(start: { chatCtx: ChatContext; fncCtx: FunctionContext }, hands: SessionHands): RealtimeSession
}
