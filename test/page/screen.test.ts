import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ViewerEvent } from '../../machines/viewer.ts'
import type { Header, Message } from '../../src/inspector/messages.ts'
import { apply, emptyScene, type FromPage, type FromServer, type Hello, type Scene } from '../../src/inspector/scene.ts'
import { Questions } from '../../src/page/questions.ts'
import { PageScreen } from '../../src/page/screen.ts'
import type { Told } from '../../src/page/wire.ts'
import { tape } from './tapes.ts'

const it = suite('what a page is told')

const call = (steps: number): Message[] => {
  const { messages, started, event, step } = tape()
  started('room', { value: 'v0' })
  for (let n = 1; n <= steps; n++) step('room', event(null, 'room', 'go'), { value: `v${n}` })
  return messages
}
const folded = (messages: readonly Message[]): Scene => {
  const scene = emptyScene()
  for (const message of messages) apply(scene, message)
  return scene
}
const header = (room: string): Header => ({
  ...{ type: 'tape', version: 1, product: '0', room, identity: 'agent', sampleRate: 24_000, replayable: false },
})
const live = (room: string): Hello => ({ type: 'hello', mode: 'live', header: header(room), sends: false, minds: [] })
const recording = (to: number): Hello => ({ ...live('r'), mode: 'recording', from: 0, to })
const snapshot = (messages: readonly Message[], from = 0): FromServer => ({
  ...{ type: 'snapshot', scene: folded(messages), recent: messages.slice(from), lost: from },
})

/** A screen whose server is the test. */
const rig = () => {
  const told: Told[] = []
  const asked: FromPage[] = []
  const events: ViewerEvent[] = []
  let open = true
  const screen = new PageScreen(
    one => {
      told.push(one)
      const send = (message: FromPage) => open && asked.push(message) > 0
      return { send, talk: () => open, close: () => {} }
    },
    () => {},
  )
  const connect = (...messages: FromServer[]) => {
    const close = screen.connect(event => events.push(event))
    for (const message of messages) told.at(-1)?.message(message)
    return close
  }
  const say = (...messages: FromServer[]) => {
    for (const message of messages) told.at(-1)?.message(message)
  }
  const shut = () => {
    open = false
  }
  return { screen, asked, events, connect, say, shut, end: (why?: string) => told.at(-1)?.ended(why) }
}
const stateAt = ({ scene }: PageScreen) => scene.actors.room?.value

it('greets once it knows what there is, and follows a room message by message', () => {
  const { screen, events, connect, say } = rig()
  const messages = call(20)
  connect(live('r'), snapshot(messages.slice(0, 21)))
  assert.equal(events, [{ type: 'server.greeted' }])
  const stop = screen.play(() => {})
  assert.is(stateAt(screen), 'v10')
  say(...messages.slice(21))
  assert.is(stateAt(screen), 'v20')
  screen.showHeld({ at: 50, seq: 5 })
  assert.is(stateAt(screen), 'v2')
  stop()
})

it('goes on with what it has when the server comes back, and begins anew where something is missing', () => {
  const { screen, events, connect, end } = rig()
  const messages = call(50)
  connect(live('r'), snapshot(messages.slice(0, 41)))
  end()
  assert.equal(events.at(-1), { type: 'server.lost', at: screen.at })
  connect(live('r'), snapshot(messages.slice(0, 61), 30))
  assert.is(screen.kept.messages.length, 61, 'it has the old ones still')
  end()
  connect(live('r'), snapshot(messages, 80))
  assert.is(screen.kept.messages.length, messages.length - 80)
  assert.is(screen.kept.lost, 80)
  screen.showHeld(null)
  assert.is(stateAt(screen), 'v50')
})

it('turns to another call of the same server', () => {
  const { screen, events, connect, say } = rig()
  connect(live('one'), snapshot(call(10)))
  say(live('two'), snapshot(call(3)))
  assert.ok(events.some(({ type }) => type === 'follow'))
  screen.showHeld(null)
  assert.is(stateAt(screen), 'v3')
})

it('leaves out machines that are told of from long ago, and takes no message twice', () => {
  const { screen, connect, say } = rig()
  const messages = call(30)
  const scene = folded(messages)
  const machine: Message = { type: 'machine', seq: 1, at: 0, definition: { key: 'room', nodes: [], edges: [] } }
  const base = folded(messages.slice(0, 40))
  connect(live('r'), { type: 'snapshot', scene, recent: [machine, ...messages.slice(40)], lost: 39, base })
  assert.is(screen.kept.messages[0]?.seq, 41)
  assert.is(screen.kept.lost, 40)
  screen.showHeld({ at: 430 })
  assert.is(stateAt(screen), 'v21')
  say(...messages.slice(50))
  assert.is(screen.kept.messages.length, messages.length - 40)
})

it('asks for a moment of a recording unless it has it', async () => {
  const { screen, events, asked, connect, say } = rig()
  const messages = call(100)
  connect(recording(2_010))
  assert.equal(events, [{ type: 'server.greeted', from: 0 }])
  const { signal } = new AbortController()
  const moment = screen.fetchMoment({ at: 1_000 }, signal)
  const question = asked[0]
  assert.ok(question?.type === 'seek' && question.at === 1_000)
  say({ type: 'moment', id: question.id, scene: folded(messages.slice(0, 100)), recent: messages.slice(90, 120) })
  await moment
  screen.showHeld({ at: 1_000 })
  assert.is(stateAt(screen), 'v49')
  await screen.fetchMoment({ at: 1_100 }, signal)
  assert.is(asked.length, 1, 'it was there')
  screen.showHeld({ at: 1_100 })
  assert.is(stateAt(screen), 'v54')
  for (const at of [500, 1_300]) void screen.fetchMoment({ at }, signal).catch(() => {})
  assert.is(asked.length, 3, 'what was before is not, nor what comes later')
})

it('goes back to the first moment of a recording that it went on in, however long that was', async () => {
  const { screen, asked, connect, say } = rig()
  const messages = call(800)
  connect(recording(20_000))
  const { signal } = new AbortController()
  const fetch = async (at: number, scene: Scene, recent: Message[]) => {
    const moment = screen.fetchMoment({ at }, signal)
    const question = asked.at(-1)
    if (question?.type === 'seek') say({ type: 'moment', id: question.id, scene, recent })
    await moment
    screen.showHeld({ at })
  }
  await fetch(0, emptyScene(), messages.slice(0, 300))
  await fetch(4_000, folded(messages.slice(0, 400)), messages.slice(0, 1_200))
  assert.is(stateAt(screen), 'v199')
  const definition = { key: 'room', nodes: [], edges: [] }
  const machine: Message = { type: 'machine', seq: 1, at: 10, definition }
  await fetch(15_000, folded(messages.slice(0, 1_500)), [machine, ...messages.slice(1_400, 1_550)])
  assert.is(stateAt(screen), 'v749', 'machines are told of from long ago')
})

it('keeps apart what a recording tells of long ago, and asks once for more', async () => {
  const { screen, asked, connect, say } = rig()
  const messages = call(500)
  connect(recording(10_010))
  const { signal } = new AbortController()
  const fetch = async (from: number, seq: number, older: Message[]) => {
    const moment = screen.fetchMoment({ at: seq * 10 }, signal)
    const question = asked.at(-1)
    const recent = [...older, ...messages.slice(from, seq + 20)]
    if (question?.type === 'seek') say({ type: 'moment', id: question.id, scene: folded(messages.slice(0, seq)), recent })
    await moment
  }
  await fetch(500, 600, messages.slice(1, 3))
  assert.is(screen.kept.messages[0]?.seq, 501, 'what has a hole after it is no part of what can be shown')
  assert.is(screen.far.get(600)?.[0]?.seq, 2)
  await fetch(700, 800, [])
  assert.is(screen.far.get(600)?.[0]?.seq, 2, 'it stays when another moment is shown')
  const recalled = [screen.recall(40), screen.recall(40)]
  const question = asked.at(-1)
  assert.ok(question?.type === 'seek' && question.seq === 40)
  say({ type: 'moment', id: question.id, scene: folded(messages.slice(0, 40)), recent: messages.slice(0, 50) })
  await Promise.all([...recalled, screen.recall(40)])
  assert.is(asked.length, 3)
  assert.is(screen.far.get(40)?.[0]?.seq, 1)
  for (let n = 100; n < 140; n++) {
    const recall = screen.recall(n)
    const asking = asked.at(-1)
    if (asking?.type === 'seek') say({ type: 'moment', id: asking.id, scene: emptyScene(), recent: [] })
    await recall
  }
  assert.is(screen.far.size, 24)
})

it('tells who is refused from what is refused', () => {
  const { screen, events, connect, say, end } = rig()
  connect({ type: 'refused', text: 'no' })
  assert.equal(events, [{ type: 'server.refused', text: 'no' }])
  end('32 pages look already')
  assert.equal(events.at(-1), { type: 'server.refused', text: '32 pages look already' })
  connect(live('r'), snapshot(call(1)))
  say({ type: 'refused', text: 'sending is off' })
  assert.is(screen.notice, 'sending is off')
  assert.is(events.at(-1)?.type, 'server.greeted')
})

it('ends what was asked when the server is lost, and when nobody waits any more', async () => {
  const questions = new Questions()
  const given = new AbortController()
  const reasons: string[] = []
  const ask = (sends: boolean, signal: AbortSignal) =>
    questions
      .ask(
        () => sends,
        id => ({ type: 'seek', id, at: 0 }),
        signal,
      )
      .catch(error => reasons.push(error.message))
  const all = [ask(false, given.signal), ask(true, given.signal)]
  given.abort()
  all.push(ask(true, given.signal), ask(true, new AbortController().signal))
  questions.end()
  await Promise.all(all)
  assert.equal(reasons.sort(), ['given up', 'given up', 'the server is away', 'the server is away'])
  questions.answer({ type: 'span', id: 2, from: 0, to: 1, messages: [] }) // too late: nobody is there
})

it.run()
