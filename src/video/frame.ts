/** The pictures of video tracks, and the port that they come from. */

/** How its pixels lie in its bytes. */
export type VideoType = 'rgba' | 'abgr' | 'argb' | 'bgra' | 'rgb24' | 'i420' | 'i420a' | 'i422' | 'i444' | 'i010' | 'nv12'
/** A picture: rows packed, plane after plane. Turned clockwise by `rotation` degrees it is upright. Of `timestampUs` only differences count. */
export type VideoFrame = {
  data: Uint8Array
  width: number
  height: number
  type: VideoType
  rotation: 0 | 90 | 180 | 270
  timestampUs: number
}

/** Remote video tracks. */
export interface Videos {
  /**
   * The pictures of the track with this key, from now on; at most the newest waits. Ends with the track, on abort, or when `return()` is
   * called (which is called, never awaited). A key that is unknown, or of a track that has only sound, ends at once.
   */
  watch(key: string, signal: AbortSignal): AsyncIterable<VideoFrame>
}
