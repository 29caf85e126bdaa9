/** Captions of forwarders in a room of the SDK, on a native layer that only answers. */
import { RemoteParticipant, Room, TrackSource } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { captionPlace } from '../../src/livekit/captions.ts'
import type { Asked } from '../../src/livekit/rtc/native.ts'
import { captionRoomIn } from '../../src/outbound/caption-room.ts'
import { SttForwarder } from '../../src/outbound/stt.ts'
import { virtualClock } from '../../src/virtual.ts'
import { turns, wires } from './rtc/wires.ts'

const it = suite('livekit captions')

/** Says who wrote what into which stream, as it is asked of the native layer. */
const hearInto = (said: string[]) => {
  const streams = new Map<string, string>()
  return (asked: Asked) => {
    if (asked.case === 'sendStreamHeader') {
      const { streamId = '', attributes = {} } = asked.value.header ?? {}
      const final = attributes['lk.transcription_final'] === 'true' ? ' |' : ''
      streams.set(streamId, `${asked.value.senderIdentity} ${attributes['lk.transcribed_track_id']}: #${final}`)
    } else if (asked.case === 'sendStreamChunk') {
      const { streamId = '', content } = asked.value.chunk ?? {}
      said.push(`${streams.get(streamId)}`.replace('#', new TextDecoder().decode(content)))
    }
  }
}
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
    ...{ identity: 'agent', trackPublications: microphone('TR_agent'), ffi_handle: { handle: 7n } },
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
  const wire = wires({}, hearInto(said))
  const pass = async (ms: number) => {
    await clock.advance(ms)
    await turns()
  }
  return { clock, room, said, state, captions, update, pass, end: wire.end }
}

it('go out in the name of who speaks, with the track of their microphone (FWD-1, FWD-5)', async () => {
  const { clock, said, update, state, captions, room, pass, end } = scene(3)
  const listeners = room.eventNames().length
  update('agent', 'Hello.')
  update('ann', 'Hi.')
  await pass(100)
  assert.equal(said.filter(line => line.endsWith('|')).sort(), ['agent TR_agent: Hello. |', 'ann TR_ann: Hi. |'])
  assert.throws(
    () => new SttForwarder({ room: captions, participant: 'bob' }),
    (error: unknown) => codeOf(error) === 'ERR_NO_TRACK',
  )
  said.length = 0
  state.connected = false
  update('ann', 'Nobody hears this.')
  await pass(100)
  assert.equal([said, room.eventNames().length, clock.timers], [[], listeners, 0])
  end()
})

it('go out as packets too while somebody knows no others (FWD-5, TXT-10)', async () => {
  const { said, update, pass, end } = scene(2)
  update('ann', 'Hi.')
  await pass(100)
  assert.equal([...new Set(said.filter(line => line.startsWith('packet')))], ['packet ann: Hi.'])
  end()
})

it('refuse what is no room of the SDK', () => {
  for (const room of [undefined, null, {}, 'room']) assert.throws(() => captionPlace(room as never), /must be a Room of @livekit/)
})

it.run()
