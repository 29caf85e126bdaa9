import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type WriterEvent, writerMachine } from '../../machines/outbound/writer.ts'
import { writerOn } from '../../src/livekit/rtc/streams/writer.ts'
import { done, explore, failed, ignored, pending, table, walk } from '../model.ts'

const it = suite('writer')

it('has exactly these transitions', () => {
  assert.equal(table(writerMachine), {
    '': '→opening',
    opening: 'close→· room.gone→broken done:open[isClosing]→closing done:open→open error:open→broken after:openTimeout→broken',
    open: 'write→writing close→closing room.gone→broken',
    writing:
      'write[isWritable]→· close→· room.gone→broken done:send[isMore]↻writing done:send[isClosing]→closing done:send→open ' +
      'error:send→broken',
    closing: 'room.gone→broken done:finish→closed error:finish→broken after:closeTimeout→broken',
    closed: 'final',
    broken: 'final',
  })
  // Nobody has it before it is open. The first close counts, and behind it nothing is written (BSW-2).
  assert.equal(ignored(writerMachine), { opening: 'write', closing: 'close write' })
})

const events = [
  { type: 'write' },
  { type: 'close' },
  { type: 'room.gone' },
  done('open'),
  failed('open'),
  done('send'),
  failed('send'),
  done('finish'),
  failed('finish'),
] satisfies (WriterEvent | { type: `xstate.${string}` })[]

it('sends one piece at a time and every one, and closes once, behind them (BSW-1, BSW-2, TSW-2)', () => {
  const seen = explore(writerMachine, {
    events,
    depth: 7,
    invariant: ({ event, before, snapshot: { value, context, status }, effects, past }) => {
      const all = [...past.map(step => step.effects), effects].flat()
      const count = (effect: string) => all.filter(one => one === effect).length
      const types = [...past.map(step => step.event.type), event.type]
      const closing = types.includes('close') ? types.indexOf('close') : types.length
      const opened = types.includes('xstate.done.actor.open') ? types.indexOf('xstate.done.actor.open') : closing
      const accepted = types.slice(opened, closing).filter(type => type === 'write')
      if (status === 'active')
        assert.is(context.waiting, accepted.length - count('tellSent'), 'forgets a piece, or counts one twice')
      assert.ok(count('start open') === 1 && count('start finish') <= 1, 'opens or closes twice')
      if (effects.includes('start send')) assert.ok((before?.context.waiting ?? 0) > 0 || event.type === 'write', 'sends nothing')
      if (effects.includes('start finish')) assert.is(context.waiting, 0, 'closes before what waits')
      if (value === 'open') assert.equal([context.waiting, context.closing], [0, false], 'rests with something to do')
      const cut = event.type === 'xstate.error.actor.send' || event.type.includes('openTimeout')
      assert.is(effects.includes('breakOff'), cut, 'leaves its readers waiting, or cuts off what ends otherwise')
      assert.is(effects.includes('tellBroken'), value === 'broken')
      assert.is(effects.includes('tellClosed'), value === 'closed')
      if (event.type === 'room.gone') assert.is(value, 'broken')
    },
  })
  assert.ok(seen.sequences > 1_000)
})

/** A wire whose every answer the test gives, and what was told of it. */
const rig = () => {
  const told: string[] = []
  const waits: { name: string; signal: AbortSignal; open: boolean; resolve(): void; reject(error: unknown): void }[] = []
  const wait = (name: string) => (signal: AbortSignal) => {
    const { promise, resolve, reject } = pending<void>()
    const one = {
      name,
      signal,
      open: true,
      resolve: () => settle(resolve),
      reject: (error: unknown) => settle(() => reject(error)),
    }
    const settle = (how: () => void) => {
      one.open = false
      how()
    }
    waits.push(one)
    return promise
  }
  const tell = (name: string) => () => void told.push(name)
  const machine = writerOn(
    { open: wait('open'), send: wait('send'), finish: wait('finish'), breakOff: tell('cut') },
    { opened: tell('opened'), sent: tell('sent'), closed: tell('closed'), broken: error => void told.push(`broken ${error}`) },
  )
  const under = () => waits.findLast(({ open, signal }) => open && !signal.aborted)
  return { machine, told, waits, under }
}

it('does so with its binding, on every transition', async () => {
  await walk(writerMachine, {
    events,
    can: ({ context }, { type }) => type !== 'write' || context.waiting < 3,
    live: () => {
      const { machine, told, waits, under } = rig()
      const fail = () => under()?.reject(new Error('refused'))
      const succeed = () => under()?.resolve()
      return {
        machine,
        act: {
          ...{ 'done:open': succeed, 'done:send': succeed, 'done:finish': succeed },
          ...{ 'error:open': fail, 'error:send': fail, 'error:finish': fail },
        },
        check: ({ snapshot: { value }, events }) => {
          const types = events.map(({ type }) => type)
          const count = (name: string) => told.filter(one => one === name).length
          assert.is(count('sent'), types.filter(type => type === 'xstate.done.actor.send').length)
          assert.is(count('opened'), types.includes('xstate.done.actor.open') ? 1 : 0)
          assert.is(count('closed'), value === 'closed' ? 1 : 0)
          const why = types.at(-1)?.startsWith('xstate.error') ? 'Error: refused' : 'undefined'
          assert.equal(
            told.filter(one => one.startsWith('broken')),
            value === 'broken' ? [`broken ${why}`] : [],
          )
          const cut = types.includes('xstate.error.actor.send') || types.some(type => type.includes('openTimeout'))
          assert.is(count('cut'), cut ? 1 : 0)
          if (value === 'writing') assert.is(under()?.name, 'send')
        },
        end: () => {
          for (const { name, signal, open } of waits) assert.ok(signal.aborted || !open, `leaves ${name} behind`)
        },
      }
    },
  })
})

it.run()
