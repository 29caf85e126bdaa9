/** What a mind works with: the room, as far as it is the mind's. */
import type { RoomRef } from '../machines/room.ts'
import type { Conversation } from './mind.ts'
import type { Settings } from './options.ts'
import type { Outside, World } from './ports.ts'

/** What of the room is the mind's. */
type Own = Pick<Conversation, 'say' | 'heard' | 'interrupt' | 'speech' | 'ready'> & {
  readonly audio: ReturnType<Conversation['hear']>
  readonly video: ReturnType<Conversation['see']>
  readonly chat: ReturnType<Conversation['chat']>
  readonly actor: RoomRef
  show(text: string): void
}

export const conversationOf = (room: Own, { input, output }: Settings, world: World): Conversation => ({
  hear: () => room.audio,
  see: () => room.video,
  chat: () => room.chat,
  say: saying => room.say(saying),
  show: async text => room.show(text),
  heard: (text, final, id) => room.heard(text, final, id),
  interrupt: () => room.interrupt(),
  state: state => room.actor.send({ type: 'attend', state }),
  speech: change => room.speech(change),
  ready: () => room.ready(),
  clock: world.clock,
  outside: world.outside ?? outsideOf(world),
  format: {
    input: { sampleRate: input.sampleRate, channels: input.numChannels },
    output: { sampleRate: output.sampleRate, channels: output.numChannels },
  },
})

const outsideOf = ({ clock, ids, log, epochMs = 0 }: World): Outside => ({ port: (_, port) => port, clock, ids, log, epochMs })
