/** OpenAI's Realtime API as a speech-to-speech model, through the official `openai` package (an optional peer). */
import { checkContext } from '../../realtime/context.ts'
import type { ModelCapabilities, RealtimeModel } from '../../realtime/port.ts'
import { hushed } from './failures.ts'
import { checkTools } from './items.ts'
import { connectTo } from './line.ts'
import { format } from './pcm.ts'
import { OpenAIRealtimeSession } from './session.ts'
import { checkOptions, modelOf, type OpenAIRealtimeOptions } from './settings.ts'

export class OpenAIRealtimeModel implements RealtimeModel {
  readonly label: string
  readonly capabilities: ModelCapabilities
  readonly #options: OpenAIRealtimeOptions

  /** Throws a TypeError or RangeError that names the option; whether the key is right, the session's `ready` says. */
  constructor(options: OpenAIRealtimeOptions = {}) {
    checkOptions(options)
    this.#options = { ...options }
    this.label = `openai/${modelOf(options)}`
    const { sampleRate } = format
    const detects = { turnDetection: options.turnDetection !== null, transcription: options.inputAudioTranscription !== null }
    this.capabilities = { truncate: true, ...detects, inputSampleRate: sampleRate, outputSampleRate: sampleRate }
  }

  /** Throws a TypeError for a context or functions that cannot be. */
  readonly session: RealtimeModel['session'] = (start, hands) => {
    checkContext(start.chatCtx)
    checkTools(start.fncCtx)
    const secrets = new Set<string>()
    const { label } = this
    const connect = connectTo(this.#options, hands, key => secrets.add(key))
    return new OpenAIRealtimeSession(
      { connect, options: this.#options, label, hush: line => hushed(line, secrets) },
      start,
      hands,
    )
  }
}
