/** `chartroom live` as a person starts it: the page is there, a call can be held, and Ctrl-C ends all of it. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import type { FromServer } from '../../src/inspector/scene.ts'
import { bundled, type Run, started } from './program.ts'

const it = suite<{ base: string; program: string }>('live cli', { base: '', program: '' })

it.before(async context => {
  context.program = await bundled('live-cli-test')
})
it.before.each(async context => {
  context.base = await mkdtemp(join(tmpdir(), 'chartroom-live-'))
})
it.after.each(({ base }) => rm(base, { recursive: true, force: true }))

type Place = { base: string; program: string }
const address = /http:\/\/127\.0\.0\.1:(\d+)\/[\w-]+\//
const start = async ({ base, program }: Place, ...args: string[]): Promise<Run & { url: URL }> => {
  const run = started(program, base, ['live', '--no-open', ...args])
  await run.shows(address)
  return { ...run, url: new URL(address.exec(run.so.stdout)?.[0] ?? '') }
}
/** A page without a browser. */
const page = async ({ href, origin }: URL) => {
  const socket = new WebSocket(`${href.replace('http', 'ws')}socket`, { origin })
  const told: FromServer[] = []
  const waiting = new Set<() => void>()
  let heard = 0
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) heard += data.length / 2
    else told.push(JSON.parse(data.toString()))
    for (const look of waiting) look()
  })
  const until = (isSo: () => boolean) =>
    new Promise<void>((done, failed) => {
      const look = () => isSo() && done()
      waiting.add(look)
      socket.on('close', () => failed(new Error('the socket was closed')))
      look()
    })
  const states = () => told.flatMap(news => (news.type === 'call' ? [news.state] : []))
  await until(() => told.some(({ type }) => type === 'hello'))
  return { told, until, states, ask: (asked: object) => socket.send(JSON.stringify(asked)), heard: () => heard }
}

it('serves the page, lets it call, records that, and ends within a bound', async place => {
  const { child, ended, url } = await start(place, '--record=kept', '--port', '0')
  const answer = await fetch(url)
  assert.is(answer.status, 200)
  assert.match(await answer.text(), /<title>Chartroom<\/title>/)
  assert.match(await (await fetch(new URL('sound.worklet.js', url))).text(), /registerProcessor/)
  const { told, until, states, ask, heard } = await page(url)
  const hello = told.find(({ type }) => type === 'hello')
  assert.equal(hello?.type === 'hello' && [hello.minds, hello.sends, hello.mode, hello.header], [
    ['docent', 'parrot'],
    false,
    'live',
    null,
  ])
  ask({ type: 'call.start', mind: 'parrot', voice: 'none' })
  await until(() => states().includes('talking') && heard() > 4_800)
  ask({ type: 'call.write', text: 'Good morning' })
  await until(() => told.some(news => news.type === 'fact' && news.fact.type === 'words.shown'))
  const since = performance.now()
  child.kill('SIGINT')
  const { code, stderr } = await ended
  assert.ok(performance.now() - since < 12_000)
  assert.equal([code, stderr], [130, ''])
  const [call = ''] = await readdir(join(place.base, 'kept'))
  assert.equal((await readdir(join(place.base, 'kept', call))).sort(), ['inputs.jsonl', 'media.bin', 'tape.jsonl'])
})

it('records calls that begin at once, each in a folder of its own', async place => {
  const { child, ended, url } = await start(place, '--record=kept', '--port', '0', '--mind', 'parrot')
  const pages = await Promise.all([page(url), page(url), page(url)])
  for (const { ask } of pages) ask({ type: 'call.start', mind: 'parrot', voice: 'none' })
  await Promise.all(
    pages.map(({ until, states }) => until(() => states().some(state => state === 'talking' || state === 'failed'))),
  )
  assert.equal(
    pages.map(({ states }) => states().at(-1)),
    ['talking', 'talking', 'talking'],
  )
  child.kill('SIGINT')
  assert.is((await ended).code, 130)
  assert.is((await readdir(join(place.base, 'kept'))).length, 3)
})

it('takes another port than its own where that is in use, and says so of one that was asked for', async place => {
  const other = createServer()
  const port = await new Promise<number>(done =>
    other.listen(0, '127.0.0.1', () => {
      const bound = other.address()
      done(typeof bound === 'object' && bound ? bound.port : 0)
    }),
  )
  const run = started(place.program, place.base, ['live', '--no-open', '--port', String(port)])
  const { code, stdout, stderr } = await run.ended
  assert.equal([code, stdout], [1, ''])
  assert.match(stderr, /^chartroom: cannot listen on 127\.0\.0\.1:\d+: it is in use: choose another port, or none\n$/)
  other.close()
  const [first, second] = [await start(place, '-q'), await start(place, '-q')]
  assert.is.not(first.url.port, second.url.port)
  for (const { child, ended, so } of [first, second]) {
    child.kill('SIGINT')
    assert.is((await ended).code, 130)
    assert.match(so.stdout, new RegExp(`^${address.source}\n$`))
  }
})

it('refuses in one line what cannot be', async place => {
  await writeFile(join(place.base, 'page.wav'), '')
  const wrong: [args: string[], code: number, says: RegExp][] = [
    [['--host', '0.0.0.0'], 1, /^chartroom: 0\.0\.0\.0 can be reached by other machines[^\n]+\n$/],
    [['--mind', 'openai'], 1, /^chartroom: [^\n]*OPENAI_API_KEY[^\n]*\n$/],
    [
      ['--record=page.wav'],
      1,
      /^chartroom: cannot write the folder page\.wav\/[^\n]+: a file is in the way: name another place with --record=DIR\n$/,
    ],
    [['--mind', './none.mjs'], 1, /^chartroom: cannot read \.\/none\.mjs: there is no such file\n$/],
    [['my.wav'], 2, /^chartroom: "my\.wav" is one too many: chartroom call my\.wav makes a call of a recording\nTry: /],
  ]
  for (const [args, code, says] of wrong) {
    const result = await started(place.program, place.base, ['live', '--no-open', ...args]).ended
    assert.match(result.stderr, says)
    assert.equal([result.stdout, result.code], ['', code])
  }
})

it.run()
