/** What the presence machine asks for: an attribute of ours in the room. */
import { fromPromise } from 'xstate'
import { presenceMachine } from '../../machines/outbound/presence.ts'
import { lineOf } from '../errors.ts'
import type { Log, Room } from '../ports.ts'

/** The presence machine on a room: it writes the attribute `lk.agent.state`. A write that fails is logged as `presence.failed`. */
export const presenceOn = (room: Pick<Room, 'setAttributes'>, { log }: { log: Log }) =>
  presenceMachine.provide({
    actors: {
      write: fromPromise(async ({ input: { state }, signal }) => {
        if (state !== null) await room.setAttributes({ 'lk.agent.state': state }, signal)
      }),
    },
    actions: {
      logFailure: ({ event, context: { sent } }) =>
        log('warn', 'presence.failed', { state: sent, error: 'error' in event ? lineOf(event.error) : 'no answer in time' }),
    },
  })
