/** The process that speaks as the peer. */
import { dispose } from '@livekit/rtc-node'
import { serve } from './child.ts'
import { outputIn, voiceOf } from './peer.ts'
import { join, type Way } from './rooms.ts'
import { act, type Scene, type Voice } from './scenes.ts'

let voice: Voice | undefined
let leave = async () => {}

serve(
  {
    join: async ({ way }: { way: Way }) => {
      await leave()
      const room = await join(way, { hear: false })
      leave = () => room.disconnect()
      voice = voiceOf(await outputIn(room))
    },
    act: (scene: Scene) => {
      if (!voice) throw new Error('it is in no room')
      return act(voice, scene)
    },
  },
  dispose,
)
