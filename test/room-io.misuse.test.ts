/** What a RoomIO refuses, by name and before anything is touched. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { World } from '../src/ports.ts'
import { RoomIO } from '../src/room-io.ts'
import { newCall } from './fakes/call.ts'
import { FakeSession } from './fakes/session.ts'

const it = suite('room-io.misuse')

const refused: [what: string, make: (world: World) => unknown, message: RegExp][] = [
  [
    'a session without an audio input',
    world => new RoomIO({ ...new FakeSession(), input: {} } as never, world),
    /no input\.audio/,
  ],
  [
    'a session without a transcription',
    world => new RoomIO({ input: { audio: null }, output: { audio: null } } as never, world),
    /no output\.transcription/,
  ],
  [
    'a session without events',
    world => new RoomIO({ input: { audio: null }, output: { audio: null, transcription: null } } as never, world),
    /no on\(event/,
  ],
  ['no session', world => new RoomIO(undefined as never, world), /no input\.audio/],
  ['a room that is neither', () => new RoomIO(new FakeSession(), {} as never), /the world has no "room"/],
  ['no room', () => new RoomIO(new FakeSession(), undefined as never), /the world has no "room"/],
  [
    'a room of the SDK with a member missing',
    () => new RoomIO(new FakeSession(), { remoteParticipants: new Map() } as never),
    /the room has no on/,
  ],
  [
    'options of another kind',
    world => new RoomIO(new FakeSession(), world, 'all' as never),
    /^options must be a plain object, not the string all/,
  ],
  [
    'no options but null',
    world => new RoomIO(new FakeSession(), world, null as never),
    /^options must be a plain object, not null/,
  ],
  [
    'an identity in the place of what names it',
    world => new RoomIO(new FakeSession(), world, {}, 'bob' as never),
    /plain object/,
  ],
  [
    'what it does not know beside the options',
    world => new RoomIO(new FakeSession(), world, {}, { particpant: 'bob' } as never),
    /has no "particpant": it knows participant/,
  ],
  ['an identity that is none', world => new RoomIO(new FakeSession(), world, {}, { participant: '' }), /participant/],
  [
    'a mind beside the session',
    world => new RoomIO(new FakeSession(), world, { mind: { start: async () => {} } }),
    /the session is the mind/,
  ],
  [
    'a deletion without a way to do it',
    world => new RoomIO(new FakeSession(), world, { deleteRoomOnClose: true }),
    /deleteRoomOnClose needs/,
  ],
]
for (const [what, make, message] of refused)
  it(`refuses ${what}, in the constructor (OPT-6, OPT-7, ROOM-16)`, () => {
    const here = newCall()
    assert.throws(
      () => make(here.world),
      (error: unknown) => error instanceof TypeError && message.test(error.message),
    )
    assert.equal(here.hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  })

it.run()
