/** The library as its users see it: only what `chartroom` and `chartroom/testing` export. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import {
  type AudioFrame,
  type ChartRoom,
  type Conversation,
  frameOf,
  type JournalLine,
  type Log,
  type Mind,
  openRoom,
  type Played,
  playoutOn,
  presenceMachine,
  type RoomFact,
  type RoomOptions,
  type Saying,
  Speaker,
  say,
  type Utterance,
  type Word,
  type World,
} from '../src/index.ts'
import {
  createLoopback,
  type Loopback,
  type RemoteParticipant,
  seededIds,
  sleep,
  type VirtualClock,
  virtualClock,
} from '../src/testing.ts'

const it = suite('api')

const format = { sampleRate: 24_000, channels: 1 }
/** A second of a tone, in frames of 100 ms. */
async function* speech(): AsyncGenerator<AudioFrame> {
  for (let n = 0; n < 10; n++) yield frameOf(new Int16Array(2_400).fill(5_000), format)
}
async function* words(): AsyncGenerator<Word> {
  for (let n = 0; n < 5; n++) yield { text: `${n ? ' ' : ''}word${n}`, startMs: n * 200, endMs: n * 200 + 200 }
}

type Lounge = { clock: VirtualClock; hub: Loopback; caller: RemoteParticipant; world: World }
const lounge = (): Lounge => {
  const clock = virtualClock()
  const hub = createLoopback({ clock, ids: seededIds(1) })
  const caller = hub.participant({ identity: 'caller' })
  caller.join()
  return { clock, hub, caller, world: hub.world({ identity: 'agent' }) }
}

it('opens a room, hears, says, pauses, resumes, interrupts, waits and closes', async () => {
  const { clock, caller, world } = lounge()
  const captions = caller.collect('lk.transcription')
  const ear = caller.hears('agent')
  const talk = async () => {
    const room: ChartRoom = await openRoom(world)
    const facts: RoomFact['type'][] = []
    const off = room.on(fact => facts.push(fact.type))
    let heard = 0
    const listening = (async () => {
      for await (const frame of room.audio) heard += frame.samplesPerChannel
    })()
    const speaking = caller.publish().speak(new Int16Array(24_000).fill(1_000))

    const saying: Saying = { audio: speech(), text: words() }
    const reply: Utterance = room.say(saying)
    await sleep(clock, 300)
    room.pause()
    await sleep(clock, 500)
    room.resume()
    const whole: Played = await reply.played
    assert.equal(whole, {
      id: reply.id,
      outcome: 'finished',
      pushed: 24_000,
      heard: 24_000,
      discarded: 0,
      spoken: 'word0 word1 word2 word3 word4',
    })

    const second = room.say({ audio: speech(), text: words() })
    await sleep(clock, 500)
    const cut = second.interrupt()
    assert.is(await second.played, cut)
    assert.is(cut.pushed, cut.heard + cut.discarded)

    await speaking
    await sleep(clock, 20) // its fade is heard
    await room.close()
    await listening
    off()
    assert.ok(heard > 24_000)
    for (const fact of ['utterance.started', 'paused', 'resumed', 'words.shown', 'utterance.ended', 'closed'] as const)
      assert.ok(facts.includes(fact), fact)
    return { cut }
  }
  const { cut } = await clock.runUntil(talk())
  await clock.advance(10)
  assert.equal(
    captions.map(({ text }) => text),
    ['word0 word1 word2 word3 word4', cut.spoken],
  )
  const audible = ear.samples().filter(sample => sample !== 0).length
  assert.ok(Math.abs(audible - 24_000 - cut.heard) < 30) // but for the silent ends of ramps
})

it('hears what a browser recorded before the agent came, with nothing more to give it (PRE-2)', async () => {
  const { clock, caller, world } = lounge()
  const webm = readFileSync('test/fixtures/speech.webm') // 1.5 s
  const lines: JournalLine[] = []
  const listen = async () => {
    const room = await openRoom(world, { journal: line => lines.push(line) })
    const mic = caller.publish({ preconnect: true })
    await sleep(clock, 10)
    caller.sendBytes('lk.agent.pre-connect-audio-buffer', [webm], {
      attributes: { trackId: mic.sid },
      mimeType: 'audio/webm;codecs=opus',
    })
    await sleep(clock, 100)
    const { received } = room.counters
    await room.close()
    return received
  }
  assert.ok((await clock.runUntil(listen())) > 1.4 * 24_000)
  assert.ok(lines.some(({ kind, name }) => kind === 'item' && name === 'opus.decode'))
})

it('takes a mind, options and a journal', async () => {
  const { clock, caller, world } = lounge()
  const lines: JournalLine[] = []
  let played: Played | undefined
  const mind: Mind = {
    start: async ({ say, hear, heard, show, state, format: { input } }: Conversation, signal) => {
      state('thinking')
      for await (const frame of hear()) {
        assert.is(frame.sampleRate, input.sampleRate)
        break
      }
      heard('Hello?', true)
      played = await say({ audio: speech(), text: words() }).played
      await show('That was all.')
      signal.throwIfAborted()
    },
  }
  const options: RoomOptions = {
    mind,
    journal: line => lines.push(line),
    audioInput: { sampleRate: 16_000 },
    participantIdentity: 'caller',
  }
  const talk = async () => {
    const room = await openRoom(world, options)
    void caller.publish().speak(new Int16Array(2_400).fill(1_000))
    return room.closed
  }
  assert.is(await clock.runUntil(talk()), 'mind.ended')
  assert.is(played?.outcome, 'finished')
  assert.ok(lines.length > 50)
})

it('runs a machine alone: the play-out of one utterance, on any sink (PORT-3)', async () => {
  const { clock, caller, world } = lounge()
  const log: Log = () => {}
  await world.room.join(() => {}, new AbortController().signal)
  const { sink, close } = await world.speakers.publish({ ...format, name: 'voice', queueMs: 200 }, new AbortController().signal)
  const ear = caller.hears('agent')

  const speaker = new Speaker({ ...format, clock, log })
  speaker.plug(sink)
  const over = new AbortController()
  const playout = createActor(playoutOn(speaker), { clock, id: 'playout', input: { id: 'SG_1', sampleRate: 24_000 } }).start()
  void say(speech(), speaker, 'SG_1', over.signal)
  await clock.advance(400)
  playout.send({ type: 'pause' })
  await clock.advance(1_000)
  assert.is(playout.getSnapshot().value, 'paused')
  playout.send({ type: 'resume' })
  await clock.advance(1_000)
  assert.equal(playout.getSnapshot().output, { id: 'SG_1', outcome: 'finished', pushed: 24_000, heard: 24_000, discarded: 0 })
  assert.ok(Math.abs(ear.samples().filter(sample => sample !== 0).length - 24_000) < 30)
  await close()
  await world.room.leave()
})

it('has snapshots that are plain data, but for the room knowing its children (PORT-3)', async () => {
  const { clock, caller, world } = lounge()
  const talk = async () => {
    const room = await openRoom(world)
    caller.publish({ preconnect: true })
    room.say({ audio: speech(), text: words() })
    await sleep(clock, 300)
    const { context, value } = room.actor.getSnapshot()
    assert.is(value, 'running')
    const { crew, ...facts } = context
    assert.equal(JSON.parse(JSON.stringify(facts)), facts)
    assert.equal(
      Object.keys(crew).map(name => name.split(':')[0]),
      ['link', 'microphone', 'chat', 'output', 'presence', 'agent', 'transcript', 'playout', 'sync'],
    )
    for (const [name, child] of Object.entries(crew)) {
      const snapshot = child.getSnapshot()
      assert.equal(JSON.parse(JSON.stringify(snapshot.context)), snapshot.context, name)
    }
    await room.close()
  }
  await clock.runUntil(talk())
})

it('says what is wrong when a machine is started without its hands', async () => {
  const clock = virtualClock()
  const actor = createActor(presenceMachine, { clock, id: 'presence' })
  const errors: string[] = []
  actor.subscribe({ error: error => errors.push(error instanceof Error ? error.message : '') })
  actor.start()
  actor.send({ type: 'present', state: 'idle' })
  actor.send({ type: 'room.joined' })
  await clock.settle()
  assert.is(errors.length, 1)
  assert.match(errors[0] ?? '', /is not bound: start the machine through its binder/)
})

it.run()
