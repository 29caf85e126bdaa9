/** What a recorder writes: all that was told, which can be read whatever becomes of the process, the disk and the folder. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../src/audio/frame.ts'
import { realClock, sleep } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import type { Header, Message, SoundMessage } from '../../src/inspector/messages.ts'
import { emptyScene } from '../../src/inspector/scene.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import { record, recorderIn } from '../../src/recording/write.ts'
import { openRoom } from '../../src/room.ts'
import { version } from '../../src/version.ts'
import { format, pieces, samples, sound, startCall, timed } from '../fakes/call.ts'
import { type Tape, taped } from '../fakes/tape.ts'

const it = suite('recording/write')

const base = mkdtempSync(join(tmpdir(), 'chartroom-write-'))
it.after(() => rmSync(base, { recursive: true, force: true }))
let folders = 0
const newFolder = () => join(base, `${++folders}`)

const linesOf = (folder: string, file = 'tape.jsonl'): string[] => readFileSync(join(folder, file), 'utf8').split('\n')
const tapeOf = (folder: string): { header: Header; messages: Message[]; rest: string } => {
  const [head = '', ...lines] = linesOf(folder)
  const rest = lines.pop() ?? ''
  return { header: JSON.parse(head), messages: lines.map(line => JSON.parse(line)), rest }
}
const soundsOf = (messages: Message[]) => messages.filter((message): message is SoundMessage => message.type === 'sound')

/** A call that is recorded from when it is there on. */
const recorded = async (folder: string) => {
  const call = await startCall({ seed: 5 })
  const tape: Tape = { messages: [], scene: emptyScene() }
  taped(call.room, tape)
  const { stop } = record(call.room, folder)
  void call.caller.publish().speak(samples(500))
  call.room.say({ audio: sound(400), text: timed(2) })
  await call.clock.advance(700)
  return { ...call, tape, stop }
}

it('has the version of the package', () => {
  assert.is(version, JSON.parse(readFileSync('package.json', 'utf8')).version)
})

it('writes what the probe tells, a line each, under a header', async () => {
  const folder = newFolder()
  const { clock, room, tape } = await recorded(folder)
  await clock.runUntil(room.close())
  const { header, messages, rest } = tapeOf(folder)
  assert.equal(header, {
    type: 'tape',
    version: 1,
    product: version,
    room: 'loopback',
    identity: 'agent',
    sampleRate: 24_000,
    replayable: false,
  })
  assert.is(rest, '')
  // How sound is cut into pieces depends on where it is kept, and so do the numbers of the others.
  const others = (all: Message[]) =>
    all
      .filter(({ type }) => type !== 'sound')
      .map(message => ({ ...message, seq: 0, ...('cause' in message ? { cause: 0 } : {}) }))
  assert.equal(others(messages), JSON.parse(JSON.stringify(others(tape.messages))))
})

it('keeps the samples of each piece of sound', async () => {
  const folder = newFolder()
  const { clock, room } = await recorded(folder)
  await clock.runUntil(room.close())
  const media = readFileSync(join(folder, 'media.bin'))
  const all: Record<string, number[]> = {}
  for (const { of, media: place, samples: count } of soundsOf(tapeOf(folder).messages)) {
    const [offset, length] = place ?? [0, 0]
    assert.is(length, 2 * count)
    const data = new Int16Array(media.buffer.slice(media.byteOffset + offset, media.byteOffset + offset + length))
    all[of] = [...(all[of] ?? []), ...data]
  }
  const [utterance = ''] = Object.keys(all).filter(of => of !== 'caller')
  assert.is(String(all[utterance]), String(samples(400)))
  const heard = all.caller ?? []
  const whole = samples(500)
  const first = whole.indexOf(heard[0] ?? 0) // what came before they were listened to nobody has
  assert.ok(first >= 0 && first < 20 * 24)
  assert.is(String(heard.slice(0, whole.length - first)), String(whole.subarray(first)))
})

it('writes the same in two runs, byte for byte', async () => {
  const [one, other] = [newFolder(), newFolder()]
  for (const folder of [one, other]) {
    const { clock, room } = await recorded(folder)
    await clock.runUntil(room.close())
  }
  for (const file of ['tape.jsonl', 'inputs.jsonl', 'media.bin'])
    assert.equal(readFileSync(join(one, file)), readFileSync(join(other, file)))
})

it('ends when it is told to, and once; the room goes on', async () => {
  const folder = newFolder()
  const { clock, room, stop, codes } = await recorded(folder)
  stop()
  stop()
  const { size } = statSync(join(folder, 'tape.jsonl'))
  await clock.runUntil(room.close())
  assert.is(statSync(join(folder, 'tape.jsonl')).size, size)
  assert.equal(codes(), [])
})

it('keeps a view once, as long as its bytes are the same', () => {
  const folder = newFolder()
  const recorder = recorderIn(folder)
  const view = samples(10)
  const first = recorder.media(view)
  assert.equal(first, [0, 480])
  assert.equal(recorder.media(view), first)
  assert.equal(recorder.media(view.slice()), [480, 480])
  view.fill(7)
  assert.equal(recorder.media(view), [960, 480])
  recorder.close()
  assert.is(statSync(join(folder, 'media.bin')).size, 1_440)
})

it('takes a source that uses one frame again and again', async () => {
  const folder = newFolder()
  const { clock, room } = await startCall()
  record(room, folder)
  const frame = frameOf(new Int16Array(240), format)
  const audio = async function* () {
    for (let n = 1; n <= 100; n++) {
      if (n % 3 === 0) frame.data.fill(n)
      yield frame
    }
  }
  await clock.runUntil(room.say({ audio: audio() }).played)
  await clock.runUntil(room.close())
  const media = readFileSync(join(folder, 'media.bin'))
  const data = soundsOf(tapeOf(folder).messages).flatMap(({ media: place }) => {
    const [offset, length] = place ?? [0, 0]
    return [...new Int16Array(media.buffer.slice(media.byteOffset + offset, media.byteOffset + offset + length))]
  })
  assert.is(data.length, 24_000)
  for (let n = 1; n <= 100; n++) assert.is(data[(n - 1) * 240], n < 3 ? 0 : n - (n % 3))
})

it('refuses a folder that has something in it, or cannot be, and a second room', async () => {
  const folder = newFolder()
  mkdirSync(folder)
  writeFileSync(join(folder, 'mine'), '')
  const refusal = (work: () => void): string => {
    try {
      work()
    } catch (error) {
      return String(error)
    }
    return ''
  }
  assert.match(
    refusal(() => recorderIn(folder)),
    `the folder ${folder} is not empty: name another for the recording`,
  )
  assert.match(
    refusal(() => recorderIn(join(folder, 'mine', 'sub'))),
    /^Error: cannot record into the folder .*a file is in the way/,
  )
  const { clock, room } = await startCall()
  const recorder = recorderIn(newFolder())
  recorder.attach(room)
  assert.match(
    refusal(() => recorder.attach(room)),
    'has its room already',
  )
  await clock.runUntil(room.close())
})

it('says once that its folder was deleted; the room goes on', async () => {
  const folder = newFolder()
  const { clock, room, logged, ends } = await recorded(folder)
  rmSync(folder, { recursive: true })
  await clock.runUntil(room.say({ audio: sound(300) }).played)
  await clock.runUntil(room.close())
  const lines = logged.filter(({ code }) => code === 'recording.failed')
  assert.equal(
    lines.map(({ level, fields }) => [level, fields]),
    [
      [
        'error',
        {
          folder,
          error: 'its files were deleted',
          advice: 'leave the folder where it is until the room has closed; the room goes on',
        },
      ],
    ],
  )
  assert.is(ends().length, 2)
})

it('ends in good order when the folder goes in its very last turn', async () => {
  const folder = newFolder()
  const { clock, room, stop, codes } = await recorded(folder)
  room.pause()
  rmSync(folder, { recursive: true })
  stop()
  assert.equal(codes(), ['recording.failed'])
  await clock.runUntil(room.close())
})

// Other processes

const script = process.argv.at(-1) ?? '' // this very bundle
const childOf = (task: string, folder: string, prefix = '') =>
  [
    'sh',
    ['-c', `${prefix} exec "$0" "$1"`, process.execPath, script],
    { env: { ...process.env, CHARTROOM_TASK: task, CHARTROOM_FOLDER: folder, UVU_DEFER: '1' } },
  ] as const

/** Talks in real time for ever, and records it. */
const talkOn = async (folder: string, turns: number) => {
  const clock = realClock()
  const hub = createLoopback({ clock, ids: seededIds(1), log: (_, code, fields) => console.error(code, JSON.stringify(fields)) })
  const caller = hub.participant({ identity: 'ann' })
  caller.join()
  const room = await openRoom(hub.world({ identity: 'agent' }))
  record(room, folder)
  void caller.publish().speak(samples(60_000))
  console.log('talks')
  for (let n = 0; n < turns; n++) {
    const { interrupt } = room.say({ audio: sound(300), text: pieces('some words') })
    await sleep(clock, 5)
    if (n % 2) interrupt()
  }
  await room.close()
}
/** What is there of it is whole: but for a last line that was not finished. */
const checkWhole = (folder: string): Message[] => {
  const { header, messages } = tapeOf(folder)
  assert.is(header.room, 'loopback')
  const { size } = statSync(join(folder, 'media.bin'))
  for (const [index, message] of messages.entries()) {
    assert.is(message.seq, index + 1)
    if (message.type === 'sound') assert.ok(message.media && message.media[0] + message.media[1] <= size)
  }
  return messages
}

it('leaves what can be read when its process is killed, at any moment', async () => {
  const seed = Date.now() % 1000
  for (let n = 0; n < 5; n++) {
    const folder = newFolder()
    const child = spawn(...childOf('talk', folder))
    await once(child.stdout, 'data')
    await new Promise(resolve => setTimeout(resolve, 40 + ((seed * (n + 1)) % 97)))
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.ok(checkWhole(folder).length > 10, `seed ${seed}`)
  }
})

it('leaves all of it when its process ends by itself in the middle of a turn', () => {
  const folder = newFolder()
  const { status, stderr } = spawnSync(...childOf('exit', folder))
  assert.is(status, 3, String(stderr))
  const last = checkWhole(folder).at(-1)
  assert.equal(last?.type === 'step' && last.actions, ['notePaused', 'pass', 'tellFact'])
})

it('stops with one line when it may not write any more, and leaves whole lines', () => {
  const folder = newFolder()
  const { status, stderr } = spawnSync(...childOf('talk', folder, 'ulimit -f 200;'))
  assert.is(status, 0, String(stderr))
  assert.is(String(stderr).match(/recording\.failed/g)?.length, 1, String(stderr))
  assert.match(String(stderr), /the room goes on, and what was recorded until now can be opened/)
  assert.ok(checkWhole(folder).length > 10)
  assert.is(tapeOf(folder).rest, '')
})

const { CHARTROOM_TASK: task, CHARTROOM_FOLDER: place = '' } = process.env
if (task === 'talk') {
  await talkOn(place, 100)
  process.exit() // the caller would talk on
} else if (task === 'exit') {
  const { room } = await startCall()
  record(room, place)
  await new Promise(setImmediate)
  room.pause()
  process.exit(3)
} else it.run()
