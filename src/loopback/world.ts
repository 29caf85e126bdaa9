/** The ports of one agent in the loopback room. */
import { coded, lineOf } from '../errors.ts'
import type {
  OpusDecoder,
  Packets,
  Publication,
  Room,
  RoomEvent,
  Speakers,
  TextOut,
  TextWriter,
  Tracks,
  World,
} from '../ports.ts'
import type { Videos } from '../video/frame.ts'
import type { Faults } from './faults.ts'
import { createGate, type Gate } from './gate.ts'
import type { Inside } from './inside.ts'
import { framesOf } from './listening.ts'
import { counted, type Open } from './open.ts'
import { goneError, type Seat } from './seat.ts'
import type { Server } from './server.ts'
import { Device } from './sink.ts'
import { openStream, streamsIn } from './streams.ts'
import { Track } from './track.ts'

/** An agent that may join, and what of LiveKit's shortcomings it shall have. */
export type WorldOptions = {
  identity: string
  attributes?: Record<string, string>
  /** False: its speaker does not say that it knows its position to the sample. */
  exact?: boolean
  /** False: the attributes given to the end of a text stream are lost. */
  closesWithAttributes?: boolean
  opus?: OpusDecoder
}
/** What the hub keeps of a world: its seat and its devices, for faults. */
export type Agent = { seat: Seat; devices: Set<Device> }
type Hands = { inside: Inside; server: Server; faults: Faults; open: Open; seat: Seat; gate: Gate }

export const createWorld = (inside: Inside, options: WorldOptions): { world: World; agent: Agent } => {
  const { server, faults } = inside
  const { identity, attributes = {}, exact = true, closesWithAttributes = true, opus } = options
  const { open, clock } = inside.account(identity)
  let tell = (_event: RoomEvent) => {}
  const seat = inside.seat({ identity, sid: server.ids.next('PA_'), kind: 'agent', attributes }, clock, event => tell(event))
  const hands: Hands = { inside, server, faults, open, seat, gate: createGate(faults, seat) }
  const devices = new Set<Device>()
  const listenTo = (listener: (event: RoomEvent) => void) => {
    const off = counted(open, 'listeners')
    tell = listener
    seat.gone.signal.addEventListener('abort', off, { once: true })
  }
  const world: World = {
    room: roomOf(hands, listenTo),
    tracks: tracksOf(hands),
    videos: videosOf(hands),
    speakers: speakersOf(hands, devices, exact),
    textOut: textOutOf(hands, closesWithAttributes),
    textIn: streamsIn(seat.texts, seat.gone.signal, open),
    byteIn: streamsIn(seat.bytes, seat.gone.signal, open),
    packets: packetsOf(hands),
    clock,
    ids: server.ids,
    log: server.log,
    epochMs: inside.epochMs,
    ...(opus ? { opus } : {}),
  }
  return { world, agent: { seat, devices } }
}

const notJoined = () => coded('ERR_NOT_JOINED', 'the room is not joined yet: call room.join first')

const roomOf = ({ server, seat, gate, faults }: Hands, listenTo: (tell: (event: RoomEvent) => void) => void): Room => {
  let joining = false
  let left: Promise<void> | undefined
  const leave = async () => {
    const wasHere = seat.here
    seat.mail.close() // from here on nothing is told, also while leaving takes its time
    const fault = faults.take('leave', seat.identity)
    if (fault && 'released' in fault) await fault.released
    if (wasHere) server.exit(seat, 'client_initiated', false)
    else seat.gone.abort(goneError('client_initiated'))
    if (fault && 'error' in fault) server.log('warn', 'leave.failed', { error: lineOf(fault.error) })
  }
  return {
    join: async (tell, signal) => {
      if (joining) throw coded('ERR_STARTED', 'this room was joined before: open another world for another connection')
      joining = true
      try {
        await gate('join', signal)
        if (left) throw goneError('client_initiated') // in the turn in which the gate let us pass
      } catch (error) {
        joining = false
        throw error
      }
      listenTo(tell)
      return { name: server.name, identity: seat.identity, participants: server.enter(seat) }
    },
    leave: () => {
      left ??= leave()
      return left
    },
    setAttributes: async (attributes, signal) => {
      await gate('setAttributes', signal)
      if (!seat.here) throw notJoined()
      server.change(seat, attributes)
    },
  }
}

const tracksOf = ({ inside, open, seat }: Hands): Tracks => ({
  listen: (key, how, signal) => {
    const subscription = seat.heard.get(key)
    if (!subscription || subscription.track.pictures) return nothing()
    const { track, ended } = subscription
    return framesOf(track, how, {
      clock: seat.clock,
      signal,
      ended: ended.signal,
      lost: inside.lostBy(seat.identity),
      begun: () => counted(open, 'listeners'),
    })
  },
})

const videosOf = ({ open, seat }: Hands): Videos => ({
  watch: (key, signal) => {
    const { track, ended } = seat.heard.get(key) ?? {}
    if (!track?.pictures || !ended) return nothing()
    return track.pictures.watch({ signal, ended: ended.signal, begun: () => counted(open, 'listeners') })
  },
})

async function* nothing(): AsyncGenerator<never> {}

const speakersOf = ({ server, seat, gate, faults }: Hands, devices: Set<Device>, exact: boolean): Speakers => ({
  publish: async (about, signal): Promise<Publication> => {
    const refusal = () => {
      const fault = faults.take('writeSound', seat.identity)
      return fault && 'error' in fault ? fault.error : undefined
    }
    const device = new Device(about, seat.clock, { exact, refusal })
    await gate('publish', signal)
    if (!seat.here) throw notJoined()
    const track = new Track({ sid: server.ids.next('TR_'), source: 'microphone', preconnect: false, timeline: device.timeline })
    devices.add(device)
    server.publish(seat, track)
    const silence = () => device.close()
    seat.gone.signal.addEventListener('abort', silence, { once: true })
    const close = async () => {
      seat.gone.signal.removeEventListener('abort', silence)
      devices.delete(device)
      device.close()
      // The queue is freed whatever the server says: a failed unpublish costs nothing but the line in the log.
      await gate('unpublish').catch(error => server.log('debug', 'unpublish.failed', { error: lineOf(error) }))
      server.unpublish(seat, track)
    }
    return publicationOf(track, device, close)
  },
})

const publicationOf = (track: Track, sink: Device, close: () => Promise<void>): Publication => {
  let closed: Promise<void> | undefined
  return {
    get sid() {
      return track.sid
    },
    sink,
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

const textOutOf = ({ inside, server, open, seat, gate }: Hands, closesWithAttributes: boolean): TextOut => ({
  closesWithAttributes,
  open: async ({ topic, attributes, sender, to }, signal): Promise<TextWriter> => {
    await gate('openText', signal)
    if (!seat.here) throw notJoined()
    const kind = { takers: (other: Seat) => other.texts, open, epochMs: inside.epochMs }
    const stream = openStream(server, seat, { topic, attributes, mimeType: 'text/plain', sender, to }, kind)
    const refuse = () => {
      if (stream.ended) throw new Error('the text stream is closed: open another one')
    }
    return {
      write: async text => {
        refuse()
        try {
          await gate('write')
        } catch (error) {
          stream.close() // a failed write ends the stream, as in the SDK: its readers must not wait
          throw error
        }
        refuse()
        if (text !== '') stream.write(text)
      },
      close: async closing => {
        if (stream.ended) return
        await gate('closeText')
        stream.close(closesWithAttributes ? closing : undefined)
      },
    }
  },
})

const packetsOf = ({ server, seat, gate }: Hands): Packets => ({
  send: async (packet, signal) => {
    await gate('sendPacket', signal)
    if (!seat.here) throw notJoined()
    for (const other of server.seats())
      if (other !== seat && other.active) other.mail.bring(() => other.packets.forEach(take => void take({ ...packet })))
  },
})
