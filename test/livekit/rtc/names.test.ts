/** Names that are passed on: with the numbers of the protocol, and as what they stand for. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as rtc from '../../../src/livekit/rtc/index.ts'

const it = suite('livekit rtc names')

const { ConnectionQuality, ConnectionState, ContinualGatheringPolicy, DataPacketKind, DisconnectReason } = rtc
const { EncryptionState, EncryptionType, IceTransportType, ParticipantKind, StreamState, TrackKind, TrackSource } = rtc
const { AudioTrackFeature, VideoBufferType, VideoRotation } = rtc

const numbers: [name: string, given: number[], expected: number[]][] = [
  [
    'ConnectionState',
    [ConnectionState.CONN_DISCONNECTED, ConnectionState.CONN_CONNECTED, ConnectionState.CONN_RECONNECTING],
    [0, 1, 2],
  ],
  [
    'ConnectionQuality',
    [
      ...[ConnectionQuality.QUALITY_POOR, ConnectionQuality.QUALITY_GOOD],
      ...[ConnectionQuality.QUALITY_EXCELLENT, ConnectionQuality.QUALITY_LOST],
    ],
    [0, 1, 2, 3],
  ],
  ['DataPacketKind', [DataPacketKind.KIND_LOSSY, DataPacketKind.KIND_RELIABLE], [0, 1]],
  [
    'DisconnectReason',
    [DisconnectReason.UNKNOWN_REASON, DisconnectReason.CLIENT_INITIATED, DisconnectReason.DUPLICATE_IDENTITY],
    [0, 1, 2],
  ],
  ['ParticipantKind', [ParticipantKind.STANDARD, ParticipantKind.SIP, ParticipantKind.AGENT], [0, 3, 4]],
  ['EncryptionType', [EncryptionType.NONE, EncryptionType.GCM, EncryptionType.CUSTOM], [0, 1, 2]],
  [
    'EncryptionState',
    [EncryptionState.NEW, EncryptionState.OK, EncryptionState.MISSING_KEY, EncryptionState.INTERNAL_ERROR],
    [0, 1, 4, 6],
  ],
  ['TrackKind', [TrackKind.KIND_AUDIO, TrackKind.KIND_VIDEO], [1, 2]],
  [
    'TrackSource',
    [
      ...[TrackSource.SOURCE_CAMERA, TrackSource.SOURCE_MICROPHONE],
      ...[TrackSource.SOURCE_SCREENSHARE, TrackSource.SOURCE_SCREENSHARE_AUDIO],
    ],
    [1, 2, 3, 4],
  ],
  ['StreamState', [StreamState.STATE_UNKNOWN, StreamState.STATE_ACTIVE, StreamState.STATE_PAUSED], [0, 1, 2]],
  [
    'AudioTrackFeature',
    [AudioTrackFeature.TF_STEREO, AudioTrackFeature.TF_NO_DTX, AudioTrackFeature.TF_PRECONNECT_BUFFER],
    [0, 1, 6],
  ],
  [
    'IceTransportType',
    [IceTransportType.TRANSPORT_RELAY, IceTransportType.TRANSPORT_NOHOST, IceTransportType.TRANSPORT_ALL],
    [0, 1, 2],
  ],
  ['ContinualGatheringPolicy', [ContinualGatheringPolicy.GATHER_ONCE, ContinualGatheringPolicy.GATHER_CONTINUALLY], [0, 1]],
  [
    'VideoBufferType',
    [
      ...[VideoBufferType.RGBA, VideoBufferType.ABGR, VideoBufferType.ARGB, VideoBufferType.BGRA, VideoBufferType.RGB24],
      ...[VideoBufferType.I420, VideoBufferType.I420A, VideoBufferType.I422, VideoBufferType.I444, VideoBufferType.I010],
      VideoBufferType.NV12,
    ],
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  ],
  [
    'VideoRotation',
    [
      ...[VideoRotation.VIDEO_ROTATION_0, VideoRotation.VIDEO_ROTATION_90],
      ...[VideoRotation.VIDEO_ROTATION_180, VideoRotation.VIDEO_ROTATION_270],
    ],
    [0, 1, 2, 3],
  ],
]
for (const [name, given, expected] of numbers) it(`${name} has the numbers of the protocol`, () => assert.equal(given, expected))

it('exports these values, and no others', () => {
  const classes = `AVSynchronizer AudioFilter AudioFrame AudioMixer AudioProcessingModule AudioResampler AudioSource AudioStream
    ConnectError E2EEManager EventEmitter FrameCryptor FrameProcessor IceServer KeyProvider LocalAudioTrack LocalParticipant
    LocalTrackPublication LocalVideoTrack Participant PublishDTMFError PublishDataError PublishTrackError PublishTranscriptionError
    RemoteAudioTrack RemoteParticipant RemoteTrackPublication RemoteVideoTrack Room RpcError Track TrackPublication
    TrackPublishOptions UnpublishTrackError VideoFrame VideoSource VideoStream`
  const others = 'AudioResamplerQuality ParticipantKindDetail RoomEvent STREAM_CHUNK_SIZE SimulateScenarioKind VideoCodec'
  const functions = 'combineAudioFrames dispose isFrameProcessor'
  const all = [classes, others, functions].flatMap(names => names.split(/\s+/))
  assert.equal(Object.keys(rtc).sort(), [...all, ...numbers.map(([name]) => name)].sort())
})

it('splits streams into chunks of 15,000 bytes (BSW-3)', () => {
  assert.is(rtc.STREAM_CHUNK_SIZE, 15_000)
})

it('has the events of a room as constants', () => {
  const { RoomEvent } = rtc
  for (const [constant, event] of Object.entries(RoomEvent)) assert.is(constant.toLowerCase(), event.toLowerCase())
  assert.is(new Set(Object.values(RoomEvent)).size, 36)
})

/** What is a type only: that it fits, the compiler says. */
it('has types for handlers, streams, tracks and processors', () => {
  const onText: rtc.TextStreamHandler = async (reader, identity) => [identity, (await reader.readAll()).length]
  const onBytes: rtc.ByteStreamHandler = (reader, identity) => [identity, reader.info.name]
  const infoOf = (writer: rtc.StreamWriter<string, rtc.StreamInfo>): rtc.StreamInfo => writer.info
  const mutedOf = (track: rtc.LocalTrack | rtc.RemoteTrack): boolean => track.muted
  const interceptor: rtc.RpcInterceptor = {}
  const Processor: typeof rtc.FrameProcessor = rtc.FrameProcessor
  assert.equal(
    [onText, onBytes, infoOf, mutedOf].map(({ length }) => length),
    [2, 2, 1, 1],
  )
  assert.equal([interceptor, rtc.isFrameProcessor(Processor)], [{}, false])
})

it.run()
