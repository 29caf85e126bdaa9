/** The process that speaks: as `ours` or as the `floor`. */
import { dispose } from '@livekit/rtc-node'
import { livekit } from '../../src/livekit/index.ts'
import { type ChartRoom, openRoom } from '../../src/room.ts'
import { serve } from './child.ts'
import { floorIn } from './floor.ts'
import { voiceOf } from './ours.ts'
import { join, type Way } from './rooms.ts'
import { act, type Scene, type Voice } from './scenes.ts'
import { type Telling, tell } from './telling.ts'

let voice: Voice | undefined
let ours: ChartRoom | undefined
let leave = async () => {}

serve(
  {
    /** Joins another room as the one or the other, and leaves the one before. */
    join: async ({ kind, way }: { kind: string; way: Way }) => {
      await leave()
      if (kind === 'ours') {
        const room = await openRoom(livekit(way))
        voice = voiceOf(room)
        ours = room
        leave = () => room.close()
      } else {
        const room = await join(way, { hear: false })
        voice = await floorIn(room)
        leave = () => room.disconnect()
      }
    },
    act: (scene: Scene) => {
      if (!voice) throw new Error('it is in no room')
      return act(voice, scene)
    },
    tell: (telling: Telling) => {
      if (!ours) throw new Error('it is in no room')
      return tell(ours, telling)
    },
  },
  dispose,
)
