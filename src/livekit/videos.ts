/** Remote video tracks as pictures: of those that come only the newest waits. */
import { TrackKind, VideoBufferType, VideoRotation } from '@livekit/rtc-node'
import type { VideoFrame, Videos } from '../video/frame.ts'
import { flow } from './flow.ts'
import type { Line } from './line.ts'
import { type VideoFrameEvent, VideoStream } from './rtc/media/video-stream.ts'

const rotations: Record<number, VideoFrame['rotation']> = {
  [VideoRotation.VIDEO_ROTATION_0]: 0,
  [VideoRotation.VIDEO_ROTATION_90]: 90,
  [VideoRotation.VIDEO_ROTATION_180]: 180,
  [VideoRotation.VIDEO_ROTATION_270]: 270,
}

export const videosOf = (line: Line): Videos => ({
  watch: (key, signal) =>
    flow({
      ...{ line, key, kind: TrackKind.KIND_VIDEO, signal },
      open: track => new VideoStream(track, { capacity: 1, format: VideoBufferType.I420 }),
      of: frameOf,
    }),
})

const frameOf = ({ frame, rotation, timestampUs }: VideoFrameEvent): VideoFrame => ({
  data: frame.data,
  width: frame.width,
  height: frame.height,
  type: 'i420',
  rotation: rotations[rotation] ?? 0,
  timestampUs,
})
