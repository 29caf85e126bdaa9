/** Recordings of calls that nobody held, as long as they need to be: about as dense as the tape of a real one. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RoomFact } from '../../src/facts.ts'
import type { Header } from '../../src/inspector/messages.ts'

/** A message without its number. */
type Told = { type: string; at: number } & Record<string, unknown>

export const rate = 24_000
export const header: Header = {
  ...{ type: 'tape', version: 1, product: '0.1.0', room: 'demo', identity: 'agent', sampleRate: rate, replayable: true },
}
/** Length of a piece of sound and of an exchange, in ms. */
const [pieceMs, exchangeMs] = [100, 8_000]
const samples = (pieceMs * rate) / 1000
const peaksAt = (ms: number) => Array.from({ length: 5 }, (_, i) => Math.round(50 + 40 * Math.sin((ms + 20 * i) / 130)))

const sound = (at: number, of: string, offset: number): Told => ({
  ...{ type: 'sound', at, of, offset, samples, sampleRate: rate, stepMs: 20, peaks: peaksAt(at) },
})
const told = (at: number, fact: RoomFact): Told => ({ type: 'fact', at, fact })
const started = (at: number, path: string, machine: string): Told => ({
  ...{ type: 'started', at, path, parent: path === 'room' ? null : 'room', machine, src: machine, restarts: 0 },
  ...{ value: 'running', context: { a: 1, b: 'c' }, next: ['close'] },
})
/** An event and what an actor made of it. */
const step = (at: number, path: string, type: string, isTaken: boolean): Told[] => {
  const roster = [{ sid: 'PA_1', identity: 'caller', name: 'Somebody', kind: 'standard', attributes: {}, tracks: ['TR_1'] }]
  const taken = isTaken ? [{ edge: `room.running|${type}|0`, source: 'room.running', targets: ['room.running'] }] : []
  return [
    { type: 'event', at, from: 'room', to: path, event: { type, at } },
    {
      ...{ type: 'step', at, path, cause: 0, taken, actions: ['noteHeard', 'tellFact'], value: 'running' },
      ...{ context: { set: { state: type, roster, heard: at } }, next: ['pause', 'resume', 'interrupt', 'close'] },
    },
  ]
}

/** The caller speaks for 3 s, the agent for 4 s, 8 s in all; each word, state and timer leaves its lines. */
function* exchange(n: number): Generator<Told> {
  const from = n * exchangeMs
  const id = `SG_${n}`
  const path = `room/playout:${id}`
  for (let ms = 0; ms < exchangeMs; ms += pieceMs) {
    const at = from + ms
    yield sound(at + pieceMs, 'caller', (at * rate) / 1000)
    if (ms % 400 === 0) yield* step(at + pieceMs, 'room', ms < 3_000 ? 'speech.started' : 'utterance.progressed', true)
    if (ms % 300 === 0) yield* step(at + pieceMs, 'room/sync', 'word.due', ms % 600 === 0)
    if (ms === 3_000) {
      yield* [started(at + pieceMs, path, 'playout'), told(at + pieceMs, { type: 'agent.changed', state: 'speaking', at })]
      yield told(at + pieceMs, { type: 'utterance.started', id, at })
      for (let piece = 0; piece < 40; piece++) yield sound(at + pieceMs, `utterance:${id}`, piece * samples)
    }
    const speaker = ms < 3_000 ? 'caller' : 'agent'
    if (ms % 300 === 0)
      yield told(at + pieceMs, { type: 'words.shown', id, speaker, identity: speaker, text: 'something ', final: false, at })
    if (ms !== 7_000) continue
    const counts = { pushed: 4 * rate, heard: 4 * rate, discarded: 0 }
    yield told(at + pieceMs, { type: 'utterance.progressed', id, startedAt: from + 3_000, offset: 0, duration: 4 * rate })
    yield told(at + pieceMs, { type: 'utterance.ended', played: { id, outcome: 'finished', ...counts }, at })
    yield { type: 'ended', at: at + pieceMs, path, status: 'done' }
    yield told(at + pieceMs, { type: 'agent.changed', state: 'listening', at })
  }
}
/** All that is told in a call of so many ms. */
function* call(ms: number): Generator<Told> {
  yield { type: 'machine', at: 0, definition: { key: 'room', nodes: [], edges: [] } }
  for (const path of ['room', 'room/sync', 'room/link', 'room/microphone', 'room/output']) yield started(0, path, 'room')
  for (let n = 0; n * exchangeMs < ms; n++) yield* exchange(n)
}

/** The lines of a tape, header first; gives back how many bytes of media they point to. */
export function* linesOf(ms: number): Generator<string, number> {
  let [seq, bytes, event] = [0, 0, 0]
  yield `${JSON.stringify(header)}\n`
  for (const message of call(ms)) {
    seq++
    if (message.type === 'event') event = seq
    const media = message.type === 'sound' ? { media: [bytes, 2 * samples] } : {}
    if (message.type === 'sound') bytes += 2 * samples
    const cause = message.type === 'step' ? { cause: event } : {}
    yield `${JSON.stringify({ ...message, seq, ...cause, ...media })}\n`
  }
  return bytes
}

/** Writes the folder of such a call; its media are silence that takes no room on the disk. */
export const recordingOf = async (folder: string, ms: number): Promise<string> => {
  await mkdir(folder, { recursive: true })
  const tape = createWriteStream(join(folder, 'tape.jsonl'))
  const lines = linesOf(ms)
  for (let line = lines.next(); ; line = lines.next()) {
    if (!line.done) {
      if (!tape.write(line.value)) await once(tape, 'drain')
      continue
    }
    tape.end()
    await once(tape, 'close')
    await writeFile(join(folder, 'media.bin'), '')
    await truncate(join(folder, 'media.bin'), line.value)
    return folder
  }
}
