/** A camera, or a screen, that shows the pictures it is given. */
import type { TrackSource } from '../ports.ts'
import type { VideoFrame } from '../video/frame.ts'
import type { Inside } from './inside.ts'
import type { Seat } from './seat.ts'
import { Timeline } from './timeline.ts'
import { Track } from './track.ts'
import { Pictures } from './videos.ts'

/** A published video track of a scripted participant. */
export type Camera = {
  /** Of the publication. */
  readonly sid: string
  /** Whoever watches now gets this picture; muted, nobody does. */
  show(frame: VideoFrame): void
  mute(): void
  unmute(): void
  /** Goes on as another track under the same sid: watchers get another key. `late`: the old one's end is told after that. */
  replace(options?: { late?: boolean }): void
  unpublish(): void
}

/** Any rate does: it has no sound. */
const silence = { sampleRate: 48_000, channels: 1 }

export const publishCamera = ({ server }: Inside, seat: Seat, source: TrackSource): Camera => {
  const pictures = new Pictures()
  const timeline = new Timeline(silence, seat.clock)
  const track = new Track({ sid: server.ids.next('TR_'), source, preconnect: false, timeline, pictures })
  server.publish(seat, track)
  return {
    get sid() {
      return track.sid
    },
    show: frame => {
      if (!track.muted()) pictures.show(frame)
    },
    mute: () => server.mute(seat, track, true),
    unmute: () => server.mute(seat, track, false),
    replace: ({ late = false } = {}) => server.replace(seat, track, late),
    unpublish: () => server.unpublish(seat, track),
  }
}
