/** Children for the room's machine that do only what a test tells them, and say what of them still runs. */
import { type AnyStateMachine, createMachine, fromCallback, fromPromise, setup } from 'xstate'

/** What becomes of a child: a bound action throws, an invoked promise rejects, or it is done. */
export type Fate = 'throws' | 'rejects' | 'ends'
export type Book = {
  /** What runs, by its path: `link/beat`, `link/deep/wait`. */
  running: Set<string>
  /** What each child was told: `link room.joined`. */
  heard: string[]
  /** Brings the child of this name to an end. */
  fates: Map<string, (fate: Fate) => void>
  /** These do not go when they are told farewell. */
  stubborn: readonly string[]
}
export const newBook = (stubborn: readonly string[] = []): Book => ({ running: new Set(), heard: [], fates: new Map(), stubborn })

/** A callback and a promise that run until they are stopped. */
const effects = (path: string, { running, fates }: Book) => {
  const begin = (name: string) => {
    running.add(`${path}/${name}`)
    return () => void running.delete(`${path}/${name}`)
  }
  return {
    beat: fromCallback(({ sendBack }) => {
      fates.set(path, fate => sendBack({ type: `test.${fate}` }))
      return begin('beat')
    }),
    wait: fromPromise<void>(({ signal }) => {
      signal.addEventListener('abort', begin('wait'), { once: true })
      return new Promise(() => {})
    }),
  }
}
const invoke = [
  { id: 'beat', src: 'beat' },
  { id: 'wait', src: 'wait' },
] as const

/** A child with a callback, a promise, and a child of its own with both again. It goes when it is told farewell. */
const fakeChild = (name: string, book: Book): AnyStateMachine => {
  const go = book.stubborn.includes(name) ? {} : { target: 'over' }
  return setup({
    actors: {
      ...effects(name, book),
      deep: createMachine({ invoke: [...invoke] }).provide({ actors: effects(`${name}/deep`, book) }),
      failing: fromPromise<void>(() => Promise.reject(new Error(`${name} rejects`))),
    },
    actions: {
      fail: () => {
        throw new Error(`${name} throws`)
      },
      note: ({ event }) => void book.heard.push(`${name} ${event.type}`),
    },
  }).createMachine({
    id: name,
    invoke: [...invoke, { id: 'deep', src: 'deep' }],
    output: { outcome: 'finished' },
    initial: 'alive',
    states: {
      alive: {
        on: {
          'test.throws': { actions: 'fail' },
          'test.rejects': 'rejecting',
          'test.ends': 'over',
          close: { actions: 'note', ...go },
          abandon: { actions: 'note', ...go },
          finish: { actions: 'note', ...go },
          '*': { actions: 'note' },
        },
      },
      rejecting: { invoke: { id: 'failing', src: 'failing' } },
      over: { type: 'final' },
    },
  })
}

/** A fake in the place of `machine`: the room sees only that it starts, ends, fails and is told things. */
export const inPlaceOf = <M extends AnyStateMachine>({ id }: M, book: Book): M => fakeChild(id, book) as M
