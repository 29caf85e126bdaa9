/** All that the supervisor of a room can do with its crew; when it does it, `room.ts` says. */
import type { AnyEventObject } from 'xstate'
import { actorOf, errorOf, outputOf, type RoomContext, type RoomEvent } from './affairs.ts'
import { audience, briefing, farewells, keyOf, named, without, wordingOf } from './crew.ts'
import { staff } from './staff.ts'
import { backoff, concernOf, failureTable, isGuest, MEMORY_MS, postOf, verdict } from './supervision.ts'

const verdictOn = ({ context: { failures, guests }, event }: { context: RoomContext; event: RoomEvent }) => {
  const post = postOf(actorOf(event))
  if (!post) return 'close'
  return verdict(isGuest(post) ? (guests[post] ?? failureTable.guest) : failureTable[post], failures[post] ?? 0)
}

/** What an action that does several things is given. */
type Deed = Parameters<Parameters<typeof staff.enqueueActions>[0]>[0]

const send = ({ context: { crew }, enqueue }: Deed, name: string, event: AnyEventObject) => {
  if (crew[name]) enqueue.sendTo(crew[name], event)
}
const brief = (names: (event: RoomEvent, context: RoomContext) => string[]) =>
  staff.enqueueActions(args => {
    const { event, context } = args
    for (const name of names(event, context)) for (const news of briefing(name, context)) send(args, name, news)
  })
/** A child is over: whoever waits for it is told, and it is gone; unless it comes again, for good. */
const part = (args: Deed, comesAgain = false) => {
  const { context, event, enqueue } = args
  const name = actorOf(event)
  if (concernOf(name) === 'playout') {
    enqueue({ type: 'tellEnded', params: { id: keyOf(name), ...outputOf(event), ...errorOf(event) } })
    const more = named(context.crew, 'playout').some(other => other !== name)
    send(args, 'agent', { type: 'utterance.ended', id: keyOf(name), ...(more ? { more } : {}) })
  }
  if (context.crew[name]) enqueue.stopChild(context.crew[name]) // XState keeps whoever has ended
  enqueue.assign({ crew: without(context.crew, name) })
  if (!comesAgain) enqueue.assign({ guests: without(context.guests, name) })
}
/** A child has failed: that is told first, and what became of its work; then nothing of it runs on. */
const bury = (args: Deed, restarted: boolean) => {
  const { context, event, enqueue } = args
  const actor = actorOf(event)
  const child = context.crew[actor]
  enqueue({ type: 'tellFailed', params: { actor, error: undefined, ...errorOf(event), restarted } })
  part(args, restarted)
  if (child) enqueue({ type: 'stopOrphans', params: child })
  if (actor === 'interruption') enqueue.raise({ type: 'voice.released', rewind: false })
  if (actor === 'agent') for (const name of named(context.crew, 'playout')) send(args, name, { type: 'abandon' })
}

export const supervisor = staff.extend({
  actions: {
    pass: staff.enqueueActions(args => {
      for (const name of audience(args.event, args.context.crew)) send(args, name, wordingOf(args.event))
    }),
    briefCrew: brief((_, { crew }) => Object.keys(crew)),
    briefPresence: brief(() => ['presence']),
    briefInputs: brief(() => ['microphone', 'camera']),
    briefPlayout: brief(event => ('id' in event ? [`playout:${event.id}`] : [])),
    briefRestarted: brief(event => ('concern' in event ? [event.concern] : [])),
    publish: staff.enqueueActions(args => send(args, 'output', { type: 'publish' })), // ROOM-5: the output hears it once
    unlisten: staff.enqueueActions(args => {
      for (const name of ['microphone', 'camera']) send(args, name, { type: 'unlisten' })
    }),
    part: staff.enqueueActions(args => part(args)),
    bury: staff.enqueueActions(args => bury(args, false)),
    revive: staff.enqueueActions(args => {
      const { context, event, enqueue } = args
      const concern = postOf(actorOf(event))
      bury(args, true)
      if (!concern) return
      const failures = (context.failures[concern] ?? 0) + 1
      enqueue.assign({ failures: { ...context.failures, [concern]: failures } })
      enqueue.raise({ type: 'restart', concern }, { delay: backoff(failures) })
      enqueue.raise({ type: 'forget', concern }, { delay: MEMORY_MS })
    }),
    dismiss: staff.enqueueActions(args => {
      const { crew } = args.context
      const dismissed = ['agent', ...named(crew, 'guest').reverse()] // who came last may need who was there
      for (const name of dismissed) if (crew[name]) args.enqueue.stopChild(crew[name])
      for (const [name, event] of farewells(crew)) send(args, name, event)
      args.enqueue.assign({ crew: dismissed.reduce(without, crew), guests: {} })
    }),
    abandonAll: staff.enqueueActions(({ context: { crew }, enqueue }) => {
      for (const child of Object.values(crew)) enqueue.stopChild(child)
      enqueue.assign({ crew: {} })
    }),
  },
  guards: {
    canRestart: args => verdictOn(args) === 'restart',
    canSpare: args => verdictOn(args) === 'without',
    isPaused: ({ context }) => context.paused,
    isStill: ({ context }) => context.paused || context.held,
    isSpeaking: ({ context }) => context.state === 'speaking',
    hasSession: ({ context }) => context.off.includes('agent'),
    // ROOM-16: with a session its end decides. A connection that was lost ends no conversation of others.
    canDelete: ({ context: { deletes, joined, reason, off } }) =>
      deletes && joined !== null && (off.includes('agent') ? reason === 'session.closed' : reason !== 'room.disconnected'),
    isAlone: ({ context }) => Object.keys(context.crew).length === 0,
  },
  delays: {
    joinTimeout: ({ context }) => context.joinTimeoutMs, // longer than a world may take by itself, so that its own words are heard
    settleTimeout: ({ context }) => context.closeBudgetMs / 2,
    leaveTimeout: ({ context }) => context.closeBudgetMs / 2,
    deleteRoomTimeout: ({ context }) => context.deleteRoomTimeoutMs,
  },
})
