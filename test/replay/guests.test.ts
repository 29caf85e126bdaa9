/** What guests ask where nobody rests: in their first actions, several things in a row, and before they are made. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AnyActorLogic } from 'xstate'
import { createMachine, fromCallback } from 'xstate'
import type { GuestLogic } from '../../src/guests.ts'
import { replay, replayText } from '../../src/replay/replay.ts'
import { newCall, sound } from '../fakes/call.ts'
import { liveStage } from '../realtime/stage.ts'
import { linesIn, recorded } from './recording.ts'

const it = suite('replay/guests')

const same = async (folder: string) => {
  const result = await replay(folder)
  assert.ok(result.same, replayText(result))
  return linesIn(folder, 'inputs.jsonl').flatMap(({ kind, name, within }) =>
    kind === 'asked' && within ? [`${name} ${within}`] : [],
  )
}
const withGuest = (guest: GuestLogic<AnyActorLogic>) =>
  recorded(async recorder => {
    const call = newCall({ options: { recorder } })
    const room = call.open()
    await call.clock.advance(50)
    room.spawn(guest, { id: 'guest' })
    await call.clock.advance(300)
    await call.clock.runUntil(room.close())
  }, same)

it('asks again what one asked in its first actions', async () => {
  const asked = await withGuest(({ show, say, interrupt }) =>
    createMachine({
      initial: 'here',
      states: {
        here: {
          entry: () => {
            void show('One moment.')
            say({ audio: sound(100) })
            interrupt()
          },
          invoke: { src: fromCallback(() => void say({ audio: sound(100) })) },
        },
      },
    }),
  )
  assert.equal(asked, ['say 1', 'show 1', 'say 1', 'interrupt 1'])
})
it('asks again what one asked before it was made', async () => {
  const asked = await withGuest(({ show, say }) => {
    void show('One moment.')
    say({ audio: sound(100) })
    return fromCallback(() => void show('Here.'))
  })
  assert.equal(asked, ['show 1', 'say 1', 'show 1'])
})
it('plays a call with a model whose room is lost in mid-close', async () => {
  for (const ms of [0, 1]) {
    await recorded(async recorder => {
      const { clock, session, hub, agent } = await liveStage({ options: { recorder } })
      session.reply(1_000, ['Hello ', 'there.'], { itemId: 'a' })
      await clock.advance(400)
      const closing = ms === 0 ? agent.close() : undefined
      hub.disconnect('agent', 'room_deleted')
      await clock.advance(ms)
      await clock.runUntil(closing ?? agent.close())
    }, same)
  }
})

it.run()
