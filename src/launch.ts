/** What the room's machine is started with: who is launched, and within which limits. */
import type { RoomInput } from '../machines/room.ts'
import type { Concern } from '../machines/supervision.ts'
import type { Settings } from './options.ts'

/**
 * `session`: it is the mind, and nobody else speaks for the agent. `patient`: joining takes as long as it takes. `late`: the room was
 * connected before, so that what was sent until now is missed.
 */
export type Attended = { session?: boolean; patient?: boolean; late?: boolean }

/** As long as a timer can be. */
const forever = 2_147_483_647

export const inputOf = (settings: Settings, { session, patient }: Attended): RoomInput => {
  const { link, input, output, on, text, deleteRoom, deleteRoomTimeoutMs, closeBudgetMs, falseInterruption } = settings
  const { preConnectAudio, preConnectAudioTimeoutMs } = input
  const attending = settings.mind?.attending
  const off: Concern[] = []
  if (!on.audioInput) off.push('microphone')
  if (!on.audioOutput) off.push('output')
  if (!on.videoInput) off.push('camera')
  if (!on.textInput) off.push('chat')
  if (session) off.push('agent')
  return {
    ...{ link, microphone: { preConnectAudio, preConnectAudioTimeoutMs }, sampleRate: output.sampleRate },
    ...{ synced: text.syncTranscription, closeBudgetMs, off, deletes: deleteRoom !== undefined, deleteRoomTimeoutMs },
    ...(attending ? { agent: { attending } } : {}),
    ...(falseInterruption ? { falseInterruption } : {}),
    ...(patient ? { joinTimeoutMs: forever } : {}),
  }
}
