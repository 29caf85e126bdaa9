/** A room for forwarders: what they publish is kept, with its moment. */
import { seededIds } from '../../src/ids.ts'
import type { CaptionRoom, Transcription } from '../../src/outbound/outbox.ts'
import type { VirtualClock } from '../../src/virtual.ts'

export type Shown = { at: number; id: string; text: string; final: boolean }

export const fakeCaptions = (clock: VirtualClock) => {
  const shown: Shown[] = []
  const all: Transcription[] = []
  const codes: string[] = []
  const state = { connected: true, fails: false }
  const tracks: Record<string, string> = { agent: 'TR_agent', ann: 'TR_ann' }
  const room: CaptionRoom = {
    clock,
    ids: seededIds(7),
    log: (_level, code) => codes.push(code),
    isConnected: () => state.connected,
    trackOf: identity => tracks[identity],
    publish: transcription => {
      if (state.fails) throw new Error('the room is gone')
      all.push(transcription)
      for (const { id, text, final } of transcription.segments) shown.push({ at: clock.now(), id, text, final })
    },
  }
  /** What was shown, in short: a final ends with a stroke. */
  const texts = () => shown.map(({ text, final }) => (final ? `${text} |` : text))
  return { room, shown, all, codes, state, texts }
}
