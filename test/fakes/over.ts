/** What holds of a call that is over. */
import * as assert from 'uvu/assert'
import type { RoomFact } from '../../src/facts.ts'
import type { newCall } from './call.ts'

/** A call that is over: every utterance has ended once, every count is zero, no timer waits. */
export const checkOver = async ({ clock, hub, facts, caller, ends }: ReturnType<typeof newCall>) => {
  await clock.settle()
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  assert.is(facts.at(-1)?.type, 'closed')
  assert.is(facts.filter(({ type }) => type === 'closed').length, 1)
  for (const { id, pushed, heard, discarded } of ends()) {
    assert.is(ends().filter(end => end.id === id).length, 1, `${id} has several ends`)
    assert.is(pushed, heard + discarded)
  }
  if (caller.here) caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0)
}
export const closed = (facts: RoomFact[]) => facts.find(fact => fact.type === 'closed')
