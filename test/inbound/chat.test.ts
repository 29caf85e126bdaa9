/** What people write: the machine and its inbox. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type ChatEvent, chatMachine, type Message } from '../../machines/inbound/chat.ts'
import { sleep } from '../../src/clock.ts'
import { chatOn } from '../../src/inbound/chat.ts'
import { Inbox, type InboxOptions } from '../../src/inbound/inbox.ts'
import type { ChatMessage } from '../../src/mind.ts'
import { virtualClock } from '../../src/virtual.ts'
import { person } from '../fakes/people.ts'
import { fakeStreams, type Sending } from '../fakes/tracks.ts'
import { done, explore, failed, ignored, pending, table, walk } from '../model.ts'

const it = suite('chat')

it('has exactly these transitions', () => {
  const over = 'room.disconnected→closed close→closed'
  assert.equal(table(chatMachine), {
    '': '→idle',
    idle: `room.joined→ready ${over}`,
    ready: `${over} done:take→busy`,
    busy: `${over} done:answer→ready error:answer→ready`,
    closed: 'final',
  })
  assert.equal(ignored(chatMachine), { ready: 'room.joined', busy: 'room.joined' }) // it is there already
})

const one: Message = { id: 'ST_1', identity: 'ann' }
const two: Message = { id: 'ST_2', identity: 'ann' }
const events = [
  { type: 'room.joined' },
  { type: 'room.disconnected' },
  { type: 'close' },
  done('take', one),
  done('take', two),
  done('answer'),
  failed('answer'),
] satisfies (ChatEvent | { type: `xstate.${string}` })[]

it('answers one message at a time, each once, and none before the room is joined or after the end (CHAT-5, law 15)', () => {
  const seen = explore(chatMachine, {
    events,
    invariant: ({ event, before, snapshot: { value, context }, effects, past }) => {
      const count = (type: string) => [...past.map(step => step.event), event].filter(each => each.type === type).length
      const all = [...past.flatMap(step => step.effects), ...effects]
      const starts = (name: string) => all.filter(effect => effect === `start ${name}`).length
      assert.is(starts('answer'), count('xstate.done.actor.take'))
      assert.ok(starts('take') - count('xstate.done.actor.take') <= 1, 'asks twice')
      assert.is(context.message !== null, value === 'busy')
      if (value === 'idle') assert.is(starts('take'), 0)
      if (event.type === 'xstate.error.actor.answer') assert.ok(effects.includes('logFailure'))
      assert.is(effects.includes('endChat'), value === 'closed')
      if (value === 'closed' && before?.value === 'busy') assert.ok(effects.includes('stop answer'))
    },
  })
  assert.ok(seen.sequences > 100)
})

it('does so with its binding, on every transition', async () => {
  await walk(chatMachine, {
    events: events.filter(event => event.type !== 'xstate.done.actor.take' || ('output' in event && event.output === one)),
    live: () => {
      let [take, answer] = [pending<Message>(), pending<void>()]
      const codes: string[] = []
      const open = new Set<AbortSignal>()
      let closed = 0
      const begin = (signal: AbortSignal) => {
        open.add(signal)
        signal.addEventListener('abort', () => open.delete(signal), { once: true })
      }
      const machine = chatOn({
        log: (_, code) => codes.push(code),
        take: signal => {
          begin(signal)
          take = pending<Message>()
          return take.promise.finally(() => open.delete(signal))
        },
        answer: signal => {
          begin(signal)
          answer = pending<void>()
          return answer.promise.finally(() => open.delete(signal))
        },
        close: () => closed++,
      })
      return {
        machine,
        act: {
          'done:take': () => take.resolve(one),
          'done:answer': () => answer.resolve(),
          'error:answer': () => answer.reject(new Error('no answer')),
        },
        check: ({ snapshot, events: past }) => {
          assert.is(open.size, snapshot.value === 'ready' || snapshot.value === 'busy' ? 1 : 0)
          assert.is(closed, snapshot.status === 'done' ? 1 : 0)
          assert.is(codes.length, past.filter(({ type }) => type === 'xstate.error.actor.answer').length)
        },
        end: () => assert.is(open.size, 0, 'leaves somebody waiting'),
      }
    },
  })
})

/** An inbox at work on a topic that the test writes to. */
const desk = ({
  taken = false,
  alone = false,
  ...options
}: Partial<InboxOptions> & { taken?: boolean; alone?: boolean } = {}) => {
  const clock = virtualClock()
  const logged: string[] = []
  const answered: ChatMessage[] = []
  const { streams: textIn, send, topics } = fakeStreams<string>({ taken: taken ? ['lk.chat'] : [] })
  const inbox = new Inbox({
    ...{ textIn, clock, log: (level, code) => logged.push(`${level} ${code}`) },
    sender: identity => ({ participant: person(identity), welcome: identity === 'ann' }),
    ...(alone ? {} : { answer: message => answered.push(message) }),
    ...options,
  })
  const actor = createActor(chatOn(inbox), { clock, id: 'chat' })
  inbox.start()
  actor.start()
  const type = (identity = 'ann') => send({ identity, topic: 'lk.chat', mimeType: 'text/plain' })
  const write = (text: string, identity?: string) => {
    const typed = type(identity)
    typed.push(text)
    typed.end()
  }
  const texts = () => answered.map(({ text }) => text)
  return { clock, actor, inbox, logged, answered, type, write, texts, listens: () => topics().includes('lk.chat') }
}
const seated = async (options: Parameters<typeof desk>[0] = {}) => {
  const scene = desk(options)
  scene.actor.send({ type: 'room.joined' })
  await scene.clock.settle()
  return scene
}

it('gives the text, the stream, and who wrote it (CHAT-1, CHAT-4)', async () => {
  const { type, answered, clock } = await seated()
  const typed = type()
  typed.push('Good ', 'morning')
  await clock.settle()
  assert.equal(answered, [])
  typed.end()
  await clock.settle()
  const info = { id: 'ST_1', topic: 'lk.chat', attributes: {}, mimeType: 'text/plain', timestamp: 0 }
  assert.equal(answered, [{ text: 'Good morning', info, participant: person('ann'), participantIdentity: 'ann' }])
})

it('goes on without a topic that is taken, and says so only to who asked for it (CHAT-1, section 13)', async () => {
  for (const asked of [true, false]) {
    const { actor, logged, clock } = await seated({ taken: true, asked })
    assert.equal([actor.getSnapshot().value, logged], ['ready', asked ? ['warn chat.taken'] : []])
    actor.send({ type: 'close' })
    await clock.settle()
  }
})

it('takes nothing from who is not listened to, and warns of one whom nobody knows (CHAT-2, CHAT-3)', async () => {
  const { type, write, texts, logged, clock } = await seated({
    sender: identity => ({ participant: identity === 'ghost' ? undefined : person(identity), welcome: identity !== 'bob' }),
  })
  const [bob, ghost] = [type('bob'), type('ghost')]
  write('it is me')
  await clock.settle()
  assert.equal(texts(), ['it is me'])
  assert.equal(logged, ['debug chat.refused', 'warn chat.unknown'])
  assert.ok(bob.left && ghost.left, 'leaves a stream unread')
})

it('logs an error where there is nobody to answer (CHAT-3)', async () => {
  const { write, logged, clock } = await seated({ alone: true })
  write('hello?')
  await clock.settle()
  assert.equal(logged, ['error chat.unanswered'])
})

it('takes messages that came before the room was joined, and looks who sent them when it is (CHAT-2, ROOM-2)', async () => {
  let here = false
  const { actor, write, texts, clock } = desk({
    sender: identity => (here ? { participant: person(identity), welcome: identity === 'ann' } : undefined),
  })
  write('me first', 'bob')
  write('early')
  await clock.advance(5_000)
  assert.equal(texts(), [])
  here = true
  actor.send({ type: 'room.joined' })
  await clock.settle()
  assert.equal(texts(), ['early'])
})

it('takes a message from who was listened to when it was begun (CHAT-2)', async () => {
  let listened = 'ann'
  const { type, texts, clock } = await seated({
    sender: identity => ({ participant: person(identity), welcome: identity === listened }),
  })
  const [ann, bob] = [type('ann'), type('bob')]
  listened = 'bob'
  ann.push('still me')
  ann.end()
  bob.end()
  await clock.settle()
  assert.equal(texts(), ['still me'])
})

it('answers in the order in which messages were begun, one at a time, and after an error too (CHAT-4, CHAT-5, law 15)', async () => {
  const steps: string[] = []
  const clock = virtualClock()
  const {
    type,
    write,
    logged,
    clock: own,
  } = await seated({
    answer: async ({ text }) => {
      steps.push(`begin ${text}`)
      await sleep(clock, 100)
      steps.push(`end ${text}`)
      if (text === 'second') throw new Error('cannot answer that')
    },
  })
  const slow = type()
  write('second')
  write('third')
  await own.settle()
  assert.equal(steps, [])
  slow.push('first')
  slow.end()
  for (let n = 0; n < 3; n++) {
    await own.settle()
    await clock.advance(100)
    await own.settle()
  }
  assert.equal(steps, ['begin first', 'end first', 'begin second', 'end second', 'begin third', 'end third'])
  assert.equal(logged, ['error chat.failed'])
})

it('drops what is too long, too slow or broken off, with a warning, and goes on (CHAT-5)', async () => {
  const { type, write, texts, logged, clock } = await seated()
  const long = type()
  const half = 'ä'.repeat(262_144)
  long.push(half, half) // 1 MiB to the byte
  await clock.settle()
  assert.equal([long.left, logged], [false, []])
  long.push('.')
  await clock.settle()
  assert.equal([long.left, logged], [true, ['warn chat.dropped']])
  const slow = type()
  slow.push('wait')
  write('next')
  const broken = type()
  broken.end(new Error('the sender broke it off'))
  await clock.advance(29_999)
  assert.equal([slow.left, texts()], [false, []])
  await clock.advance(1)
  assert.equal([slow.left, texts()], [true, ['next']])
  assert.equal(logged, Array(3).fill('warn chat.dropped'))
  assert.is(clock.timers, 0)
})

it('reads what waits for its turn, so that a slow answer makes no message too late (CHAT-5)', async () => {
  const answered: string[] = []
  const clock = virtualClock()
  const { write, clock: own } = await seated({
    answer: async ({ text }) => {
      answered.push(text)
      await sleep(clock, 60_000)
    },
  })
  write('first')
  write('second')
  await own.advance(45_000)
  await clock.advance(60_000)
  await own.settle()
  assert.equal(answered, ['first', 'second'])
})

it('lets at most 32 messages wait (law 17)', async () => {
  const { type, write, texts, logged, clock } = await seated()
  const slow = type()
  await clock.settle()
  for (let n = 0; n < 40; n++) write(`${n}`)
  assert.equal(logged, Array(8).fill('warn chat.dropped'))
  slow.end()
  await clock.settle()
  assert.equal(
    texts().slice(1),
    Array.from({ length: 32 }, (_, n) => `${n}`),
  )
})

it('cancels what is on its way when it closes, without a word, and lets the topic go (CHAT-5, ROOM-9)', async () => {
  const { type, actor, texts, logged, clock, listens } = await seated()
  const [first, second] = [type(), type()]
  first.push('not yet')
  await clock.settle()
  assert.ok(listens())
  actor.send({ type: 'close' })
  await clock.settle()
  assert.equal([first.left, second.left, listens()], [true, true, false])
  assert.equal([texts(), logged, clock.timers], [[], [], 0])
})

it('loses only the message in hand when it fails, and begins no answer before the last one has ended (ROOM-17)', async () => {
  const steps: string[] = []
  const busy = pending<void>()
  const { inbox, actor, write, logged, clock } = await seated({
    answer: async ({ text }) => {
      steps.push(text)
      if (text === 'first') await busy.promise
    },
  })
  for (const text of ['first', 'second', 'third']) write(text)
  await clock.settle()
  actor.stop() // as the room does with a child that has failed
  const next = createActor(chatOn(inbox), { clock, id: 'chat' }).start()
  next.send({ type: 'room.joined' })
  await clock.settle()
  assert.equal([steps, logged], [['first'], ['warn chat.lost']])
  busy.resolve()
  await clock.settle()
  assert.equal(steps, ['first', 'second', 'third'])
})

it('answers each message once, in the order of opening, whatever comes when (CHAT-5, law 15)', async () => {
  const act = fc.constantFrom('open', 'foreign', 'write', 'end', 'break', 'answer', 'fail')
  const step = fc.record({ act, which: fc.nat(9) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
      let answering: ReturnType<typeof pending<void>> | undefined
      let running = 0
      const ids: string[] = []
      const { type, actor, clock } = await seated({
        answer: async ({ info }) => {
          ids.push(info.id)
          assert.is(++running, 1, 'two at a time')
          answering = pending<void>()
          await answering.promise.finally(() => running--)
        },
      })
      const open: { typed: Sending<string>; fate?: string }[] = []
      const expected: string[] = []
      for (const { act: what, which } of steps) {
        const one = open[which % Math.max(1, open.length)]
        if (what === 'open' || what === 'foreign') {
          open.push({ typed: type(what === 'open' ? 'ann' : 'bob'), ...(what === 'open' ? {} : { fate: 'foreign' }) })
        } else if (what === 'answer') answering?.resolve()
        else if (what === 'fail') answering?.reject(new Error('no answer'))
        else if (what === 'write') one?.typed.push('word ')
        else if (one && !one.fate) {
          one.typed.end(what === 'end' ? undefined : new Error('broken off'))
          one.fate = what
        }
        await clock.settle()
      }
      for (const [index, one] of open.entries()) {
        if (!one.fate) one.typed.end()
        if (one.fate === undefined || one.fate === 'end') expected.push(`ST_${index + 1}`)
      }
      for (let n = 0; n <= open.length; n++) {
        await clock.settle()
        answering?.resolve()
      }
      await clock.settle()
      assert.equal(ids, expected)
      assert.is(clock.timers, 0)
      actor.send({ type: 'close' })
    }),
    { numRuns: 200 }, // a failing run prints its seed
  )
})

it.run()
