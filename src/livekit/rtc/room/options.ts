/** How a room is entered, and how a track is published. */
import {
  ContinualGatheringPolicy,
  IceServer,
  IceTransportType,
  type RoomOptions as SdkRoomOptions,
  type RtcConfiguration as SdkRtcConfiguration,
  TrackPublishOptions,
} from '@livekit/rtc-node'
import { LONGEST } from '../../../clock.ts'
import { lineOf } from '../../../errors.ts'
import { misuse, outside } from '../errors.ts'
import { type E2EEOptions, sdkE2EEOptions } from './e2ee.ts'
import { JOIN_TIMEOUT } from './lifetime.ts'

/** How the connection is made: by all transports, gathering them all the time, and with the server's own ICE servers where not given. */
export type RtcConfiguration = {
  iceTransportType?: IceTransportType
  continualGatheringPolicy?: ContinualGatheringPolicy
  /** `{ urls: ['turn:…'], username, password }`. */
  iceServers?: NonNullable<ConstructorParameters<typeof IceServer>[0]>[]
}

/** All of it is optional. */
export type RoomOptions = {
  /** Whether everybody's tracks are subscribed to as they come; true where not given. */
  autoSubscribe?: boolean
  /** Whether layers of video that nobody looks at are not sent; false where not given. */
  dynacast?: boolean
  /** Encryption from end to end, of tracks and data. */
  encryption?: E2EEOptions
  /** Encryption from end to end, of tracks only. */
  e2ee?: E2EEOptions
  rtcConfig?: RtcConfiguration
  /** `maxPayloadByteLength`: the longest stream that is taken in, in bytes; 5 GB where not given. */
  dataStream?: { maxPayloadByteLength?: number }
  /** One connection for both directions instead of two; false where not given. */
  singlePeerConnection?: boolean
  /** How long each try may take, in ms; 5000 where not given. */
  connectTimeoutMs?: number
  /** How often it is tried again; once where not given. */
  joinRetries?: number
  /** Ends the wait: `connect` rejects with its reason, and what was begun is taken back. */
  signal?: AbortSignal
}

/** What each try may take and how often it is repeated by the native layer's own choice, in ms. */
const CONNECT_TIMEOUT = 5_000
const JOIN_RETRIES = 1
const UINT32 = 2 ** 32 - 1

/** What rtc-node is to be given, with what it hands on and has no types for. Throws a RangeError for a number that cannot be. */
export const sdkRoomOptions = (options: RoomOptions): SdkRoomOptions => {
  const { autoSubscribe = true, dynacast = false, encryption, e2ee, rtcConfig, dataStream, singlePeerConnection } = options
  const timeout = whole('connectTimeoutMs', options.connectTimeoutMs)
  const retries = whole('joinRetries', options.joinRetries)
  const longest = whole('dataStream.maxPayloadByteLength', dataStream?.maxPayloadByteLength, Number.MAX_SAFE_INTEGER)
  return {
    autoSubscribe,
    dynacast,
    ...(encryption && { encryption: sdkE2EEOptions(encryption) }),
    ...(e2ee && { e2ee: sdkE2EEOptions(e2ee) }),
    ...(rtcConfig && { rtcConfig: sdkRtcConfiguration(rtcConfig) }),
    ...(longest === undefined ? {} : { dataStream: { maxPayloadByteLength: longest } }),
    ...(singlePeerConnection === undefined ? {} : { singlePeerConnection }),
    ...(timeout === undefined ? {} : { connectTimeoutMs: BigInt(timeout) }),
    ...(retries === undefined ? {} : { joinRetries: retries }),
  }
}

const sdkRtcConfiguration = ({
  iceTransportType = IceTransportType.TRANSPORT_ALL,
  continualGatheringPolicy = ContinualGatheringPolicy.GATHER_CONTINUALLY,
  iceServers = [],
}: RtcConfiguration): SdkRtcConfiguration => ({
  ...{ iceTransportType, continualGatheringPolicy },
  iceServers: iceServers.map(one => new IceServer(one)),
})

/** How long entering may take in all, in ms: all tries, and some more for a server that answers and then is silent. */
export const joinLimit = ({ connectTimeoutMs = CONNECT_TIMEOUT, joinRetries = JOIN_RETRIES }: RoomOptions): number =>
  Math.min(LONGEST, Math.max(JOIN_TIMEOUT, connectTimeoutMs * (joinRetries + 1) + CONNECT_TIMEOUT))

const whole = (name: string, value: number | undefined, most = UINT32): number | undefined => {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= most)) return value
  throw outside('ERR_RANGE', `${name} must be a whole number from 0 to ${most}, and is ${value}`)
}

/** All of these are optional; numbers that may be large, such as `maxBitrate`, are bigints. */
export type PublishOptions = NonNullable<ConstructorParameters<typeof TrackPublishOptions>[0]>

/**
 * What rtc-node is to be given. Throws a TypeError with code ERR_ARGUMENT for what cannot be encoded: rtc-node finds out when it has
 * locked the events of the room, and does not unlock them; the room would be deaf from then on, and nothing more could be published.
 */
export const sdkPublishOptions = (options: PublishOptions): TrackPublishOptions => {
  try {
    const made = new TrackPublishOptions(options)
    made.toBinary()
    return made
  } catch (error) {
    throw misuse('ERR_ARGUMENT', `a track cannot be published with these options: ${lineOf(error)}`)
  }
}
