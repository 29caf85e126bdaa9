/** The room's machine with children that only do what a test tells them, and the world's part in the hands of the test. */
import { createActor, createMachine, fromPromise, type InspectionEvent } from 'xstate'
import { agentMachine } from '../../machines/agent.ts'
import { cameraMachine } from '../../machines/inbound/camera.ts'
import { chatMachine } from '../../machines/inbound/chat.ts'
import { linkMachine } from '../../machines/inbound/link.ts'
import { microphoneMachine } from '../../machines/inbound/microphone.ts'
import { interruptionMachine } from '../../machines/outbound/interruption.ts'
import { outputMachine } from '../../machines/outbound/output.ts'
import { playoutMachine } from '../../machines/outbound/playout.ts'
import { presenceMachine } from '../../machines/outbound/presence.ts'
import { syncMachine } from '../../machines/outbound/sync.ts'
import { transcriptMachine } from '../../machines/outbound/transcript.ts'
import { type RoomEvent, type RoomInput, roomMachine } from '../../machines/room.ts'
import type { Joined, Participant } from '../../src/ports.ts'
import { stopSubtree } from '../../src/supervise.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'
import { pending } from '../model.ts'
import { type Fate, inPlaceOf, newBook } from './crew.ts'

export const lasting = ['link', 'microphone', 'camera', 'chat', 'output', 'presence', 'agent']
export const input: RoomInput = { link: {}, microphone: {}, synced: true, sampleRate: 24_000, closeBudgetMs: 5_000 }
export const ann: Participant = { identity: 'ann', sid: 'PA_1', kind: 'standard', attributes: {}, active: true, tracks: [] }
export const joined: Joined = { name: 'lounge', identity: 'agent', participants: [ann] }
export const from = { identity: 'ann', participantSid: 'PA_1' }
export const track = {
  sid: 'TR_1',
  key: 'TR_1#1',
  source: 'microphone',
  muted: false,
  subscribed: true,
  preconnect: false,
} as const
export const segment = { id: 't', side: 'agent', identity: 'agent' } as const

/** The machine with fake children, and the world's part in the hands of the test. */
export const rig = (clock: VirtualClock, stubborn: readonly string[] = []) => {
  const book = newBook(stubborn)
  const told: string[] = []
  const failures: { actor: string; error: string; restarted: boolean; at: number }[] = []
  const join = pending<Joined>()
  const leave = pending<void>()
  const deleteRoom = pending<void>()
  const machine = roomMachine.provide({
    actors: {
      join: fromPromise(() => join.promise),
      leave: fromPromise(() => leave.promise),
      deleteRoom: fromPromise(({ input: { name } }) => {
        told.push(`deletes ${name}`)
        return deleteRoom.promise
      }),
      link: inPlaceOf(linkMachine, book),
      microphone: inPlaceOf(microphoneMachine, book),
      camera: inPlaceOf(cameraMachine, book),
      chat: inPlaceOf(chatMachine, book),
      output: inPlaceOf(outputMachine, book),
      presence: inPlaceOf(presenceMachine, book),
      interruption: inPlaceOf(interruptionMachine, book),
      agent: inPlaceOf(agentMachine, book),
      guest: inPlaceOf(createMachine({ id: 'guest' }), book),
      playout: inPlaceOf(playoutMachine, book),
      sync: inPlaceOf(syncMachine, book),
      transcript: inPlaceOf(transcriptMachine, book),
    },
    actions: {
      tellFact: () => {},
      workGates: () => {},
      tellOpen: () => void told.push('open'),
      tellClosing: () => void told.push('closing'),
      tellClosed: ({ context: { reason } }) => void told.push(`closed: ${reason}`),
      tellEnded: (_, { id, output }) => void told.push(`ended ${id}${output === undefined ? ' without account' : ''}`),
      tellOverrun: (_, { step }) => void told.push(`overrun: ${step}`),
      tellFailed: (_, { actor, error, restarted }) => {
        told.push(`failed ${actor}`)
        failures.push({ actor, error: error instanceof Error ? error.message : `${error}`, restarted, at: clock.now() })
      },
      stopOrphans: (_, child) => stopSubtree(child),
    },
  })
  const fate = (name: string, what: Fate) => book.fates.get(name)?.(what)
  return { machine, ...book, told, failures, join, leave, deleteRoom, fate }
}

export type Starting = {
  stubborn?: string[]
  open?: boolean
  extras?: Partial<RoomInput>
  inspect?: (event: InspectionEvent) => void
}
export const start = async ({ stubborn = [], open = true, extras = {}, inspect = () => {} }: Starting = {}) => {
  const clock = virtualClock()
  const { machine, ...rest } = rig(clock, stubborn)
  const actor = createActor(machine, { clock, id: 'room', input: { ...input, ...extras }, inspect })
  const errors: unknown[] = []
  actor.subscribe({ error: error => errors.push(error) })
  const send = (...events: RoomEvent[]) => {
    for (const event of events) actor.send(event)
  }
  actor.start()
  if (open) {
    send({ type: 'open' })
    rest.join.resolve(joined)
    await clock.settle()
  }
  const crew = () => Object.keys(actor.getSnapshot().context.crew)
  return { clock, actor, send, crew, errors, value: () => actor.getSnapshot().value, ...rest }
}
