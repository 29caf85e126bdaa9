/** Our own voice, through the room as anybody would use it. */
import type { AudioFrame } from '../../src/audio/frame.ts'
import type { ChartRoom } from '../../src/room.ts'
import { now } from './recording.ts'
import type { Speaking, Voice } from './scenes.ts'

export const voiceOf = (room: ChartRoom): Voice => ({
  say: (audio: AsyncIterable<AudioFrame>): Speaking => {
    const utterance = room.say({ audio })
    return { interrupt: () => utterance.interrupt().heard, finished: utterance.played.then(now) }
  },
  pause: () => room.pause(),
  resume: () => room.resume(),
})
