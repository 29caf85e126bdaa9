/** What a mind works with: the room, as far as it is the mind's. */
import type { Settings } from './options.ts'
import type { Clock, Conversation } from './ports.ts'
import type { ChartRoom } from './room.ts'

export const conversationOf = (room: ChartRoom, { input, output }: Settings, clock: Clock): Conversation => ({
  hear: () => room.audio,
  see: () => room.video,
  chat: () => room.chat,
  say: saying => room.say(saying),
  show: async text => room.show(text),
  heard: (text, final) => room.heard(text, final),
  interrupt: () => room.interrupt(),
  state: state => room.actor.send({ type: 'attend', state }),
  speech: change => room.speech(change),
  clock,
  format: {
    input: { sampleRate: input.sampleRate, channels: input.numChannels },
    output: { sampleRate: output.sampleRate, channels: output.numChannels },
  },
})
