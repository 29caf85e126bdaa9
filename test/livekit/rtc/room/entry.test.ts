/** Rooms enter one after the other until one is in; then as they come. */
import { Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { enter, exit } from '../../../../src/livekit/rtc/room/entry.ts'

const it = suite('livekit entry')

/** A room whose connection is made, or fails, when told to. */
const doorOf = (name: string, begun: string[]) => {
  let connected = false
  let open = () => {}
  let refuse = (_: Error) => {}
  const room = Object.assign(new Room(), {
    connect: () => {
      begun.push(name)
      return new Promise<void>((resolve, reject) => {
        open = () => {
          connected = true
          resolve()
        }
        refuse = reject
      })
    },
  })
  Object.defineProperty(room, 'isConnected', { get: () => connected })
  const leave = () => {
    connected = false
    exit(room)
  }
  return { room, open: () => open(), refuse: (error: Error) => refuse(error), leave }
}
const way = { url: 'ws://x', token: 't', options: { autoSubscribe: true, dynacast: false } }
const settle = () => new Promise<void>(resolve => setImmediate(resolve))
const never = () => new AbortController().signal
const outcome = (work: Promise<void>) =>
  work.then(
    () => 'in',
    (error: unknown) => (error instanceof Error ? error.message : 'failed'),
  )

it('lets the next attempt begin when the one before has failed, also if nobody waits for that any more', async () => {
  const begun: string[] = []
  const [one, two] = [doorOf('one', begun), doorOf('two', begun)]
  const first = outcome(enter(one.room, way, never()))
  const second = outcome(enter(two.room, way, never()))
  await settle()
  assert.equal(begun, ['one'])
  one.refuse(new Error('refused'))
  assert.is(await first, 'refused')
  await settle()
  assert.equal(begun, ['one', 'two'])
  two.open()
  assert.is(await second, 'in')
  two.leave()
})

it('holds nobody back while a room is in', async () => {
  const begun: string[] = []
  const doors = ['one', 'two', 'three'].map(name => doorOf(name, begun))
  const [one, two, three] = doors
  const first = outcome(enter(one?.room ?? new Room(), way, never()))
  await settle()
  one?.open()
  await first
  const others = [two, three].map(door => outcome(enter(door?.room ?? new Room(), way, never())))
  await settle()
  assert.equal(begun, ['one', 'two', 'three'])
  for (const door of [two, three]) door?.open()
  assert.equal(await Promise.all(others), ['in', 'in'])
  for (const door of doors) door.leave()
})

it('gives up waiting for its turn when its signal aborts, and never begins then', async () => {
  const begun: string[] = []
  const [one, two] = [doorOf('one', begun), doorOf('two', begun)]
  const first = outcome(enter(one.room, way, never()))
  const enough = new AbortController()
  const second = outcome(enter(two.room, way, enough.signal))
  await settle()
  enough.abort(new Error('enough'))
  assert.is(await second, 'enough')
  one.refuse(new Error('refused'))
  await first
  await settle()
  assert.equal(begun, ['one'])
})

it.run()
