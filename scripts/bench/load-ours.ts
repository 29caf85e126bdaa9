/** Sessions of ours. */
import { livekit } from '../../src/livekit/index.ts'
import { openRoom } from '../../src/room.ts'
import { replies, replySamples, type Session, serveLoad } from './load.ts'
import { paced } from './paced.ts'

serveLoad(async (way, speech) => {
  const room = await openRoom(livekit(way))
  const session: Session = { heardFrames: 0, utterances: 0 }
  let open = true
  void room.closed.then(() => {
    open = false
  })
  const hear = async () => {
    for await (const _ of room.audio) session.heardFrames++
  }
  const speak = async () => {
    for (const reply of replies(speech, replySamples)) {
      if (!open) return
      await room.say({ audio: paced(reply) }).played
      session.utterances++
    }
  }
  void hear()
  void speak()
  return session
})
