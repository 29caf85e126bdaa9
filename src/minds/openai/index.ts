/** `chartroom/openai`: models of OpenAI's Realtime API, at OpenAI, at Azure, or at whoever speaks the same. */
export { OpenAIRealtimeModel } from './model.ts'
export type { AzureOptions, InputTranscription, OpenAIRealtimeOptions, SocketOptions, TurnDetection } from './settings.ts'
