/** A room that closes: every wait ends, whatever stalls and at whatever moment, and nothing is left behind. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AudioFrame } from '../src/audio/frame.ts'
import {
  type Call,
  type CallOptions,
  newCall,
  outcomeOf,
  pieces,
  samples,
  sound,
  stalled,
  startCall,
  timed,
} from './fakes/call.ts'
import { checkOver } from './fakes/over.ts'

const it = suite('engine.closing')

it('settles every wait when it closes (ROOM-12)', async () => {
  const call = await startCall({ options: { audioOutput: { maxPendingMs: 1_000 } } })
  const { room, clock } = call
  const returned: string[] = []
  const held: string[] = []
  const played = [
    room.say({ audio: stalled(sound(300), returned), text: stalled(timed(2), returned) }).played,
    room.say({ audio: sound(5_000, { ended: held }) }).played, // waits for its turn, and for room
    room.say({ audio: stalled(pieces<AudioFrame>(), returned) }).played,
  ]
  const iterator = room.audio[Symbol.asyncIterator]()
  const reading = outcomeOf(clock, iterator.next())
  await clock.advance(500)
  assert.equal(returned, [])
  void room.close()
  await clock.settle()
  assert.equal((await reading).value, { done: true, value: undefined })
  assert.equal(
    (await Promise.all(played)).map(({ outcome }) => outcome),
    ['abandoned', 'abandoned', 'abandoned'],
  )
  assert.equal(returned, ['let go', 'let go', 'let go'])
  assert.equal(held, ['let go'])
  assert.equal(await room.audio[Symbol.asyncIterator]().next(), { done: true, value: undefined })
  await checkOver(call)
})

it('refuses to speak once it closes, and hears no other command', async () => {
  const call = await startCall()
  const { room, clock, facts } = call
  void room.close()
  for (const during of [true, false]) {
    assert.throws(() => room.say({ audio: sound(100) }), /not open/, `${during}`)
    room.show('too late')
    room.pause()
    room.resume()
    room.interrupt()
    room.setParticipant('ann')
    room.setAttached(false)
    await clock.settle()
  }
  assert.is(facts.at(-1)?.type, 'closed')
  await checkOver(call)
})

it('refuses to speak before it is joined', async () => {
  const call = newCall()
  const room = call.open()
  assert.throws(() => room.say({ audio: sound(100) }), /not open/)
  const opened = outcomeOf(call.clock, room.opened)
  void room.close()
  const { error } = await opened
  assert.is(error instanceof Error && 'code' in error && error.code, 'ERR_CLOSED')
  await checkOver(call)
})

const situations: Record<string, [CallOptions, (call: Call) => unknown]> = {
  'with nobody there': [{ caller: false }, () => {}],
  'with nobody who subscribes': [
    { caller: { subscribes: false } },
    ({ room }) => room.say({ audio: sound(1_000), text: timed(5) }),
  ],
  'while it is silent': [{}, () => {}],
  'while it speaks': [{}, ({ room }) => room.say({ audio: sound(3_000), text: timed(15) })],
  'while it is paused': [
    {},
    async ({ room, clock }) => {
      room.say({ audio: sound(3_000), text: timed(15) })
      await clock.advance(300)
      room.pause()
      room.say({ audio: sound(3_000), text: timed(15) })
    },
  ],
  'while text is late': [{}, ({ room }) => room.say({ audio: sound(900), text: stalled(timed(3)) })],
  'while it is away': [
    {},
    async ({ room, clock, hub }) => {
      room.say({ audio: sound(3_000), text: timed(15) })
      await clock.advance(500)
      hub.reconnect('full', 60_000)
    },
  ],
  'while the device hangs': [
    {},
    ({ room, hub }) => {
      room.say({ audio: sound(3_000), text: timed(15) })
      hub.stallSinks()
    },
  ],
  'after it was thrown out': [{}, ({ hub }) => hub.disconnect('agent')],
  'while a caller speaks who is not read': [{}, ({ caller }) => void caller.publish({ preconnect: true }).speak(samples(30_000))],
}
const stalls = ['setAttributes', 'publish', 'openText', 'write', 'closeText', 'unpublish', 'leave'] as const
for (const [situation, [options, act]] of Object.entries(situations))
  it(`closes within its budget ${situation}, whatever stalls (ROOM-10, ROOM-11, ROOM-13, law 16)`, async () => {
    for (const stall of [undefined, ...stalls]) {
      const call = newCall({ ...options, options: { closeBudgetMs: 2_000 } })
      if (stall) for (let n = 0; n < 50; n++) call.hub.stall(stall, 'agent')
      const room = call.open()
      await call.clock.advance(10)
      await act({ ...call, room })
      await call.clock.advance(1_000)
      const at = call.clock.now()
      await call.clock.runUntil(room.close(), 2_001)
      assert.ok(call.clock.now() - at <= 2_000, `${stall}: took ${call.clock.now() - at} ms`)
      if (stall === 'leave') continue // the world still holds what it does not let go
      await checkOver(call).catch(error => {
        throw new Error(`${stall}: ${error.message}`, { cause: error })
      })
    }
  })

it('closes before it is joined at any moment, within its budget (ROOM-10, ROOM-11)', async () => {
  for (const stall of [true, false])
    for (const after of [0, 1, 10_000]) {
      const call = newCall()
      if (stall) call.hub.stall('join')
      const room = call.open()
      if (after) await call.clock.advance(after)
      const at = call.clock.now()
      await call.clock.runUntil(room.close('enough'))
      assert.ok(call.clock.now() - at <= 5_000)
      assert.is(await room.closed, 'enough')
      await checkOver(call)
    }
})

it.run()
