/** Filters of audio, on their way into rtc-node's streams: native plug-ins, their options, and processors of frames in TypeScript. */
export {
  AudioFilter,
  FrameProcessor,
  type FrameProcessorCredentials,
  type FrameProcessorStreamInfo,
  isFrameProcessor,
  type NoiseCancellationOptions,
} from '@livekit/rtc-node'
