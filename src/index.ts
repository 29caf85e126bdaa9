/**
 * Chartroom: the layer between a room and a voice agent's mind. `openRoom(world)` gives a room; a world comes from `createLoopback`
 * here, or from `livekit` in `chartroom/livekit`. Any machine runs alone too: `createActor(playoutOn(speaker), …)`.
 */
export { type AgentFact, agentMachine } from '../machines/agent.ts'
export { cameraMachine } from '../machines/inbound/camera.ts'
export { chatMachine } from '../machines/inbound/chat.ts'
export { linkMachine } from '../machines/inbound/link.ts'
export { microphoneMachine } from '../machines/inbound/microphone.ts'
export { preconnectMachine } from '../machines/inbound/preconnect.ts'
export { type FalseInterruption, interruptionMachine } from '../machines/outbound/interruption.ts'
export { type OutputFact, outputMachine } from '../machines/outbound/output.ts'
export { type PlayoutEvent, playoutMachine } from '../machines/outbound/playout.ts'
export { presenceMachine } from '../machines/outbound/presence.ts'
export { syncMachine } from '../machines/outbound/sync.ts'
export { transcriptMachine } from '../machines/outbound/transcript.ts'
export { realtimeMachine } from '../machines/realtime.ts'
export { roomMachine } from '../machines/room.ts'
export { failureTable } from '../machines/supervision.ts'
export { agentOn, type MindLogic } from './agent.ts'
export {
  AgentPlayout,
  type AgentPlayoutOptions,
  type PlayOptions,
  type PlayoutEnd,
  type PlayoutHandle,
  type PlayoutNews,
  type PlayoutOutcome,
  type PlayoutReason,
} from './agent-playout.ts'
export { type AudioFrame, type Format, frameOf, msOf, samplesOf } from './audio/frame.ts'
export { realClock, sleep } from './clock.ts'
export { createOpus } from './codec/opus.ts'
export type { RoomFact } from './facts.ts'
export type { Guest, GuestLogic, GuestOptions } from './guests.ts'
export { seededIds } from './ids.ts'
export { cameraOn } from './inbound/camera.ts'
export { chatOn } from './inbound/chat.ts'
export { createEar, type Ear } from './inbound/ear.ts'
export { Eye, type Sights } from './inbound/eye.ts'
export { Inbox } from './inbound/inbox.ts'
export { linkOn } from './inbound/link.ts'
export { microphoneOn } from './inbound/microphone.ts'
export type { FrameProcessor, NoiseCancellation, NoiseSelector } from './inbound/noise.ts'
export type { Journal, JournalLine } from './journal.ts'
export { createLoopback, type Loopback, type RemoteParticipant } from './loopback/index.ts'
export type * from './mind.ts'
export type * from './minds/senses.ts'
export type { RoomOptions, TextInputOptions, TextOutputOptions } from './options.ts'
export { type CaptionPlace, type CaptionRoomHands, captionRoomIn, captionRoomOn } from './outbound/caption-room.ts'
export { Chain } from './outbound/chain.ts'
export { interruptionOn } from './outbound/interruption.ts'
export type { CaptionRoom, CaptionSegment, Transcription } from './outbound/outbox.ts'
export { outputOn } from './outbound/output.ts'
export { playoutOn } from './outbound/playout.ts'
export { presenceOn } from './outbound/presence.ts'
export { type Heard, Speaker } from './outbound/speaker.ts'
export { type SttEvent, SttForwarder, type SttForwarderOptions } from './outbound/stt.ts'
export { Showing, syncOn } from './outbound/sync.ts'
export { Captions, transcriptOn } from './outbound/transcript.ts'
export { type Forwarder, TtsForwarder, type TtsForwarderOptions } from './outbound/tts.ts'
export { say } from './pipes/say.ts'
export type * from './ports.ts'
export { type RealtimeHands, realtimeOn } from './realtime/realtime.ts'
export { type ChartRoom, openRoom } from './room.ts'
export type { VideoFrame, Videos, VideoType } from './video/frame.ts'
