/** Files as byte streams, on a native layer that only answers. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, truncateSync } from 'node:fs'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sendFile } from '../../../../src/livekit/rtc/streams/file.ts'
import { CHUNK } from '../../../../src/livekit/rtc/streams/wire.ts'
import { failureOf, localOf, turns, type Wires, wires } from '../wires.ts'

const it = suite('sending files')

/** What this process has open, where the system tells. */
const FILES = '/proc/self/fd'
const gone = new AbortController().signal
/** A wire and a folder for one test. */
const on = (test: (wire: Wires, put: (name: string, data?: Uint8Array) => Promise<string>) => Promise<void>) => async () => {
  const [wire, folder] = [wires(), await mkdtemp(join(tmpdir(), 'chartroom-file-'))]
  const put = async (name: string, data: Uint8Array = new Uint8Array(1)) => {
    await writeFile(join(folder, name), data)
    return join(folder, name)
  }
  try {
    await test(wire, put)
    await turns()
    assert.is(wire.listeners.size, 0, 'leaves a listener')
    const open = await Promise.all((await readdir(FILES).catch(() => [])).map(one => readlink(join(FILES, one)).catch(() => '')))
    assert.equal(
      open.filter(one => one.startsWith(folder)),
      [],
      'leaves a file open',
    )
  } finally {
    wire.end()
    await rm(folder, { recursive: true })
  }
}
const sizes = ({ asked }: Wires) =>
  asked.flatMap(one => (one.case === 'sendStreamChunk' ? [one.value.chunk?.content?.length] : []))
const trailer = ({ asked }: Wires) => asked.flatMap(one => (one.case === 'sendStreamTrailer' ? [one.value.trailer] : []))

it(
  'sends a file in chunks, under its own name, type and size, and gives back the info (LP-2)',
  on(async (wire, put) => {
    const data = new Uint8Array(CHUNK * 2 + 1).map((_, index) => index % 251)
    const path = await put('a picture.png', data)
    const shown: number[] = []
    const onProgress = (progress: number) => shown.push(progress)
    const about = { topic: 'files', streamId: 'S1', attributes: { a: '1' }, destinationIdentities: ['bob'], onProgress }
    const { timestamp, ...info } = await sendFile(localOf(), path, about, gone)
    assert.equal(info, {
      ...{ streamId: 'S1', topic: 'files', mimeType: 'image/png', name: 'a picture.png' },
      ...{ totalSize: data.length, attributes: { a: '1' } },
    })
    assert.equal(sizes(wire), [CHUNK, CHUNK, 1])
    assert.equal(
      shown.map(share => Math.round(share * data.length)),
      [CHUNK, CHUNK * 2, CHUNK * 2 + 1],
    )
    assert.equal(trailer(wire), [{ streamId: 'S1', reason: '', attributes: {} }])
    assert.ok(timestamp > 0)
  }),
)

it(
  'guesses the type by the extension, and takes the name and type that are given (LP-2)',
  on(async (_wire, put) => {
    const infoOf = async (name: string) => sendFile(localOf(), pathToFileURL(await put(name)), {}, gone)
    assert.is((await infoOf('notes.txt')).mimeType, 'text/plain')
    assert.is((await infoOf('notes.unknown-thing')).mimeType, 'application/octet-stream')
    assert.is((await infoOf('50% of ä.json')).name, '50% of ä.json')
    const given = { name: 'other', mimeType: 'a/b' }
    const path = await put('x.png')
    const { name, mimeType } = await sendFile(localOf(), path, given, gone)
    assert.equal({ name, mimeType }, given)
    const unsaid = { name: undefined, mimeType: undefined } as never
    assert.is((await sendFile(localOf(), path, unsaid, gone)).name, 'x.png')
  }),
)

it(
  'sends an empty file as an empty stream of size 0 (LP-2)',
  on(async (wire, put) => {
    const shown: number[] = []
    const info = await sendFile(localOf(), await put('empty', new Uint8Array()), { onProgress: one => shown.push(one) }, gone)
    assert.equal([info.totalSize, sizes(wire), shown], [0, [], [1]])
    assert.equal(
      wire.asked.map(({ case: name }) => name),
      ['sendStreamHeader', 'sendStreamTrailer'],
    )
  }),
)

it(
  'sends nothing of a file that is not there, or is none (LP-2)',
  on(async (wire, put) => {
    const path = await put('x')
    assert.is((await failureOf(sendFile(localOf(), `${path}-missing`, {}, gone))).code, 'ENOENT')
    assert.is((await failureOf(sendFile(localOf(), join(path, '..'), {}, gone))).code, 'ERR_FILE')
    execFileSync('mkfifo', [`${path}-pipe`]) // to open one to read waits for whoever writes
    assert.is((await failureOf(sendFile(localOf(), `${path}-pipe`, {}, gone))).code, 'ERR_FILE')
    assert.is(wire.asked.length, 0)
  }),
)

it(
  'sends of a file that grows what was there at first (LP-2)',
  on(async (wire, put) => {
    const path = await put('x', new Uint8Array(CHUNK + 1))
    const { totalSize } = await sendFile(localOf(), path, { onProgress: () => appendFileSync(path, 'more') }, gone)
    assert.equal([totalSize, sizes(wire), trailer(wire)[0]?.reason], [CHUNK + 1, [CHUNK, 1], ''])
  }),
)

it(
  'says that the room went when it goes between two chunks (LP-2)',
  on(async (wire, put) => {
    const path = await put('x', new Uint8Array(CHUNK * 2))
    const room = new AbortController()
    assert.is(
      (await failureOf(sendFile(localOf(), path, { onProgress: () => room.abort() }, room.signal))).code,
      'ERR_DISCONNECTED',
    )
    assert.equal([sizes(wire), trailer(wire)], [[CHUNK], []])
  }),
)

it(
  'breaks the stream off when the file becomes shorter, when a chunk is refused, and when its progress throws',
  on(async (wire, put) => {
    const path = await put('x', new Uint8Array(CHUNK * 3))
    const onProgress = () => {
      throw new Error('seen enough')
    }
    assert.is((await failureOf(sendFile(localOf(), path, { onProgress }, gone))).message, 'seen enough')
    assert.is(trailer(wire).at(-1)?.reason, 'seen enough')
    const cut = () => truncateSync(path, CHUNK)
    assert.is((await failureOf(sendFile(localOf(), path, { onProgress: cut }, gone))).code, 'ERR_FILE')
    assert.match(trailer(wire).at(-1)?.reason ?? '', 'became shorter')
    wire.answers.sendStreamChunk = { error: 'refused' }
    assert.is((await failureOf(sendFile(localOf(), await put('y'), {}, gone))).message, 'refused')
    assert.is(trailer(wire).at(-1)?.reason, 'refused')
    assert.is(trailer(wire).length, 3)
  }),
)

it.run()
