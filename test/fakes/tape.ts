/** What a probe tells of a room, kept and folded. */
import type { AnyActorRef } from 'xstate'
import type { Message } from '../../src/inspector/messages.ts'
import { isActor } from '../../src/inspector/plain.ts'
import { type Inspected, probe } from '../../src/inspector/probe.ts'
import { apply, type Scene } from '../../src/inspector/scene.ts'

export type Tape = { messages: Message[]; scene: Scene }

export const taped = (room: Inspected, tape: Tape): (() => void) =>
  probe(room, {
    sink: message => {
      tape.messages.push(message)
      apply(tape.scene, message)
    },
  })

/** All actors at and below this one that run. */
export const actorsIn = (actor: AnyActorRef): AnyActorRef[] => {
  const { children = {} } = actor.getSnapshot() ?? {}
  const below = Object.values(children).flatMap(child => (isActor(child) ? actorsIn(child) : []))
  return Reflect.get(actor, '_processingStatus') === 1 ? [actor, ...below] : below
}

/** What does not depend on when somebody began to look. */
export const lookedAt = ({ actors }: Scene) =>
  Object.fromEntries(
    Object.entries(actors)
      .filter(([, { status }]) => status === 'active')
      .map(([path, { parent, machine, src, value, context, next }]) => [path, { parent, machine, src, value, context, next }]),
  )
