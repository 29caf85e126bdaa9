/** What of a conversation goes to the room as text: of whole rooms, with the options of `textOutput`. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ParticipantOptions } from '../src/loopback/participant.ts'
import type { Conversation } from '../src/mind.ts'
import type { RoomOptions } from '../src/options.ts'
import type { Packet } from '../src/ports.ts'
import { type Call, pieces, sound, startCall, timed } from './fakes/call.ts'
import { fakeMind } from './fakes/mind.ts'

const it = suite('transcription')
const topic = 'lk.transcription'

type Scene = { textOutput?: RoomOptions['textOutput']; watcher?: Partial<ParticipantOptions> }
/** A call with somebody who sees all its text, and what the agent's mind is given. */
const scene = async ({ textOutput, watcher = {} }: Scene = {}) => {
  const mind = fakeMind()
  const call = await startCall({ options: { mind, ...(textOutput === undefined ? {} : { textOutput }) } })
  const bob = call.hub.participant({ identity: 'bob', ...watcher })
  bob.join()
  const streams = bob.collect(topic)
  const packets = bob.packets()
  const conversation = mind.starts[0]?.conversation
  if (!conversation) throw new Error('the mind was not started')
  await call.clock.advance(1)
  return { ...call, bob, streams, packets, conversation }
}
/** The agent speaks two words, and the caller one sentence in two steps. */
const talk = async ({ room, clock, conversation }: Call & { conversation: Conversation }) => {
  const utterance = room.say({ audio: sound(400), text: timed(2) })
  conversation.heard('good mor', false)
  await clock.advance(200)
  conversation.heard('good morning', true)
  await clock.runUntil(utterance.played)
  await clock.advance(100)
  return utterance
}
const end = async ({ room, clock, hub }: Call) => {
  await clock.runUntil(room.close())
  await clock.settle()
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
}
const gist = ({ identity, text, final }: Packet) => `${identity}: ${text}${final ? ' final' : ''}`
const old = { watcher: { protocol: 2 } }

it('sends packets beside the streams, with the ids and tracks of these, while an old client is here (TXT-4, TXT-10)', async () => {
  const call = await scene(old)
  const mic = call.caller.publish()
  await call.clock.advance(1)
  await talk(call)
  const { streams, packets } = call
  assert.equal(packets.filter(({ identity }) => identity === 'agent').map(gist), [
    'agent: word0',
    'agent: word0 word1',
    'agent: word0 word1 final',
  ])
  assert.equal(packets.filter(({ identity }) => identity === 'ann').map(gist), [
    'ann: good mor',
    'ann: good morning',
    'ann: good morning final',
  ])
  const ids = (from: string) => [
    ...new Set(packets.filter(({ identity }) => identity === from).map(({ id }) => id)),
    ...new Set(streams.filter(stream => stream.from === from).map(({ attributes }) => attributes['lk.segment_id'])),
  ]
  for (const from of ['agent', 'ann']) assert.is(new Set(ids(from)).size, 1)
  const tracks = new Map(streams.map(({ from, attributes }) => [from, attributes['lk.transcribed_track_id']]))
  for (const { identity, track } of packets) assert.is(track, tracks.get(identity))
  assert.is(tracks.get('ann'), mic.sid)
  await end(call)
})

it('sends none to clients that need none, and all or none where it is told so (TXT-10)', async () => {
  const sent = async (about: Scene) => {
    const call = await scene(about)
    call.caller.publish()
    await call.clock.advance(1)
    await talk(call)
    await end(call)
    return call.packets.length
  }
  assert.is(await sent({ watcher: { protocol: 3 } }), 0)
  assert.is(await sent({ watcher: { protocol: 0, kind: 'sip' } }), 0)
  assert.is(await sent({ ...old, textOutput: { legacyPacket: false } }), 0)
  assert.is(await sent({ textOutput: { legacyPacket: true } }), 6)
})

it('begins with packets when an old client comes, and ends what it began when it has gone (TXT-10)', async () => {
  const { hub, clock, room, packets, ...call } = await scene()
  const { played } = room.say({ audio: sound(1_000), text: timed(5) })
  await clock.advance(350) // two words
  const carl = hub.participant({ identity: 'carl', protocol: 1 })
  carl.join()
  await clock.advance(400)
  carl.leave()
  await clock.runUntil(played)
  await clock.advance(100)
  assert.equal(packets.map(gist), [
    'agent: word0 word1 word2',
    'agent: word0 word1 word2 word3',
    'agent: word0 word1 word2 word3 word4 final',
  ])
  await end({ hub, clock, room, packets, ...call } as Call)
})

it('names the avatar that speaks for the agent in packets, and the agent in streams (TXT-1, TXT-11)', async () => {
  const call = await scene(old)
  const { hub, clock, streams, packets } = call
  const face = hub.participant({ identity: 'face', kind: 'agent', attributes: { 'lk.publish_on_behalf': 'agent' } })
  face.join()
  const { sid } = face.publish()
  await clock.advance(1)
  await talk(call)
  const agents = packets.filter(({ text }) => text.startsWith('word'))
  assert.ok(agents.length > 1)
  for (const { identity, track } of agents) assert.equal([identity, track], ['face', sid])
  for (const { from, text } of streams) assert.is(from, text.startsWith('word') ? 'agent' : 'ann')
  await end(call)
})

it('writes nothing at all when it is off, and the rest of the room works (OPT-1)', async () => {
  const call = await scene({ ...old, textOutput: false })
  const { played } = await talk(call)
  const { outcome, heard } = await played
  assert.equal([outcome, heard], ['finished', 9_600])
  call.room.show('unseen')
  await end(call)
  assert.equal([call.streams, call.packets, call.codes()], [[], [], []])
  assert.not.ok(call.types().includes('captions.lost'))
})

it('writes JSON with the times of the words (TXT-15)', async () => {
  const call = await scene({ textOutput: { jsonFormat: true } })
  await talk(call)
  const [agent] = call.streams.filter(({ from }) => from === 'agent')
  const lines = agent?.text.trimEnd().split('\n') ?? []
  assert.equal(
    lines.map(line => JSON.parse(line)),
    [
      { text: 'word0', start_time: 0, end_time: 0.2 },
      { text: ' word1', start_time: 0.2, end_time: 0.4 },
    ],
  )
  const callers = call.streams.filter(({ from }) => from === 'ann').map(({ text }) => text)
  assert.is(callers.at(-1), '{"text":"good morning"}\n')
  await end(call)
})

it("gives the agent's text, and only his, to the next in the chain (TXT-15)", async () => {
  const calls: unknown[] = []
  const nextInChain = { captureText: (text: unknown) => calls.push(text), flush: () => calls.push('flush') }
  const call = await scene({ textOutput: { nextInChain } })
  await talk(call)
  call.room.say({ audio: sound(400), text: pieces('A', 'h.') })
  await call.clock.advance(1_000)
  call.room.show('Aside.')
  await call.clock.advance(1)
  const words = [
    { text: 'word0', startTime: 0, endTime: 0.2 },
    { text: ' word1', startTime: 0.2, endTime: 0.4 },
  ]
  assert.equal(calls, [...words, 'flush', 'Ah.', 'flush', 'Aside.', 'flush'])
  await end(call)
})

it('refuses what is no text, and changes nothing', async () => {
  const call = await scene()
  const no: unknown = 7
  assert.throws(() => call.room.show(no as string), /what is shown is a text, not a number/)
  assert.throws(() => call.conversation.heard(no as string, true), /a text, not a number/)
  await call.clock.advance(100)
  assert.equal(call.streams, [])
  await end(call)
})

it("adds the caller's attributes, and refuses those that are no texts (TXT-6)", async () => {
  const call = await scene()
  const attributes = { mood: 'calm', 'lk.segment_id': 'mine' }
  const { id, played } = call.room.say({ audio: sound(200), text: timed(1), attributes })
  await call.clock.runUntil(played)
  await call.clock.advance(100)
  assert.equal([call.streams[0]?.attributes.mood, call.streams[0]?.attributes['lk.segment_id']], ['calm', id])
  const wrong: Record<string, string> = Object.create(null, { mood: { value: 7, enumerable: true } })
  assert.throws(() => call.room.say({ audio: sound(200), attributes: wrong }), /attribute "mood".* not a number/)
  await end(call)
})

it('names the new track of a voice that was published again, ours and the caller’s (TXT-8)', async () => {
  const call = await scene()
  const { room, clock, hub, caller, streams, conversation } = call
  const mic = caller.publish()
  await clock.advance(1)
  conversation.heard('good', false)
  const { played } = room.say({ audio: sound(3_000), text: timed(15) })
  await clock.advance(500)
  const tracks = (from: string) =>
    streams.filter(stream => stream.from === from).map(({ attributes }) => attributes['lk.transcribed_track_id'])
  const before = [tracks('agent').at(-1), tracks('ann').at(-1)]
  assert.is(before[1], mic.sid)
  mic.unpublish()
  const again = caller.publish()
  hub.reconnect('full', 300)
  await clock.advance(500)
  conversation.heard('good morning', true)
  await clock.runUntil(played)
  await clock.advance(100)
  const now = tracks('agent').at(-1)
  assert.ok(now && now !== before[0], `${before[0]} is still named`)
  assert.is(tracks('ann').at(-1), again.sid)
  await end(call)
})

it('captures each update of what the caller says, and ends it with the final one (TXT-2, TXT-15)', async () => {
  const call = await scene()
  const { clock, conversation, streams } = call
  for (const [text, final] of [
    ['good', false],
    ['good mor', false],
    ['good morning', true],
    ['well', true],
  ] as const) {
    conversation.heard(text, final)
    await clock.advance(50)
  }
  const shown = streams.map(({ text, attributes }) => `${text}${attributes['lk.transcription_final'] === 'true' ? ' final' : ''}`)
  assert.equal(shown, ['good', 'good mor', 'good morning', 'good morning final', 'well', 'well final'])
  const ids = streams.map(({ attributes }) => attributes['lk.segment_id'] ?? '')
  assert.is(new Set(ids).size, 2)
  for (const id of ids) assert.match(id, /^SG_[0-9a-f]{12}$/) // TXT-4
  await end(call)
})

it('keeps words, speaker and track together when another is listened to in mid-sentence, in packets too (TXT-9, law 13)', async () => {
  const call = await scene(old)
  const { room, clock, caller, bob, streams, packets, conversation } = call
  const [hers, his] = [caller.publish(), bob.publish()]
  await clock.advance(1)
  conversation.heard('I wanted', false)
  room.setParticipant('bob')
  await clock.advance(50)
  conversation.heard('Hi', false)
  room.setParticipant(undefined)
  await clock.advance(50)
  conversation.heard('of nobody', true) // TXT-6
  await clock.advance(50)
  const finals = streams.filter(({ attributes }) => attributes['lk.transcription_final'] === 'true')
  assert.equal(
    finals.map(({ from, text, attributes }) => [from, text, attributes['lk.transcribed_track_id']]),
    [
      ['ann', 'I wanted', hers.sid],
      ['bob', 'Hi', his.sid],
    ],
  )
  assert.equal(
    packets.filter(({ final }) => final).map(({ identity, text, track }) => [identity, text, track]),
    [
      ['ann', 'I wanted', hers.sid],
      ['bob', 'Hi', his.sid],
    ],
  )
  await end(call)
})

it('sends packets for what was said while the room was away when it is back (TXT-12, TXT-14)', async () => {
  const call = await scene(old)
  const { room, clock, hub, packets } = call
  const { played } = room.say({ audio: sound(1_000), text: timed(5) })
  await clock.advance(150)
  hub.reconnect('signal', 500)
  await clock.runUntil(played)
  await clock.advance(600)
  assert.equal(
    [packets.at(0)?.text, packets.at(-1) && gist(packets.at(-1) as Packet)],
    ['word0', 'agent: word0 word1 word2 word3 word4 final'],
  )
  assert.equal(call.codes(), [])
  await end(call)
})

it('shows each text as it comes where it is not synchronised, also while the one before it is still heard (SYNC-13)', async () => {
  const call = await scene({ textOutput: { syncTranscription: false } })
  for (const text of ['One.', 'Two.', 'Three.']) call.room.say({ audio: sound(2_000), text: pieces(text) })
  await call.clock.advance(500)
  assert.equal(
    call.streams.map(({ text, attributes }) => [text, attributes['lk.transcription_final']]),
    ['One.', 'Two.', 'Three.'].map(text => [text, 'true']),
  )
  await end(call)
})

it.run()
