/** What the engine asks of the world, in the engine's own words. LiveKit and the loopback room both answer it. */
import type { AudioFrame, Format } from './audio/frame.ts'
import type { Rated, TimedString } from './text/timed.ts'
import type { Videos } from './video/frame.ts'

/** One clock for delays and for the data plane. `now()` is in milliseconds and frozen within a turn of the event loop. */
export interface Clock {
  now(): number
  /** Time that passes only where somebody moves it. */
  readonly virtual?: boolean
  setTimeout(callback: () => void, ms: number): unknown
  clearTimeout(handle: unknown): void
  /** Real I/O: virtual time stands still until `work` settles. A real clock returns `work` as it is. */
  hold<T>(work: Promise<T>): Promise<T>
}

/** Makes ids: `next('SG_')` is `SG_` and 12 hex digits. */
export interface Ids {
  next(prefix: string): string
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
/** One line of news for the operator. `code` is stable and lower case with dots: tests count codes. */
export type Log = (level: LogLevel, code: string, fields?: Record<string, unknown>) => void

export type ParticipantKind = 'standard' | 'ingress' | 'egress' | 'sip' | 'agent' | 'connector'
export type TrackSource = 'microphone' | 'camera' | 'screen' | 'other'
/** A published track. `sid` is the publication's; `key` names one concrete subscribed track: a replacement has the same sid and another key. */
export type TrackInfo = {
  sid: string
  key?: string
  source: TrackSource
  muted: boolean
  subscribed: boolean
  preconnect: boolean
  /** The participant's own side cancels noise already (MIC-17). */
  enhanced?: boolean
}
/**
 * A remote participant. `active` = the server says it can receive data. `protocol`: what its client says it knows of the protocol between
 * clients; where a world does not tell, it knows all.
 */
export type Participant = {
  identity: string
  sid: string
  kind: ParticipantKind
  attributes: Record<string, string>
  active: boolean
  protocol?: number
  tracks: TrackInfo[]
}
/** Why a participant left, or the room ended. Other reasons of the server are `unknown`. */
export type LeaveReason =
  | 'client_initiated'
  | 'duplicate_identity'
  | 'server_shutdown'
  | 'participant_removed'
  | 'room_deleted'
  | 'user_rejected'
  | 'connection_lost'
  | 'unknown'

type From = { identity: string; participantSid: string }
/** Facts of the room, plain data. `participantSid` tells two stays of one identity apart. */
export type RoomEvent =
  | { type: 'participant.joined'; participant: Participant }
  | ({ type: 'participant.active' } & From)
  | ({ type: 'participant.changed'; attributes: Record<string, string> } & From) // all attributes, not only the changed
  | ({ type: 'participant.left'; reason: LeaveReason } & From)
  | ({ type: 'track.published'; track: TrackInfo } & From)
  | ({ type: 'track.unpublished'; track: TrackInfo } & From)
  | ({ type: 'track.subscribed'; track: TrackInfo } & From) // track.key is set
  | ({ type: 'track.unsubscribed'; track: TrackInfo } & From) // track.key names the track that ended
  | ({ type: 'track.muted'; track: TrackInfo } & From)
  | ({ type: 'track.unmuted'; track: TrackInfo } & From)
  | { type: 'speaker.subscribed'; sid: string } // somebody hears our own track for the first time
  | { type: 'speaker.republished'; sid: string; previousSid: string } // by the SDK, after a full reconnect
  | { type: 'room.reconnecting' }
  | { type: 'room.reconnected'; participants: Participant[] }
  | { type: 'room.disconnected'; reason: LeaveReason }

/** Who we are in the room, and who was there when we came. */
export type Joined = { name: string; identity: string; participants: Participant[] }

/** The room itself. A port is used for one connection; another connection is another port. */
export interface Room {
  /** Connects. `tell` gets every fact from the returned roster on, one at a time; it must not throw. Rejects with one clear line. */
  join(tell: (event: RoomEvent) => void, signal: AbortSignal): Promise<Joined>
  /** Leaves, and takes every listener off. Never rejects; a second call is the same promise. */
  leave(): Promise<void>
  /** Sets the given attributes of the local participant; resolves when the server took them. */
  setAttributes(attributes: Record<string, string>, signal: AbortSignal): Promise<void>
}

/**
 * How a track is to be heard. Every frame has exactly `frameMs`, a multiple of 10 (10 where not given). `noiseCancellation`: options for
 * the world, which it takes as they are; or the processor through which the frames will go, if the world has something to tell it.
 */
export type Listening = Format & { frameMs?: number; noiseCancellation?: object }
/** Remote audio tracks. */
export interface Tracks {
  /** The frames of the track with this key, from now on. Ends with the track, on abort, or at `return()` (called, never awaited). An unknown key ends at once. */
  listen(key: string, how: Listening, signal: AbortSignal): AsyncIterable<AudioFrame>
}

/** What `Sink.clear` took back. `exact`: the position is known to the sample, so a fade may follow it. */
export type TakenBack = { unplayed: number; exact: boolean }
/** The device's own bounded queue of samples; it plays by itself in real time. Counts are samples per channel. */
export interface Sink extends Format {
  /** How many samples may be handed over now; always a whole number of 10 ms blocks. */
  free(): number
  /** How many samples were handed over and are not played yet. A block that is refused counts until its `write` has rejected. */
  queued(): number
  /**
   * Hands over interleaved samples, which are the sink's from now on: a whole number of 10 ms blocks, at most `free()` of them. Rejects
   * if they were refused.
   */
  write(data: Int16Array): Promise<void>
  /** Empties the queue at once. */
  clear(): TakenBack
}

/** `options`: what else the SDK shall be told when it is published, in its own words. */
export type SpeakerTrack = Format & { name: string; queueMs: number; options?: object }
/** Our own published track: `sid`, its queue, and what ends it. */
export interface Publication {
  sid: string
  sink: Sink
  /** Unpublishes and frees the queue; what it had not played counts until `clear`. Never rejects; a second call is the same promise. */
  close(): Promise<void>
}
/** Publishes our voice. */
export interface Speakers {
  publish(track: SpeakerTrack, signal: AbortSignal): Promise<Publication>
}

/** What a text or byte stream says of itself. `timestamp` in epoch ms. */
export type StreamInfo = { id: string; topic: string; attributes: Record<string, string>; mimeType: string; timestamp: number }
/** A stream that a participant opened. Abnormal ends throw from the iteration. */
export type Incoming<T> = { info: StreamInfo; identity: string; chunks: AsyncIterable<T> }
/** Streams that come in, by topic. */
export interface StreamsIn<T> {
  /** Takes the topic over; gives back the function that lets it go. Throws an Error with code ERR_TOPIC_TAKEN if it is not free. */
  listen(topic: string, take: (stream: Incoming<T>) => void): () => void
}
export type TextIn = StreamsIn<string>
export type ByteIn = StreamsIn<Uint8Array>

/** An open text stream of ours. */
export interface TextWriter {
  write(text: string): Promise<void>
  /** Closes it; `attributes` are merged over those it was opened with, where the world can carry them. */
  close(attributes?: Record<string, string>): Promise<void>
}
export type TextStream = { topic: string; attributes: Record<string, string>; sender?: string; to?: string[] }
/** Text streams that go out. */
export interface TextOut {
  /** Whether the attributes given to `TextWriter.close` arrive. Where they do not, what they would say needs a stream of its own. */
  readonly closesWithAttributes: boolean
  open(stream: TextStream, signal: AbortSignal): Promise<TextWriter>
}

/** One segment of a transcription in the form that was before text streams: all of its text so far. `track`: the voice's. */
export type Packet = { identity: string; track: string; id: string; text: string; final: boolean }
/** Transcriptions for clients that know no text streams. */
export interface Packets {
  send(packet: Packet, signal: AbortSignal): Promise<void>
}

/** Turns Opus in its container (Ogg or WebM, as browsers send it) into frames, as the bytes come. */
export interface OpusDecoder {
  decode(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncIterable<AudioFrame>
}

/** A piece of text; times in milliseconds from the start of the audio it belongs to. */
export type Word = Rated
/** Something else that takes the agent's text, piece by piece. What it throws is logged. */
export interface TextSink {
  captureText(text: string | TimedString): unknown
  flush(): unknown
}
/** What became of an utterance. Samples per channel; pushed = heard + discarded. */
export type Tally = { pushed: number; heard: number; discarded: number }
export type Outcome = 'finished' | 'interrupted' | 'abandoned'
export type Played = Tally & { id: string; outcome: Outcome; spoken?: string; error?: string }

/**
 * How a mind brings something of its own: a model, a service. `port` gives the same with all that it tells noted as an input of the engine;
 * the clock and the ids are for that thing itself, whose timers are no inputs.
 */
export type Outside = { port<T extends object>(name: string, port: T): T; clock: Clock; ids: Ids; log: Log; epochMs: number }
/** Everything the engine needs of the world for one room. */
export type World = {
  room: Room
  tracks: Tracks
  videos: Videos
  speakers: Speakers
  textOut: TextOut
  textIn: TextIn
  byteIn: ByteIn
  clock: Clock
  ids: Ids
  log: Log
  packets?: Packets // where there are none, none are sent
  outside?: Outside // where the world's inputs are noted, what a mind brings with it is noted too
  epochMs?: number // of the clock's zero, for times that others compare; 0 where not given
  opus?: OpusDecoder // where there is none, openRoom brings its own
}
