import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Input } from '../../../src/minds/openai/input.ts'
import type { Wire } from '../../../src/minds/openai/wire.ts'
import { virtualClock } from '../../../src/virtual.ts'
import { frame, readied } from './stage.ts'

const it = suite('openai input')
const signal = new AbortController().signal
/** A network that takes what it is told to. */
const scene = () => {
  const clock = virtualClock()
  const net = { backlog: 0, sent: 0, stalls: 0 }
  const send = (event: Wire) => {
    net.sent++
    net.backlog += String(event.audio).length
  }
  const input = new Input({ clock, timeoutMs: 5_000, backlog: () => net.backlog, send, stalled: () => void net.stalls++ })
  const settled = async (work: Promise<void>) => {
    let done = false
    work.then(() => {
      done = true
    })
    await clock.settle()
    return done
  }
  return { clock, net, input, settled }
}
const fill = ({ input }: Pick<ReturnType<typeof scene>, 'input'>) => {
  let count = 0
  while (input.append(frame())) count++
  return count
}

it('takes nothing before it is open, and says when it is', async () => {
  const { input, net, settled } = scene()
  assert.is(input.append(frame()), false)
  const waiting = input.drained(signal)
  assert.is(await settled(waiting), false)
  input.open()
  assert.is(await settled(waiting), true)
  assert.is(input.append(frame()), true)
  assert.is(net.sent, 1)
})

it('takes a second more than the network does, and the next when there is room (OAI-5)', async () => {
  const all = scene()
  const { input, net, settled, clock } = all
  input.open()
  assert.is(fill(all), 10)
  const waiting = input.drained(signal)
  net.backlog -= 100
  input.moved()
  assert.is(await settled(waiting), true)
  assert.is(fill(all), 1)
  net.backlog = 0
  input.moved()
  assert.is(await settled(input.drained(signal)), true)
  assert.is(clock.timers, 0)
})

it('ends the wait with the signal, or at close, and takes nothing more', async () => {
  const all = scene()
  const { input, settled } = all
  input.open()
  fill(all)
  const leaving = new AbortController()
  const [one, other] = [input.drained(leaving.signal), input.drained(signal)]
  leaving.abort()
  assert.equal([await settled(one), await settled(other)], [true, false])
  input.close()
  input.open()
  assert.equal([await settled(other), await settled(input.drained(signal))], [true, true])
  assert.throws(
    () => input.append(frame()),
    (error: unknown) => Object(error).code === 'ERR_CLOSED',
  )
  assert.is(await settled(input.drained(leaving.signal)), true)
})

it('notices a network that takes nothing any more, and no other', async () => {
  const all = scene()
  const { input, net, clock } = all
  input.open()
  fill(all)
  await clock.advance(4_999)
  net.backlog += 9
  input.moved()
  await clock.advance(4_999)
  assert.is(net.stalls, 0)
  await clock.advance(1)
  assert.is(net.stalls, 1)
  fill(all)
  input.close()
  assert.is(clock.timers, 0)
})

it('does not give up a network that takes a long message slowly', async () => {
  const { input, net, clock } = scene()
  input.open()
  net.backlog = 1_000_000 // one message: it is told only when all of it is gone
  assert.is(input.append(frame()), false)
  for (let n = 0; n < 10; n++) {
    await clock.advance(2_500)
    net.backlog -= 50_000
  }
  assert.is(net.stalls, 0)
  await clock.advance(10_000)
  assert.is(net.stalls, 1)
  input.close()
  assert.is(clock.timers, 0)
})

it('holds back what a service does not read, over a real socket, and loses none of what it took', async () => {
  const { server, session, end } = await readied()
  server.fault({ slow: 150 })
  let taken = 0
  // A burst that no socket of this machine holds.
  while (session.inputAudioBuffer.append(frame(1_000))) taken++
  assert.ok(taken < 10_000)
  await session.inputAudioBuffer.drained(signal)
  assert.is(session.inputAudioBuffer.append(frame()), true)
  await session.inputAudioBuffer.clear() // behind all that was said before
  assert.is(server.session.conversation.received, taken * 24_000 + 2_400)
  await end()
})

it('gives a line up that takes nothing for as long as an answer may take', async () => {
  const { server, session, ear, clock } = await readied({ timeoutMs: 4_000 })
  server.fault({ slow: 3_600_000 })
  // Until the buffers of this machine are full too.
  for (let idle = 0; idle < 20; idle++) {
    while (session.inputAudioBuffer.append(frame(1_000))) idle = 0
    await clock.settle()
  }
  await clock.advance(4_000)
  const { error } = await ear.until('closed')
  assert.match(String(error?.message), /took nothing for 4 s/)
  await session.close()
  await server.close()
})

it.run()
