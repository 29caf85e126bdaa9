/** What was said on a track, in segments: published by whoever writes it down, and told by an event of the room. */
import type { Transcription as SdkTranscription } from '@livekit/rtc-node'
import { outside } from '../errors.ts'

/** A piece of what was said. It comes again under its id as more of it is understood, until `final`. */
export type TranscriptionSegment = {
  id: string
  text: string
  /** In whole ms, of what clock the publisher decides. */
  startTime: number
  endTime: number
  /** As `en` or `en-US`; may be empty. */
  language: string
  final: boolean
}
export type Transcription = { participantIdentity: string; trackSid: string; segments: TranscriptionSegment[] }

/** Throws a RangeError with code ERR_RANGE for a time that is no whole number from 0 on: the protocol has no room for it (TR-1). */
export const toSdkTranscription = ({ participantIdentity, trackSid, segments }: Transcription): SdkTranscription => ({
  participantIdentity,
  trackSid,
  segments: segments.map(({ startTime, endTime, ...rest }) => ({
    ...rest,
    startTime: wide('startTime', startTime),
    endTime: wide('endTime', endTime),
  })),
})
const wide = (name: string, ms: number): bigint => {
  if (Number.isSafeInteger(ms) && ms >= 0) return BigInt(ms)
  throw outside('ERR_RANGE', `the ${name} of a segment must be a whole number from 0 on, in ms, and is ${ms}`)
}

/** As the native layer tells them: a field that is not there is empty. */
type ToldSegment = Partial<
  Record<'id' | 'text' | 'language', string> & Record<'startTime' | 'endTime', bigint> & { final: boolean }
>
export const segmentsOf = (told: ToldSegment[]): TranscriptionSegment[] =>
  told.map(({ id = '', text = '', startTime = 0n, endTime = 0n, language = '', final = false }) => ({
    ...{ id, text, startTime: Number(startTime), endTime: Number(endTime), language, final },
  }))
