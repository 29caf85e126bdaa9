/** Pictures that say their number. */
import type { VideoFrame } from '../../src/video/frame.ts'

/** A picture that says which one it is. */
export const picture = (n: number): VideoFrame => ({
  data: Uint8Array.of(n, 0, 0, 255),
  ...{ width: 1, height: 1, type: 'rgba', rotation: 0, timestampUs: n * 40_000 },
})
export const numberOf = ({ data }: VideoFrame) => data[0]
