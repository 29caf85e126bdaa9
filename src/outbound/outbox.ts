/** Captions on their way to the room: one after the other, and each may be changed by somebody else first. */
import { sleep } from '../clock.ts'
import { coded, lineOf } from '../errors.ts'
import type { Clock, Ids, Log } from '../ports.ts'

/** One caption of one participant. Times are 0: the text comes when it is heard. */
export type CaptionSegment = { id: string; text: string; startTime: number; endTime: number; language: string; final: boolean }
export type Transcription = { participantIdentity: string; trackId: string; segments: CaptionSegment[] }
/** Where captions go: a room, as far as it matters to them. */
export interface CaptionRoom {
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
  /** Nothing is sent while it is not. */
  isConnected(): boolean
  /** The first microphone publication of this participant, if they are there and have one. */
  trackOf(identity: string): string | undefined
  /** Sends it; a promise is not waited for, so it keeps the order itself. */
  publish(transcription: Transcription): unknown
}
export type OutboxOptions<Owner> = {
  room: CaptionRoom
  /** A participant, or an identity. */
  participant: string | { identity: string }
  /** The publication; the participant's first microphone where not given. */
  track?: string | { sid: string }
  /** Sees every message, and may return another one; one without segments sends nothing. */
  beforeForward?: (owner: Owner, transcription: Transcription) => unknown
}

/** Who is to see a message has so long, in ms; then it goes out as it is. */
const seenTimeout = 1_000
/** So many messages wait for that; beyond it the oldest interim gives way to the next. */
const maxWaiting = 256

export class Outbox<Owner> {
  readonly #options: OutboxOptions<Owner>
  readonly #owner: Owner
  readonly #from: Omit<Transcription, 'segments'>
  readonly #language: string
  #waiting: CaptionSegment[] = []
  /** Its caption stands in the room and is not final. */
  #open: string | undefined
  #running: Promise<void> | undefined
  /** Nobody is to look any more: what waits goes out as it is. */
  #isLate = false

  /** Throws ERR_NO_TRACK if the participant is unknown or without microphone, a TypeError for what is no room or no participant. */
  constructor(options: OutboxOptions<Owner>, owner: Owner, language = '') {
    const { participant, track, room } = options
    if (typeof room?.publish !== 'function') throw new TypeError('room must be a room for captions: captionRoomOn makes one')
    const identity = typeof participant === 'object' ? participant?.identity : participant
    if (typeof identity !== 'string' || identity === '')
      throw new TypeError(`participant must be an identity, or have one, not ${String(identity)}`)
    const trackId = (typeof track === 'object' ? track.sid : track) ?? room.trackOf(identity)
    if (trackId === undefined) throw coded('ERR_NO_TRACK', `${identity} is not in the room, or has no microphone: wait for it`)
    this.#options = options
    this.#owner = owner
    this.#from = { participantIdentity: identity, trackId }
    this.#language = language
  }

  /** Sends it in a turn of its own, after all that was sent before. */
  send(id: string, text: string, final: boolean): void {
    if (this.#waiting.length >= maxWaiting) this.#giveWay()
    this.#waiting.push({ id, text, startTime: 0, endTime: 0, language: this.#language, final })
    this.#running ??= this.#run()
  }
  /** What waits is not sent, but for the final of a caption that stands in the room. */
  drop(): void {
    this.#waiting = this.#waiting.filter(({ id, final }) => final && id === this.#open)
  }
  /** Resolves when nothing waits any more, at the latest when the look after 1 000 ms is over. Never rejects. */
  async sent(): Promise<void> {
    const { clock } = this.#options.room
    const hurry = () => {
      this.#isLate = true
    }
    const timer = this.#running && clock.setTimeout(hurry, seenTimeout)
    while (this.#running) await this.#running
    clock.clearTimeout(timer)
  }

  async #run(): Promise<void> {
    await undefined
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#open = next.final ? undefined : next.id
      await this.#pass({ ...this.#from, segments: [next] })
    }
    this.#running = undefined
  }
  async #pass(original: Transcription): Promise<void> {
    const { room, beforeForward } = this.#options
    const transcription = beforeForward && !this.#isLate ? await this.#seen(original, beforeForward) : original
    if (transcription.segments.length === 0) return
    const publish = async () => (room.isConnected() ? room.publish(transcription) : undefined)
    publish().catch(error => room.log('warn', 'forwarder.failed', { error: lineOf(error) }))
  }
  async #seen(original: Transcription, look: NonNullable<OutboxOptions<Owner>['beforeForward']>): Promise<Transcription> {
    const { clock, log } = this.#options.room
    const seen = async () => look(this.#owner, { ...original, segments: original.segments.map(one => ({ ...one })) })
    const over = new AbortController()
    const late = sleep(clock, seenTimeout, over.signal).then(() => new Error('it took too long'))
    const answer = await Promise.race([seen().catch((error: unknown) => new Error(lineOf(error))), late])
    over.abort()
    if (answer instanceof Error) log('warn', 'forwarder.before', { error: answer.message })
    // In whose name it is need not be said again.
    return isTranscription(answer) ? { ...original, ...answer } : original
  }
  #giveWay(): void {
    const interim = this.#waiting.findIndex(({ final }) => !final)
    const [dropped] = this.#waiting.splice(Math.max(0, interim), 1)
    this.#options.room.log('warn', 'forwarder.dropped', { id: dropped?.id, final: dropped?.final })
  }
}

const isTranscription = (value: unknown): value is Transcription =>
  typeof value === 'object' && value !== null && 'segments' in value && Array.isArray(value.segments)
