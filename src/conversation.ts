/** What a mind works with: the room, as far as it is the mind's. */
import type { RoomRef } from '../machines/room.ts'
import type { Settings } from './options.ts'
import type { Clock, Conversation } from './ports.ts'

/** What of the room is the mind's. */
type Own = Pick<Conversation, 'say' | 'heard' | 'interrupt' | 'speech'> & {
  readonly audio: ReturnType<Conversation['hear']>
  readonly video: ReturnType<Conversation['see']>
  readonly chat: ReturnType<Conversation['chat']>
  readonly actor: RoomRef
  show(text: string): void
}

export const conversationOf = (room: Own, { input, output }: Settings, clock: Clock): Conversation => ({
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
