/** A process for what the engine itself costs, without a server: in one process, on the loopback, without LiveKit. */
import { pipe } from 'it-pipe'
import { type AudioFrame, frameOf, msOf, samplesOf } from '../../src/audio/frame.ts'
import { sleep } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import { createEar } from '../../src/inbound/ear.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import type { Clock, Participant, Word } from '../../src/ports.ts'
import { openRoom } from '../../src/room.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'
import { serve } from './child.ts'
import { median } from './figures.ts'
import { looking } from './looking.ts'

const format = { sampleRate: 24_000, channels: 1 }
const frame = frameOf(new Int16Array(samplesOf(10, format.sampleRate)), format)

/** CPU time in ms, all threads: a busy machine does not count, and on an idle one it is at least the time that passes. */
const spent = async (work: () => Promise<unknown>): Promise<number> => {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

/** `count` frames, a hundred in each turn of the event loop, as the native layer would give them to a busy process. */
async function* frames(count: number): AsyncGenerator<AudioFrame> {
  for (let n = 0; n < count; n++) {
    if (n % 100 === 0) await new Promise(setImmediate)
    yield frame
  }
}
async function* stage(source: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
  for await (const one of source) yield one
}
const end = async (source: AsyncIterable<AudioFrame>) => {
  for await (const _ of source);
}

/** Microseconds a frame: five stages that do nothing, and the five of `hear` with what is before and behind them. */
const caller: Participant = { identity: 'caller', sid: 'PA_1', kind: 'standard', attributes: {}, active: true, tracks: [] }
const pipes = async (count: number) => {
  const plain = () => pipe(frames(count), stage, stage, stage, stage, stage, end)
  const bare = () => end(frames(count))
  const hear = async () => {
    const world = {
      tracks: { listen: () => frames(count) },
      byteIn: { listen: () => () => {} },
      clock: virtualClock(),
      log: () => {},
    }
    const ear = createEar(world, { ...format, frameSizeMs: 10 })
    const reading = end(ear.audio)
    ear.start()
    const read = ear.read({ identity: 'caller', sid: 'TR_1', key: 'TR_1#1', participant: caller }, new AbortController().signal)
    ear.pass()
    await read
    ear.close()
    await reading
    if (ear.counters.delivered !== count * frame.samplesPerChannel)
      throw new Error(`frames were lost: ${JSON.stringify(ear.counters)}`)
  }
  const per = async (work: () => Promise<unknown>) => {
    await work()
    const times: number[] = []
    for (let n = 0; n < 5; n++) times.push(await spent(work))
    return (median(times) * 1000) / count
  }
  return { bare: await per(bare), plain: await per(plain), hear: await per(hear) }
}

const roomIn = async (clock: Clock, seed: number) => {
  const hub = createLoopback({ clock, ids: seededIds(seed) })
  return { hub, room: await openRoom(hub.world({ identity: 'agent' })) }
}

/** Milliseconds from `openRoom` until it is open: the median of `count` after `warm`. Here time that passes: to ask for CPU time costs as much as is measured. */
const start = async (count: number, warm: number) => {
  const times: number[] = []
  for (let n = 0; n < warm + count; n++) {
    const clock = virtualClock()
    const hub = createLoopback({ clock, ids: seededIds(n) })
    const world = hub.world({ identity: 'agent' })
    const begun = performance.now()
    const room = await clock.runUntil(openRoom(world))
    times.push(performance.now() - begun)
    await clock.runUntil(room.close())
  }
  return median(times.slice(warm))
}

const minuteMs = 60_000
const turnMs = 6_000
const replyMs = 4_000
/** What the caller says. */
const babble = new Int16Array(samplesOf(minuteMs, format.sampleRate)).fill(500)

async function* reply(ms: number): AsyncGenerator<AudioFrame> {
  const chunk = frameOf(new Int16Array(samplesOf(100, format.sampleRate)).fill(1_000), format)
  for (let at = 0; at < ms; at += 100) yield chunk
}
async function* words(ms: number): AsyncGenerator<Word> {
  for (let at = 0; at < ms; at += 400) yield { text: ' word', startMs: at, endMs: at + 350 }
}

/** A caller who speaks all the time to an agent that answers every six seconds, pauses, goes on, and is interrupted every other time. */
const converse = async (clock: VirtualClock, seed: number) => {
  const { hub, room } = await roomIn(clock, seed)
  const caller = hub.participant({ identity: 'caller' })
  caller.join()
  const speaking = caller.publish().speak(babble)
  let [heard, said] = [0, 0]
  const hear = async () => {
    for await (const { samplesPerChannel } of room.audio) heard += samplesPerChannel
  }
  const hearing = hear()
  for (let at = 0; at < minuteMs; at += turnMs) {
    const utterance = room.say({ audio: reply(replyMs), text: words(replyMs) })
    void utterance.played.then(played => {
      said += played.heard
    })
    await sleep(clock, 1_000)
    room.pause()
    await sleep(clock, 500)
    room.resume()
    await sleep(clock, 1_500)
    if (at % (2 * turnMs)) utterance.interrupt()
    await sleep(clock, turnMs - 3_000)
  }
  await speaking
  await room.close()
  await hearing
  const [heardMs, saidMs] = [msOf(heard, format.sampleRate), msOf(said, format.sampleRate)]
  if (heardMs < 0.98 * minuteMs || saidMs < 0.4 * minuteMs)
    throw new Error(`heard ${heardMs} ms and said ${saidMs} ms in a simulated minute`)
}

/** Milliseconds for a minute of conversation: the median of `count` after `warm`. */
const minute = async (count: number, warm: number) => {
  const times: number[] = []
  for (let n = 0; n < warm + count; n++) {
    const clock = virtualClock()
    times.push(await spent(() => clock.runUntil(converse(clock, n))))
  }
  return median(times.slice(warm))
}

serve({ frames: () => pipes(50_000), start: () => start(100, 10), minute: () => minute(5, 10), looking: () => looking(9, 40) })
