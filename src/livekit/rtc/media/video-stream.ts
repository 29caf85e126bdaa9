/** The pictures of a track, or of whatever a participant publishes as one source, with packed rows and in one format. */
import { type Track as SdkTrack, TrackKind, VideoBufferType, type VideoRotation } from '@livekit/rtc-node'
import { slide } from '../../../audio/buffer.ts'
import { coded } from '../../../errors.ts'
import { misuse } from '../errors.ts'
import { stderrLog } from '../log.ts'
import { native, type Told } from '../native.ts'
import { type Coming, watchComings } from './comings.ts'
import { type Followed, followed, isFollowed, type Whose } from './follow.ts'
import { checkCapacity, type GivenTrack, refusedBy, type StreamOptions, type Tap, TrackStream, trackOf } from './track-stream.ts'
import { nameOf, VideoFrame } from './video-frame.ts'

/** How many pictures wait at most where no capacity is given: two seconds of them; one in full HD has 3 MB. */
const BACKLOG = 60

export type VideoStreamOptions = StreamOptions & {
  /** How the pixels are to lie: RGBA, ABGR, ARGB, BGRA, RGB24 or I420. I420 where not given. */
  format?: VideoBufferType
}
/** A picture, as a video stream tells it. Of `timestampUs`, in microseconds of the native layer's clock, only differences count. */
export type VideoFrameEvent = { frame: VideoFrame; timestampUs: number; rotation: VideoRotation }

export class VideoStream extends TrackStream<VideoFrameEvent> {
  /**
   * What `track` shows from now on. Throws a TypeError with code ERR_TRACK for what is no video track and with code ERR_FORMAT for a
   * format that the native layer cannot make, a RangeError with code ERR_RANGE for a capacity that cannot work, and an Error with code
   * ERR_STREAM if the native layer refuses: the track is closed.
   */
  constructor(track: GivenTrack, options?: VideoStreamOptions)
  /** @internal */
  constructor(whose: Followed, options: VideoStreamOptions)
  constructor(from: GivenTrack | Followed, options: VideoStreamOptions = {}) {
    const { format = VideoBufferType.I420, log = stderrLog } = options
    const capacity = checkCapacity(options) || BACKLOG
    if (!formats.includes(format))
      throw misuse(
        'ERR_FORMAT',
        `a video stream cannot give ${nameOf(format)}: use one of VideoBufferType, ${formats.map(nameOf).join(', ')}`,
      )
    const tapOf = (track: SdkTrack) => watch(track, format)
    const tap = isFollowed(from) ? from.follow(tapOf, log) : tapOf(trackOf(from, TrackKind.KIND_VIDEO))
    super(slide(capacity, undefined, options.onDrops), tap)
  }

  /** The same as the constructor. */
  static fromTrack({ track, ...options }: { track: GivenTrack } & VideoStreamOptions): VideoStream {
    return new VideoStream(track, options)
  }
  /**
   * What this participant publishes as this source shows, one track after the other: nothing comes while there is none, and it is
   * over when the participant has left or the room is. Throws as the constructor does.
   */
  static fromParticipant({ participant, trackSource, room, ...options }: Whose & VideoStreamOptions): VideoStream {
    return new VideoStream(followed({ participant, trackSource, ...(room && { room }) }, TrackKind.KIND_VIDEO), options)
  }
}

/** What the native layer can make of a picture: asked for another format, it gives none at all (bindings 0.12.73). */
const { RGBA, ABGR, ARGB, BGRA, RGB24, I420 } = VideoBufferType
const formats = [RGBA, ABGR, ARGB, BGRA, RGB24, I420]
const STREAM_NATIVE = 0 // of the protocol's VideoStreamType

type Shown = Extract<Extract<Told, { case: 'videoStreamEvent' }>['value']['message'], { case: 'frameReceived' }>['value']
type Opened = { stream?: { handle?: { id?: bigint } } }

/** rtc-node's own stream asks for no format, reads as if rows were packed, and does not end with the subscription. */
const watch =
  (track: SdkTrack, format: VideoBufferType): Tap<VideoFrameEvent> =>
  ({ take, end }) => {
    const id = begin(track, format)
    const handle = native().own(id)
    let on = true
    const show = ({ buffer, timestampUs = 0n, rotation = 0 }: Shown) => {
      if (!buffer) return
      if (!on) return letGo(buffer.handle?.id)
      try {
        const frame = VideoFrame.fromOwnedInfo(buffer)
        if (frame.type !== format) throw coded('ERR_FORMAT', `the native layer gave ${frame}, which was not asked for`)
        take({ frame, timestampUs: Number(timestampUs), rotation })
      } catch (error) {
        end(error)
      }
    }
    const off = native().listen(told => {
      if (told.case !== 'videoStreamEvent' || told.value.streamHandle !== id) return
      const { message } = told.value
      if (message.case === 'frameReceived') show(message.value)
      if (message.case !== 'eos') return
      off() // not with the stop: pictures that were on their way then must be given back too
      end()
    })
    const room = track.resolveRoom()
    const isOver = (coming: Coming) => coming.type === 'unsubscribed' && coming.track === track
    const forget = room ? watchComings(room, coming => isOver(coming) && end()) : () => {}
    return () => {
      if (on) handle.dispose()
      on = false
      forget()
    }
  }

const letGo = (id = 0n): void => {
  native().own(id).dispose()
}

const begin = (track: SdkTrack, format: VideoBufferType): bigint => {
  const value = { trackHandle: track.ffi_handle.handle, type: STREAM_NATIVE, format, normalizeStride: true }
  try {
    const { stream } = native().request<Opened>({ case: 'newVideoStream', value })
    if (stream?.handle?.id !== undefined) return stream.handle.id
  } catch (error) {
    throw refusedBy(error)
  }
  throw refusedBy('it gave none')
}
