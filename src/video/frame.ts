/** One picture of a video track. */

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
