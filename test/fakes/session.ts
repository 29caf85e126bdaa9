/** A session with the members of `@livekit/agents`' AgentSession that a room looks at, and what it was asked. */
import { EventEmitter } from 'node:events'
import type { Session } from '../../src/session/session.ts'

export class FakeSession extends EventEmitter implements Session {
  input: Session['input'] = { audio: null, video: null }
  output: Session['output'] = { audio: null, transcription: null }
  agentState: string = 'initializing'
  /** Each call, in order. */
  readonly asked: unknown[] = []
  _closeSoon: NonNullable<Session['_closeSoon']> = how => void this.asked.push('closeSoon', how)
  _onRoomIOParticipantLinked = (participant: unknown) => void this.asked.push('linked', participant)

  become(newState: string): void {
    this.agentState = newState
    this.emit('agent_state_changed', { newState })
  }
  hear(transcript: string, isFinal = false): void {
    this.emit('user_input_transcribed', { transcript, isFinal })
  }
  /** How many listen to it. */
  get handlers(): number {
    return this.eventNames().reduce((all, name) => all + this.listenerCount(name), 0)
  }
}
