/** What a script requires of the client, with a deadline; a miss fails it with the log of both sides (FAKE-9). */
import { isClientEvent } from './checks.ts'
import type { Recording } from './record.ts'
import type { Timers } from './timers.ts'
import { type ClientEvent, isJson, type Json } from './wire.ts'

export type Heard = Json & { type: string }
type Of<T extends ClientEvent['type']> = Extract<ClientEvent, { type: T }>
/** Some of the fields, or what must hold of them. */
export type Match<E> = Json | ((event: E) => boolean)
/** One event that is wanted: its type alone, or with what it must say. */
export type Want = ClientEvent['type'] | readonly [type: ClientEvent['type'], match: Match<Heard>]
/** `within` so many ms of the server's clock. */
export type Deadline = { within?: number }

type Wanted = { name: string; type: string; fits(event: Heard): boolean }
type Waiter = { wanted: Wanted[]; got: Heard[]; resolve(got: Heard[]): void; fail(why: string): void; stop(): void }

const patienceMs = 5_000
const isOf = <T extends ClientEvent['type']>(event: Json, type: T): event is Json & Of<T> =>
  isClientEvent(event) && event.type === type
/** Every field of `some` is in `whole`, with the same value; lists have the same length. */
const contains = (whole: unknown, some: unknown): boolean => {
  if (Array.isArray(some))
    return Array.isArray(whole) && whole.length === some.length && some.every((part, index) => contains(whole[index], part))
  if (isJson(some)) return isJson(whole) && Object.entries(some).every(([key, part]) => contains(whole[key], part))
  return Object.is(whole, some)
}
const wantedOf = (type: string, match: Match<Heard> = {}): Wanted => ({
  name: typeof match === 'function' ? `${type} that fits` : `${type} ${JSON.stringify(match)}`,
  type,
  fits: event => event.type === type && (typeof match === 'function' ? match(event) : contains(event, match)),
})

export type Expectations = {
  heard(event: Heard): void
  ignore(...types: string[]): void
  /** The next event of the client; any other fails. */
  expect<T extends ClientEvent['type']>(type: T, match?: Match<Of<T>>, deadline?: Deadline): Promise<Of<T>>
  /** The next events of the client, in whatever order they come; any other fails. */
  expectAll(wants: readonly Want[], deadline?: Deadline): Promise<Heard[]>
  /** Throws if something was said that nobody expected, provided that something was; or something is still waited for. */
  verify(): void
}

export const expectationsOn = (timers: Timers, recording: Recording): Expectations => {
  const unasked: Heard[] = []
  const waiters: Waiter[] = []
  /** Audio comes all the time. */
  const ignored = new Set<string>(['input_audio_buffer.append'])
  let used = false
  const failure = (why: string) => new Error(`${why}\n${recording.print()}`)

  const settle = () => {
    for (let waiter = waiters[0]; waiter; waiter = waiters[0]) {
      const event = unasked.shift()
      if (!event) return
      const place = waiter.wanted.findIndex(({ fits }) => fits(event))
      if (place < 0) waiter.fail(`the client said ${event.type}, and not ${namesOf(waiter)}`)
      else {
        waiter.wanted.splice(place, 1)
        waiter.got.push(event)
        if (waiter.wanted.length === 0) waiter.resolve(waiter.got)
      }
    }
  }
  const wait = (wanted: Wanted[], { within = patienceMs }: Deadline = {}) => {
    used = true
    return new Promise<Heard[]>((resolve, reject) => {
      const leave = () => {
        waiter.stop()
        const place = waiters.indexOf(waiter)
        if (place >= 0) waiters.splice(place, 1)
      }
      const waiter: Waiter = {
        wanted,
        got: [],
        stop: () => {},
        resolve: got => {
          leave()
          resolve(got)
        },
        fail: why => {
          leave()
          reject(failure(why))
        },
      }
      waiters.push(waiter)
      settle()
      if (waiters.includes(waiter))
        waiter.stop = timers.after(within, () => waiter.fail(`within ${within} ms the client did not say ${namesOf(waiter)}`))
    })
  }
  return {
    heard: event => {
      if (ignored.has(event.type) && !waiters[0]?.wanted.some(({ type }) => type === event.type)) return
      unasked.push(event)
      settle()
    },
    ignore: (...types) => {
      for (const type of types) ignored.add(type)
      unasked.splice(0, unasked.length, ...unasked.filter(({ type }) => !ignored.has(type)))
    },
    expect: async (type, match, deadline) => {
      const fits = typeof match === 'function' ? (event: Heard) => isOf(event, type) && match(event) : match
      const [event] = await wait([wantedOf(type, fits)], deadline)
      if (!event || !isOf(event, type)) throw failure(`the client did not say ${type}`)
      return event
    },
    expectAll: (wants, deadline) =>
      wait(
        wants.map(want => (typeof want === 'string' ? wantedOf(want) : wantedOf(...want))),
        deadline,
      ),
    verify: () => {
      if (waiters.length > 0) throw failure(`the client did not say ${waiters.map(namesOf).join(', nor ')}`)
      if (used && unasked.length > 0) throw failure(`nobody expected ${unasked.map(({ type }) => type).join(', ')}`)
    },
  }
}
const namesOf = ({ wanted }: Waiter) => wanted.map(({ name }) => name).join(' or ')
