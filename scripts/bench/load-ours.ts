/** Sessions of ours. */
import { livekit } from '../../src/livekit/index.ts'
import { openRoom } from '../../src/room.ts'
import { replies, replySamples, serveLoad } from './load.ts'
import { paced } from './paced.ts'

serveLoad(async (way, speech) => {
  const room = await openRoom(livekit(way))
  const session = { heardFrames: 0, speaks: false }
  let open = true
  room.on(({ type }) => {
    if (type === 'utterance.started') session.speaks = true
    if (type === 'closed') open = false
  })
  const hear = async () => {
    for await (const _ of room.audio) session.heardFrames++
  }
  const speak = async () => {
    for (const reply of replies(speech, replySamples)) {
      if (!open) return
      await room.say({ audio: paced(reply) }).played
    }
  }
  void hear()
  void speak()
  return session
})
