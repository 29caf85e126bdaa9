// deadline: 120 s
// needs: test/agents/node_modules/@livekit/agents, from npm ci --prefix test/agents
/** The real AgentSession of LiveKit's agents on our RoomIO, on the loopback: its own recogniser, model and voice, played from a script. */
import { voice } from '@livekit/agents'
import { AudioFrame } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runsOf } from '../e2e/ear.ts'
import { sweep } from '../e2e/sweep.ts'
import { pass, within } from '../e2e/watch.ts'
import { ScriptedModel } from './model.ts'
import { onLoopback, type Scene } from './place.ts'
import { goesOn, isInterrupted, scripts, TOLD, takesTurns } from './scenes.ts'
import { newAgent, type Script, theirTimers, voiceRate, WORD_MS } from './scripted.ts'

const it = suite('agents loopback')
it.after(theirTimers)

/** Ends it also if the test fails: a session that lives on keeps the process. */
const inScene = async (script: Script, play: (scene: Scene) => Promise<void>, options?: Parameters<typeof onLoopback>[1]) => {
  const scene = await onLoopback(script, options)
  try {
    await play(scene)
  } finally {
    await scene.close()
  }
  assert.equal(scene.codes, [])
}

it('hears, answers and takes turns, with all of its words (SESS-1, SESS-3, STATE-1)', () => inScene(scripts.turns, takesTurns))

it('does so with a voice that tells no word times (SESS-3)', () => inScene({ ...scripts.turns, timed: false }, takesTurns))

it('has in its history what was heard of a reply that was interrupted (SESS-2, SESS-4)', () =>
  inScene(scripts.interruption, async scene => void (await isInterrupted(scene))))

it('goes on after a false interruption, and nothing is lost (OUT-20)', () =>
  inScene(scripts.cough, async scene => {
    const lost = await goesOn(scene)
    assert.ok(Math.abs(lost) < TOLD, `${lost} ms are lost`)
  }))

it('is interrupted at once while its voice is held, and more waits than there is room for (SESS-2)', () =>
  inScene(
    { ...scripts.interruption, falseInterruptionMs: 5_000 },
    async scene => {
      await scene.speak(400)
      await scene.ear.sound()
      await pass(500)
      const from = performance.now()
      await scene.speak(400)
      await scene.item(1)
      // It resumes before it clears: what it has in its hands until then is heard of, at most a frame of the voice.
      const soundMs = scene.ear.soundMs(from + 400)
      assert.ok(soundMs <= WORD_MS, `${soundMs} ms of what was held`)
      assert.ok(performance.now() - from < 2_500, `${performance.now() - from} ms`)
      assert.equal((await scene.item(3)).text, 'All right.')
    },
    { audioOutput: { maxPendingMs: 600 } },
  ))

it('says what it is told to, waits for it, and is interrupted from outside (SESS-2)', () =>
  inScene({}, async ({ session, ear, item, captions, watch }) => {
    await within('it was said', session.say('This is said.', { allowInterruptions: true }).waitForPlayout())
    assert.equal(await item(0), { role: 'assistant', text: 'This is said.', interrupted: false })
    const second = session.say('One two three four five six seven eight.')
    await ear.sound(performance.now())
    await pass(700)
    await within('it is interrupted', session.interrupt().await)
    await second.waitForPlayout()
    const { text, interrupted } = await item(1)
    assert.is(interrupted, true)
    assert.ok('One two three four five six seven eight.'.startsWith(text) && text !== '', text)
    await within('the third was said', session.say('And this too.').waitForPlayout())
    await watch.until('all is shown', () => captions()[2] === 'And this too.')
    assert.equal(captions(), ['This is said.', text, 'And this too.'])
  }))

it('has a realtime model of the session told how much of its reply was heard (SESS-2)', async () => {
  const model = new ScriptedModel()
  await inScene({ model }, async ({ ear, item, watch }) => {
    const [session] = model.sessions
    if (!session) throw new Error('the session did not ask for one')
    await watch.until('the model hears', () => session.heard.length > 10)
    const script = session.generate('resp_a')
    const message = script.message('item_a', ['audio', 'text'])
    const all = sweep(3_000, voiceRate)
    for (let at = 0; at < all.length; at += 2_400) message.put(new AudioFrame(all.slice(at, at + 2_400), voiceRate, 1, 2_400))
    message.words.put('One two three four five six.')
    await ear.sound()
    await pass(1_000)
    session.emit('input_speech_started', {})
    // As a server does that breaks off its response.
    message.words.end()
    message.end()
    script.end()
    const { interrupted, text } = await item(0)
    await ear.silence()
    const [run] = runsOf(ear.places())
    const [, itemId, audioEndMs] = session.asked.find(([name]) => name === 'truncate') ?? []
    assert.is(itemId, 'item_a')
    assert.ok(Math.abs(Number(audioEndMs) - (run?.to ?? 0)) < TOLD, `${audioEndMs} ms were told, ${run?.to} ms were heard`)
    assert.ok(interrupted && 'One two three four five six.'.startsWith(text) && text.length < 25, text)
  })
})

it('goes on hearing when another agent takes over, and hears nothing while its input is off (MIC-9)', () =>
  inScene(scripts.turns, async scene => {
    const { session, watch, items } = scene
    session.input.setAudioEnabled(false)
    await scene.speak(400)
    await pass(600)
    assert.equal(items, [])
    session.input.setAudioEnabled(true)
    session.updateAgent(newAgent())
    await pass(300)
    await scene.speak(400)
    await watch.until('it is heard', () => items[0])
    assert.equal((await scene.item(1)).text, 'That is all there is.')
  }))

it('is closed by a caller who hangs up in the middle of a reply, and leaves nothing behind (LINK-10, ROOM-14)', async () => {
  const scene = await onLoopback(scripts.interruption)
  const { session, io, watch, ear } = scene
  const reasons: unknown[] = []
  session.on(voice.AgentSessionEventTypes.Close, ({ reason }) => {
    reasons.push(reason)
    watch.look()
  })
  await scene.speak(400)
  await ear.sound()
  await scene.leave()
  await watch.until('the session closes', () => reasons.length > 0)
  await within('the room closes', io.close())
  assert.equal(reasons, ['participant_disconnected'])
  assert.equal([session.input.audio, session.output.audio, session.output.transcription], [null, null, null])
  await scene.close()
})

it.run()
