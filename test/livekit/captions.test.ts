/** Captions of forwarders in a room of the SDK. Nothing native is called. */
import { RemoteParticipant, Room, TrackSource } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { captionPlace } from '../../src/livekit/captions.ts'
import { captionRoomIn } from '../../src/outbound/caption-room.ts'
import { SttForwarder } from '../../src/outbound/stt.ts'
import { virtualClock } from '../../src/virtual.ts'

const it = suite('livekit captions')

type Streamed = { senderIdentity?: string; attributes?: Record<string, string> }
/** A room with us, who speak, and somebody whose client says this of what it knows. */
const scene = (clientProtocol: number) => {
  const clock = virtualClock()
  const said: string[] = []
  const room = new Room()
  const state = { connected: true }
  Object.defineProperty(room, 'isConnected', { get: () => state.connected })
  const microphone = (sid: string) =>
    new Map([[sid, { sid, source: TrackSource.SOURCE_MICROPHONE, info: { audioFeatures: [] } }]])
  const ann = Object.assign(Object.create(RemoteParticipant.prototype), {
    info: { identity: 'ann', sid: 'PA_1', kind: 0, state: 2, attributes: {}, clientProtocol },
    trackPublications: microphone('TR_ann'),
  })
  room.remoteParticipants.set('ann', ann)
  const localParticipant = {
    ...{ identity: 'agent', trackPublications: microphone('TR_agent') },
    streamText: async ({ senderIdentity, attributes = {} }: Streamed) => ({
      write: async (text: string) => {
        const track = attributes['lk.transcribed_track_id']
        said.push(`${senderIdentity} ${track}: ${text}${attributes['lk.transcription_final'] === 'true' ? ' |' : ''}`)
      },
      close: async () => {},
    }),
    publishTranscription: async ({
      participantIdentity,
      segments,
    }: {
      participantIdentity: string
      segments: { text: string }[]
    }) => {
      said.push(`packet ${participantIdentity}: ${segments[0]?.text}`)
    },
  }
  Object.assign(room, { localParticipant })
  const captions = captionRoomIn(captionPlace(room, { clock, log: (_level, code) => void said.push(code) }))
  const update = (participant: string, text: string, type = 'final') =>
    new SttForwarder({ room: captions, participant }).update({ type, alternatives: [{ text }] })
  return { clock, room, said, state, captions, update }
}

it('go out in the name of who speaks, with the track of their microphone (FWD-1, FWD-5)', async () => {
  const { clock, said, update, state, captions, room } = scene(3)
  const listeners = room.eventNames().length
  update('agent', 'Hello.')
  update('ann', 'Hi.')
  await clock.advance(100)
  assert.equal(said.filter(line => line.endsWith('|')).sort(), ['agent TR_agent: Hello. |', 'ann TR_ann: Hi. |'])
  assert.throws(
    () => new SttForwarder({ room: captions, participant: 'bob' }),
    (error: unknown) => codeOf(error) === 'ERR_NO_TRACK',
  )
  said.length = 0
  state.connected = false
  update('ann', 'Nobody hears this.')
  await clock.advance(100)
  assert.equal([said, room.eventNames().length, clock.timers], [[], listeners, 0])
})

it('go out as packets too while somebody knows no others (FWD-5, TXT-10)', async () => {
  const { clock, said, update } = scene(2)
  update('ann', 'Hi.')
  await clock.advance(100)
  assert.equal([...new Set(said.filter(line => line.startsWith('packet')))], ['packet ann: Hi.'])
})

it('refuse what is no room of the SDK', () => {
  for (const room of [undefined, null, {}, 'room']) assert.throws(() => captionPlace(room as never), /must be a Room of @livekit/)
})

it.run()
