/** Captions with a machine for each segment, on streams and packets that a test watches. */
import { createActor } from 'xstate'
import type { Segment, TranscriptFact } from '../../machines/outbound/transcript.ts'
import { type CaptionHands, Captions, transcriptOn } from '../../src/outbound/transcript.ts'
import { virtualClock } from '../../src/virtual.ts'
import { type FakePackets, type FakeTextOut, fakeTextOut, type TextCall } from '../fakes/text.ts'

export type Rig = { out?: FakeTextOut; tracks?: Record<string, string>; packets?: FakePackets } & Pick<
  CaptionHands,
  'json' | 'next'
>
export const rig = ({ out = fakeTextOut(), tracks = {}, packets, ...rest }: Rig = {}) => {
  const codes: string[] = []
  const facts: TranscriptFact[] = []
  const log = (_level: string, code: string) => void codes.push(code)
  const trackOf = (identity: string) => tracks[identity]
  const senderOf = (identity: string) => ({ identity, track: tracks[identity] ?? 'TR_0' })
  const sending = packets && { packets, wanted: () => true, senderOf, log }
  const captions = new Captions({ textOut: out, trackOf, log, ...rest, ...(sending ? { packets: sending } : {}) })
  const machine = transcriptOn({ captions, log, tell: fact => facts.push(fact) })
  return { out, tracks, codes, facts, captions, machine }
}

export const start = (options: Rig = {}) => {
  const clock = virtualClock()
  const { machine, ...rest } = rig(options)
  const open = (segment: Partial<Segment> & { id: string; away?: boolean }) => {
    const input = { side: 'agent', identity: 'agent', ...segment } as const
    return createActor(machine, { clock, id: `transcript:${segment.id}`, input }).start()
  }
  return { clock, open, ...rest }
}
export const finish = { type: 'finish' } as const

/** Fails the n-th call of this kind from now on. */
export const failing = (out: FakeTextOut, kind: TextCall, times: number) => {
  let left = times
  out.before = call => {
    if (call === kind && left-- > 0) throw new Error('refused')
  }
}

/** A text output whose calls wait until `release` lets them through, one after another, until no more are made. */
export const slow = (out: FakeTextOut, settle: () => Promise<void>) => {
  const waits: (() => void)[] = []
  out.before = () => new Promise<void>(resolve => waits.push(resolve))
  return async () => {
    for (let go = waits.shift(); go; go = waits.shift()) {
      go()
      await settle()
    }
  }
}
