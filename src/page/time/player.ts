/** The sound of a recording while it is played: both sides, each by itself. */
import type { Actions, View } from '../panel.ts'

export type Side = 'caller' | 'agent'
/** So far may sound and picture be apart before the sound jumps, in ms. */
const apartMs = 150

export type Player = {
  show(view: View): void
  /** Whether a side is heard. */
  isOn(side: Side): boolean
  turn(side: Side, on: boolean): void
  /** What of it cannot be played, in words; '' if nothing. */
  trouble(): string
}

type Voice = { audio: HTMLAudioElement; failed: boolean; refused: boolean }

/** `changed`: something cannot be played after all. Elements load nothing before the first play. */
export const playerOf = (actions: Actions, changed: () => void): Player => {
  const on: Record<Side, boolean> = { caller: true, agent: true }
  const voices = new Map<Side, Voice>()
  const voiceOf = (side: Side): Voice => {
    const known = voices.get(side)
    if (known) return known
    const voice = { audio: new Audio(actions.url(`sound/${side}.wav`)), failed: false, refused: false }
    voice.audio.preload = 'auto'
    voice.audio.addEventListener('error', () => {
      voice.failed = true
      changed()
    })
    voices.set(side, voice)
    return voice
  }
  const play = (voice: Voice, ms: number) => {
    const { audio } = voice
    if (voice.failed || (audio.duration <= ms / 1000 && !Number.isNaN(audio.duration))) return audio.pause()
    if (Math.abs(audio.currentTime * 1000 - ms) > apartMs) audio.currentTime = ms / 1000
    if (!audio.paused) return
    audio.play().then(
      () => {
        voice.refused = false
      },
      (error: unknown) => {
        // A pause that comes before it has begun is no trouble.
        voice.refused = error instanceof DOMException && error.name === 'NotAllowedError'
        changed()
      },
    )
  }
  return {
    show: view => {
      const runs = view.hello?.mode === 'recording' && view.life === 'following' && view.at < view.to
      for (const side of ['caller', 'agent'] as const) {
        if (runs && on[side]) play(voiceOf(side), view.at - view.from)
        else voices.get(side)?.audio.pause()
      }
    },
    isOn: side => on[side],
    turn: (side, value) => {
      on[side] = value
    },
    trouble: () => {
      const all = [...voices]
      const silent = all.filter(([, { failed }]) => failed).map(([side]) => side)
      if (silent.length > 0) return `no sound of the ${silent.join(' and the ')} in this recording`
      return all.some(([, { refused }]) => refused) ? 'the browser wants a click before it plays sound' : ''
    },
  }
}
