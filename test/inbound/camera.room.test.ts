/** What somebody shows in a room, as the agent sees it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hashOf } from '../../src/journal.ts'
import type { World } from '../../src/ports.ts'
import { openRoom } from '../../src/room.ts'
import type { VideoFrame } from '../../src/video/frame.ts'
import { type CallOptions, newCall, outcomeOf, startCall } from '../fakes/call.ts'
import { numberOf, picture } from '../fakes/pictures.ts'

const it = suite('camera.room')

const watching = async (options: CallOptions = {}) => {
  const call = await startCall({ ...options, options: { videoInput: {}, ...options.options } })
  const seen: (number | undefined)[] = []
  const over = (async () => {
    for await (const frame of call.room.video) seen.push(numberOf(frame))
  })()
  return { ...call, seen, over }
}

it('sees what the caller shows, until the room closes (CAM-1, OPT-2)', async () => {
  const { room, clock, caller, seen, over, hub } = await watching()
  const cam = caller.publishVideo()
  await clock.advance(10)
  cam.show(picture(1))
  await clock.advance(10)
  const slides = caller.publishVideo('screen')
  await clock.advance(10)
  cam.show(picture(2))
  slides.show(picture(3))
  await clock.advance(10)
  slides.unpublish()
  await clock.advance(10)
  cam.mute()
  cam.show(picture(4))
  cam.unmute()
  cam.show(picture(5))
  await clock.advance(10)
  cam.replace({ late: true })
  await clock.advance(10)
  cam.show(picture(6))
  await clock.advance(10)
  room.setAttached(false)
  cam.show(picture(7))
  await clock.advance(10)
  room.setAttached(true)
  cam.show(picture(8))
  await clock.advance(10)
  assert.equal(seen, [1, 3, 5, 6, 8])
  await clock.runUntil(room.close())
  await over
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
})

it('is off where it is not asked for, and gives a mind what it sees where it is (OPT-1, OPT-2)', async () => {
  const off = await startCall()
  assert.not.ok('camera' in off.room.actor.getSnapshot().context.crew)
  assert.equal((await outcomeOf(off.clock, off.room.video[Symbol.asyncIterator]().next())).value, {
    done: true,
    value: undefined,
  })
  await off.clock.runUntil(off.room.close())

  const seen: (number | undefined)[] = []
  const mind = {
    start: async ({ see }: { see(): AsyncIterable<VideoFrame> }) => {
      for await (const frame of see()) seen.push(numberOf(frame))
    },
  }
  const { room, clock, caller } = await startCall({ options: { videoInput: true, mind } })
  const cam = caller.publishVideo()
  await clock.advance(10)
  cam.show(picture(1))
  await clock.advance(10)
  assert.equal(seen, [1])
  await clock.runUntil(room.close())
})

it('counts in the room what came, what was seen, and what nobody asked for in time (CAM-2, law 6)', async () => {
  const { room, clock, caller } = await startCall({ options: { videoInput: true } })
  const cam = caller.publishVideo()
  await clock.advance(10)
  for (let n = 1; n <= 3; n++) {
    cam.show(picture(n))
    await clock.advance(10)
  }
  assert.equal(room.sights, { received: 3, delivered: 0, dropped: 2, gated: 0, buffered: 1 })
  room.setAttached(false, 'camera')
  cam.show(picture(4))
  await clock.advance(10)
  assert.equal(room.sights, { received: 4, delivered: 0, dropped: 2, gated: 2, buffered: 0 })
  await clock.runUntil(room.close())
})

it('comes back after a full reconnect of ours (MIC-3 for CAM-3)', async () => {
  const { room, clock, caller, hub, seen } = await watching()
  const cam = caller.publishVideo()
  await clock.advance(10)
  cam.show(picture(1))
  await clock.advance(10)
  hub.reconnect('full', 300)
  await clock.advance(400)
  cam.show(picture(2))
  await clock.advance(10)
  assert.equal(seen, [1, 2])
  await clock.runUntil(room.close())
})

it('is started again three times in a minute, then the room goes on without video (ROOM-17, section 2)', async () => {
  const broken = (world: World): World => ({
    ...world,
    videos: {
      watch: async function* () {
        yield picture(1)
        throw new Error('the decoder broke')
      },
    },
  })
  const { room, clock, caller, over, facts, codes } = await watching({ wrap: broken })
  caller.publishVideo()
  await clock.advance(5_000)
  const failures = facts.flatMap(fact => (fact.type === 'failed' ? [[fact.actor, fact.error, fact.restarted]] : []))
  assert.equal(
    failures,
    [true, true, true, false].map(restarted => ['camera', 'the decoder broke', restarted]),
  )
  await over // whoever reads is not left waiting
  assert.is(room.actor.getSnapshot().value, 'running')
  assert.equal(codes(), Array(4).fill('actor.failed'))
  await clock.runUntil(room.close())
})

it('passes the journal by length and hash, like sound', async () => {
  const lines: { name: string; value?: unknown }[] = []
  const { clock, world, caller } = newCall()
  const room = await clock.runUntil(openRoom(world, { videoInput: {}, journal: line => lines.push(line) }))
  const cam = caller.publishVideo()
  await clock.advance(10)
  cam.show(picture(1))
  await clock.advance(10)
  const item = lines.find(({ name }) => name === 'videos.watch')
  assert.equal(item?.value, { ...picture(1), data: { bytes: 4, hash: hashOf(picture(1).data) } })
  await clock.runUntil(room.close())
})

it.run()
