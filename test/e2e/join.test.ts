// deadline: 120 s
/** `chartroom join` as a user starts it: in a process of its own, in a real room, with a caller who speaks. */

import { readFile } from 'node:fs/promises'
import * as assert from 'uvu/assert'
import { joined } from '../../src/audio/frame.ts'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import { tokenFor } from '../../src/livekit/index.ts'
import { bundled, type Run, root, started } from '../call/program.ts'
import { audio, scriptedServer } from '../fakes/openai/index.ts'
import { suiteOnServer } from './stage.ts'
import { pass, within } from './watch.ts'

const it = await suiteOnServer('e2e join')
const program = it.server ? await bundled('e2e-join') : ''

/** As the command calls itself in a room. */
const agent = 'chartroom-agent'
/** ms in which it ends once it is told to: the room's budget, and the process around it. */
const BUDGET = 6_000

/** What the caller of the bundled recording says first. */
const greeting = async (): Promise<Int16Array> => {
  const bytes = await readFile('assets/caller.opus')
  const whole = async function* () {
    yield bytes
  }
  const frames = []
  for await (const { data } of createOpus({ clock: realClock() }).decode(whole(), new AbortController().signal)) frames.push(data)
  return joined(frames).slice(48_000 * 0.9, 48_000 * 3)
}
const ended = async ({ child, ended: end }: Run) => {
  try {
    return await within('the command ends', end, BUDGET)
  } finally {
    child.kill('SIGKILL') // it is gone, or it never would
  }
}
/** Nothing on stdout but what is meant for people. */
const isClean = (stdout: string) => {
  assert.not.match(stdout, /"level"|lk-rtc/)
  assert.not.ok(stdout.includes(String.fromCharCode(27)), 'escape sequences')
}

it('answers a caller, is interrupted by them, shows its words, and leaves on Ctrl-C with exit code 130', async stage => {
  const run = started(program, root, ['join', '--dev', '--url', stage.server.url, '--room', stage.name])
  await within('it waits for a caller', run.shows(/waiting for a caller/), 10_000)
  const caller = await stage.caller()
  const mic = await caller.publish()
  await caller.watch.until('the docent speaks', () => caller.stateOf(agent) === 'speaking', 15_000)
  const ear = caller.earFor(agent)
  await ear.sound(performance.now())
  await pass(700)
  const speaking = mic.speak(await greeting())
  await caller.watch.until('the docent listens', () => caller.stateOf(agent) !== 'speaking')
  await ear.silence()
  await speaking
  await within('what was said is told', run.shows(/caller +\[speech/), 12_000)
  await ear.sound(performance.now(), 12_000) // it answers
  run.child.kill('SIGINT')
  const { code, stdout, stderr } = await ended(run)
  assert.is(code, 130)
  assert.is(stderr, '')
  isClean(stdout)
  for (const said of [/agent +Hello!/, /the agent was interrupted/, /caller +\[speech [\d.]+ s\]/, /left the room/])
    assert.match(stdout, said)
  const finals = caller.texts.filter(({ attributes }) => attributes['lk.transcription_final'] === 'true')
  assert.match(finals.find(({ from }) => from === agent)?.text ?? '', /^Hello! I am/)
  assert.match(finals.find(({ from }) => from === 'caller')?.text ?? '', /^\[speech/)
})

it('goes when the caller hangs up, with exit code 0', async stage => {
  const token = await tokenFor({ ...stage.server, room: stage.name, identity: agent })
  const run = started(program, root, ['join', '--url', stage.server.url, '--token', token, '--mind', 'parrot'])
  await within('it waits for a caller', run.shows(/waiting for a caller/), 10_000)
  const caller = await stage.caller()
  await caller.publish()
  await within('the caller is seen', run.shows(/caller is here/))
  await caller.leave()
  const { code, stdout, stderr } = await ended(run)
  assert.is(code, 0)
  assert.match(stdout, / has left\n[^\n]+the agent has left too\n/)
  assert.is(stderr, '')
  isClean(stdout)
})

it('talks through a realtime model, shown as initializing until that is ready; one that is refused ends it in one line (MM-6, MM-47)', async stage => {
  const model = scriptedServer()
  const OPENAI_BASE_URL = await model.listen()
  const args = ['join', '--dev', '--url', stage.server.url, '--room', stage.name, '--mind', 'openai']
  try {
    const run = started(program, root, args, { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL })
    await within('it waits for a caller', run.shows(/waiting for a caller/), 10_000)
    const caller = await stage.caller()
    assert.is(caller.stateOf(agent), 'initializing')
    await caller.publish()
    await caller.watch.until('the model listens', () => caller.stateOf(agent) === 'listening', 15_000)
    const ear = caller.earFor(agent)
    model.answer({ parts: [audio({ ms: 1_500, words: 'It is ten past two.', sound: { hz: 300 } })] })
    model.speech({ end: 200, transcript: 'What time is it?' })
    await ear.sound(performance.now())
    await within('the reply is told', run.shows(/agent +It is ten past two\.\n/), 10_000)
    assert.match(run.so.stdout, /caller +What time is it\?\n/)
    run.child.kill('SIGINT')
    const { code, stderr } = await ended(run)
    assert.equal([code, stderr], [130, ''])
    const wrong = await ended(started(program, root, args, { OPENAI_API_KEY: 'sk-wrong', OPENAI_BASE_URL }))
    assert.is(wrong.code, 1)
    assert.match(wrong.stderr, /^chartroom: the conversation broke off: [^\n]+ refuses the API key [^\n]+\n$/)
  } finally {
    await model.close()
  }
})

it('says in one line that the key is wrong, or that there is no server, with exit code 1', async ({ server, name }) => {
  const keys = { LIVEKIT_API_KEY: server.apiKey, LIVEKIT_API_SECRET: 'wrong' }
  const wrong = await ended(started(program, root, ['join', '--url', server.url, '--room', name], keys))
  assert.equal([wrong.code, wrong.stdout], [1, ''])
  assert.match(wrong.stderr, /^chartroom: the server at .+ refuses the token .+: check the API key.*\n$/)
  const nowhere = await ended(started(program, root, ['join', '--dev', '--url', 'ws://127.0.0.1:9', '--room', name]))
  assert.equal([nowhere.code, nowhere.stdout], [1, ''])
  assert.match(nowhere.stderr, /^chartroom: no LiveKit server answers at ws:\/\/127\.0\.0\.1:9 .+\n$/)
})

it.run()
