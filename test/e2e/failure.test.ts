// deadline: 120 s
/** What goes wrong with a real server: one clear line or one clear end, within its time, and nothing left. */
import * as assert from 'uvu/assert'
import { startServer } from '../../scripts/livekit.mjs'
import { codeOf } from '../../src/errors.ts'
import { livekit, tokenFor } from '../../src/livekit/index.ts'
import { heldBy } from '../../src/livekit/world.ts'
import type { Conversation } from '../../src/mind.ts'
import type { World } from '../../src/ports.ts'
import { openRoom } from '../../src/room.ts'
import { residue } from './residue.ts'
import { type Agent, framesOf, humming, type Server, Stage, suiteOnServer } from './stage.ts'
import { isTone, sweep } from './sweep.ts'
import { pass, within } from './watch.ts'

const it = await suiteOnServer('e2e failure')

/** ms in which a room that was told so closes: its budget. */
const BUDGET = 5_000

const nobody = { room: 'nowhere', identity: 'agent' }
const refusals: Record<string, { way: (server: Server) => Promise<{ url: string; token: string }>; code: string; line: RegExp }> =
  {
    'no server': {
      way: async server => ({ url: 'ws://127.0.0.1:9', token: await tokenFor({ ...server, ...nobody }) }),
      code: 'ERR_UNREACHABLE',
      line: /^no LiveKit server answers at ws:\/\/127\.0\.0\.1:9 \(.+\): is it running, is the address right\?$/,
    },
    'a wrong secret': {
      way: async server => ({ url: server.url, token: await tokenFor({ ...server, ...nobody, apiSecret: 'wrong' }) }),
      code: 'ERR_UNAUTHORIZED',
      line: /refuses the token \(.*signature is invalid.*\): check the API key, the API secret/,
    },
    'an unknown key': {
      way: async server => ({ url: server.url, token: await tokenFor({ ...server, ...nobody, apiKey: 'nokey' }) }),
      code: 'ERR_UNAUTHORIZED',
      line: /refuses the token \(invalid API key.*\): check the API key/,
    },
    'a bad token': {
      way: async server => ({ url: server.url, token: 'eyJub3.token' }),
      code: 'ERR_UNAUTHORIZED',
      line: /refuses the token \(.+\): check the API key/,
    },
    'an expired token': {
      way: async server => ({ url: server.url, token: await tokenFor({ ...server, ...nobody, ttl: -100 }) }),
      code: 'ERR_UNAUTHORIZED',
      line: /refuses the token \(.*expired.*\): check .* the lifetime of the token$/,
    },
  }
for (const [name, { way, code, line }] of Object.entries(refusals))
  it(`says in one line that there is ${name}, and leaves nothing behind`, async ({ server }) => {
    const world = livekit({ ...(await way(server)), log: () => {} })
    const { native } = residue()
    const error = await within(
      'it is refused',
      openRoom(world).then(
        () => undefined,
        (reason: unknown) => reason,
      ),
      12_000,
    )
    assert.instance(error, Error)
    const { message } = error as Error // just asserted
    assert.is(codeOf(error), code)
    assert.match(message, line)
    assert.not.match(message, /\n|eyJ/)
    assert.equal(heldBy(world), { listener: 0, stream: 0, speaker: 0 })
    assert.is(residue().native, native, 'listeners on the native client')
  })

it('closes when the server is gone for good, or when it is told to while it waits for it: nobody waits longer (ROOM-10, ROOM-15)', async () => {
  const server = await startServer()
  if (!server) return
  const stages = [new Stage(server), new Stage(server)]
  const [patient, impatient] = await Promise.all(stages.map(speaking))
  if (!patient || !impatient) return
  await server.stop('SIGKILL')
  const reconnecting = () => impatient.agent.room.actor.getSnapshot().context.away
  await impatient.agent.watch.until('it knows that the server is away', reconnecting)

  const closing = performance.now()
  await within('it closes', impatient.agent.room.close(), BUDGET)
  console.log(`closed in ${Math.round(performance.now() - closing)} ms without a server`)
  await isAccounted(impatient)

  // rtc-node itself looks for the server for 30 s.
  const lost = new Promise<void>(resolve => patient.agent.sdk.once('disconnected', () => resolve()))
  await within('the SDK gives up', lost, 45_000)
  assert.is(await within('it closes', patient.agent.room.closed, BUDGET), 'room.disconnected')
  await isAccounted(patient)
  await Promise.all(stages.map(stage => stage.close()))
})

/** An agent in mid-utterance. */
const speaking = async (stage: Stage) => {
  const agent = await stage.agent()
  const caller = await stage.caller()
  const utterance = agent.room.say({ audio: humming(440) })
  await caller.ear.sound()
  return { agent, utterance }
}
const isAccounted = async ({ agent, utterance }: Awaited<ReturnType<typeof speaking>>) => {
  const played = await within('the utterance has ended', utterance.played, 100)
  assert.is(played.outcome, 'abandoned')
  assert.is(played.pushed, played.heard + played.discarded)
  assert.equal(heldBy(agent.world), { listener: 0, stream: 0, speaker: 0 })
}

const failures = ({ facts }: Agent) =>
  facts.flatMap(fact => (fact.type === 'failed' ? [`${fact.actor}: ${fact.error}${fact.restarted ? ', restarted' : ''}`] : []))

it('starts a mind once more that throws in mid-sentence, and closes when it does so again', async stage => {
  let lives = 0
  const start = async ({ say, clock }: Conversation) => {
    lives++
    say({ audio: humming(440) })
    await new Promise<void>(resolve => clock.setTimeout(resolve, 1_000))
    throw new Error('out of its mind')
  }
  const agent = await stage.agent({ mind: { start } })
  const caller = await stage.caller()
  await caller.publish()
  assert.is(await within('the room closes', agent.room.closed), 'failed')
  assert.is(lives, 2)
  assert.equal(failures(agent), ['agent: out of its mind, restarted', 'agent: out of its mind'])
  const ends = agent.facts.flatMap(fact => (fact.type === 'utterance.ended' ? [fact.played] : []))
  assert.equal(
    ends.map(({ outcome }) => outcome),
    ['abandoned', 'abandoned'],
  )
  for (const { pushed, heard, discarded } of ends) assert.is(pushed, heard + discarded)
  assert.equal(heldBy(agent.world), { listener: 0, stream: 0, speaker: 0 })
})

it('hears the caller again after the microphone has failed (MIC-6)', async stage => {
  let broken = 1
  const deaf = (world: World): World => ({
    ...world,
    tracks: {
      listen: (key, how, signal) => {
        if (broken-- > 0) throw new Error('the ear is broken')
        return world.tracks.listen(key, how, signal)
      },
    },
  })
  const agent = await stage.agent({}, deaf)
  void agent.listen()
  const caller = await stage.caller()
  ;(await caller.publish()).hum(440)
  await agent.watch.until('the caller is heard', () => isTone(agent.ear.samples(), 440))
  assert.equal(failures(agent), ['microphone: the ear is broken, restarted'])
})

it('abandons the utterance whose playout throws, and plays the next one', async stage => {
  let broken = 1
  const clumsy = (world: World): World => ({
    ...world,
    speakers: {
      publish: async (track, signal) => {
        const publication = await world.speakers.publish(track, signal)
        const sink = new Proxy(publication.sink, {
          get: (target, name) => {
            if (name === 'clear' && broken-- > 0) throw new Error('the queue is stuck')
            const value: unknown = Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
        return { sid: publication.sid, sink, close: publication.close }
      },
    },
  })
  const agent = await stage.agent({}, clumsy)
  const caller = await stage.caller()
  const utterance = agent.room.say({ audio: humming(440) })
  const next = agent.room.say({ audio: framesOf(sweep(500, 24_000)) })
  await caller.ear.sound()
  agent.room.pause()
  const played = await within('the utterance has ended', utterance.played, 1_000)
  assert.is(played.outcome, 'abandoned')
  assert.is(played.pushed, played.heard + played.discarded)
  assert.equal(failures(agent), [`playout:${utterance.id}: the queue is stuck`])
  agent.room.resume()
  const after = await within('the next is heard', next.played)
  assert.equal([after.outcome, after.heard], ['finished', 12_000])
})

it('speaks on without captions, and shows its state, if no text can be sent (TXT-14)', async stage => {
  const wordless = (world: World): World => ({
    ...world,
    textOut: { closesWithAttributes: false, open: () => Promise.reject(new Error('no text today')) },
  })
  const agent = await stage.agent({}, wordless)
  const caller = await stage.caller()
  const text = async function* () {
    yield 'nobody reads this'
  }
  const utterance = agent.room.say({ audio: framesOf(sweep(1_500, 24_000)), text: text() })
  await caller.untilState('speaking')
  assert.is((await utterance.played).outcome, 'finished')
  await caller.untilState('listening')
  await agent.find('captions.lost')
  await pass(100)
  assert.is(caller.texts.length, 0)
})

it.run()
