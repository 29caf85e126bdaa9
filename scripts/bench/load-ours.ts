/** Sessions of ours. */
import { livekit } from '../../src/livekit/index.ts'
import type { Utterance } from '../../src/ports.ts'
import { openRoom } from '../../src/room.ts'
import { replies, replySamples, type Session, serveLoad } from './load.ts'
import { paced } from './paced.ts'

serveLoad(async (way, speech) => {
  const room = await openRoom(livekit(way))
  let open = true
  let utterance: Utterance | undefined
  const session: Session = {
    heardFrames: 0,
    get speaks() {
      return (utterance?.heard ?? 0) > 0
    },
  }
  void room.closed.then(() => {
    open = false
  })
  const hear = async () => {
    for await (const _ of room.audio) session.heardFrames++
  }
  const speak = async () => {
    for (const reply of replies(speech, replySamples)) {
      if (!open) return
      utterance = room.say({ audio: paced(reply) })
      await utterance.played
    }
  }
  void hear()
  void speak()
  return session
})
