/** A LiveKit room as the engine's world. */
import { randomBytes } from 'node:crypto'
import type { Room as SdkRoom } from '@livekit/rtc-node'
import { realClock } from '../clock.ts'
import { coded } from '../errors.ts'
import type { Clock, Ids, Log, OpusDecoder, Room, World } from '../ports.ts'
import { checkUrl } from './failures.ts'
import { Line, type Open } from './line.ts'
import { packetsOf } from './packets.ts'
import { hush } from './quiet.ts'
import { roomOf } from './room.ts'
import { stderrLog } from './rtc/log.ts'
import { refuseWhenDown } from './rtc/room/lifetime.ts'
import { speakersOf } from './speakers.ts'
import { streamsInOf, textOutOf } from './streams.ts'
import { tracksOf } from './tracks.ts'
import { videosOf } from './videos.ts'

/** `url` of the server (ws:, wss:, http: or https:) and a token for the room; the rest is the machine's own where not given. */
export type LiveKitOptions = Surroundings & { url: string; token: string }

const randomIds: Ids = { next: prefix => prefix + randomBytes(6).toString('hex') }

const lines = new WeakMap<World, Line>()

/**
 * All ports for one connection to a LiveKit room. Nothing happens before `room.join`. Throws for an address that is none and
 * (ERR_DISPOSED) after `shutdown`. What the SDK logs goes to `log`, for the whole process.
 */
export const livekit = ({ url, token, ...given }: LiveKitOptions): World => {
  const around = surroundings(given)
  refuseWhenDown()
  checkUrl(url)
  if (typeof token !== 'string' || token === '') throw coded('ERR_BAD_TOKEN', 'the token is missing: make one with tokenFor')
  hush(around.log)
  return worldOn(new Line(around.clock, around.log), around, (line, attach) => roomOf(line, { url, token, attach }))
}

/** `attach` puts the topics that are listened to into the SDK's room. */
type Entrance = (line: Line, attach: (room: SdkRoom) => void) => Room
/** What a world is made of that is not the room's; what is not given is the machine's own. */
export type Surroundings = { clock?: Clock; ids?: Ids; log?: Log; opus?: OpusDecoder }
export const surroundings = ({ clock = realClock(), ids = randomIds, log = stderrLog, opus }: Surroundings) => ({
  ...{ clock, ids, log },
  ...(opus ? { opus } : {}),
})
/** All ports on one line; `enter` makes the way into its room. */
export const worldOn = (line: Line, around: ReturnType<typeof surroundings>, enter: Entrance): World => {
  const { textIn, byteIn, attach } = streamsInOf(line)
  const world: World = {
    room: enter(line, attach),
    tracks: tracksOf(line),
    videos: videosOf(line),
    speakers: speakersOf(line),
    textOut: textOutOf(line),
    textIn,
    byteIn,
    packets: packetsOf(line),
    epochMs: Date.now() - around.clock.now(),
    ...around,
  }
  lines.set(world, line)
  return world
}

/** What this world holds open of its room, by kind: all zero after `leave()`. For tests. */
export const heldBy = (world: World): Record<Open, number> => lines.get(world)?.open ?? { listener: 0, stream: 0, speaker: 0 }
