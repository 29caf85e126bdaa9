/** The page's end of a call: its sound, what it asks of the server, and what is wrong. */
import type { CallNews, FromPage } from '../../inspector/scene.ts'

export type Sound = {
  /** Muted: silence is sent. */
  mute(muted: boolean): void
  /** 16 bits at 24 000 Hz; with two channels both voices are heard. */
  play(samples: ArrayBuffer, channels: 1 | 2): void
}
export type SoundParts = {
  microphone: boolean
  /** Where the worklet is. */
  worklet: string
  /** 20 ms of the microphone. */
  said(samples: ArrayBuffer): void
  /** The microphone is gone, in a sentence. */
  lost(text: string): void
  /** Its abort lets go of all of it, whenever it comes. */
  signal: AbortSignal
}

export type Voice = Extract<FromPage, { type: 'call.start' }>['voice']
/** Which voice sounds, in 16-bit samples; of the sample call both come from the server. */
export type Heard = (of: 'caller' | 'agent', samples: Int16Array) => void
/** What it needs of the page's actions. */
export type PhoneActions = {
  ask(message: FromPage): boolean
  talk(samples: ArrayBuffer): boolean
  hear(listener: (samples: ArrayBuffer) => void): () => void
  url(path: string): string
}
export type PhoneParts = {
  actions: PhoneActions
  open(parts: SoundParts): Promise<Sound>
  heard: Heard
  changed(): void
}
type Line = { text: string; isTrouble: boolean }

const away = 'The server is away: start it again, and open the address that it prints.'
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

export class Phone {
  readonly #parts: PhoneParts
  /** `asking`: the browser is asked for its sound. `dialled`: the server was asked for a call. */
  #state: 'off' | 'asking' | 'dialled' = 'off'
  #voice: Voice = 'none'
  #muted = false
  #line: Line = { text: '', isTrouble: false }
  #opening: AbortController | undefined
  #sound: Sound | undefined
  /** What the server had last said of a call when this one was asked for. */
  #before: CallNews | null = null
  #news: CallNews | null = null
  #isAway = false
  /** It was asked to end. */
  #ending = false

  constructor(parts: PhoneParts) {
    this.#parts = parts
    parts.actions.hear(samples => this.#play(samples))
  }

  /** How it stands, for the page. */
  get state(): 'off' | 'asking' | 'dialling' | 'talking' | 'ending' {
    if (this.#state !== 'dialled') return this.#state
    if (this.#ending) return 'ending'
    return this.#current?.state === 'talking' ? 'talking' : this.#current?.state === 'ending' ? 'ending' : 'dialling'
  }
  get voice(): Voice {
    return this.#voice
  }
  get muted(): boolean {
    return this.#muted
  }
  /** One line that says what is wrong, or how the last call ended; empty where there is nothing to say. */
  get line(): Line {
    return this.#line
  }

  /** To be called by a click: browsers give no sound otherwise. */
  async start(mind: string, voice: Voice): Promise<void> {
    if (this.#state !== 'off') return
    if (this.#isAway) return this.#end(away, true)
    const opening = new AbortController()
    const { actions, open } = this.#parts
    const { signal } = opening
    ;[this.#state, this.#voice, this.#muted, this.#ending, this.#opening] = ['asking', voice, false, false, opening]
    this.#line = { text: '', isTrouble: false }
    this.#parts.changed()
    try {
      const sound = await open({
        ...{ microphone: voice === 'microphone', worklet: actions.url('sound.worklet.js'), signal },
        said: samples => this.#said(samples),
        lost: text => this.#say(text, true),
      })
      if (signal.aborted) return
      ;[this.#sound, this.#state, this.#before] = [sound, 'dialled', this.#news]
      if (!actions.ask({ type: 'call.start', mind, voice })) throw new Error(away)
      this.#parts.changed()
    } catch (error) {
      if (!signal.aborted) this.#end(error instanceof Error ? error.message : String(error), true)
    }
  }
  hangUp(): void {
    if (this.#state === 'asking') this.#end('')
    else if (this.#state === 'dialled') {
      this.#ending = true
      this.#ask({ type: 'call.end' })
    }
  }
  mute(muted: boolean): void {
    this.#muted = muted
    this.#sound?.mute(muted)
    this.#parts.changed()
  }
  interrupt(): void {
    this.#ask({ type: 'call.interrupt' })
  }
  pause(paused: boolean): void {
    this.#ask({ type: paused ? 'call.pause' : 'call.resume' })
  }
  write(text: string): void {
    this.#ask({ type: 'call.write', text })
  }
  /** What the shell knows now. */
  show({ call, life }: { call: CallNews | null; life: string }): void {
    this.#news = call
    this.#isAway = life === 'lost' || life === 'refused'
    if (this.#state === 'off') return
    const { state = undefined, text = '' } = this.#current ?? {}
    if (this.#isAway) this.#end('The connection to the server broke: the call has ended.', true)
    else if (state === 'failed') this.#end(sentence(text || 'the call failed'), true)
    else if (state === 'ended' || state === 'idle') this.#end(text && sentence(text))
    else if (text) this.#say(sentence(text))
  }

  /** What the server says of this call. */
  get #current(): CallNews | null {
    return this.#news === this.#before ? null : this.#news
  }
  #ask(message: FromPage): void {
    if (this.#state === 'dialled' && !this.#parts.actions.ask(message)) this.#end(away, true)
  }
  #end(text: string, isTrouble = false): void {
    this.#opening?.abort()
    ;[this.#state, this.#sound, this.#opening] = ['off', undefined, undefined]
    this.#line = { text, isTrouble }
    this.#parts.changed()
  }
  #say(text: string, isTrouble = false): void {
    const isNews = text !== this.#line.text || isTrouble !== this.#line.isTrouble
    this.#line = { text, isTrouble }
    if (isNews) this.#parts.changed()
  }
  #said(samples: ArrayBuffer): void {
    if (this.state !== 'talking') return
    this.#parts.heard('caller', new Int16Array(samples))
    this.#parts.actions.talk(samples)
  }
  #play(samples: ArrayBuffer): void {
    const sound = this.#sound
    if (this.state !== 'talking' || !sound) return
    const { channels = 1 } = this.#current ?? {}
    const data = new Int16Array(samples)
    const voice = (of: 0 | 1) => data.filter((_, i) => i % 2 === of)
    this.#parts.heard('agent', channels === 2 ? voice(0) : data)
    if (channels === 2) this.#parts.heard('caller', voice(1))
    sound.play(samples, channels)
  }
}
