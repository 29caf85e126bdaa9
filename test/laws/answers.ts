/** When the answers of a room come: late by a time, or in an order that fast-check chooses. */
import type { Scheduler } from 'fast-check'
import { sleep } from '../../src/clock.ts'
import type { Operation } from '../../src/loopback/index.ts'
import type { VirtualClock } from '../../src/virtual.ts'

/** Resolves when it is time for this, or when it is aborted; undefined: at once. */
type Wait = (what: Operation, signal?: AbortSignal) => Promise<void> | undefined
export type Answers = {
  /** Until it is done, and then until it is answered. */
  begin: Wait
  answer: Wait
  /** Lets so many ms pass, and answers come meanwhile. */
  pass: (ms: number) => Promise<void>
  /** Lets answers come and time pass until `done` settles. */
  until: <T>(done: Promise<T>) => Promise<T>
}
/** `late`: to be told when one came late. */
export type AnswersOf = (clock: VirtualClock, late: () => void) => Answers

/** Within so many ms an answer is no reason to say captions again. */
const SOON_MS = 40
/** So often answers may come in another order than that of what was asked. */
const TICK_MS = 10

/** Late by so many ms, in turn. Joining and leaving are answered at once. */
export const timely =
  (lateMs: number[]): AnswersOf =>
  (clock, late) => {
    let count = 0
    if (lateMs.some(ms => ms > SOON_MS)) late()
    return {
      begin: () => undefined,
      answer: (what, signal) => {
        if (what === 'join' || what === 'leave') return undefined
        const ms = lateMs[count++ % lateMs.length] ?? 0
        return ms > 0 ? sleep(clock, ms, signal) : undefined
      },
      pass: ms => clock.advance(ms),
      until: done => clock.runUntil(done, 5_000),
    }
  }

/** `counts`: how much of it happens at once, in turn. `latestMs`: by then each thing is done, and by then again it is answered. */
export type Order = { counts: number[]; latestMs: number }
/** Which of what is asked for is done next, and which of what is done is answered next, is the scheduler's choice. */
export const scheduled =
  (scheduler: Scheduler, { counts, latestMs }: Order): AnswersOf =>
  (clock, late) => {
    let turn = 0
    const one = async () => {
      await scheduler.waitNext(1)
      await clock.settle()
    }
    const wait = async (what: string, signal?: AbortSignal) => {
      const from = clock.now()
      const over = new AbortController()
      const latest = sleep(clock, latestMs, signal ? AbortSignal.any([signal, over.signal]) : over.signal)
      await Promise.race([scheduler.schedule(Promise.resolve(), what), latest])
      over.abort()
      if (clock.now() - from > SOON_MS) late()
    }
    return {
      begin: (what, signal) => wait(`do ${what}`, signal),
      answer: wait,
      pass: async ms => {
        for (let left = ms; ; left -= TICK_MS) {
          await clock.settle()
          for (let count = counts[turn++ % counts.length] ?? 0; count > 0 && scheduler.count() > 0; count--) await one()
          await clock.advance(Math.min(left, TICK_MS))
          if (left <= TICK_MS) return
        }
      },
      until: async done => {
        let isOver = false
        const end = () => {
          isOver = true
        }
        done.then(end, end)
        await clock.settle()
        for (let count = 0; !isOver && count < 10_000; count++) {
          if (scheduler.count() > 0) await one()
          else await clock.advance(10)
        }
        if (!isOver) throw new Error('what was waited for did not happen')
        return done
      },
    }
  }
