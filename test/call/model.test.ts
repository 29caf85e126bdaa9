/** `--mind openai`, as a person starts it, against a scripted service on this machine. */
// deadline: 300 s
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeWav } from '../../src/codec/wav.ts'
import { audio, call, type ScriptedServer, type ServerOptions, scriptedServer } from '../fakes/openai/index.ts'
import { bundled, type Run, started } from './program.ts'

const it = suite<{ base: string; program: string }>('model', { base: '', program: '' })

it.before(async context => {
  context.program = await bundled('model-test')
})
it.before.each(async context => {
  context.base = await mkdtemp(join(tmpdir(), 'chartroom-model-'))
  const data = Int16Array.from({ length: 24_000 }, (_, n) => 6_000 * Math.sin(n / 20))
  await writeFile(join(context.base, 'my.wav'), encodeWav({ sampleRate: 24_000, channels: 1, data }))
})
it.after.each(({ base }) => rm(base, { recursive: true, force: true }))

type Place = { base: string; program: string }
type Serving = ServerOptions & { args?: string[]; env?: Record<string, string> }
/** A call to a service that is there. */
const calling = async ({ base, program }: Place, { args = [], env = {}, ...options }: Serving = {}) => {
  const server = scriptedServer(options)
  const OPENAI_BASE_URL = await server.listen()
  const keys = { OPENAI_API_KEY: 'sk-test', OPENAI_BASE_URL, ...env }
  const run = started(program, base, ['call', 'my.wav', '--mind', 'openai', '--realtime', ...args], keys)
  return { server, run }
}
const updateOf = async (server: ScriptedServer) => {
  const [{ session } = { session: {} }] = server.said('session.update')
  return session as Record<string, unknown>
}
const lineOf = async ({ ended }: Run): Promise<string> => {
  const { code, stderr } = await ended
  assert.is(code, 1, stderr)
  assert.match(stderr, /^chartroom: [^\n]+\n$/)
  return stderr
}

it('talks through a realtime model: both sides are on the screen and in the files', async place => {
  const { server, run } = await calling(place, { args: ['--out', 'one', '--voice', 'marin', '--instructions', 'Be brief.'] })
  server.answer({ parts: [audio({ ms: 1_200, words: 'It is ten past two.' })] })
  await server.connected()
  server.speech({ start: 700, end: 1_000, byInput: true, transcript: 'What time is it?' })
  const { code, stdout, stderr } = await run.ended
  assert.equal([code, stderr], [0, ''], stdout)
  assert.match(stdout, /caller {3}What time is it\?\n/)
  assert.match(stdout, /agent {4}It is ten past two\.\n/)
  const captions = await readFile(join(place.base, 'one/call.vtt'), 'utf8')
  assert.match(captions, /<v agent>It /)
  assert.match(captions, /<v caller>What /)
  const session = await updateOf(server)
  assert.is(session.instructions, 'Be brief.')
  assert.match(JSON.stringify(session.audio), /"voice":"marin"/)
  await server.close()
})

it('takes all of it from a file: model, voice, turn detection, and functions from a module', async place => {
  await writeFile(
    join(place.base, 'tools.mjs'),
    `export default [{ name: 'now', description: 'The time', execute: () => 'ten past two' }]`,
  )
  const config = { model: 'gpt-realtime-mini', voice: 'cedar', turnDetection: { threshold: 0.7 }, tools: './tools.mjs' }
  await writeFile(join(place.base, 'agent.json'), JSON.stringify(config))
  const { server, run } = await calling(place, { args: ['--config', 'agent.json', '--voice', 'marin', '-q'] })
  server.answer({ parts: [call('now', {})] }, { parts: [audio({ ms: 500, words: 'Ten past two.' })] })
  await server.connected()
  server.speech({ start: 300, end: 600, byInput: true, transcript: 'What time is it?' })
  const { code, stderr } = await run.ended
  assert.equal([code, stderr], [0, ''])
  const session = JSON.stringify(await updateOf(server))
  assert.match(session, /"voice":"marin"/)
  assert.match(session, /"threshold":0.7/)
  assert.match(session, /"name":"now"/)
  const outputs = server.said('conversation.item.create').map(({ item }) => item)
  assert.match(JSON.stringify(outputs), /"output":"ten past two"/)
  assert.is(server.session.model, 'gpt-realtime-mini')
  await server.close()
})

it('goes on after a connection that dropped, where the file says so (MM-48)', async place => {
  await writeFile(join(place.base, 'agent.mjs'), 'export default { reconnect: { attempts: 2, backoffMs: 50 } }')
  const { server, run } = await calling(place, { args: ['--config', 'agent.mjs'] })
  server.answer({ parts: [audio({ ms: 300, words: 'Yes?' })] })
  await server.connected()
  server.speech({ start: 200, end: 300, byInput: true, transcript: 'Hello?' })
  await run.shows(/agent {4}Yes\?/)
  const again = server.connected()
  server.session.close(1011, 'going away')
  await again
  server.answer({ parts: [audio({ ms: 400, words: 'Here again.' })] })
  server.speech({ start: 200, end: 400, transcript: 'Hello again?' })
  const { code, stdout, stderr } = await run.ended
  assert.is(code, 0, stderr)
  assert.match(stdout, /agent {4}Here again\.\n/)
  assert.match(stderr, /^warn: model\.failed [^\n]+\n$/)
  await server.close()
})

const refused: [what: string, serving: Serving, says: RegExp][] = [
  ['a wrong key', { env: { OPENAI_API_KEY: 'sk-wrong-and-secret' } }, /refuses the API key \(401/],
  ['an unknown model', { args: ['--model', 'gpt-nothing'] }, /no realtime model "gpt-nothing"/],
  ['an address that is none', { env: { OPENAI_BASE_URL: 'nonsense' } }, /"nonsense" is no address .* OPENAI_BASE_URL/],
  ['a quota that is used up, before the socket is open', { quota: 'http' }, /check the plan, its limits and the billing/],
  ['a quota that is used up, after that', { quota: 'event' }, /./],
]
for (const [what, serving, says] of refused)
  it(`says in one line that there is ${what}, and ends with exit code 1`, async place => {
    const { server, run } = await calling(place, serving)
    const line = await lineOf(run)
    assert.match(line, says)
    assert.not.match(line, /secret/)
    await server.close()
  })

it('says that nobody answers there, and that a socket was lost', async place => {
  const { server, run } = await calling(place, { env: { OPENAI_BASE_URL: 'ws://127.0.0.1:9/v1' } })
  assert.match(await lineOf(run), /no service answers at ws:\/\/127\.0\.0\.1:9/)
  await server.close()
  const lost = await calling(place)
  await lost.server.connected()
  await lost.run.shows(/caller is here/)
  lost.server.session.close(1011, 'going away')
  assert.match(await lineOf(lost.run), /was lost \(1011 going away\)/)
  await lost.server.close()
})

const wrong: [what: string, files: Record<string, string>, args: string[], says: RegExp][] = [
  ['no file', {}, ['--config', 'none.json'], /cannot read none\.json: there is no such file/],
  ['no JSON', { 'a.json': '{' }, ['--config', 'a.json'], /a\.json: /],
  [
    'no key for Azure',
    { 'a.json': '{"azure":{"endpoint":"https://example.com"}}' },
    ['--config', 'a.json'],
    /set AZURE_OPENAI_API_KEY/,
  ],
  ['a list', { 'a.json': '[]' }, ['--config', 'a.json'], /a\.json: it must hold an object/],
  ['an unknown option', { 'a.json': '{"voise":"x"}' }, ['--config', 'a.json'], /a\.json: there is no option "voise"/],
  ['a module without an export', { 'a.mjs': 'export const x = 1' }, ['--config', 'a.mjs'], /a\.mjs: it has no default export/],
  [
    'a tool without a handler',
    { 'a.mjs': 'export default { tools: [{ name: "x" }] }' },
    ['--config', 'a.mjs'],
    /a\.mjs: [^\n]*"x"/,
  ],
]
for (const [what, files, args, says] of wrong)
  it(`refuses ${what} in one line, and calls nobody`, async place => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(place.base, name), text)
    const { server, run } = await calling(place, { args })
    assert.match(await lineOf(run), says)
    assert.is(server.sessions.length, 0)
    await server.close()
  })

it('says that there is no key, before anything else', async ({ program, base }) => {
  const model = ['--mind', 'openai']
  for (const command of [
    ['call', 'my.wav', '--realtime'],
    ['join', '--dev', '--room', 'r'],
  ]) {
    const run = started(program, base, [...command, ...model])
    assert.match(await lineOf(run), /there is no API key: set OPENAI_API_KEY/)
  }
})

it('ends in order at Ctrl-C: while it talks, and while the service is silent', async place => {
  for (const silent of [false, true]) {
    const { server, run } = await calling(place)
    if (silent) server.fault({ never: 'session.created' })
    const closed = server.connected()
    if (silent) await closed
    else await run.shows(/caller is here/)
    run.child.kill('SIGINT')
    const { code, stderr } = await run.ended
    assert.equal([code, stderr], [130, 'chartroom: stopped: nothing was written\n'])
    await server.close()
  }
})

it.run()
