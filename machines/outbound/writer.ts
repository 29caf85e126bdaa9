/**
 * Writer — one data stream of ours, from its header to its trailer.
 *   opening → open ⇄ writing → closing → closed        whatever fails → broken
 * Pieces never enter the mailbox: they wait in a line beside it, and this counts them. One is on its way at a time, so they keep their order.
 */
import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate'
import { unbound } from '../unbound.ts'

export type WriterEvent =
  | { type: 'write' } // one piece more is in the line
  | { type: 'close' }
  | { type: 'room.gone' }
/** `waiting`: the pieces in the line, the one on its way among them. */
type Context = { waiting: number; closing: boolean }

/** Its readers must not wait for what will not come. */
const cutOff = { target: 'broken', actions: 'breakOff' } as const

export const writerMachine = setup({
  types: { events: {} as WriterEvent, context: {} as Context },
  actors: {
    open: fromPromise<void>(unbound('open')),
    send: fromPromise<void>(unbound('send')),
    finish: fromPromise<void>(unbound('finish')),
  },
  actions: {
    breakOff: unbound('breakOff'),
    tellOpened: unbound('tellOpened'),
    tellSent: unbound('tellSent'),
    tellClosed: unbound('tellClosed'),
    tellBroken: unbound('tellBroken'),
    noteWrite: assign({ waiting: ({ context }) => context.waiting + 1 }),
    noteSent: assign({ waiting: ({ context }) => context.waiting - 1 }),
    noteClosing: assign({ closing: true }),
  },
  guards: {
    isWritable: ({ context }) => !context.closing,
    isMore: ({ context }) => context.waiting > 1,
    isClosing: ({ context }) => context.closing,
  },
  delays: { openTimeout: 15_000, closeTimeout: 15_000 }, // a reconnect of the SDK takes less, or ends the room
}).createMachine({
  id: 'writer',
  context: { waiting: 0, closing: false },
  initial: 'opening',
  states: {
    opening: {
      invoke: {
        id: 'open',
        src: 'open',
        onDone: [
          { guard: 'isClosing', target: 'closing', actions: 'tellOpened' },
          { target: 'open', actions: 'tellOpened' },
        ],
        onError: 'broken',
      },
      after: { openTimeout: cutOff },
      on: {
        close: { actions: 'noteClosing' }, // nobody wants it any more: it ends as soon as it is open
        'room.gone': 'broken',
      },
    },
    open: { on: { write: { target: 'writing', actions: 'noteWrite' }, close: 'closing', 'room.gone': 'broken' } },
    writing: {
      invoke: {
        id: 'send',
        src: 'send',
        onDone: [
          { guard: 'isMore', target: 'writing', reenter: true, actions: ['tellSent', 'noteSent'] },
          { guard: 'isClosing', target: 'closing', actions: ['tellSent', 'noteSent'] },
          { target: 'open', actions: ['tellSent', 'noteSent'] },
        ],
        onError: cutOff,
      },
      on: {
        write: { guard: 'isWritable', actions: 'noteWrite' },
        close: { actions: 'noteClosing' }, // behind all that waits
        'room.gone': 'broken',
      },
    },
    closing: {
      entry: 'noteClosing',
      invoke: { id: 'finish', src: 'finish', onDone: 'closed', onError: 'broken' },
      after: { closeTimeout: 'broken' },
      on: { 'room.gone': 'broken' },
    },
    closed: { type: 'final', entry: 'tellClosed' },
    broken: { type: 'final', entry: 'tellBroken' },
  },
})
export type WriterRef = ActorRefFrom<typeof writerMachine>
