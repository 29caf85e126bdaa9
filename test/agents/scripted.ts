/** The parts of an AgentSession, made of its own base classes, and played from a script: no model, no service, the same every time. */
import {
  type APIConnectOptions,
  initializeLogger,
  llm,
  stt,
  tts,
  VAD,
  type VADEvent,
  VADEventType,
  VADStream,
  voice,
} from '@livekit/agents'
import { AudioFrame } from '@livekit/rtc-node'
import { levelOf, sweep } from '../e2e/sweep.ts'
import { pass } from '../e2e/watch.ts'

// Their library speaks of itself on stdout.
initializeLogger({ pretty: false, level: process.env.AGENTS_LOG ?? 'fatal' })

export const voiceRate = 24_000
/** So long is each word of the agent's. */
export const WORD_MS = 250
/** A level above this is speech. */
const LOUD = 500
/** Speech begins after so much of it, in ms; it is over for the recogniser, and for the turn, after so much silence. */
const BEGUN_MS = 50
const RECOGNISED_MS = 120
const OVER_MS = 250

type Segment = { speaking: boolean; speechMs: number; silenceMs: number; change: 'begun' | 'over' | undefined }
/** Cuts what is heard into stretches of speech. */
const segments = (overMs: number) => {
  const here: Segment = { speaking: false, speechMs: 0, silenceMs: 0, change: undefined }
  return (frame: AudioFrame): Segment => {
    const ms = (frame.samplesPerChannel * 1000) / frame.sampleRate
    const isLoud = levelOf(frame.data) > LOUD
    here.change = undefined
    if (!here.speaking && !isLoud) here.speechMs = 0
    if (isLoud || here.speaking) here.speechMs += ms
    here.silenceMs = isLoud ? 0 : here.silenceMs + ms
    if (!here.speaking && here.speechMs >= BEGUN_MS) Object.assign(here, { speaking: true, change: 'begun' })
    if (here.speaking && here.silenceMs >= overMs) Object.assign(here, { speaking: false, change: 'over' })
    return { ...here }
  }
}

class LevelVAD extends VAD {
  label = 'level'
  constructor() {
    super({ updateInterval: 50 })
  }
  stream(): VADStream {
    return new LevelStream(this)
  }
}
class LevelStream extends VADStream {
  constructor(vad: VAD) {
    super(vad)
    void this.#listen()
  }
  async #listen(): Promise<void> {
    let cut = segments(OVER_MS)
    for (;;) {
      const { done, value } = await this.inputReader.read()
      if (done) return
      if (typeof value === 'symbol') cut = segments(OVER_MS)
      else this.#tell(value, cut(value))
    }
  }
  #tell(frame: AudioFrame, { speaking, speechMs, silenceMs, change }: Segment): void {
    const about = {
      ...{
        samplesIndex: 0,
        timestamp: Date.now(),
        frames: [frame],
        probability: speaking ? 1 : 0,
        inferenceDuration: 0,
        speaking,
      },
      ...{ rawAccumulatedSpeech: silenceMs === 0 ? speechMs : 0, rawAccumulatedSilence: silenceMs },
      ...{ speechDuration: speaking || change ? speechMs : 0, silenceDuration: silenceMs },
    }
    const tell = (type: VADEvent['type']) => this.sendVADEvent({ type, ...about })
    if (change === 'begun') tell(VADEventType.START_OF_SPEECH)
    tell(VADEventType.INFERENCE_DONE)
    if (change === 'over') tell(VADEventType.END_OF_SPEECH)
  }
}

/** Recognises the next line of the script in each stretch of speech; nothing where that is ''. */
class ScriptedSTT extends stt.STT {
  label = 'scripted'
  readonly lines: string[]
  constructor(lines: string[]) {
    super({ streaming: true, interimResults: false })
    this.lines = lines
  }
  async _recognize(): Promise<stt.SpeechEvent> {
    throw new Error('it streams')
  }
  stream(how?: { connOptions?: APIConnectOptions }): stt.SpeechStream {
    return new ScriptedHearing(this, how?.connOptions)
  }
}
class ScriptedHearing extends stt.SpeechStream {
  label = 'scripted'
  readonly #stt: ScriptedSTT
  constructor(stt: ScriptedSTT, connOptions?: APIConnectOptions) {
    super(stt, undefined, connOptions)
    this.#stt = stt
  }
  protected async run(): Promise<void> {
    const cut = segments(RECOGNISED_MS)
    for await (const frame of this.input) {
      if (typeof frame === 'symbol' || cut(frame).change !== 'over') continue
      const text = this.#stt.lines.shift()
      if (!text) continue
      const data = { language: 'en' as never, text, startTime: 0, endTime: 0, confidence: 1 }
      if (!this.queue.closed) this.queue.put({ type: stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives: [data] })
    }
  }
}

/** Answers what it is told with what is written for it. */
class ScriptedLLM extends llm.LLM {
  readonly replies: Record<string, string>
  constructor(replies: Record<string, string>) {
    super()
    this.replies = replies
  }
  label(): string {
    return 'scripted'
  }
  chat({ chatCtx, toolCtx, connOptions }: Parameters<llm.LLM['chat']>[0]): llm.LLMStream {
    const how = { chatCtx, connOptions: connOptions ?? { maxRetry: 0, retryIntervalMs: 0, timeoutMs: 1_000 } }
    return new ScriptedAnswer(this, { ...how, ...(toolCtx ? { toolCtx } : {}) })
  }
}
class ScriptedAnswer extends llm.LLMStream {
  readonly #replies: Record<string, string>
  constructor(model: ScriptedLLM, how: ConstructorParameters<typeof llm.LLMStream>[1]) {
    super(model, how)
    this.#replies = model.replies
  }
  protected async run(): Promise<void> {
    const last = this.chatCtx.items.findLast(item => item.type === 'message' && item.role === 'user')
    const asked = last?.type === 'message' ? (last.textContent ?? '') : ''
    for (const word of wordsOf(this.#replies[asked] ?? 'What?'))
      this.queue.put({ id: 'answer', delta: { role: 'assistant', content: word } })
  }
}

/** Each word with what is before it. */
export const wordsOf = (text: string): string[] => text.match(/\s*\S+/g) ?? []

/** Says a sweep, so that one can tell from what is heard where in it that was. `timed`: and when each word is said. */
class SweepTTS extends tts.TTS {
  label = 'sweep'
  constructor(timed: boolean) {
    super(voiceRate, 1, { streaming: true, alignedTranscript: timed })
  }
  synthesize(): tts.ChunkedStream {
    throw new Error('it streams')
  }
  stream(how?: { connOptions?: APIConnectOptions }): tts.SynthesizeStream {
    return new SweepSpeech(this, how?.connOptions)
  }
}
class SweepSpeech extends tts.SynthesizeStream {
  label = 'sweep'
  readonly #timed: boolean
  constructor(voice: SweepTTS, connOptions?: APIConnectOptions) {
    super(voice, connOptions)
    this.#timed = voice.capabilities.alignedTranscript ?? false
  }
  protected async run(): Promise<void> {
    let text = ''
    for await (const piece of this.input) if (typeof piece !== 'symbol') text += piece
    const words = wordsOf(text)
    const all = sweep(words.length * WORD_MS, voiceRate)
    const size = (WORD_MS * voiceRate) / 1000
    for (const [n, word] of words.entries()) {
      const frame = new AudioFrame(all.slice(n * size, (n + 1) * size), voiceRate, 1, size)
      const timed = voice.createTimedString({ text: word, startTime: (n * WORD_MS) / 1000, endTime: ((n + 1) * WORD_MS) / 1000 })
      if (this.abortSignal.aborted || this.queue.closed) return
      const final = n === words.length - 1
      this.queue.put({
        requestId: 'said',
        segmentId: 'said',
        frame,
        final,
        ...(this.#timed ? { timedTranscripts: [timed] } : {}),
      })
    }
    if (!this.queue.closed) this.queue.put(tts.SynthesizeStream.END_OF_STREAM)
  }
}

export type Script = {
  /** What is recognised, stretch by stretch; '' is a cough. */
  hears?: string[]
  /** What is answered to what. */
  replies?: Record<string, string>
  timed?: boolean
  falseInterruptionMs?: number
  /** In the place of recogniser, answers and voice. */
  model?: llm.RealtimeModel
}
/** A session that is not started. */
export const newSession = ({ hears = [], replies = {}, timed = true, falseInterruptionMs = 600, model }: Script = {}) =>
  new voice.AgentSession({
    ...(model ? { llm: model, vad: null } : cascade(hears, replies, timed)),
    ...{ aecWarmupDuration: null, userAwayTimeout: null },
    turnHandling: {
      turnDetection: model ? 'realtime_llm' : 'vad',
      endpointing: { minDelay: 50, maxDelay: 300 },
      interruption: {
        mode: 'vad',
        minDuration: 100,
        falseInterruptionTimeout: falseInterruptionMs,
        resumeFalseInterruption: true,
      },
      preemptiveGeneration: { enabled: false },
    },
  })
const cascade = (hears: string[], replies: Record<string, string>, timed: boolean) => {
  const [vad, stt] = [new LevelVAD(), new ScriptedSTT([...hears])]
  return { vad, stt, llm: new ScriptedLLM(replies), tts: new SweepTTS(timed) }
}
/** A session that is closed leaves timers of up to 5 s behind, which hold the process; ours may live no longer than that after its tests. */
export const theirTimers = (): Promise<void> => pass(1_500)
export const newAgent = (): voice.Agent => new voice.Agent({ instructions: 'Answer.' })
