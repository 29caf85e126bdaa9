/** A remote participant of the loopback room who does what a test or a simulated caller says. */
import type { ByteIn, LeaveReason, Packet, ParticipantKind, RoomEvent, TextIn, TrackSource } from '../ports.ts'
import { type Camera, publishCamera } from './camera.ts'
import { type Ear, EarInside } from './ear.ts'
import type { Account, Inside } from './inside.ts'
import { createMic, type Mic } from './mic.ts'
import { counted } from './open.ts'
import type { Seat, Takers } from './seat.ts'
import { openStream, streamsIn } from './streams.ts'
import { Timeline } from './timeline.ts'
import { Track } from './track.ts'

/** `subscribes: false`: takes no track until `subscribe()`. `activeAfterMs`: cannot receive data before. `protocol`: see `Participant`. */
export type ParticipantOptions = {
  identity: string
  kind?: ParticipantKind
  attributes?: Record<string, string>
  subscribes?: boolean
  activeAfterMs?: number
  protocol?: number
}
export type Sending = { attributes?: Record<string, string>; mimeType?: string; to?: string[]; closing?: Record<string, string> }
/** `enhanced`: says that its noise is cancelled already. */
export type MicOptions = {
  source?: TrackSource
  preconnect?: boolean
  enhanced?: boolean
  sampleRate?: number
  channels?: number
}
/** A stream that was collected; it fills while it comes in. `attributes`: the closing ones are laid over the opening ones. */
export type Collected = {
  id: string
  from: string
  attributes: Record<string, string>
  text: string
  state: 'open' | 'closed' | 'broken'
}
/** An open stream of a participant. */
export type Sender<T> = { write(chunk: T): void; close(attributes?: Record<string, string>): void; break(error?: Error): void }

/** The engine's usual input rate, in Hz: no conversion on the way. */
const usualRate = 24_000

/** A scripted participant. Everything takes effect at once; the others are told in a turn of their own. */
export class RemoteParticipant {
  readonly #inside: Inside
  readonly #options: ParticipantOptions
  readonly #account: Account
  readonly #watchers = new Set<(event: RoomEvent) => void>()
  #seat: Seat

  constructor(inside: Inside, options: ParticipantOptions) {
    this.#inside = inside
    this.#options = options
    this.#account = inside.account(options.identity)
    this.#seat = this.#newSeat()
  }

  get identity(): string {
    return this.#options.identity
  }
  /** Another one with every `join`; '' before the first. */
  get sid(): string {
    return this.#seat.sid
  }
  get here(): boolean {
    return this.#seat.here
  }
  join(): void {
    if (this.here) throw new Error(`${this.identity} is here already: call leave() first`)
    if (this.#seat.gone.signal.aborted) this.#seat = this.#newSeat()
    this.#seat.sid = this.#inside.server.ids.next('PA_')
    this.#inside.server.enter(this.#seat)
  }
  leave(reason: LeaveReason = 'client_initiated'): void {
    this.#inside.server.exit(this.#seat, reason, false)
  }
  /** Every fact this participant is told, in all its stays. The function given back ends that. */
  watch(tell: (event: RoomEvent) => void): () => void {
    this.#watchers.add(tell)
    return () => this.#watchers.delete(tell)
  }
  /** Sets these, keeps the others; '' takes one away. */
  setAttributes(attributes: Record<string, string>): void {
    this.#inside.server.change(this.#seat, attributes)
  }
  /** All attributes of somebody here, undefined if nobody has that name. */
  attributesOf(identity: string): Record<string, string> | undefined {
    const found = this.#inside.server.find(identity)
    return found && { ...found.attributes }
  }

  publish(options: MicOptions = {}): Mic {
    return publishMic(this.#inside, this.#present(), options)
  }
  publishVideo(source: 'camera' | 'screen' = 'camera'): Camera {
    return publishCamera(this.#inside, this.#present(), source)
  }
  /** Takes all tracks of `identity` that are there now. */
  subscribe(identity: string): void {
    const seat = this.#present()
    const owner = this.#inside.server.find(identity)
    const taken = new Set([...seat.heard.values()].map(({ track }) => track))
    for (const track of owner?.tracks ?? []) if (owner && !taken.has(track)) this.#inside.server.subscribe(seat, owner, track)
  }
  /** Hears what `identity` plays on tracks that this participant takes, from now until it leaves. Mono; 24 000 Hz where not given. */
  hears(identity: string, sampleRate = usualRate): Ear {
    const seat = this.#seat
    const { open, clock } = this.#account
    const ear = new EarInside({
      identity,
      sampleRate,
      clock,
      begun: () => counted(open, 'listeners'),
      lost: this.#inside.lostBy(this.identity),
      deaf: ({ sid, format }) => this.#inside.server.log('warn', 'ear.deaf', { sid, ...format, wanted: sampleRate }),
      closed: () => seat.ears.delete(ear),
    })
    seat.ears.add(ear)
    for (const { track, owner } of seat.heard.values()) if (owner.identity === identity) ear.attach(track)
    return ear
  }

  /** Text streams that come in, by topic; until it leaves. */
  get textIn(): TextIn {
    return streamsIn(this.#seat.texts, this.#seat.gone.signal, this.#account.open)
  }
  get byteIn(): ByteIn {
    return streamsIn(this.#seat.bytes, this.#seat.gone.signal, this.#account.open)
  }
  /** Collects the text streams of a topic from now on: a live list. */
  collect(topic: string): Collected[] {
    return collect(this.textIn, topic)
  }
  /** Collects the transcriptions that come as packets, until it leaves: a live list. */
  packets(): Packet[] {
    const all: Packet[] = []
    this.#seat.packets.add(packet => all.push(packet))
    return all
  }
  openText(topic: string, sending: Sending = {}): Sender<string> {
    return this.#open(topic, 'text/plain', sending, seat => seat.texts)
  }
  openBytes(topic: string, sending: Sending = {}): Sender<Uint8Array> {
    return this.#open(topic, 'application/octet-stream', sending, seat => seat.bytes)
  }
  sendText(topic: string, chunks: Iterable<string>, sending?: Sending): void {
    sendAll(this.openText(topic, sending), chunks)
  }
  sendBytes(topic: string, chunks: Iterable<Uint8Array>, sending?: Sending): void {
    sendAll(this.openBytes(topic, sending), chunks)
  }

  #newSeat(): Seat {
    return this.#inside.seat({ ...this.#options, sid: '' }, this.#account.clock, event => {
      for (const watcher of [...this.#watchers]) watcher(event)
    })
  }
  #present(): Seat {
    if (!this.here) throw new Error(`${this.identity} is not in the room: call join() first`)
    return this.#seat
  }
  #open<T>(topic: string, usualType: string, sending: Sending, takers: (seat: Seat) => Takers<T>): Sender<T> {
    const { closing, mimeType = usualType, ...about } = sending
    const kind = { takers, open: this.#account.open, epochMs: this.#inside.epochMs }
    const stream = openStream(this.#inside.server, this.#present(), { ...about, mimeType, topic }, kind)
    return {
      write: stream.write,
      close: (attributes = closing) => stream.close(attributes),
      break: (error = new Error('the sender broke the stream off')) => stream.break(error),
    }
  }
}

const sendAll = <T>(sender: Sender<T>, chunks: Iterable<T>): void => {
  for (const chunk of chunks) sender.write(chunk)
  sender.close()
}

const publishMic = ({ server }: Inside, seat: Seat, options: MicOptions): Mic => {
  const { source = 'microphone', preconnect = false, enhanced = false, sampleRate = usualRate, channels = 1 } = options
  const { clock } = seat
  const ended = new AbortController()
  const end = () => ended.abort()
  const timeline = new Timeline({ sampleRate, channels }, clock)
  const track = new Track({ sid: server.ids.next('TR_'), source, preconnect, enhanced, timeline })
  server.publish(seat, track)
  seat.gone.signal.addEventListener('abort', end, { once: true })
  return createMic({
    clock,
    track,
    ended: ended.signal,
    mute: muted => server.mute(seat, track, muted),
    replace: late => server.replace(seat, track, late),
    unpublish: () => {
      seat.gone.signal.removeEventListener('abort', end)
      server.unpublish(seat, track)
      end()
    },
  })
}

const collect = (textIn: TextIn, topic: string): Collected[] => {
  const all: Collected[] = []
  textIn.listen(topic, async ({ info, identity, chunks }) => {
    const one: Collected = { id: info.id, from: identity, attributes: info.attributes, text: '', state: 'open' }
    all.push(one)
    try {
      for await (const chunk of chunks) one.text += chunk
      one.state = 'closed'
    } catch {
      one.state = 'broken' // that is what the collector is asked to say
    }
  })
  return all
}
