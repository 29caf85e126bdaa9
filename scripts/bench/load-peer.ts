/** The same with the peer's input and output. */
import { replies, replySamples, serveLoad } from './load.ts'
import { paced } from './paced.ts'
import { frameIn, inputIn, outputIn } from './peer.ts'
import { join } from './rooms.ts'

serveLoad(async (way, speech) => {
  const room = await join(way, { hear: true })
  const output = await outputIn(room)
  const session = { heardFrames: 0, speaks: false }
  const hear = async () => {
    const reader = (await inputIn(room, 'caller')).getReader()
    for (let step = await reader.read(); !step.done; step = await reader.read()) session.heardFrames++
  }
  const speak = async () => {
    for (const reply of replies(speech, replySamples)) {
      for await (const frame of paced(reply)) {
        await output.captureFrame(frameIn(frame))
        session.speaks = true
      }
      output.flush()
      await output.waitForPlayout()
    }
  }
  void hear()
  void speak()
  return session
})
