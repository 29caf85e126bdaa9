/** A sound of the caller's while the agent speaks: held, and a turn or a cough (OUT-25a). */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type InterruptionEvent, interruptionMachine } from '../../machines/outbound/interruption.ts'
import { frameOf } from '../../src/audio/frame.ts'
import type { Mind, Utterance } from '../../src/mind.ts'
import { attend } from '../../src/minds/attend.ts'
import type { VoiceActivity } from '../../src/minds/senses.ts'
import type { SpeechFact } from '../../src/minds/speech.ts'
import { interruptionOn } from '../../src/outbound/interruption.ts'
import type { Played } from '../../src/ports.ts'
import { RoomIO } from '../../src/room-io.ts'
import { type Call, format, newCall, outcomeOf, perMs, samples, sound, stalled, startCall, timed } from '../fakes/call.ts'
import { FakeSession } from '../fakes/session.ts'
import { explore, ignored, type Stride, table, walk } from '../model.ts'

const it = suite('interruption')

it('has exactly these transitions', () => {
  assert.equal(table(interruptionMachine), {
    '': '→idle',
    idle: 'speech.started→held close→closed',
    held: 'speech.ended→waiting agent.changed[isOver]→idle resume→idle close→closed after:speechTimeout→waiting',
    waiting: 'speech.started→held agent.changed[isOver]→idle resume→idle close→closed after:resumeTimeout→idle',
    closed: 'final',
  })
})

it('ignores these events, each for a reason', () => {
  assert.equal(ignored(interruptionMachine), {
    // Nothing is held.
    idle: 'speech.ended agent.changed resume',
    // speech.started: they speak already.
    held: 'speech.started',
    // speech.ended: they are silent.
    waiting: 'speech.ended',
  })
})

const input = { timeoutMs: 2_000, rewind: 'word' } as const
const model = interruptionMachine.provide({ actions: { tellHeld: () => {}, tellReleased: () => {}, tellResumed: () => {} } })
const events: InterruptionEvent[] = [
  { type: 'speech.started' },
  { type: 'speech.ended' },
  { type: 'agent.changed', state: 'listening' },
  { type: 'agent.changed', state: 'speaking' },
  { type: 'resume' },
  { type: 'close' },
]

it('holds once, and lets go once for each hold, unless the owner did or all is over (OUT-25a)', () => {
  const seen = explore(model, {
    ...{ events, input, depth: 6 },
    invariant: ({ event, before, snapshot: { value }, effects, past }) => {
      const all = [...past.flatMap(step => step.effects), ...effects]
      const count = (effect: string) => all.filter(one => one === effect).length
      const overruled = [...past, { event, before, snapshot: { value } }].filter(
        step => step.event.type === 'resume' && ['held', 'waiting'].includes(String(step.before?.value)),
      ).length
      const isHeld = value === 'held' || value === 'waiting'
      if (value !== 'closed')
        assert.is(count('tellHeld') - count('tellReleased') - count('tellResumed') - overruled, isHeld ? 1 : 0)
      if (effects.includes('tellResumed')) assert.is(before?.value, 'waiting', 'goes on while they speak')
      if (isHeld && value !== before?.value)
        assert.ok(
          effects.some(effect => effect.startsWith('delay after:')),
          'waits for ever',
        )
    },
  })
  assert.ok(seen.sequences > 5_000, `${seen.sequences}`)
})

it('does so with its binding, on every transition', async () => {
  await walk(model, {
    ...{ events, input },
    live: () => {
      let held = 0
      const told: string[] = []
      return {
        machine: interruptionOn({
          tell: fact => {
            told.push(fact.type)
            held += fact.type === 'voice.held' ? 1 : -1
            if (fact.type === 'voice.released') assert.ok(!fact.rewind || told.length > 1)
          },
        }),
        check: ({ event, snapshot }: Stride<typeof interruptionMachine>) => {
          if (event.type === 'resume') held = 0
          if (snapshot.value !== 'closed') assert.is(held, snapshot.value === 'idle' ? 0 : 1)
        },
      }
    },
  })
})

type Rewind = 'none' | 'word'
/** A call in which the agent says five words of 200 ms each, a second in all. */
const talking = async (rewind: Rewind = 'none', words: 'timed' | 'plain' | 'none' = 'timed') => {
  const call = await startCall({ options: { falseInterruption: { timeoutMs: 2_000, rewind } } })
  const { room, clock, caller } = call
  const ear = caller.hears('agent')
  const text =
    words === 'timed'
      ? timed(5)
      : (async function* () {
          yield 'one two three four five six'
        })()
  const reply = room.say({ audio: sound(1_000), ...(words === 'none' ? {} : { text }) })
  await clock.advance(500)
  return { ...call, ear, reply }
}
const progressed = ({ facts }: Call) =>
  facts.flatMap(fact => (fact.type === 'utterance.progressed' ? [[fact.startedAt, fact.offset, fact.duration]] : []))
const known = async (call: Call, played: Promise<Played>): Promise<Played | undefined> => {
  let end: Played | undefined
  void played.then(value => {
    end = value
  })
  await call.clock.settle()
  return end
}

it('holds the voice at the sound, and goes on with the very next sample if it was a cough (OUT-25a)', async () => {
  const call = await talking()
  const { room, clock, reply, types } = call
  room.speech('started')
  const { heard } = reply
  await clock.advance(150)
  assert.is(reply.heard, heard)
  room.speech('ended')
  await clock.advance(1_999)
  assert.is(reply.heard, heard)
  await clock.advance(2)
  assert.ok(reply.heard > heard)
  await clock.advance(1_000)
  const end = await known(call, reply.played)
  assert.equal([end?.outcome, end?.heard, end?.spoken], ['finished', 24_000, 'word0 word1 word2 word3 word4'])
  assert.equal(
    types().filter(type => type === 'paused' || type === 'resumed'),
    ['paused', 'resumed'],
  )
  await room.close()
})

it('ends at the held position if they take the turn, and the answer is not held (OUT-25a)', async () => {
  const call = await talking()
  const { room, clock, reply } = call
  room.speech('started')
  const { heard } = reply
  await clock.advance(200)
  const end = reply.interrupt()
  assert.equal([end.outcome, end.heard], ['interrupted', heard])
  assert.is(end.spoken, 'word0 word1 word2')
  const answer = room.say({ audio: sound(300) })
  await clock.advance(100)
  assert.ok(answer.heard > 0)
  room.speech('ended')
  await clock.advance(5_000)
  assert.is((await known(call, answer.played))?.outcome, 'finished')
  await room.close()
})

it('hears of sounds from a session that tells what its user does (OUT-25a)', async () => {
  const { clock, world } = newCall()
  const session = new FakeSession()
  const io = new RoomIO(session, world, { falseInterruption: { timeoutMs: 2_000 } })
  io.start()
  await clock.advance(300)
  const voice = io.audioOutput
  void voice?.captureFrame(frameOf(samples(1_000), format)).then(() => voice.flush())
  session.become('speaking')
  await clock.advance(500)
  const end = await outcomeOf(clock, voice?.waitForPlayout() ?? Promise.reject())
  session.emit('user_state_changed', { newState: 'speaking' })
  await clock.advance(2_500)
  session.emit('user_state_changed', { newState: 'listening' })
  await clock.advance(1_999)
  assert.is(end.value, undefined)
  await clock.advance(600)
  assert.equal(end.value, { playbackPosition: 1, interrupted: false })
  await clock.runUntil(io.close())
  assert.is(session.handlers, 0)
})

it('counts the time from the last sound (OUT-25a)', async () => {
  const { room, clock, reply } = await talking()
  for (let n = 0; n < 5; n++) {
    room.speech('started')
    await clock.advance(100)
    room.speech('ended')
    await clock.advance(1_500)
  }
  const { heard } = reply
  assert.is(heard, 510 * perMs)
  await clock.advance(510)
  assert.ok(reply.heard > heard)
  await room.close()
})

it('does not hold for a sound while the agent is silent, nor what is said during it (OUT-25a)', async () => {
  const call = await startCall({ options: { falseInterruption: {} } })
  const { room, clock } = call
  room.speech('started')
  const reply = room.say({ audio: sound(300) })
  await clock.advance(400)
  room.speech('ended')
  assert.is((await known(call, reply.played))?.outcome, 'finished')
  await room.close()
})

it('holds what is said while it is held, and leaves the owner his own pause and resume (OUT-19, OUT-25a)', async () => {
  const { room, clock, reply } = await talking()
  room.speech('started')
  const next = room.say({ audio: sound(100) })
  room.pause()
  room.speech('ended')
  await clock.advance(10_000)
  assert.is(next.heard, 0)
  const { heard } = reply
  room.resume()
  await clock.advance(300)
  assert.ok(reply.heard > heard)
  room.speech('started')
  const held = reply.heard
  room.resume() // the owner overrules
  await clock.advance(100)
  assert.ok(reply.heard > held)
  await room.close()
})

it('goes on after 30 s of a sound that does not end, and 2 s more (law 4)', async () => {
  const { room, clock, reply } = await talking()
  room.speech('started')
  const { heard } = reply
  await clock.advance(31_990)
  assert.is(reply.heard, heard)
  await clock.advance(20)
  assert.ok(reply.heard > heard)
  await room.close()
})

it('holds nothing where it is not asked to', async () => {
  const { room, clock } = await startCall()
  const reply = room.say({ audio: sound(1_000) })
  await clock.advance(500)
  room.speech('started')
  await clock.advance(100)
  assert.ok(reply.heard > 590 * perMs)
  await room.close()
})

/** The sample that is heard at this ms of the clock; the ear listens from the first on. */
const heardAt = (data: Int16Array, ms: number) => data[(ms - 1) * perMs]

it('goes on with the word that was cut, and counts what is heard again once (OUT-25a, laws 1, 3, 4)', async () => {
  const call = await talking('word')
  const { room, clock, reply, ear } = call
  room.speech('started') // 500 ms and the fade: in the third word
  assert.is(reply.heard, 510 * perMs)
  await clock.advance(100)
  room.speech('ended')
  await clock.advance(2_000)
  const from = clock.now()
  await clock.advance(50)
  assert.is(reply.heard, 510 * perMs) // it hears the third word from its start at 400 ms
  await clock.advance(62)
  assert.ok(reply.heard > 510 * perMs)
  await clock.advance(1_000)
  const end = await known(call, reply.played)
  assert.equal(end && { ...end, id: '' }, {
    ...{ id: '', outcome: 'finished', pushed: 24_000, heard: 24_000, discarded: 0 },
    spoken: 'word0 word1 word2 word3 word4',
  })
  const runs = progressed(call)
  assert.equal(
    runs.map(([, offset, duration]) => [offset, duration]),
    [
      [0, 510 * perMs],
      [510 * perMs, 490 * perMs],
    ],
  )
  assert.is(Math.round((runs[1]?.[0] ?? 0) - from), 110) // the new run begins when the old samples were heard again
  const heard = ear.samples()
  const all = samples(1_000)
  assert.is(heardAt(heard, from + 20), all[420 * perMs])
  assert.is(heardAt(heard, from + 200), all[600 * perMs])
  assert.is(call.facts.filter(({ type }) => type === 'words.shown').length, 5)
  assert.is(call.facts.filter(({ type }) => type === 'utterance.started').length, 1)
  await room.close()
})

it('goes on with the word by the pace where no times are given, and exactly where no text is (OUT-25a)', async () => {
  for (const [words, least, most] of [
    ['plain', 500, 501], // the fourth of six words in a second
    ['none', 510, 510],
  ] as const) {
    const call = await talking('word', words)
    const { room, clock, ear, reply } = call
    room.speech('started')
    room.speech('ended')
    await clock.advance(2_000)
    const from = clock.now()
    await clock.advance(100)
    const at = ((heardAt(ear.samples(), from + 50) ?? 0) - 1) / perMs - 50
    assert.ok(at >= least - 1 && at <= most + 1, `${words}: ${at}`)
    await clock.advance(2_000)
    assert.equal([(await known(call, reply.played))?.outcome, reply.heard], ['finished', 24_000])
    await room.close()
  }
})

it('is interrupted, held again and ended in mid-rewind with an account that holds (OUT-3, OUT-25a)', async () => {
  const call = await talking('word')
  const { room, clock, reply } = call
  for (let n = 0; n < 3; n++) {
    room.speech('started')
    room.speech('ended')
    assert.is(reply.heard, 510 * perMs)
    await clock.advance(2_050)
  }
  const end = reply.interrupt()
  assert.equal(
    [end.outcome, end.heard, end.discarded, end.spoken],
    ['interrupted', 510 * perMs, 490 * perMs, 'word0 word1 word2'],
  )
  await room.close()
})

it('ends when all was heard again, also if the source ends meanwhile (OUT-22, OUT-25a)', async () => {
  const call = await startCall({ options: { falseInterruption: { timeoutMs: 100, rewind: 'word' } } })
  const { room, clock, facts } = call
  let end: () => void = () => {}
  const over = new Promise<void>(resolve => {
    end = resolve
  })
  async function* audio() {
    yield* sound(500, { frameMs: 100 })
    await over
  }
  const reply = room.say({ audio: audio(), text: stalled(timed(2, 250)) })
  await clock.advance(495)
  room.speech('started')
  assert.is(reply.heard, 500 * perMs) // the fade is the last of it
  room.speech('ended')
  await clock.advance(150)
  end()
  await clock.advance(100)
  assert.not.ok(facts.some(({ type }) => type === 'utterance.ended'))
  await clock.advance(1_200)
  assert.equal([(await known(call, reply.played))?.outcome, reply.heard], ['finished', 500 * perMs])
  await room.close()
})

/** A mind that says a second, and stops for whoever means it. */
const polite = (said: (reply: Utterance) => void): Mind => {
  const activity: VoiceActivity = {
    open: async () => ({ sampleRate: 24_000, frameMs: 10, isSpeech: data => data.some(value => value > 500), close: () => {} }),
  }
  return {
    start: async (conversation, signal) => {
      said(conversation.say({ audio: sound(1_000), text: timed(5) }))
      const fact = ({ type }: SpeechFact) => {
        if (type === 'speech.confirmed') conversation.interrupt()
      }
      await attend(conversation, { activity }, { fact }, signal)
    },
  }
}

it('hears of the caller from the mind’s voice activity: a cough is waited for, a turn interrupts (OUT-25a)', async () => {
  for (const [ms, outcome] of [
    [100, 'finished'],
    [600, 'interrupted'],
  ] as const) {
    let reply: Utterance | undefined
    const mind = polite(said => {
      reply = said
    })
    const call = await startCall({ options: { mind, falseInterruption: { timeoutMs: 1_000, rewind: 'word' } } })
    const { room, clock, caller, types } = call
    const microphone = caller.publish()
    await clock.advance(300)
    void microphone.speak(samples(ms, 1_000))
    await clock.advance(6_000)
    assert.ok(reply)
    assert.is((await known(call, reply.played))?.outcome, outcome)
    assert.equal(
      types().filter(type => type === 'paused' || type === 'resumed'),
      ['paused', 'resumed'],
    )
    await room.close()
  }
})

it.run()
