/** A LiveKit room as the engine's world. */
import { randomBytes } from 'node:crypto'
import { realClock } from '../clock.ts'
import { coded } from '../errors.ts'
import type { Clock, Ids, Log, OpusDecoder, World } from '../ports.ts'
import { checkUrl } from './failures.ts'
import { Line, type Open } from './line.ts'
import { packetsOf } from './packets.ts'
import { hush } from './quiet.ts'
import { refuseWhenDown, roomOf } from './room.ts'
import { speakersOf } from './speakers.ts'
import { byteInOf, textInOf, textOutOf } from './streams.ts'
import { tracksOf } from './tracks.ts'

/** `url` of the server (ws:, wss:, http: or https:) and a token for the room; the rest is the machine's own where not given. */
export type LiveKitOptions = { url: string; token: string; clock?: Clock; ids?: Ids; log?: Log; opus?: OpusDecoder }

const randomIds: Ids = { next: prefix => prefix + randomBytes(6).toString('hex') }
/** One line on stderr; debug lines are dropped. */
const stderrLog: Log = (level, code, fields) => {
  if (level !== 'debug') process.stderr.write(`${level} ${code}${fields ? ` ${JSON.stringify(fields)}` : ''}\n`)
}

const lines = new WeakMap<World, Line>()

/**
 * All ports for one connection to a LiveKit room. Nothing happens before `room.join`. Throws for an address that is none and
 * (ERR_DISPOSED) after `shutdown`. What the SDK logs goes to `log`, for the whole process.
 */
export const livekit = ({ url, token, clock = realClock(), ids = randomIds, log = stderrLog, opus }: LiveKitOptions): World => {
  refuseWhenDown()
  checkUrl(url)
  if (typeof token !== 'string' || token === '') throw coded('ERR_BAD_TOKEN', 'the token is missing: make one with tokenFor')
  hush(log)
  const line = new Line(clock, log)
  const [textIn, byteIn] = [textInOf(line), byteInOf(line)]
  const attach: Parameters<typeof roomOf>[1]['attach'] = room => {
    textIn.attach(room)
    byteIn.attach(room)
  }
  const world: World = {
    room: roomOf(line, { url, token, attach }),
    tracks: tracksOf(line),
    speakers: speakersOf(line),
    textOut: textOutOf(line),
    textIn: textIn.port,
    byteIn: byteIn.port,
    packets: packetsOf(line),
    clock,
    ids,
    log,
    ...(opus ? { opus } : {}),
  }
  lines.set(world, line)
  return world
}

/** What this world holds open of its room, by kind: all zero after `leave()`. For tests. */
export const heldBy = (world: World): Record<Open, number> => lines.get(world)?.open ?? { listener: 0, stream: 0, speaker: 0 }
