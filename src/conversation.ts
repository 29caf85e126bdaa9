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

/** Its clock is the mind's own: what it waits for is no input of the engine. */
export const conversationOf = (room: Own, settings: Settings, world: World): Conversation =>
  conversing(room, settings, world.outside ?? outsideOf(world))

const conversing = (room: Own, { input, output }: Settings, outside: Outside): Conversation => ({
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
  clock: outside.clock,
  outside,
  format: {
    input: { sampleRate: input.sampleRate, channels: input.numChannels },
    output: { sampleRate: output.sampleRate, channels: output.numChannels },
  },
})

const outsideOf = ({ clock, ids, log, epochMs = 0 }: World): Outside => ({ port: (_, port) => port, clock, ids, log, epochMs })
