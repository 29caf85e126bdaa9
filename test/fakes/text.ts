/** Text streams that go nowhere: each is kept with all that was said about it. */
import type { Packet, Packets, TextOut, TextStream } from '../../src/ports.ts'

export type FakeStream = TextStream & {
  /** What was written, piece by piece; a piece whose write fails is not in it. */
  pieces: string[]
  /** Close was called; and everything worked, so that a reader got all of it. */
  closed: boolean
  complete: boolean
}
export type TextCall = 'open' | 'write' | 'close'
export type FakeTextOut = TextOut & {
  /** All streams in the order in which they were opened. */
  streams: FakeStream[]
  /** Every call in its order: `open`, `write Hello`, `close`. */
  calls: string[]
  /** Is waited for in each call: it may fail it by throwing. Does nothing by itself. */
  before: (call: TextCall) => unknown
}

/** `closesWithAttributes`: whether closing attributes arrive; true where not given. */
export const fakeTextOut = (closesWithAttributes = true): FakeTextOut => {
  const out: FakeTextOut = {
    closesWithAttributes,
    streams: [],
    calls: [],
    before: () => {},
    open: async stream => {
      out.calls.push('open')
      await out.before('open')
      const kept: FakeStream = { ...stream, attributes: { ...stream.attributes }, pieces: [], closed: false, complete: false }
      out.streams.push(kept)
      let broken = false
      const attempt = async (call: TextCall) => {
        try {
          await out.before(call)
        } catch (error) {
          broken = true
          throw error
        }
      }
      return {
        write: async text => {
          out.calls.push(`write ${text}`)
          await attempt('write')
          if (kept.closed) throw new Error('written to a closed stream')
          kept.pieces.push(text)
        },
        close: async (attributes = {}) => {
          out.calls.push('close')
          kept.closed = true
          await attempt('close')
          if (closesWithAttributes) Object.assign(kept.attributes, attributes)
          kept.complete = !broken
        },
      }
    },
  }
  return out
}

/** What a stream said, in short: segment, whole text, and `final` if it was. */
export const gist = ({ attributes, pieces }: FakeStream): string =>
  `${attributes['lk.segment_id']} ${pieces.join('')}${attributes['lk.transcription_final'] === 'true' ? ' final' : ''}`

export type FakePackets = Packets & {
  /** All that were sent, in their order. */
  sent: Packet[]
  /** Is waited for in each call: it may fail it by throwing. Does nothing by itself. */
  before: () => unknown
}
export const fakePackets = (): FakePackets => {
  const packets: FakePackets = {
    sent: [],
    before: () => {},
    send: async packet => {
      await packets.before()
      packets.sent.push(packet)
    },
  }
  return packets
}
