// deadline: 120 s
/** Whoever answered in a recorded call: a model, a session, actors of the owner's. A replay does without their code. */

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fromCallback, fromPromise } from 'xstate'
import type { MindLogic } from '../../src/agent.ts'
import { sleep } from '../../src/clock.ts'
import type { Recorder } from '../../src/recording/recorder.ts'
import { replay, replayText } from '../../src/replay/replay.ts'
import { newCall, samples, sound, timed } from '../fakes/call.ts'
import { liveStage } from '../realtime/stage.ts'
import { amend, linesIn, recorded } from './recording.ts'

type Line = ReturnType<typeof linesIn>[number]

const it = suite('replay/minds')

const same = async (folder: string) => {
  const result = await replay(folder)
  assert.ok(result.same, replayText(result))
  return linesIn(folder, 'inputs.jsonl')
}

const talk = async (recorder: Recorder) => {
  const stage = await liveStage({ options: { recorder, reconnect: true } })
  const { clock, session, agent, mic } = stage
  void mic.speak(samples(700))
  session.emit('input_speech_committed', { itemId: 'u' })
  session.emit('input_speech_transcription_completed', { itemId: 'u', transcript: 'Hello?' })
  session.reply(1_000, ['Hello ', 'there.'], { itemId: 'a' })
  await clock.advance(400)
  agent.interrupt()
  await clock.settle()
  session.drop()
  await clock.advance(1_000)
  stage.model.now.reply(300, ['Here ', 'again.'], { itemId: 'b' })
  await clock.advance(700)
  await stage.close()
}
it('is the same with a model, which is not there: cut, lost, come back', async () => {
  const lines = await recorded(talk, same)
  assert.ok(lines.some(({ side, name }) => side === 'mind' && name === 'model.session.on.response_done'))
  assert.ok(lines.some(({ kind, name }) => kind === 'asked' && name === 'say'))
})

/** What a replay says of the same call, after a change of its tape. */
const after = (is: (line: Line) => unknown, change: (line: Line) => Line | undefined) =>
  recorded(talk, async folder => {
    amend(folder, 'tape.jsonl', is, change)
    return replayText(await replay(folder))
  })
const isMinds = (line: Line) => line.path === 'room/agent/mind' || line.to === 'room/agent/mind'

it('folds the machine of the mind again, and says so', async () => {
  const text = await recorded(talk, async folder => replayText(await replay(folder)))
  assert.match(text, /^same: .*, \d\d steps of room\/agent\/mind folded again$/)
})

it('finds what that machine did another way: a state, a context, an action, an event, whom it began', async () => {
  const state = await after(
    line => isMinds(line) && line.value === 'joining',
    line => ({ ...line, value: 'closing' }),
  )
  assert.match(
    state,
    /^different: after input \d+ \(.*\) at \d\.\d{3} s: room\/agent\/mind goes to 'closing' in the recording, to 'joining' in the replay\n/,
  )
  const isPending = ({ context, ...line }: Line) => isMinds(line) && 'pending' in Object(Object(context).set)
  const context = await after(isPending, line => ({ ...line, context: { set: { pending: ['nobody'] } } }))
  assert.match(
    context,
    /of the step room\/agent\/mind the context\.set\.pending\.0 is 'nobody' in the recording, '.+' in the replay/,
  )
  const acted = (name: string) => (line: Line) => isMinds(line) && Array.isArray(line.actions) && line.actions.includes(name)
  const action = await after(acted('interrupt'), line => ({ ...line, actions: [] }))
  assert.match(action, /of the step room\/agent\/mind the actions\.0 is nothing in the recording, 'interrupt' in the replay/)
  const isCreated = (line: Line) => isMinds(line) && Reflect.get(Object(line.event), 'type') === 'response.created'
  const event = await after(isCreated, () => undefined)
  assert.match(event, /^different: .*room\/agent\/mind/)
  const began = await after(
    line => line.type === 'started' && line.path === 'room/agent/mind/feed',
    line => ({ ...line, path: 'room/agent/mind/leave' }),
  )
  assert.match(began, /room\/agent\/mind\/leave is started in the recording, room\/agent\/mind\/feed is started in the replay/)
})

it('is the same with actors of the owner’s, which end, fail and begin anew', async () => {
  const mind: MindLogic = ({ say, state, clock }) =>
    fromPromise(async ({ signal }) => {
      state('thinking')
      await say({ audio: sound(300), text: timed(2) }).played
      await sleep(clock, 200, signal)
      return { reason: 'said all' }
    })
  const lines = await recorded(async recorder => {
    const call = newCall({ options: { mind, recorder } })
    const room = call.open()
    await call.clock.advance(50)
    const broken = fromPromise(async () => {
      await sleep(call.clock, 20)
      throw new TypeError('broken')
    })
    room.spawn(broken, { id: 'broken', restarts: 2 })
    room.spawn(({ show }) => fromCallback(() => void show('From a guest.')), { id: 'log' })
    await call.clock.advance(900)
    await call.clock.runUntil(room.closed)
  }, same)
  const ended = lines
    .filter(({ kind, name }) => kind === 'asked' && name === 'ended')
    .map(({ value }) => Reflect.get(Object(value), 'actor'))
  assert.equal(ended.filter(actor => actor === 'guest:broken').length, 3)
  assert.ok(ended.includes('mind'))
})

it.run()
