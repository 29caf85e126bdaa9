import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type PresenceEvent, presenceMachine } from '../../machines/outbound/presence.ts'
import type { AgentState } from '../../src/mind.ts'
import { presenceOn } from '../../src/outbound/presence.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'
import { done, explore, failed, ignored, pending, table, walk } from '../model.ts'

const it = suite('presence')

it('has exactly these transitions', () => {
  assert.equal(table(presenceMachine), {
    '': '→idle',
    idle: 'present→· room.joined[isBehind]→busy room.joined→ready room.reconnected[isBehind]→busy room.reconnected→ready room.disconnected→closed close→closed',
    ready: 'present[isNews]→busy room.reconnecting→idle room.disconnected→closed close→closed after:retryInterval[canRetry]→busy',
    busy: 'present→· room.reconnecting→idle room.disconnected→closed close→closed done:write[isBehind]↻busy done:write→ready error:write[isBehind]↻busy error:write→ready after:writeTimeout[isBehind]↻busy after:writeTimeout→ready',
    closed: 'final',
  })
  assert.equal(ignored(presenceMachine), {
    idle: 'room.reconnecting', // it is away already
    ready: 'room.joined room.reconnected', // it is there already
    busy: 'room.joined room.reconnected', // it is there already
  })
})

const events = [
  { type: 'present', state: 'thinking' },
  { type: 'present', state: 'speaking' },
  { type: 'room.joined' },
  { type: 'room.reconnecting' },
  { type: 'room.reconnected' },
  { type: 'room.disconnected' },
  { type: 'close' },
  done('write'),
  failed('write'),
] satisfies (PresenceEvent | { type: `xstate.${string}` })[]

it('writes one state at a time, and the last one last (STATE-2, STATE-3)', () => {
  const seen = explore(presenceMachine, {
    events,
    invariant: ({ event, before, snapshot: { value, context }, effects, past }) => {
      const asked = [...past.map(step => step.event), event].flatMap(each => ('state' in each ? each.state : []))
      assert.is(context.wanted, asked.at(-1) ?? null, 'forgets the newest state')
      if (effects.includes('start write')) assert.not.equal(context.sent, before?.context.sent ?? null, 'writes what is written')
      if (value === 'busy') assert.is.not(context.sent, null)
      if (value === 'ready' && context.failures === 0) assert.is(context.sent, context.wanted, 'rests on an old state')
      if (value !== 'busy' && before?.value === 'busy')
        assert.ok(effects.includes('stop write') || event.type === 'xstate.done.actor.write')
      if (event.type.startsWith('xstate.error')) assert.ok(effects.includes('logFailure'))
      if (value === 'closed') assert.not(effects.includes('start write'))
      assert.ok(context.failures <= 4, 'tries for ever')
    },
  })
  assert.ok(seen.sequences > 1_000)
})

/** A room whose writes are ended by the test; at most one of them is not given up at any time. */
const rig = (clock: VirtualClock, bind = presenceOn) => {
  const writes: {
    state: string | undefined
    signal: AbortSignal
    open: boolean
    resolve(): void
    reject(error: unknown): void
  }[] = []
  const codes: string[] = []
  const setAttributes = (attributes: Record<string, string>, signal: AbortSignal) => {
    const { promise, resolve, reject } = pending<void>()
    const write = {
      state: attributes['lk.agent.state'],
      signal,
      open: true,
      resolve: () => {
        write.open = false
        resolve()
      },
      reject: (error: unknown) => {
        write.open = false
        reject(error)
      },
    }
    signal.addEventListener('abort', () => write.reject(new Error('aborted')), { once: true })
    writes.push(write)
    assert.ok(writes.filter(({ open }) => open).length <= 1, 'two writes at once')
    return promise
  }
  const machine = bind({ setAttributes }, { log: (_level, code) => codes.push(code) })
  return { clock, writes, codes, machine, states: () => writes.map(({ state }) => state) }
}

it('does so with its binding, on every transition', async () => {
  await walk(presenceMachine, {
    events,
    live: clock => {
      const { machine, writes, codes } = rig(clock)
      return {
        machine,
        act: {
          'done:write': () => writes.at(-1)?.resolve(),
          'error:write': () => writes.at(-1)?.reject(new Error('refused')),
        },
        check: ({ snapshot, events }) => {
          assert.is(writes.filter(({ open }) => open).length, snapshot.value === 'busy' ? 1 : 0)
          if (snapshot.value === 'busy') assert.is(writes.at(-1)?.state, snapshot.context.sent)
          const failures = events.filter(({ type }) => type.startsWith('xstate.error') || type.includes('writeTimeout'))
          assert.is(codes.filter(code => code === 'presence.failed').length, failures.length)
        },
        end: () => assert.is(writes.filter(({ open }) => open).length, 0, 'leaves a write behind'),
      }
    },
  })
})

const start = () => {
  const clock = virtualClock()
  const { machine, ...rest } = rig(clock)
  const actor = createActor(machine, { clock, id: 'presence' })
  actor.start()
  const present = (...states: AgentState[]) => {
    for (const state of states) actor.send({ type: 'present', state })
  }
  return { actor, present, ...rest }
}

it('writes the newest of the states that came before the room was joined (STATE-4)', async () => {
  const { actor, present, states } = start()
  present('initializing', 'listening')
  actor.send({ type: 'room.joined' })
  assert.equal(states(), ['listening'])
})

it('lets the newest win while a write runs, and writes no state twice (STATE-2)', async () => {
  const { actor, present, states, writes, clock } = start()
  actor.send({ type: 'room.joined' })
  present('listening', 'thinking', 'speaking', 'idle', 'speaking')
  writes[0]?.resolve()
  await clock.settle()
  assert.equal(states(), ['listening', 'speaking'])
  present('idle', 'speaking') // back to what is being written
  writes[1]?.resolve()
  await clock.settle()
  present('speaking')
  assert.equal(states(), ['listening', 'speaking'])
})

it('tries a failed write again after 500 ms, three times (STATE-3)', async () => {
  const { actor, present, states, writes, clock, codes } = start()
  actor.send({ type: 'room.joined' })
  present('listening')
  for (let n = 0; n < 4; n++) {
    assert.is(states().length, n + 1)
    writes[n]?.reject(new Error('refused'))
    await clock.advance(499)
    assert.is(states().length, n + 1)
    await clock.advance(1)
  }
  await clock.advance(60_000)
  assert.is(states().length, 4)
  assert.is(codes.length, 4)
  present('listening') // nobody knows whether it was written
  assert.is(states().length, 5)
})

it('writes the state that waits at once after a failure, and gives a write 5 000 ms (STATE-3)', async () => {
  const { actor, present, states, writes, clock } = start()
  actor.send({ type: 'room.joined' })
  present('listening', 'thinking')
  await clock.advance(4_999)
  assert.equal(states(), ['listening'])
  await clock.advance(1)
  assert.equal(states(), ['listening', 'thinking'])
  assert.ok(writes[0]?.signal.aborted)
})

it('keeps the newest state while the room is away, and doubts what was being written (STATE-4)', async () => {
  const { actor, present, states, writes, clock } = start()
  actor.send({ type: 'room.joined' })
  present('listening')
  writes[0]?.resolve()
  await clock.settle()
  actor.send({ type: 'room.reconnecting' })
  present('thinking', 'listening')
  actor.send({ type: 'room.reconnected' })
  assert.equal(states(), ['listening']) // it is still what the room has
  present('thinking')
  actor.send({ type: 'room.reconnecting' })
  actor.send({ type: 'room.reconnected' })
  assert.equal(states(), ['listening', 'thinking', 'thinking'])
})

it('ends at once, with nothing left behind', async () => {
  const { actor, present, writes, clock } = start()
  actor.send({ type: 'room.joined' })
  present('listening')
  actor.send({ type: 'close' })
  assert.is(actor.getSnapshot().status, 'done')
  assert.ok(writes[0]?.signal.aborted)
  await clock.settle()
  assert.is(clock.timers, 0)
})

it.run()
