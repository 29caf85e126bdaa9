// deadline: 300 s
// beside: another
/** What ends the process in a room only, each done through us in a process of its own, which lives (law 11). */
import {
  LocalAudioTrack,
  LocalVideoTrack,
  AudioFrame as SdkAudioFrame,
  AudioSource as SdkAudioSource,
  Room as SdkRoom,
  VideoFrame as SdkVideoFrame,
  VideoSource as SdkVideoSource,
  TrackPublishOptions,
  VideoBufferType,
} from '@livekit/rtc-node'
import { AudioSource, Room, VideoFrame, VideoSource } from '../../../src/livekit/rtc/index.ts'
import { type Asked, native } from '../../../src/livekit/rtc/native.ts'
import { roomHandleOf } from '../../../src/livekit/rtc/sdk.ts'
import { guarded } from '../../livekit/rtc/guard.ts'
import { pass } from '../watch.ts'
import { suiteOnServer } from './stage.ts'

/** A child has the server of the test, and needs none of its own. */
const isChild = Reflect.has(globalThis, 'CHARTROOM_GUARDS')
const it = await suiteOnServer('rtc guards', isChild ? 'a child does but one case' : undefined)

/** The way into the room, for the children. */
const way = () => {
  const { GUARD_URL = '', GUARD_TOKEN = '' } = process.env
  return { url: GUARD_URL, token: GUARD_TOKEN }
}
/** With the wrong use of a guard the process ends before that: so long an abort is waited for, in ms. */
const ABORT = 5_000

const encryption = { keyProviderOptions: { sharedKey: new Uint8Array([1, 2, 3]), keyRingSize: 4 } }
/** In a room of ours, which is left again. */
const within = (does: (room: Room) => unknown) => async () => {
  const room = new Room()
  const { url, token } = way()
  await room.connect(url, token, { encryption })
  try {
    await does(room)
  } finally {
    await room.disconnect()
  }
}
/** In one of rtc-node's. */
const alone = (does: (room: SdkRoom) => unknown) => async () => {
  const room = new SdkRoom()
  const { url, token } = way()
  await room.connect(url, token, { autoSubscribe: true, dynacast: false, encryption })
  await does(room)
  await pass(ABORT)
  await room.disconnect()
}
/** Asks the native layer, with the handles of this room. */
const asking = (asked: (room: bigint, participant: bigint) => Asked) =>
  alone(room => {
    native().request(asked(roomHandleOf(room) ?? 0n, room.localParticipant?.ffi_handle.handle ?? 0n))
  })
const fed = async (feed: () => unknown) => {
  for (const until = performance.now() + ABORT; performance.now() < until; await pass(10)) await feed()
}

const hum = (rate: number, channels: number) =>
  alone(async ({ localParticipant }) => {
    const source = new SdkAudioSource(rate, channels, 100)
    const track = LocalAudioTrack.createAudioTrack('hum', source)
    await localParticipant?.publishTrack(track, new TrackPublishOptions())
    await fed(() => source.captureFrame(SdkAudioFrame.create(rate, channels, rate / 100)))
  })
const glimpse = alone(async ({ localParticipant }) => {
  const source = new SdkVideoSource(2, 2)
  const track = LocalVideoTrack.createVideoTrack('glimpse', source)
  await localParticipant?.publishTrack(track, new TrackPublishOptions())
  await fed(() => source.captureFrame(new SdkVideoFrame(new Uint8Array(16), 2, 2, VideoBufferType.RGBA)))
})

const keys = ({ e2eeManager: { keyProvider } }: Room) => {
  if (!keyProvider) throw new Error('the room has no encryption')
  return keyProvider
}
const keyIndex = 4
const nobody = [{ participantIdentity: 'bob', allowedTrackSids: ['nope'] }]

const guards: { what: string; guard: Parameters<typeof guarded>[0] }[] = [
  {
    what: 'has no sound that cannot be published: of too many channels, or too much in 10 ms',
    guard: {
      does: [() => new AudioSource(48_000, 17), () => new AudioSource(8_000, 25), () => new AudioSource(1_000_000, 1)],
      code: 'ERR_FORMAT',
      alone: [hum(48_000, 17), hum(8_000, 25), hum(1_000_000, 1)],
    },
  },
  {
    what: 'has no pictures that cannot be published: of some few pixels',
    guard: {
      does: [
        () => new VideoSource(2, 16),
        () => new VideoSource(16, 15),
        () => new VideoSource(16, 16).captureFrame(new VideoFrame(new Uint8Array(16), 2, 2, VideoBufferType.RGBA)),
      ],
      code: 'ERR_FORMAT',
      alone: glimpse,
    },
  },
  {
    what: 'unpublishes nothing that has no sid of a track',
    guard: {
      does: ['nope', '', 'tr_1'].map(sid => within(({ localParticipant }) => localParticipant.unpublishTrack(sid))),
      code: 'ERR_UNPUBLISH_TRACK',
      alone: alone(({ localParticipant }) => void localParticipant?.unpublishTrack('nope')),
    },
  },
  {
    what: 'lets nobody subscribe to what is no track',
    guard: {
      does: within(({ localParticipant: local }) =>
        local.setTrackSubscriptionPermissions({ allowAllParticipants: false, participantPermissions: nobody }),
      ),
      code: 'ERR_TRACK',
      alone: asking((_, localParticipantHandle) => {
        const value = { localParticipantHandle, allParticipantsAllowed: false, permissions: nobody }
        return { case: 'setTrackSubscriptionPermissions', value }
      }),
    },
  },
  {
    what: 'takes no key from outside the ring',
    guard: {
      does: [
        within(room => keys(room).exportSharedKey(4)),
        within(room => keys(room).exportSharedKey(-2)),
        within(room => keys(room).ratchetSharedKey(4)),
        within(room => {
          keys(room).setKey('bob', new Uint8Array([1]), 0)
          keys(room).exportKey('bob', 4)
        }),
      ],
      code: 'ERR_RANGE',
      alone: [
        asking(roomHandle => ({ case: 'e2ee', value: { roomHandle, message: { case: 'getSharedKey', value: { keyIndex } } } })),
        asking(roomHandle => ({
          case: 'e2ee',
          value: { roomHandle, message: { case: 'ratchetSharedKey', value: { keyIndex } } },
        })),
      ],
    },
  },
]
for (const { what, guard } of guards) {
  const test = guarded(guard)
  it(`${what} (law 11)`, async stage => {
    Object.assign(process.env, { GUARD_URL: stage.server.url, GUARD_TOKEN: await stage.token('child') })
    await test()
  })
}

it.run()
