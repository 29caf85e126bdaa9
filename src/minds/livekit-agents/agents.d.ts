/**
 * The part of `@livekit/agents` that is used: npm refuses that package beside the rtc-node that is installed here. Where it is there, in
 * test/agents, this file is left out, and what uses it is held against the package's own types.
 */
declare module '@livekit/agents' {
  import type { EventEmitter } from 'node:events'
  import type { ReadableStream } from 'node:stream/web'
  import type { AudioFrame } from '@livekit/rtc-node'

  export namespace llm {
    type AudioContent = { type: 'audio_content'; frame: AudioFrame[]; transcript?: string }
    type ChatContent =
      | string
      | AudioContent
      | { type: 'image_content' }
      | { readonly type: 'instructions'; readonly value: string }
    type ChatRole = 'developer' | 'system' | 'user' | 'assistant'

    class ChatMessage {
      readonly id: string
      readonly type: 'message'
      readonly role: ChatRole
      content: ChatContent[]
      interrupted: boolean
      static create(message: { id?: string; role: ChatRole; content: ChatContent[]; interrupted?: boolean }): ChatMessage
    }
    class FunctionCall {
      readonly id: string
      readonly type: 'function_call'
      callId: string
      name: string
      args: string
      static create(call: { id?: string; callId: string; name: string; args: string }): FunctionCall
    }
    class FunctionCallOutput {
      readonly id: string
      readonly type: 'function_call_output'
      callId: string
      output: string
      isError: boolean
      static create(output: { id?: string; callId: string; name?: string; output: string; isError: boolean }): FunctionCallOutput
    }
    type Other = { readonly id: string; readonly type: 'agent_handoff' | 'agent_config_update' }
    type ChatItem = ChatMessage | FunctionCall | FunctionCallOutput | Other
    class ChatContext {
      constructor(items?: ChatItem[])
      items: ChatItem[]
      getById(id: string): ChatItem | undefined
      copy(): ChatContext
    }
    const createAudioContent: (audio: { frame: AudioFrame[]; transcript?: string }) => AudioContent

    interface FunctionTool {
      type: 'function'
      name: string
    }
    const tool: (tool: {
      name: string
      description: string
      parameters: object
      execute(args: unknown): Promise<unknown>
    }) => FunctionTool
    class ToolContext {
      constructor(tools?: readonly FunctionTool[])
    }

    interface MessageGeneration {
      messageId: string
      textStream: ReadableStream<string | { text: string }>
      audioStream: ReadableStream<AudioFrame>
      modalities?: Promise<('text' | 'audio')[]>
    }
    interface GenerationCreatedEvent {
      messageStream: ReadableStream<MessageGeneration>
      functionStream: ReadableStream<FunctionCall>
      userInitiated: boolean
      responseId?: string
    }
    interface InputTranscriptionCompleted {
      itemId: string
      transcript: string
      isFinal: boolean
    }
    interface RealtimeModelError {
      error: Error
      recoverable: boolean
    }
    interface RealtimeCapabilities {
      messageTruncation: boolean
      turnDetection: boolean
      autoToolReplyGeneration: boolean
      audioOutput: boolean
    }
    abstract class RealtimeModel {
      get capabilities(): RealtimeCapabilities
      get provider(): string
      abstract get model(): string
      label(): string
      abstract session(): RealtimeSession
    }
    abstract class RealtimeSession extends EventEmitter {
      abstract get chatCtx(): ChatContext
      abstract updateInstructions(instructions: string): Promise<void>
      abstract updateChatCtx(chatCtx: ChatContext): Promise<void>
      abstract updateTools(tools: ToolContext): Promise<void>
      abstract pushAudio(frame: AudioFrame): void
      abstract generateReply(instructions?: string, how?: { signal?: AbortSignal }): Promise<GenerationCreatedEvent>
      abstract commitAudio(): Promise<void>
      abstract clearAudio(): Promise<void>
      abstract interrupt(): Promise<void>
      abstract truncate(cut: {
        messageId: string
        audioEndMs: number
        modalities?: ('text' | 'audio')[]
        audioTranscript?: string
      }): Promise<void>
      close(): Promise<void>
    }
  }

  export namespace metrics {
    type RealtimeModelMetrics = {
      label: string
      requestId: string
      timestamp: number
      durationMs: number
      ttftMs: number
      cancelled: boolean
      inputTokens: number
      outputTokens: number
      totalTokens: number
      tokensPerSecond: number
      inputTokenDetails: { cachedTokens: number; textTokens: number; audioTokens: number }
      outputTokenDetails: { textTokens: number; audioTokens: number }
    }
  }
}
