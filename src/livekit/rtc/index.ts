/** LiveKit's RTC surface, safe to use: each part is rtc-node's where it behaves, and ours where it lacks something. */
export type { Clock, Log } from '../../ports.ts'
export { type EmitterOptions, EventEmitter, type Handler } from './emitter.ts'
export {
  ConnectError,
  PublishDataError,
  PublishDTMFError,
  PublishTrackError,
  PublishTranscriptionError,
  UnpublishTrackError,
} from './errors.ts'
export { type AudioProcessing, AudioProcessingModule } from './media/apm.ts'
export {
  AudioFrame,
  type AudioFrameEvent,
  type AudioFrameJson,
  type AudioFrameLike,
  combineAudioFrames,
} from './media/audio-frame.ts'
export { AudioSource } from './media/audio-source.ts'
export { AudioStream, type AudioStreamOptions } from './media/audio-stream.ts'
export * from './media/filter.ts'
export { AudioMixer, type AudioMixerOptions } from './media/mixer.ts'
export { AudioResampler, AudioResamplerQuality, type ResamplerQuality } from './media/resampler.ts'
export { AVSynchronizer, type AVSynchronizerOptions } from './media/synchronizer.ts'
export { VideoFrame, type VideoFrameJson } from './media/video-frame.ts'
export { VideoSource } from './media/video-source.ts'
export { type VideoFrameEvent, VideoStream, type VideoStreamOptions } from './media/video-stream.ts'
export * from './names.ts'
export type { RoomEvents } from './room/connection.ts'
export { E2EEManager, type E2EEOptions, FrameCryptor, KeyProvider, type KeyProviderOptions } from './room/e2ee.ts'
export type { DataPacket, SipDTMF } from './room/events.ts'
export { shutdown as dispose } from './room/lifetime.ts'
export { type DataPublishOptions, LocalParticipant } from './room/local-participant.ts'
export type { PublishOptions, RoomOptions, RtcConfiguration } from './room/options.ts'
export { Participant, RemoteParticipant } from './room/participant.ts'
export type { ParticipantTrackPermission, SubscriptionPermissions } from './room/permissions.ts'
export { AudioTrackFeature, LocalTrackPublication, RemoteTrackPublication, TrackPublication } from './room/publication.ts'
export { type ByteStreamHandler, Room, type RtcStats, type TextStreamHandler } from './room/room.ts'
export { type PerformRpcOptions, RpcError, type RpcHandler, type RpcInvocationData } from './room/rpc.ts'
export {
  type AudioTrack,
  LocalAudioTrack,
  type LocalTrack,
  LocalVideoTrack,
  RemoteAudioTrack,
  type RemoteTrack,
  RemoteVideoTrack,
  Track,
  type TrackStats,
  type VideoTrack,
} from './room/track.ts'
export type { Transcription, TranscriptionSegment } from './room/transcription.ts'
export type { SendFileOptions } from './streams/file.ts'
export type { ReadingOptions } from './streams/inbox.ts'
export type {
  ByteStreamInfo,
  ByteStreamOptions,
  Closing,
  StreamInfo,
  StreamOptions,
  TextStreamInfo,
  TextStreamOptions,
} from './streams/info.ts'
export type { ByteStreamReader, StreamReader, TextStreamReader } from './streams/reader.ts'
export type { SendTextOptions } from './streams/text.ts'
export { CHUNK as STREAM_CHUNK_SIZE } from './streams/wire.ts'
export type { ByteStreamWriter, StreamWriter, TextStreamWriter } from './streams/writer.ts'
