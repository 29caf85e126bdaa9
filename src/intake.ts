/** What the agent takes in: what they say, show and write. What is switched off is at its end from the start. */
import type { Gates } from '../machines/affairs.ts'
import type { Sender } from '../machines/crew.ts'
import { createEar, type Ear, type EarOptions } from './inbound/ear.ts'
import { Eye } from './inbound/eye.ts'
import { Inbox } from './inbound/inbox.ts'
import type { Dropped } from './inbound/input.ts'
import type { ChatMessage } from './mind.ts'
import type { Settings } from './options.ts'
import type { World } from './ports.ts'

export type IntakeHands = {
  dropped: (run: Dropped) => void
  heard: NonNullable<EarOptions['heard']>
  sender: (identity: string) => Sender | undefined
  /** Deals with what somebody wrote. */
  answer: (message: ChatMessage) => unknown
}

export class Intake {
  readonly ear: Ear
  readonly eye: Eye
  readonly inbox: Inbox | undefined
  readonly #hears: boolean

  constructor(world: World, settings: Settings, { dropped, heard, sender, answer }: IntakeHands) {
    const { on, input, noiseCancellation, textInput } = settings
    const { textIn, clock, log } = world
    this.#hears = on.audioInput
    this.ear = createEar(world, {
      ...{ ...input, channels: input.numChannels, noiseCancellation, dropped, heard },
      preConnectAudio: input.preConnectAudio && on.audioInput,
    })
    if (!on.audioInput) this.ear.close()
    this.eye = new Eye(world.videos)
    if (!on.videoInput) this.eye.close()
    if (textInput) this.inbox = new Inbox({ ...{ textIn, clock, log, asked: textInput.asked }, sender, answer })
  }

  /** From now on nothing is missed that is sent to the room. `late`: it was connected before. */
  start({ late = false }): void {
    if (this.#hears) this.ear.start({ late })
    this.inbox?.start()
  }
  gate({ senses, open }: Gates): void {
    for (const sense of senses) (sense === 'camera' ? this.eye : this.ear).gate(open)
  }
  close(): void {
    this.ear.close()
    this.eye.close()
    this.inbox?.close()
  }
}
