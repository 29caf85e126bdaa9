/** Time from outside: the virtual clock, the real one, and waiting by either. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, createMachine } from 'xstate'
import { realClock, sleep } from '../src/clock.ts'
import { virtualClock } from '../src/virtual.ts'
import { outcomeOf } from './fakes/call.ts'

const it = suite('clock')

const noted = () => {
  const clock = virtualClock()
  const fired: string[] = []
  const at = (ms: number, name: string) => clock.setTimeout(() => fired.push(`${clock.now()} ${name}`), ms)
  return { clock, fired, at }
}

it('fires timers in the order of their time, those of one time in the order of their making', async () => {
  const { clock, fired, at } = noted()
  at(20, 'c')
  at(10, 'a')
  at(20, 'd')
  at(10, 'b')
  await clock.advance(15)
  assert.equal(fired, ['10 a', '10 b'])
  assert.is(clock.now(), 15)
  await clock.advance(5)
  assert.equal(fired, ['10 a', '10 b', '20 c', '20 d'])
  assert.is(clock.timers, 0)
})

it('fires chained timers at their own times, also those that come within the advance', async () => {
  const { clock, fired, at } = noted()
  clock.setTimeout(() => {
    at(10, 'second')
    at(0, 'soon')
    void Promise.resolve().then(() => at(0, 'at once'))
  }, 10)
  await clock.advance(20)
  assert.equal(fired, ['10 at once', '11 soon', '20 second'])
})

it('lets all promises settle between two timers, and before it arrives', async () => {
  const { clock, fired } = noted()
  const chain = async (name: string, ms: number, times: number) => {
    for (let n = 0; n < times; n++) {
      await sleep(clock, ms)
      for (let turns = 0; turns < 20; turns++) await undefined
      fired.push(`${clock.now()} ${name}`)
    }
  }
  void chain('slow', 10, 2)
  void chain('fast', 5, 4)
  await clock.advance(20)
  assert.equal(fired, ['5 fast', '10 slow', '10 fast', '15 fast', '20 slow', '20 fast'])
})

it('runs the delays of machines, chained ones too', async () => {
  const clock = virtualClock()
  const after = (target: string) => ({ after: { 10: target } })
  const machine = createMachine({ initial: 'a', states: { a: after('b'), b: after('c'), c: after('d'), d: {} } })
  const actor = createActor(machine, { clock, id: 'chain' }).start()
  await clock.advance(29)
  assert.is(actor.getSnapshot().value, 'c')
  await clock.advance(1)
  assert.is(actor.getSnapshot().value, 'd')
})

it('never fires before its time, and never in the turn of its making', async () => {
  const { clock, fired, at } = noted()
  at(0.2, 'fraction')
  at(-5, 'negative')
  assert.equal(fired, [])
  await clock.advance(0)
  assert.equal(fired, ['0 negative'])
  await clock.advance(1)
  assert.equal(fired, ['0 negative', '1 fraction'])
})

it('forgets a timer that is cleared, also by one of its own time, and does not mind one that is over', async () => {
  const { clock, fired, at } = noted()
  clock.setTimeout(() => clock.clearTimeout(later), 10)
  const later = at(10, 'cleared')
  const gone = at(5, 'fires')
  await clock.advance(20)
  clock.clearTimeout(gone)
  clock.clearTimeout(undefined)
  assert.equal(fired, ['5 fires'])
})

it('runs until a promise settles, and no further', async () => {
  const { clock, fired, at } = noted()
  at(10, 'before')
  at(31, 'after')
  assert.is(await clock.runUntil(sleep(clock, 30).then(() => 'value')), 'value')
  assert.equal(fired, ['10 before'])
  assert.is(clock.now(), 30)
})

it('rejects as the promise does, where time stands still, and after the limit', async () => {
  const { clock } = noted()
  const messageOf = (work: Promise<unknown>) =>
    work.then(
      () => 'resolved',
      error => error.message,
    )
  assert.is(await messageOf(clock.runUntil(Promise.reject(new Error('theirs')))), 'theirs')
  assert.match(await messageOf(clock.runUntil(new Promise(() => {}))), /stands still/)
  const tick = (): unknown => clock.setTimeout(tick, 10)
  tick()
  assert.match(await messageOf(clock.runUntil(new Promise(() => {}), 1_000)), /within 1000 ms/)
  assert.ok(clock.now() <= 1_010)
})

it('stands still while real work is held, one after the other', async () => {
  const { clock, fired, at } = noted()
  const real = (ms: number, name: string) =>
    new Promise<string>(resolve => setTimeout(() => resolve(name), ms)).then(value => {
      fired.push(`${clock.now()} ${value}`)
      return value
    })
  at(1, 'virtual')
  const first = clock.hold(real(20, 'slow'))
  const second = clock.hold(real(1, 'quick'))
  await clock.advance(10)
  assert.equal(fired, ['0 quick', '0 slow', '1 virtual'])
  assert.equal(await Promise.all([first, second]), ['slow', 'quick'])
})

it('goes on after held work that failed, and whoever asked is told', async () => {
  const { clock, fired, at } = noted()
  at(5, 'virtual')
  const failing = outcomeOf(clock, clock.hold(Promise.reject(new Error('no file'))))
  void clock.hold(Promise.reject(new Error('nor this'))).catch(() => {})
  await clock.advance(10)
  assert.equal(fired, ['5 virtual'])
  const { error } = await failing
  assert.is(error instanceof Error && error.message, 'no file')
})

it('sleeps until its time or its signal, and takes its timer with it', async () => {
  const clock = virtualClock()
  const over = new AbortController()
  const early = outcomeOf(clock, sleep(clock, 1_000, over.signal))
  await clock.advance(10)
  assert.is(clock.timers, 1)
  over.abort()
  assert.ok('value' in (await early))
  assert.is(clock.timers, 0)
  await sleep(clock, 1_000, over.signal)
  assert.is(clock.now(), 10)
})

it('is frozen within a turn of the event loop, and moves on after it (law 9)', async () => {
  const clock = realClock()
  const before = clock.now()
  for (const end = performance.now() + 3; performance.now() < end; );
  await undefined
  assert.is(clock.now(), before)
  await new Promise(resolve => setImmediate(() => setImmediate(resolve)))
  assert.ok(clock.now() >= before + 3)
  const woken = await new Promise<number>(resolve => clock.setTimeout(() => resolve(clock.now()), 5))
  assert.ok(woken >= before + 8 - 1)
  clock.clearTimeout(clock.setTimeout(() => assert.unreachable(), 1))
  assert.is(await clock.hold(Promise.resolve(7)), 7)
  await sleep(clock, 5)
})

it.run()
