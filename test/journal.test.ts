/** The journal seam: whatever comes in from outside is numbered, once, and passes unchanged. */
import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, frameOf } from '../src/audio/frame.ts'
import { sleep } from '../src/clock.ts'
import { hashOf, type JournalLine, Seam } from '../src/journal.ts'
import { createLoopback } from '../src/loopback/index.ts'
import type { Incoming, Publication, RoomEvent, World } from '../src/ports.ts'
import { openRoom } from '../src/room.ts'
import { virtualClock } from '../src/virtual.ts'
import { format, newCall, outcomeOf, pieces, samples, sound, timed, torn } from './fakes/call.ts'

const it = suite('journal')

/** A minute's talk in short, with all that a journal can hold. Gives back its lines. */
const smallCall = async (): Promise<string[]> => {
  const lines: string[] = []
  const { clock, hub, caller, world } = newCall({ seed: 7 })
  const talk = async () => {
    const mic = caller.publish({ preconnect: true })
    caller.collect('lk.transcription')
    const room = await openRoom(world, { journal: line => lines.push(JSON.stringify(line)) })
    const read = async () => {
      for await (const _ of room.audio);
    }
    void read()
    void mic.speak(samples(800))
    await sleep(clock, 300)
    const { interrupt } = room.say({ audio: sound(1_000), text: timed(5) })
    await sleep(clock, 400)
    room.pause()
    hub.failNext('setAttributes', new Error('not allowed'))
    await sleep(clock, 200)
    room.resume()
    await sleep(clock, 200)
    interrupt()
    hub.reconnect('full', 300)
    await sleep(clock, 500)
    await room.say({ audio: sound(200) }).played
    mic.unpublish()
    await sleep(clock, 100)
    await room.close()
  }
  await clock.runUntil(talk())
  return lines
}

const parsed = (lines: string[]): JournalLine[] => lines.map(line => JSON.parse(line))

it('numbers all lines without a gap, in the order of time, each once', async () => {
  const lines = parsed(await smallCall())
  assert.ok(lines.length > 150)
  assert.equal(
    lines.map(({ n }) => n),
    lines.map((_, index) => index + 1),
  )
  for (const [index, { at }] of lines.entries()) assert.ok(at >= (lines[index - 1]?.at ?? 0))
})

it('has every kind of input, and names where it came from', async () => {
  const lines = parsed(await smallCall())
  const names = (kind: JournalLine['kind']) => new Set(lines.filter(line => line.kind === kind).map(({ name }) => name))
  assert.ok(names('timer').size > 10)
  for (const name of [
    'room.join',
    'room.setAttributes',
    'speakers.publish',
    'speakers.publish.close',
    'room.leave',
    'textOut.open',
  ])
    assert.ok(names('settled').has(name), name)
  assert.ok(names('settled').has('textOut.open.write'))
  assert.equal([...names('failed')], ['room.setAttributes'])
  assert.equal([...names('id')], ['SG_'])
  assert.ok(names('item').has('tracks.listen'))
  assert.ok(names('end').has('tracks.listen'))
  assert.ok(names('told').has('room.join'))
  for (const name of [
    'speakers.publish.sid',
    'textOut.closesWithAttributes',
    'speakers.publish.sink.free',
    'speakers.publish.sink.clear',
  ])
    assert.ok(names('read').has(name), name)
})

it('is the same in one process twice, and in two others, byte for byte (law 9)', async () => {
  const here = await smallCall()
  assert.equal(await smallCall(), here)
  const script = process.argv.at(-1) ?? '' // this very bundle, by itself or under scripts/test-child.mjs
  for (let n = 0; n < 2; n++) {
    const { stdout, status, stderr } = spawnSync(process.execPath, [script], {
      encoding: 'utf8',
      env: { ...process.env, CHARTROOM_JOURNAL: 'print', UVU_DEFER: '1' },
      maxBuffer: 1 << 26,
    })
    assert.is(status, 0, stderr)
    assert.equal(stdout.trimEnd().split('\n'), here)
  }
})

// The seam by itself

/** A world whose ports do what a test gives them, and its journal. */
const seamOn = (ports: Partial<Record<keyof World, object>>) => {
  const clock = virtualClock()
  const lines: JournalLine[] = []
  const logged: string[] = []
  const hub = createLoopback({ clock, ids: { next: prefix => `${prefix}1` } })
  const world = { ...hub.world({ identity: 'agent' }), log: (_: string, code: string) => logged.push(code), ...ports } as World
  const kinds = () =>
    lines.map(({ kind, name, value }) => `${kind} ${name}${value === undefined ? '' : ` ${JSON.stringify(value)}`}`)
  return { clock, lines, logged, kinds, world: new Seam(world, { journal: line => lines.push(line) }).world }
}
const never = () => new AbortController().signal

it('tells audio and bytes by length and hash', async () => {
  const frame = frameOf(Int16Array.of(1, 2, 3), format)
  const { world, lines } = seamOn({ tracks: { listen: () => pieces(frame) } })
  const seen: AudioFrame[] = []
  for await (const one of world.tracks.listen('TR_1', format, never())) seen.push(one)
  assert.is(seen[0], frame, 'the frame is another')
  assert.equal(lines[0]?.value, {
    ...{ data: { bytes: 6, hash: hashOf(Int16Array.of(1, 2, 3)) } },
    ...{ sampleRate: 24_000, channels: 1, samplesPerChannel: 3 },
  })
  assert.is.not(hashOf(Int16Array.of(1, 2, 3)), hashOf(Int16Array.of(1, 2, 4)))
  assert.is(hashOf(new Uint8Array([...'foobar'].map(letter => letter.charCodeAt(0)))), 'bf9cf968') // a published example of FNV-1a
})

it('passes values, errors, ends and misuse on unchanged', async () => {
  const refused = Object.assign(new Error('not allowed'), { code: 'ERR_REFUSED' })
  const joined = { name: 'lounge', identity: 'agent', participants: [] }
  const { world, kinds, clock } = seamOn({
    room: { join: async () => joined, leave: async () => {}, setAttributes: () => Promise.reject(refused) },
    textIn: {
      listen: () => {
        throw refused
      },
    },
    tracks: {
      listen: () => torn(pieces<AudioFrame>(), refused),
    },
  })
  assert.is(await world.room.join(() => {}, never()), joined)
  assert.is((await outcomeOf(clock, world.room.setAttributes({}, never()))).error, refused)
  assert.is((await outcomeOf(clock, world.room.leave())).value, undefined)
  try {
    world.textIn.listen('topic', () => {})
    assert.unreachable()
  } catch (error) {
    assert.is(error, refused)
  }
  const iterator = world.tracks.listen('TR_1', format, never())[Symbol.asyncIterator]()
  assert.is((await outcomeOf(clock, iterator.next())).error, refused)
  assert.equal(await iterator.next(), { done: true, value: undefined })
  assert.equal(kinds(), [
    'settled room.join {"name":"lounge","identity":"agent","participants":[]}',
    'failed room.setAttributes "Error: not allowed"',
    'settled room.leave',
    'failed textIn.listen "Error: not allowed"',
    'failed tracks.listen "Error: not allowed"',
    'end tracks.listen',
  ])
})

it('lets go of a source while somebody waits for its next item', async () => {
  const returned: string[] = []
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        returned.push('let go')
        return { done: true, value: undefined }
      },
    }),
  }
  const { world, clock } = seamOn({ tracks: { listen: () => source } })
  const iterator = world.tracks.listen('TR_1', format, never())[Symbol.asyncIterator]()
  void iterator.next()
  assert.ok('value' in (await outcomeOf(clock, iterator.return?.() ?? Promise.reject())))
  assert.equal(returned, ['let go'])
})

it('follows what ports hand out: writers, publications and their sinks, streams that come in', async () => {
  const sink = {
    sampleRate: 24_000,
    channels: 1,
    free: () => 480,
    queued: () => 0,
    write: async () => {},
    clear: () => ({ unplayed: 7, exact: true }),
  }
  const publication: Publication = Object.freeze({ sid: 'TR_7', sink: Object.freeze(sink), close: async () => {} })
  const { world, kinds, clock } = seamOn({
    speakers: Object.freeze({ publish: async () => publication }),
    byteIn: {
      listen: (_topic: string, take: (stream: Incoming<Uint8Array>) => void) => {
        const info = { id: 'ST_1', topic: 'bytes', attributes: {}, mimeType: 'audio/opus', timestamp: 0 }
        take({ info, identity: 'ann', chunks: pieces(Uint8Array.of(1, 2)) })
        return () => {}
      },
    },
  })
  const given = await world.speakers.publish({ ...format, name: 'voice', queueMs: 200 }, never())
  assert.is(given.sid, 'TR_7')
  assert.is(given.sink.free(), 480)
  await given.sink.write(new Int16Array(240))
  assert.equal(given.sink.clear(), { unplayed: 7, exact: true })
  const chunks: Uint8Array[] = []
  let stream: Incoming<Uint8Array> | undefined
  world.byteIn.listen('bytes', one => {
    stream = one
  })
  await clock.settle()
  for await (const chunk of stream?.chunks ?? []) chunks.push(chunk)
  assert.equal(chunks, [Uint8Array.of(1, 2)])
  assert.equal(kinds(), [
    'settled speakers.publish',
    'read speakers.publish.sid "TR_7"',
    'read speakers.publish.sink.free 480',
    'settled speakers.publish.sink.write',
    'read speakers.publish.sink.clear {"unplayed":7,"exact":true}',
    'told byteIn.listen {"info":{"id":"ST_1","topic":"bytes","attributes":{},"mimeType":"audio/opus","timestamp":0},"identity":"ann"}',
    `item byteIn.listen.chunks {"bytes":2,"hash":"${hashOf(Uint8Array.of(1, 2))}"}`,
    'end byteIn.listen.chunks',
  ])
})

it('notes facts as they are told, ids, timers that fire, and real work', async () => {
  let tell: (event: RoomEvent) => void = () => {}
  const { world, kinds, clock } = seamOn({
    room: {
      join: async (told: typeof tell) => {
        tell = told
      },
    },
  })
  const heard: RoomEvent[] = []
  await world.room.join(event => heard.push(event), never())
  tell({ type: 'room.reconnecting' })
  await clock.settle()
  assert.is(world.ids.next('SG_'), 'SG_1')
  world.clock.setTimeout(() => {}, 10)
  world.clock.clearTimeout(world.clock.setTimeout(() => assert.unreachable(), 5))
  world.clock.setTimeout(() => {}, 10)
  const held = world.clock.hold(Promise.resolve('file'))
  const failing = outcomeOf(clock, world.clock.hold(Promise.reject(new Error('no file'))))
  await clock.advance(10)
  assert.is(await held, 'file')
  assert.match(String((await failing).error), /no file/)
  await clock.hold(Promise.resolve(0))
  void world.clock.hold(Promise.resolve({ decode: () => {} })) // what can be called has no place in a file
  await clock.settle()
  assert.equal(heard, [{ type: 'room.reconnecting' }])
  assert.equal(kinds(), [
    'settled room.join',
    'told room.join {"type":"room.reconnecting"}',
    'id SG_ "SG_1"',
    'settled clock.hold "file"',
    'failed clock.hold "Error: no file"',
    'timer 1',
    'timer 3',
    'settled clock.hold',
  ])
})

it('gives up a journal that throws, says so once, and changes nothing else', async () => {
  const logged: string[] = []
  const { world } = seamOn({})
  let lines = 0
  const journal = () => {
    if (++lines === 2) throw new Error('disk full')
  }
  const broken = new Seam({ ...world, log: (_level, code) => logged.push(code) }, { journal }).world
  for (let n = 0; n < 4; n++) assert.is(broken.ids.next('SG_'), 'SG_1')
  assert.equal([lines, logged], [2, ['journal.failed']])
})

if (process.env.CHARTROOM_JOURNAL) console.log((await smallCall()).join('\n'))
else it.run()
