// deadline: 120 s
/** A recorded call, played again: the same, or the first difference in words; and what cannot be played says why. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock, sleep } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import type { Mind } from '../../src/mind.ts'
import type { RoomOptions } from '../../src/options.ts'
import type { Clock } from '../../src/ports.ts'
import type { Recorder } from '../../src/recording/recorder.ts'
import { replay, replayText } from '../../src/replay/replay.ts'
import { openRoom } from '../../src/room.ts'
import { expectReplay } from '../../src/testing.ts'
import { virtualClock } from '../../src/virtual.ts'
import { paced, samples, sound, startCall, timed } from '../fakes/call.ts'
import { picture } from '../fakes/pictures.ts'
import { amend, append, cutOff, linesIn, recorded } from './recording.ts'

const it = suite('replay')

/** Says something to whoever spoke, and pauses, and is cut. */
const mind: Mind = {
  start: async ({ hear, say, show, state, interrupt, clock }, signal) => {
    let heard = 0
    for await (const { samplesPerChannel } of hear()) {
      heard += samplesPerChannel
      if (signal.aborted) return
      if (heard !== 4_800) continue
      state('thinking')
      await show('One moment.')
      const { played } = say({ audio: sound(900), text: timed(4) })
      await played
      say({ audio: paced(clock, 1_000), text: timed(5) })
      await sleep(clock, 300, signal)
      interrupt()
    }
  },
}
const talk = async (clock: Clock, recorder: Recorder, options: RoomOptions = {}) => {
  const hub = createLoopback({ clock, ids: seededIds(5) })
  const caller = hub.participant({ identity: 'ann' })
  caller.join()
  const room = await openRoom(hub.world({ identity: 'agent' }), { mind, recorder, ...options })
  const mic = caller.publish({ preconnect: false })
  void mic.speak(samples(600))
  caller.sendText('lk.chat', ['Are you there?'])
  await sleep(clock, 500)
  room.pause()
  await undefined
  room.resume()
  await sleep(clock, 1_500)
  caller.leave()
  await room.close()
}
/** A short call in virtual time, and what `look` makes of its folder. */
const recording = <T>(look: (folder: string) => T, options?: RoomOptions) =>
  recorded(async recorder => {
    const clock = virtualClock()
    await clock.runUntil(talk(clock, recorder, options))
  }, look)
const failureOf = async (work: Promise<unknown>): Promise<{ message: string; code?: string; name: string }> => {
  try {
    await work
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it did not fail')
}

it('is the same again, and says how much of it', async () => {
  const text = await recording(async folder => replayText(await replay(folder)))
  assert.match(text, /^same: \d{3} inputs, \d{3} events, 2\.\d s in \d\.\d s$/)
})

it('is the same for a call in real time', async () => {
  const result = await recorded(recorder => talk(realClock(), recorder), replay)
  assert.ok(result.same, replayText(result))
  assert.ok(result.inputs > 100 && result.callMs > 1_900)
})

it('records one seed the same twice, byte for byte', async () => {
  const all = (folder: string) => ['inputs.jsonl', 'tape.jsonl', 'media.bin'].map(name => readFileSync(join(folder, name)))
  assert.equal(await recording(all), await recording(all))
})

it('plays what its owner had the room call: callbacks, a chain, a processor, a choice of one', async () => {
  const process = (frame: { data: Int16Array }) => ({ ...frame, data: frame.data.map(sample => sample >> 1) })
  const noiseCancellation = () => ({ process: process as never, close: () => {} })
  const options: RoomOptions = {
    ...{ deleteRoomOnClose: true, deleteRoom: async () => {}, audioInput: { noiseCancellation } },
    textInput: { textInputCb: (room, { text }) => (room as { show(text: string): void }).show(`You wrote: ${text}`) },
    textOutput: { nextInChain: { captureText: async () => {}, flush: () => {} } },
  }
  const names = await recording(async folder => {
    await expectReplay(folder)
    return new Set(linesIn(folder, 'inputs.jsonl').map(({ name }) => name))
  }, options)
  for (const name of ['noise', 'noise.process', 'textInput', 'nextInChain.captureText', 'deleteRoom'])
    assert.ok(names.has(name), name)
})

// Differences

const differenceAfter = (change: (folder: string) => void) =>
  recording(async folder => {
    change(folder)
    const { same, difference = '', around = [] } = await replay(folder)
    assert.not.ok(same)
    return { difference, around }
  })
const isStep = (path: RegExp, value: string) => (line: { [key: string]: unknown }) =>
  line.type === 'step' && path.test(String(line.path)) && line.value === value

it('finds a state that is another, and says where in the call', async () => {
  const { difference, around } = await differenceAfter(folder =>
    amend(folder, 'tape.jsonl', isStep(/playout/, 'playing'), line => ({ ...line, value: 'paused' })),
  )
  assert.match(
    difference,
    /^after input \d+ \(.+\) at \d\.\d{3} s: room\/playout:SG_\w+ goes to 'paused' in the recording, to 'playing' in the replay$/,
  )
  assert.is(around.length, 5)
  assert.match(around.at(-2) ?? '', /^ {2}- recording: .*"paused"/)
  assert.match(around.at(-1) ?? '', /^ {2}\+ replay: .*"playing"/)
})

it('finds a fact that is another, an event that is missing, and one too many', async () => {
  const fact = await differenceAfter(folder =>
    amend(
      folder,
      'tape.jsonl',
      ({ type, fact }) => type === 'fact' && Reflect.get(Object(fact), 'type') === 'words.shown',
      line => ({
        ...line,
        fact: { ...Object(line.fact), text: 'Two moments.' },
      }),
    ),
  )
  assert.match(
    fact.difference,
    /of the fact words\.shown the fact\.text is 'Two moments\.' in the recording, 'One moment\.' in the replay$/,
  )
  const missing = await differenceAfter(folder =>
    amend(
      folder,
      'tape.jsonl',
      ({ type, to }) => type === 'event' && to === 'room/chat',
      () => undefined,
    ),
  )
  assert.match(missing.difference, /in the recording, room\/chat gets .* in the replay$/)
  const spare = await differenceAfter(folder => {
    const line =
      linesIn(folder, 'tape.jsonl').find(isStep(/microphone/, 'receiving')) ??
      linesIn(folder, 'tape.jsonl').findLast(({ type }) => type === 'step')
    append(folder, 'tape.jsonl', `${JSON.stringify(line)}\n`)
  })
  assert.match(spare.difference, /in the recording, and not in the replay$/)
})

it('finds an input that is another: what is done about it is not what was done', async () => {
  const lost = await differenceAfter(folder =>
    amend(
      folder,
      'inputs.jsonl',
      ({ kind, name }) => kind === 'settled' && name === 'room.setAttributes',
      line => ({
        ...line,
        kind: 'failed',
        value: 'Error: no',
      }),
    ),
  )
  assert.match(lost.difference, /^after input \d+ \(the failure of room\.setAttributes\) at /)
  const other = await differenceAfter(folder =>
    amend(
      folder,
      'inputs.jsonl',
      ({ kind, name }) => kind === 'called' && name === 'textOut.open',
      line => ({ ...line, args: [{ topic: 'x' }] }),
    ),
  )
  assert.match(
    other.difference,
    /the room calls textOut\.open\({"topic":"x"}\) in the recording; the replay calls textOut\.open\(\{"topic":"lk\.tr/,
  )
  const timer = await differenceAfter(folder => {
    const timers = linesIn(folder, 'inputs.jsonl').filter(({ kind }) => kind === 'timer')
    amend(
      folder,
      'inputs.jsonl',
      line => line.kind === 'timer' && line.name === timers.at(-1)?.name,
      line => ({ ...line, name: '99999' }),
    )
  })
  assert.match(timer.difference, /the timer 99999 is next in the recording; the replay has no timer 99999$/)
})

it('throws an AssertionError with the same words where a test expects the same', async () => {
  const { name, message, code } = await recording(folder => {
    amend(folder, 'tape.jsonl', isStep(/output/, 'live'), line => ({ ...line, value: 'waiting' }))
    return failureOf(expectReplay(folder))
  })
  assert.equal([name, code], ['AssertionError', 'ERR_ASSERTION'])
  assert.match(
    message,
    /: different: after input \d+ \(.*\) at 0\.\d{3} s: room\/output goes to 'waiting' in the recording, to 'live' in/,
  )
})

it('stops when it is told to', async () => {
  const reason = new Error('enough')
  const stop = new AbortController()
  const failure = await recording(folder => {
    const work = replay(folder, stop.signal)
    stop.abort(reason)
    return failureOf(work)
  })
  assert.is(failure, reason)
})

// What is not whole

it('plays a recording that breaks off up to its last whole line, and says so', async () => {
  const result = await recording(folder => {
    cutOff(folder, 'inputs.jsonl', 5_000)
    cutOff(folder, 'tape.jsonl', 7_000)
    return replay(folder)
  })
  assert.ok(result.same, replayText(result))
  assert.is(result.remarks[0], 'the recording breaks off in the middle of a line: it was replayed up to the last whole one')
  assert.match(result.remarks.slice(1).join(), /^messages are missing in the tape: events were compared up to input \d+$/)
})

it('compares up to where the tape cannot be read, and says so', async () => {
  const brokenOff = await recording(folder => {
    cutOff(folder, 'tape.jsonl', 7_000)
    return replay(folder)
  })
  assert.ok(brokenOff.same, replayText(brokenOff))
  assert.match(brokenOff.remarks.join(), /^messages are missing in the tape: events were compared up to input \d+$/)
  const unread = await recording(folder => {
    const lines = readFileSync(join(folder, 'tape.jsonl'), 'utf8').split('\n')
    writeFileSync(join(folder, 'tape.jsonl'), lines.with(100, '{"seq":').join('\n'))
    return replay(folder)
  })
  assert.ok(unread.same, replayText(unread))
  assert.match(unread.remarks.join(), /^messages are missing in the tape: events were compared up to input \d+$/)
})

it('says where its tape is not whole', async () => {
  const remarksOf = (change: (folder: string) => void) =>
    recording(async folder => {
      change(folder)
      return (await replay(folder)).remarks
    })
  const isLog = ({ type }: { type?: unknown }) => type === 'sound'
  assert.equal(await remarksOf(folder => amend(folder, 'tape.jsonl', isLog, () => undefined)), [
    'the tape is damaged: in 1 of its places lines are missing or cannot be read',
  ])
  const [ends = ''] = await remarksOf(folder => {
    const lines = readFileSync(join(folder, 'tape.jsonl'), 'utf8').split('\n')
    writeFileSync(join(folder, 'tape.jsonl'), `${lines.slice(0, 150).join('\n')}\n`)
  })
  assert.match(ends, /^the tape ends before the inputs: events were compared up to input \d+$/)
})

it('says that pictures were not kept', async () => {
  const call = async (recorder: Recorder) => {
    const { room, clock, caller } = await startCall({ options: { videoInput: {}, recorder } })
    const cam = caller.publishVideo()
    await clock.advance(10)
    for (const n of [1, 2]) {
      cam.show(picture(n))
      await clock.advance(10)
    }
    await clock.runUntil(room.close())
  }
  const { same, remarks } = await recorded(call, replay)
  assert.ok(same)
  assert.equal(remarks, ['pictures are recorded by size and hash: 2 of them were played without what they show'])
})

it('refuses in one line what cannot be played', async () => {
  const refused = (change: (folder: string) => void) =>
    recording(async folder => {
      change(folder)
      const { message, code } = await failureOf(replay(folder))
      assert.not.match(message, /\n/)
      assert.is(code, 'ERR_NOT_REPLAYABLE')
      return message
    })
  const isFirst = ({ kind }: { kind?: unknown }) => kind === 'begin'
  const isHeader = ({ type }: { type?: unknown }) => type === 'tape'
  assert.match(
    await refused(folder => amend(folder, 'tape.jsonl', isHeader, line => ({ ...line, version: 2 }))),
    /^cannot replay \/[^:]+: the tape has version 2, this Chartroom knows 1: replay it with a newer Chartroom$/,
  )
  const isSound = ({ kind, name }: { kind?: unknown; name?: unknown }) => kind === 'item' && name === 'tracks.listen'
  assert.match(
    await refused(folder => amend(folder, 'inputs.jsonl', isSound, () => undefined)),
    /: line \d+ of the inputs has the number \d+, it should be \d+: the/,
  )
  assert.match(
    await refused(folder =>
      writeFileSync(
        join(folder, 'media.bin'),
        readFileSync(join(folder, 'media.bin')).map(byte => byte ^ 1),
      ),
    ),
    /: media\.bin has other bytes at \d+ than came in: /,
  )
  const newer = await refused(folder =>
    amend(folder, 'inputs.jsonl', isFirst, line => ({ ...line, value: { ...Object(line.value), version: 99 } })),
  )
  assert.match(newer, /have version 99, this Chartroom knows 1: replay them with a newer Chartroom$/)
  assert.match(await refused(folder => amend(folder, 'inputs.jsonl', isFirst, () => undefined)), /do not begin at the beginning/)
  assert.match(await refused(folder => writeFileSync(join(folder, 'inputs.jsonl'), '')), /has no inputs, record with/)
  assert.match(await refused(folder => cutOff(folder, 'media.bin', 2_000)), /\d+ bytes are missing from media\.bin/)
  const nothing = (folder: string) => ['inputs.jsonl', 'tape.jsonl'].map(name => writeFileSync(join(folder, name), ''))
  assert.match(await refused(nothing), /nothing was recorded there, its room was never made$/)
  const { message, code } = await failureOf(replay('/nowhere/at/all'))
  assert.equal([message, code], ['cannot replay /nowhere/at/all: there is no such folder', 'ERR_RECORDING'])
})

it.run()
