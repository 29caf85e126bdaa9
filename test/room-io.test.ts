/** A session in a room: what is put where, who is told what, and that nothing is left behind. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../src/errors.ts'
import type { World } from '../src/ports.ts'
import { RoomIO, type RoomIOHands, type RoomOptions, type Session } from '../src/room-io.ts'
import { type CallOptions, newCall, outcomeOf, samples } from './fakes/call.ts'
import { FakeSession } from './fakes/session.ts'

const it = suite('room-io')

type Scene = Omit<CallOptions, 'options'> & { options?: RoomOptions; hands?: RoomIOHands; session?: FakeSession }
/** A RoomIO that is not started, with everything around it. */
const scene = ({ options, hands, session = new FakeSession(), ...around }: Scene = {}) => {
  const call = newCall(around)
  const world = (around.wrap ?? (same => same))(call.world)
  const io = new RoomIO(session, world, options, hands)
  const close = () => call.clock.runUntil(io.close())
  return { ...call, io, session, close }
}
/** The same, started, and linked if there is a caller. */
const started = async (options: Scene = {}) => {
  const here = scene(options)
  here.io.start()
  await here.clock.advance(50)
  return here
}
type Here = ReturnType<typeof scene>
const checkGone = async ({ clock, hub, session, caller, io }: Here) => {
  await clock.settle()
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  assert.is(session.handlers, 0)
  if (caller.here) caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0)
  assert.is(io.linkedParticipant, undefined)
}

it('has no effect when it is made, and needs no closing (ROOM-1)', async () => {
  const here = scene()
  await here.clock.settle()
  assert.equal(here.hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  assert.equal([here.session.handlers, here.session.input.audio, here.session.output.audio], [0, null, null])
  assert.is(here.caller.attributesOf('agent'), undefined)
  assert.equal(
    [here.io.audioInput, here.io.audioOutput, here.io.transcriptionOutput, here.io.subscribed],
    Array(4).fill(undefined),
  )
})

it('is all there when start has returned: no stream sent to the room can be missed (ROOM-2, PRE-1)', async () => {
  const order: string[] = []
  const wrap = (world: World): World => ({
    ...world,
    byteIn: {
      listen: (topic, take) => {
        order.push(topic)
        return world.byteIn.listen(topic, take)
      },
    },
    room: {
      ...world.room,
      join: (tell, signal) => {
        order.push('room')
        return world.room.join(tell, signal)
      },
    },
  })
  const session = new FakeSession()
  const slot = (name: string) => ({
    get: () => null,
    set: () => void order.push(name),
  })
  Object.defineProperty(session.input, 'audio', slot('input.audio'))
  Object.defineProperty(session.output, 'audio', slot('output.audio'))
  Object.defineProperty(session.output, 'transcription', slot('output.transcription'))
  session.on('newListener', name => order.push(name))
  const here = scene({ wrap, session })
  here.io.start()
  assert.equal(order, [
    ...['lk.agent.pre-connect-audio-buffer', 'room', 'input.audio', 'output.audio', 'output.transcription'],
    ...['agent_state_changed', 'user_input_transcribed', 'close', 'conversation_item_added'],
  ])
  session.removeAllListeners('newListener')
  await here.close()
  await checkGone(here)
})

it('links whoever is there once the room is connected, then whoever comes (ROOM-4, LINK-6, PORT-1)', async () => {
  const here = await started({ caller: false })
  assert.is(here.io.linkedParticipant, undefined)
  here.hub.participant({ identity: 'bob' }).join()
  await here.clock.advance(50)
  const { linkedParticipant: linked } = here.io
  assert.is(linked?.identity, 'bob')
  assert.equal(here.session.asked, ['linked', { ...linked, info: { identity: 'bob', sid: linked?.sid, kind: 0 } }])
  await here.close()
})

it('gives each link to the session once, by either way (LINK-6)', async () => {
  const here = await started()
  const bob = here.hub.participant({ identity: 'bob' })
  bob.join()
  await here.clock.advance(10)
  here.io.setParticipant('bob')
  here.io.setParticipant('bob')
  await here.clock.advance(10)
  const identities = here.session.asked.flatMap(one => (one === 'linked' ? [] : [(one as { identity: string }).identity]))
  assert.equal(identities, ['ann', 'bob'])
  await here.close()
})

it('names each who was linked, also where the next one followed at once (LINK-6)', async () => {
  const { io, hub, clock, session, close } = await started()
  hub.participant({ identity: 'bob' }).join()
  await clock.advance(10)
  session.asked.length = 0
  io.setParticipant('bob')
  io.setParticipant('ann')
  await clock.settle()
  assert.equal(
    session.asked.filter(one => typeof one === 'object').map(one => (one as { identity: string }).identity),
    ['bob', 'ann'],
  )
  await close()
})

it('pins who is named before the start, before they come, or before the room is connected (LINK-14, LINK-3)', async () => {
  const here = scene()
  here.io.setParticipant('eve')
  here.io.start()
  await here.clock.advance(50)
  assert.is(here.io.linkedParticipant, undefined)
  const eve = here.hub.participant({ identity: 'eve', kind: 'agent' })
  eve.join()
  await here.clock.advance(50)
  assert.is(here.io.linkedParticipant?.identity, 'eve')
  await here.close()

  const slow = scene()
  slow.hub.world({ identity: 'other' })
  slow.io.start()
  slow.io.setParticipant('zoe') // in the turn of the start: the room is not joined yet
  await slow.clock.advance(50)
  assert.is(slow.io.linkedParticipant, undefined)
  slow.io.unsetParticipant()
  slow.io.setParticipant('ann')
  await slow.clock.advance(10)
  assert.is(slow.io.linkedParticipant?.identity, 'ann')
  await slow.close()
})

it('links whom the constructor names (OPT-4), and warns once of the options of old (OPT-5)', async () => {
  const here = scene({ hands: { participant: { identity: 'bob' }, inputOptions: {}, outputOptions: {} } })
  here.io.start()
  await here.clock.advance(50)
  assert.is(here.io.linkedParticipant, undefined)
  assert.equal(here.codes(), ['options.deprecated'])
  await here.close()
})

it('refuses a second start, and one after close (ROOM-7)', async () => {
  const here = await started()
  assert.throws(
    () => here.io.start(),
    (error: unknown) => codeOf(error) === 'ERR_STARTED',
  )
  assert.is(here.io.linkedParticipant?.identity, 'ann')
  await here.close()
  assert.throws(
    () => here.io.start(),
    (error: unknown) => codeOf(error) === 'ERR_CLOSED',
  )
  const never = scene()
  await never.io.close()
  assert.throws(
    () => never.io.start(),
    (error: unknown) => codeOf(error) === 'ERR_CLOSED',
  )
})

it('leaves what the session has already, and does without its own (ROOM-8)', async () => {
  const session = new FakeSession()
  const [ears, mouth, pen] = [{}, {}, {}]
  session.input.audio = ears
  session.output = { audio: mouth, transcription: pen }
  const here = await started({ session })
  assert.equal(
    here.logged.filter(({ code }) => code === 'session.kept').map(({ fields }) => fields.slot),
    ['input.audio', 'output.audio', 'output.transcription'],
  )
  assert.equal([here.io.audioInput, here.io.audioOutput, here.io.transcriptionOutput], [undefined, undefined, undefined])
  await here.close()
  assert.ok(session.input.audio === ears && session.output.audio === mouth && session.output.transcription === pen)
})

it('has no part that is off (PORT-1, OPT-1)', async () => {
  const here = await started({ options: { audioInput: false, audioOutput: false, textOutput: false } })
  assert.equal(
    [here.io.audioInput, here.io.audioOutput, here.io.transcriptionOutput, here.io.videoInput],
    Array(4).fill(undefined),
  )
  assert.is(here.io.subscribed, undefined)
  assert.is(here.io.room, here.world)
  assert.equal([here.session.input.audio, here.session.output.audio, here.session.output.transcription], [null, null, null])
  await here.clock.runUntil(here.io.ready())
  await here.close()
  await checkGone(here)
})

it('is ready when somebody is linked and active and hears the agent (ROOM-5, ROOM-6)', async () => {
  const here = await started({ caller: { subscribes: false } })
  const ready = await outcomeOf(here.clock, here.io.ready())
  assert.equal(ready, {})
  here.hub.participant({ identity: 'bob' }).join()
  await here.clock.advance(50)
  assert.ok('value' in ready)
  await here.io.subscribed
  await here.close()
})

it('writes the states of the session, that at the start first (STATE-1, STATE-4)', async () => {
  const session = new FakeSession()
  session.agentState = 'idle'
  const here = await started({ session })
  const state = () => here.caller.attributesOf('agent')?.['lk.agent.state']
  assert.is(state(), 'idle')
  for (const next of ['listening', 'thinking', 'speaking', 'humming']) session.become(next)
  await here.clock.advance(50)
  assert.is(state(), 'speaking')
  await here.close()
})

it('shows what the session hears, as the caller’s words (TXT-15)', async () => {
  const here = await started()
  const shown = here.caller.collect('lk.transcription')
  here.session.hear('Hello')
  await here.clock.advance(50)
  here.session.hear('Hello there.', true)
  await here.clock.advance(50)
  const finals = shown.filter(({ attributes }) => attributes['lk.transcription_final'] === 'true')
  assert.equal(
    finals.map(({ text }) => text),
    ['Hello there.'],
  )
  await here.close()
})

const exits: [how: string, session: Partial<Session>, asked: unknown[]][] = [
  ['_closeSoon', {}, ['_closeSoon', { reason: 'participant_disconnected' }]],
  ['shutdown', { _closeSoon: undefined } as object, ['shutdown', { drain: false, reason: 'participant_disconnected' }]],
  ['close', { _closeSoon: undefined, shutdown: undefined } as object, ['close', undefined]],
]
for (const [how, without, expected] of exits)
  it(`asks the session to close, by ${how}, once, when the caller hangs up (LINK-10, ROOM-14)`, async () => {
    const session = new FakeSession()
    const asked: unknown[] = []
    for (const name of ['_closeSoon', 'shutdown', 'close'])
      Object.assign(session, { [name]: (what: unknown) => void asked.push(name, what) })
    Object.assign(session, without)
    const here = await started({ session })
    here.caller.leave()
    await here.clock.advance(50)
    assert.equal(asked, expected)
    assert.is(here.io.chart?.isOpen, true)
    session.emit('close', {})
    await here.clock.runUntil(here.io.close())
    await checkGone(here)
  })

it('does not ask a session that closes, and logs one that will not (LINK-10)', async () => {
  const here = await started()
  here.session.emit('close', {})
  here.caller.leave()
  await here.close()
  assert.not.ok(here.session.asked.includes('closeSoon'))

  const session = new FakeSession()
  session._closeSoon = () => Promise.reject(new Error('not now'))
  const stubborn = await started({ session })
  stubborn.caller.leave()
  await stubborn.clock.advance(50)
  assert.equal(stubborn.codes(), ['session.close.failed'])
  await stubborn.close()
})

it('closes when the session does (ROOM-14), and deletes the room once, when the slots are empty (ROOM-9, ROOM-16)', async () => {
  const seen: unknown[] = []
  const session = new FakeSession()
  const deleteRoom = (name: string) =>
    void seen.push(name, session.input.audio, session.output.audio, session.output.transcription)
  const here = await started({ session, options: { deleteRoomOnClose: true, deleteRoom } })
  assert.ok(session.input.audio && session.output.audio && session.output.transcription)
  session.emit('close', {})
  session.emit('close', {})
  await here.close()
  assert.equal(seen, ['loopback', null, null, null])
  await checkGone(here)
})

it('does not delete the room when only the RoomIO is closed (ROOM-16)', async () => {
  const here = await started({ options: { deleteRoomOnClose: true, deleteRoom: () => assert.unreachable() } })
  await here.close()
  await checkGone(here)
})

it('stands in for the session’s own RoomIO, and deletes the room when the session closes it (ROOM-16)', async () => {
  let deleted = 0
  const session = Object.assign(new FakeSession(), { _roomIO: undefined as unknown })
  const here = await started({ session, options: { deleteRoomOnClose: true, deleteRoom: () => void deleted++ } })
  const stand = session._roomIO as {
    close(): Promise<void>
    rtcRoom: unknown
    isParticipantAvailable: boolean
    linkedParticipant: unknown
  }
  assert.ok(stand.rtcRoom === here.io.room && stand.isParticipantAvailable)
  assert.equal(stand.linkedParticipant, here.io.linkedParticipant)
  await here.clock.runUntil(stand.close())
  assert.equal([deleted, session._roomIO], [1, undefined])
})

it('closes when the room is gone, and then takes its parts out of the session (ROOM-15)', async () => {
  const here = await started()
  here.hub.disconnect('agent', 'server_shutdown')
  await here.clock.advance(10_000)
  assert.equal([here.session.input.audio, here.session.output.audio, here.session.output.transcription], [null, null, null])
  await checkGone(here)
})

it('closes in the order that is promised (ROOM-9)', async () => {
  const order: string[] = []
  const session = new FakeSession()
  const wrap = (world: World): World => ({
    ...world,
    byteIn: {
      listen: (topic, take) => {
        const off = world.byteIn.listen(topic, take)
        return () => {
          order.push('topic off')
          off()
        }
      },
    },
    speakers: {
      publish: async (track, signal) => {
        const publication = await world.speakers.publish(track, signal)
        const close = () => {
          order.push('unpublished')
          return publication.close()
        }
        return { sid: publication.sid, sink: publication.sink, close }
      },
    },
    room: {
      ...world.room,
      leave: () => {
        order.push('room listeners off')
        return world.room.leave()
      },
    },
  })
  const deleteRoom = () => void order.push(`deleted, slots ${session.input.audio === null ? 'empty' : 'full'}`)
  const here = await started({ session, wrap, options: { deleteRoomOnClose: true, deleteRoom } })
  const { audioInput, audioOutput, transcriptionOutput } = here.io
  session.on('removeListener', name => order.push(`off ${name}`))
  audioOutput?.on('playbackFinished', () => order.push('segment ended'))
  const reading = audioInput?.stream
    .getReader()
    .read()
    .then(({ done }) => done && order.push('input ended'))
  void transcriptionOutput?.captureText('Never heard to its end')
  void audioOutput?.captureFrame({ data: samples(400), sampleRate: 24_000, channels: 1, samplesPerChannel: 9_600 })
  await here.clock.advance(100)
  session.emit('close', {})
  await here.close()
  await reading
  assert.equal(order, [
    ...['off agent_state_changed', 'off user_input_transcribed', 'off close', 'off conversation_item_added'],
    ...['topic off', 'segment ended', 'unpublished', 'input ended', 'room listeners off', 'deleted, slots empty'],
  ])
  session.removeAllListeners()
  await checkGone(here)
})

const moments: [when: string, act: (here: Here) => Promise<unknown> | unknown][] = [
  ['before it was started', () => {}],
  ['in the turn of its start', ({ io }) => io.start()],
  [
    'never linked',
    async ({ io, clock, caller }) => {
      caller.leave()
      io.start()
      await clock.advance(100)
    },
  ],
  [
    'running',
    async ({ io, clock }) => {
      io.start()
      await clock.advance(100)
    },
  ],
]
for (const [when, act] of moments)
  it(`closes ${when}, once for all who ask, and leaves nothing (ROOM-10, ROOM-11, ROOM-12, ROOM-13)`, async () => {
    const here = scene()
    await act(here)
    const ready = outcomeOf(here.clock, here.io.ready())
    const closing = here.io.close()
    assert.ok(closing === here.io.close())
    await here.clock.runUntil(closing)
    const { error } = await ready
    if (when !== 'running') assert.match(codeOf(error) ?? '', /ERR_CLOSED|ERR_NOT_STARTED/)
    await checkGone(here)
  })

it('closes within its budget, whatever the world does (ROOM-10)', async () => {
  const wrap = (world: World): World => ({ ...world, room: { ...world.room, leave: () => new Promise(() => {}) } })
  const here = await started({ wrap, options: { closeBudgetMs: 1_000 } })
  const from = here.clock.now()
  await here.close()
  assert.ok(here.clock.now() - from <= 1_000, `${here.clock.now() - from}`)
  assert.ok(here.codes().includes('close.overrun'))
})

it('logs a callback of the session’s that throws, and goes on (ROOM-17)', async () => {
  const session = new FakeSession()
  session._onRoomIOParticipantLinked = () => {
    throw new Error('nobody told me')
  }
  const here = await started({ session })
  assert.equal(here.codes(), ['listener.failed'])
  assert.is(here.io.linkedParticipant?.identity, 'ann')
  await here.close()
})

it('refuses an identity that is none, and changes nothing', async () => {
  const here = await started()
  assert.throws(() => here.io.setParticipant(''), /identity/)
  assert.is(here.io.linkedParticipant?.identity, 'ann')
  await here.close()
})

it('fills the video slot of a session that has one, and gates it apart from the audio (CAM-3, PORT-1)', async () => {
  const { caller, clock, session, io, close } = await started({ options: { videoInput: true } })
  assert.is(session.input.video, io.videoInput)
  const camera = caller.publishVideo()
  const pictures = io.videoInput?.stream.getReader()
  const next = async () => (await pictures?.read())?.value?.timestampUs
  const show = async (timestampUs: number) => {
    camera.show({ data: new Uint8Array(4), width: 1, height: 1, type: 'rgba', rotation: 0, timestampUs })
    await clock.settle()
  }
  const first = next()
  await clock.advance(50)
  await show(1)
  assert.is(await first, 1)
  io.videoInput?.setAttached(false)
  await show(2)
  assert.equal(io.chart?.actor.getSnapshot().context.detached, ['camera'])
  io.videoInput?.setAttached(true)
  await show(3)
  assert.is(await next(), 3)
  await close()
  assert.is(session.input.video, null)

  const blind = new FakeSession()
  blind.input = { audio: null }
  const other = await started({ options: { videoInput: true }, session: blind })
  assert.equal(Object.keys(blind.input), ['audio'])
  await other.close()
})

it.run()
