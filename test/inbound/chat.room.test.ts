/** What people write in a room: to the mind, to a callback, or to nobody. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Conversation, Mind } from '../../src/mind.ts'
import { openRoom } from '../../src/room.ts'
import { newCall, outcomeOf, sound, startCall } from '../fakes/call.ts'

const it = suite('chat.room')

/** A mind that reads, and one that does not. */
const reader = (texts: string[]): Mind => ({
  start: async ({ chat }: Conversation) => {
    for await (const { text } of chat()) texts.push(text)
  },
})

it('interrupts the agent, and then gives the text to the mind (CHAT-6)', async () => {
  const read: string[] = []
  const { room, clock, caller, facts } = await startCall({ options: { mind: reader(read) } })
  const { played } = room.say({ audio: sound(2_000) })
  await clock.advance(500)
  caller.sendText('lk.chat', ['Stop ', 'it'])
  await clock.advance(1)
  assert.is((await played).outcome, 'interrupted')
  assert.equal(read, ['Stop it'])
  const order = facts.map(({ type }) => type).filter(type => type === 'chat.received' || type === 'utterance.ended')
  assert.equal(order, ['chat.received', 'utterance.ended'])
  caller.sendText('lk.chat', ['  \n'])
  const { played: another } = room.say({ audio: sound(100) })
  await clock.advance(500)
  assert.equal([(await another).outcome, read.length], ['finished', 1]) // blank: nothing was said
  await clock.runUntil(room.close())
})

it('keeps the newest 32 of what nobody reads, and tells (law 17)', async () => {
  const { room, clock, caller, codes } = await startCall()
  for (let n = 0; n < 40; n++) {
    caller.sendText('lk.chat', [`${n}`])
    await clock.advance(1)
  }
  const texts: string[] = []
  const reading = (async () => {
    for await (const { text } of room.chat) texts.push(text)
  })()
  await clock.settle()
  assert.equal(
    texts,
    Array.from({ length: 32 }, (_, n) => `${n + 8}`),
  )
  assert.ok(codes().includes('chat.unread'))
  await clock.runUntil(room.close())
  await reading
})

it('calls a callback in place of that, with the room and the message, blank ones too (CHAT-4, CHAT-6)', async () => {
  const got: [boolean, string, string, string | undefined][] = []
  const call = newCall({
    options: {
      textInput: {
        textInputCb: async (given, { text, participant, participantIdentity }) => {
          got.push([given === room, text, participant.sid, participantIdentity])
          throw new Error('no answer to that')
        },
      },
    },
  })
  const room = call.open()
  await call.clock.advance(1)
  const { played } = room.say({ audio: sound(500) })
  await call.clock.advance(100)
  for (const text of ['hello', ' ']) call.caller.sendText('lk.chat', [text])
  await call.clock.advance(1_000)
  assert.equal(got, [
    [true, 'hello', call.caller.sid, 'ann'],
    [true, ' ', call.caller.sid, 'ann'],
  ])
  assert.is((await played).outcome, 'finished')
  assert.equal(call.codes(), ['chat.failed', 'chat.failed'])
  const { value } = await outcomeOf(call.clock, room.chat[Symbol.asyncIterator]().next())
  assert.equal(value, { done: true, value: undefined })
  await call.clock.runUntil(room.close())
})

it('listens to who is linked, while nobody is to who could be, and after an unset to nobody (CHAT-2)', async () => {
  const texts: string[] = []
  const { room, clock, caller, hub } = await startCall({
    options: { mind: reader(texts), participantIdentity: 'bob' },
  })
  const bob = hub.participant({ identity: 'bob' })
  const machine = hub.participant({ identity: 'eve', kind: 'egress' })
  bob.join()
  machine.join()
  await clock.advance(1)
  const all = async (word: string) => {
    for (const who of [caller, bob, machine]) who.sendText('lk.chat', [`${word} ${who.identity}`])
    await clock.advance(1)
  }
  await all('pinned')
  room.setParticipant('ann')
  await clock.advance(1)
  await all('linked')
  room.setParticipant(undefined)
  await clock.advance(1)
  await all('held')
  assert.equal(texts, ['pinned bob', 'linked ann'])
  await clock.runUntil(room.close())

  const early: string[] = []
  const shy = await startCall({ options: { mind: reader(early), prefer: 'publishing', preferTimeoutMs: 60_000 } })
  assert.is(shy.room.linkedParticipant, undefined)
  const robot = shy.hub.participant({ identity: 'rob', kind: 'agent' })
  robot.join()
  await shy.clock.advance(1)
  for (const who of [shy.caller, robot]) who.sendText('lk.chat', [who.identity])
  await shy.clock.advance(1)
  assert.equal(early, ['ann'])
  await shy.clock.runUntil(shy.room.close())
})

it('is not there where it is turned off, and leaves the topic to whoever had it (CHAT-1, OPT-1)', async () => {
  const { room, clock, world, hub } = await startCall({ options: { textInput: false } })
  assert.not.ok(Object.keys(room.actor.getSnapshot().context.crew).includes('chat'))
  world.textIn.listen('lk.chat', () => {})()
  await clock.runUntil(room.close())
  await clock.settle()
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })

  const taken = newCall({ options: { textInput: true } })
  const texts: string[] = []
  const off = taken.world.textIn.listen('lk.chat', ({ identity }) => texts.push(identity))
  const other = taken.open()
  await taken.clock.advance(1)
  assert.equal(taken.codes(), ['chat.taken'])
  taken.caller.sendText('lk.chat', ['to whom?'])
  await taken.clock.advance(1)
  assert.equal(texts, ['ann'])
  await taken.clock.runUntil(other.close())
  off()
})

it('leaves nothing open when the room closes in the middle of a message (ROOM-13)', async () => {
  const { room, clock, caller, hub, codes } = await startCall({
    options: { textInput: { textInputCb: () => new Promise(() => {}) } },
  })
  caller.sendText('lk.chat', ['answer me'])
  const open = caller.openText('lk.chat')
  open.write('I was abou')
  await clock.advance(100)
  await clock.runUntil(room.close())
  open.close()
  await clock.advance(1)
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  assert.equal(codes(), [])
})

it('goes through the journal like everything that comes in', async () => {
  const lines: string[] = []
  const { clock, caller, world } = newCall()
  const room = await clock.runUntil(openRoom(world, { journal: ({ name }) => lines.push(name) }))
  await clock.advance(1)
  caller.sendText('lk.chat', ['hello'])
  await clock.advance(1)
  assert.equal(
    lines.filter(name => name.startsWith('textIn')),
    ['textIn.listen', 'textIn.listen.chunks', 'textIn.listen.chunks'],
  )
  await clock.runUntil(room.close())
})

it.run()
