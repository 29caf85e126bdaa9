/** A call as messages, made up: any length, the same every time. */
import type { RoomFact } from '../../../src/facts.ts'
import type { JsonObject, Message, Path, SoundMessage, Taken } from '../../../src/inspector/messages.ts'

export const sampleRate = 24_000
const stepMs = 20
type Body = Message extends infer M ? (M extends Message ? Omit<M, 'seq' | 'at'> : never) : never

const sentences = [
  'Sure, I can look that up for you right away.',
  'The next train to the coast leaves at twenty past four, from platform nine.',
  'Yes.',
  'A state chart is a picture of everything that may happen, and of what must not.',
  'You can interrupt me whenever you like, I will remember how far I got.',
]
const asked = ['When does the next train leave?', '[speech 1.8 s]', 'And what is a state chart?', 'Thank you, that will do.']

/** Numbers from 0 to 1, always the same. */
const rolls = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296
  return seed / 4_294_967_296
}

/** Puts messages into the order of time, and numbers them. */
export const numbered = (bodies: { at: number; body: Body }[]): Message[] =>
  bodies
    .map((one, i) => ({ ...one, i }))
    .sort((one, other) => one.at - other.at || one.i - other.i)
    .map(({ at, body }, i) => ({ ...body, seq: i + 1, at }) as Message)

export const makeTape = (durationMs: number, seed = 1): Message[] => {
  const roll = rolls(seed)
  const all: { at: number; body: Body }[] = []
  const add = (at: number, body: Body) => all.push({ at, body })
  const fact = (at: number, fact: RoomFact) => add(at, { type: 'fact', fact })
  const sound = (at: number, of: SoundMessage['of'], offset: number, ms: number) => {
    const peaks = Array.from({ length: Math.round(ms / stepMs) }, (_, i) =>
      Math.round((0.4 + 0.6 * Math.sin(i / 3) ** 2) * (30 + 60 * roll())),
    )
    add(at, { type: 'sound', of, offset, samples: (ms * sampleRate) / 1000, sampleRate, stepMs, peaks })
  }
  /** An event with the step that it led to; the step's cause is found by what comes right before it. */
  const event = (at: number, from: Path | null, to: Path, event: JsonObject & { type: string }, taken?: Taken) => {
    add(at, { type: 'event', from, to, event })
    add(at, { type: 'step', path: to, cause: -1, taken: taken ? [taken] : [], actions: [] })
  }
  const move = (machine: string, source: string, target: string): Taken => ({
    ...{ edge: `${machine}.${source}|x|0`, source: `${machine}.${source}`, targets: [`${machine}.${target}`] },
  })
  for (const path of ['room', 'room/link', 'room/microphone', 'room/agent'])
    add(0, {
      type: 'started',
      path,
      parent: path === 'room' ? null : 'room',
      machine: path,
      src: path,
      restarts: 0,
      value: 'idle',
    })
  fact(0, { type: 'agent.changed', state: 'listening', at: 0 })
  let at = 400
  for (let n = 1; at < durationMs; n++) {
    const asks = asked[n % asked.length] ?? ''
    const callerMs = 900 + Math.round(roll() * 75) * 20
    event(at, null, 'room/microphone', { type: 'speech.started' }, move('microphone', 'quiet', 'hearing'))
    for (let ms = 0; ms < callerMs; ms += 200)
      sound(at + Math.min(ms + 200, callerMs), 'caller', (ms * sampleRate) / 1000, Math.min(200, callerMs - ms))
    at += callerMs
    fact(at + 200, {
      type: 'words.shown',
      id: `c${n}`,
      speaker: 'caller',
      identity: 'ann',
      text: asks,
      final: true,
      at: at + 200,
    })
    event(at, null, 'room/microphone', { type: 'speech.ended' }, move('microphone', 'hearing', 'quiet'))
    fact(at, { type: 'agent.changed', state: 'thinking', at })
    at += 300 + Math.round(roll() * 500)
    const [id, text] = [`SG_${n}`, sentences[n % sentences.length] ?? '']
    const words = text.split(' ')
    const [whole, cut] = [words.length * 330, n % 4 === 3]
    const lasts = cut ? Math.round(whole * 0.6) : whole
    const path = `room/playout:${id}`
    add(at, { type: 'started', path, parent: 'room', machine: 'playout', src: 'playout', restarts: 0, value: 'waiting' })
    event(at, 'room', path, { type: 'play', id }, move('playout', 'waiting', 'playing'))
    for (let ms = 0; ms < whole; ms += 400)
      sound(at + ms / 8, `utterance:${id}`, (ms * sampleRate) / 1000, Math.min(400, whole - ms))
    fact(at, { type: 'agent.changed', state: 'speaking', at })
    fact(at, { type: 'utterance.started', id, at })
    const paused = n % 5 === 4 ? 1200 : 0
    const heardAt = (ms: number) => at + ms + (ms > lasts / 2 ? paused : 0)
    if (paused) {
      fact(at + lasts / 2, { type: 'paused', at: at + lasts / 2 })
      event(at + lasts / 2, 'room', path, { type: 'pause' }, move('playout', 'playing', 'paused'))
      fact(at + lasts / 2 + paused, { type: 'resumed', at: at + lasts / 2 + paused })
      event(at + lasts / 2 + paused, 'room', path, { type: 'resume' }, move('playout', 'paused', 'playing'))
    }
    for (let ms = 0; ms < lasts; ms += 100) {
      const [offset, duration] = [(ms * sampleRate) / 1000, (Math.min(100, lasts - ms) * sampleRate) / 1000]
      fact(heardAt(ms) + 100, { type: 'utterance.progressed', id, startedAt: heardAt(ms), offset, duration })
      event(heardAt(ms) + 100, path, 'room', { type: 'utterance.progressed', heard: offset + duration })
    }
    words.forEach((word, i) => {
      const middle = i * 330 + 165
      if (middle < lasts)
        fact(heardAt(middle), {
          type: 'words.shown',
          id,
          speaker: 'agent',
          identity: 'agent',
          text: `${word} `,
          final: false,
          at: heardAt(middle),
        })
    })
    const [end, heard, pushed] = [heardAt(lasts), (lasts * sampleRate) / 1000, (whole * sampleRate) / 1000]
    const outcome = cut ? 'interrupted' : 'finished'
    event(
      end,
      cut ? 'room/agent' : path,
      path,
      { type: cut ? 'interrupt' : 'queue.drained' },
      move('playout', 'playing', cut ? 'interrupted' : 'done'),
    )
    fact(end, { type: 'utterance.ended', played: { id, outcome, pushed, heard, discarded: pushed - heard }, at: end })
    add(end, { type: 'ended', path, status: 'done', output: { outcome } })
    fact(end, { type: 'agent.changed', state: 'listening', at: end })
    at = end
    if (n % 7 === 0) add(at, { type: 'stall', ms: 180 })
    if (n % 9 === 0) add(at, { type: 'gap', count: 120, why: 'the page was too slow' })
    if (n % 11 === 0) add(at, { type: 'event', from: 'room', to: path, event: { type: 'pause' }, dead: true })
    if (n % 13 === 0) add(at, { type: 'log', level: 'warn', code: 'captions.late', fields: { ms: 300 } })
    if (n % 17 === 0) fact(at, { type: 'failed', actor: 'room/transcript', error: 'the stream was closed', restarted: true })
    at += 500 + Math.round(roll() * 900)
  }
  const tape = numbered(all)
  tape.forEach((message, i) => {
    const before = tape[i - 1]
    if (message.type === 'step' && before) message.cause = before.seq
  })
  return tape
}
