/** Remote video tracks as pictures: of those that come only the newest waits. */
import { TrackKind, VideoBufferType, type VideoFrameEvent, VideoRotation, VideoStream } from '@livekit/rtc-node'
import { slide } from '../audio/buffer.ts'
import type { VideoFrame, Videos } from '../video/frame.ts'
import { flow } from './flow.ts'
import type { Line } from './line.ts'
import { inI420 } from './native.ts'

const rotations: Record<number, VideoFrame['rotation']> = {
  [VideoRotation.VIDEO_ROTATION_0]: 0,
  [VideoRotation.VIDEO_ROTATION_90]: 90,
  [VideoRotation.VIDEO_ROTATION_180]: 180,
  [VideoRotation.VIDEO_ROTATION_270]: 270,
}

export const videosOf = (line: Line): Videos => ({
  watch: (key, signal) =>
    flow(() => {
      const items = slide<VideoFrame>(1)
      let refused = false
      const refuse = (type: number) => {
        if (!refused) line.log('warn', 'livekit.video.refused', { key, type })
        refused = true
      }
      return {
        ...{ line, key, kind: TrackKind.KIND_VIDEO, signal, items },
        open: track => inI420(() => new VideoStream(track)),
        take: event => {
          if (event.frame.type === VideoBufferType.I420) void items.push(frameOf(event))
          else refuse(event.frame.type)
        },
      }
    }),
})

const frameOf = ({ frame, rotation, timestampUs }: VideoFrameEvent): VideoFrame => ({
  data: frame.data,
  width: frame.width,
  height: frame.height,
  type: 'i420',
  rotation: rotations[rotation] ?? 0,
  timestampUs: Number(timestampUs),
})
