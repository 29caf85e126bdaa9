/** The laws of an agent with a model (spec of the multimodal agent, section 13), by their numbers. */
import * as assert from 'uvu/assert'
import { msOf } from '../../../../src/audio/frame.ts'
import { codeOf } from '../../../../src/errors.ts'
import type { Played } from '../../../../src/ports.ts'
import type { Entry } from '../../../fakes/openai/record.ts'
import { lengthIn } from '../../../fakes/openai/sound.ts'
import { budgets, isOver, type Stage, type Told } from './stage.ts'

const perMs = 24
const fadeMs = 10
/** What came to the client, as it was sent. */
const came = ({ server }: Stage) =>
  server.recording.entries.filter(({ from, note }) => from === 'server' && !/never|broken/.test(note ?? ''))
const asked = ({ server }: Stage, type?: string) =>
  server.recording.entries.filter(entry => entry.from === 'client' && (type === undefined || entry.type === type))
const field = ({ event }: Entry, name: string) => String(event?.[name])
const isNamed =
  <E extends Told['event']>(...events: E[]) =>
  (one: Told): one is Told & { event: E } =>
    events.some(event => event === one.event)
const commits = ({ told }: Stage) => told.filter(isNamed('agent_speech_committed', 'agent_speech_interrupted'))

/** What became of the utterances that were heard, in the order of their ends. */
const heard = ({ roomFacts }: Stage): Played[] => {
  const started = new Set(roomFacts.flatMap(fact => (fact.type === 'utterance.started' ? [fact.id] : [])))
  return roomFacts.flatMap(fact => (fact.type === 'utterance.ended' && started.has(fact.played.id) ? [fact.played] : []))
}

/** Law 1. */
const turns = ({ told }: Stage) => {
  const about = told.filter(
    isNamed('agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_committed', 'agent_speech_interrupted'),
  )
  about.forEach(({ event }, n) => {
    const due = ['agent_started_speaking', 'agent_stopped_speaking', 'agent_speech'][n % 3] ?? ''
    assert.ok(event.startsWith(due), `law 1: ${event} where ${due} is due`)
  })
  assert.is(about.length % 3, 0, 'law 1: a start without its end')
}
/** Laws 2, 3 and 5. */
const utterances = (stage: Stage) => {
  const ends = heard(stage)
  assert.is(commits(stage).length, ends.length, 'law 3: heard and committed differ')
  commits(stage).forEach((one, n) => {
    const played = ends[n]
    assert.ok(played)
    const cut = one.event === 'agent_speech_interrupted'
    assert.is(played.outcome !== 'finished', cut, `law 3: ${played.outcome} is told as ${one.event}`)
    assert.is(one.payload.text, `${played.spoken ?? ''}${cut ? '...' : ''}`, 'law 2: committed and played differ')
    if (one.mirror && one.payload.text !== '')
      assert.ok(one.mirror.includes(one.payload.text), `law 2: "${one.payload.text}" is "${one.mirror}" in the conversation`)
  })
  for (const fact of stage.roomFacts) {
    if (fact.type !== 'utterance.ended') continue
    const { pushed, heard, discarded, outcome } = fact.played
    assert.is(pushed, heard + discarded, 'law 5')
    if (outcome === 'finished') assert.is(discarded, 0, 'law 5: finished, and something is left')
  }
}

/** How much sound of a part had been sent before an entry, in samples. */
const sentBefore = (stage: Stage, entry: Entry): number => {
  const { entries } = stage.server.recording
  const before = new Set(entries.slice(0, entries.indexOf(entry)))
  const same = (one: Entry) =>
    field(one, 'item_id') === field(entry, 'item_id') && field(one, 'content_index') === field(entry, 'content_index')
  return came(stage)
    .filter(one => before.has(one) && /audio\.delta$/.test(one.type) && same(one))
    .reduce((sum, one) => sum + lengthIn(field(one, 'delta')), 0)
}
/** How many parts of sound an item has. */
const partsOf = (stage: Stage, id: string): number => {
  const parts = came(stage).filter(one => one.type === 'response.content_part.added' && field(one, 'item_id') === id)
  return new Set(parts.flatMap(one => (Object(one.event?.part).type === 'audio' ? [field(one, 'content_index')] : []))).size
}
/** Law 4. */
const truncations = (stage: Stage) => {
  const seen = new Set<string>()
  const ends = heard(stage)
  for (const entry of asked(stage, 'conversation.item.truncate')) {
    const [id, index, endMs] = [field(entry, 'item_id'), field(entry, 'content_index'), Number(entry.event?.audio_end_ms)]
    const key = `${entry.session} ${id} ${index}`
    assert.not.ok(seen.has(key), `law 4: ${key} is truncated twice`)
    seen.add(key)
    assert.ok(endMs >= 0 && endMs <= msOf(sentBefore(stage, entry), perMs * 1000), `law 4: ${endMs} ms of ${id} never came`)
    const told = commits(stage).flatMap(({ payload }, n) => (payload.id === id ? [ends[n]] : []))
    const places = told.flatMap(played => (played?.outcome === 'finished' || !played ? [] : [msOf(played.heard, perMs * 1000)]))
    const unheard = endMs === 0 && told.length < partsOf(stage, id)
    assert.ok(places.includes(endMs) || unheard, `law 4: ${id} is truncated at ${endMs} ms, and was heard for ${places}`)
  }
}
/** What the caller's ears got is what is counted; only a fade may end in silence. */
const sound = (stage: Stage, stayed: boolean) => {
  if (!stayed) return
  const ends = heard(stage)
  const counted = ends.reduce((sum, played) => sum + played.heard, 0)
  const audible = stage.ear.samples().reduce((sum, sample) => sum + (sample === 0 ? 0 : 1), 0)
  const cuts = ends.filter(({ outcome }) => outcome !== 'finished').length
  assert.ok(
    audible <= counted && counted - audible <= cuts * fadeMs * perMs,
    `law 4: ${audible} samples heard, ${counted} counted`,
  )
}

/** Law 6. */
const input = (stage: Stage) => {
  for (const entry of asked(stage, 'input_audio_buffer.append'))
    assert.is(lengthIn(field(entry, 'audio')), 100 * perMs, 'law 6: a piece of another length')
  const counters = stage.agent.chart?.counters
  if (!counters) return
  const { received, silence, delivered, dropped, gated, overlap, buffered } = counters
  assert.is(received + silence, delivered + dropped + gated + overlap + buffered, 'law 6: samples are lost')
}
/** Law 7. */
const silence = (stage: Stage, punctual: boolean) => {
  for (const { atMs, session } of asked(stage, 'input_audio_buffer.append'))
    if (session === 1) assert.ok(stage.liveMs !== undefined && atMs >= stage.liveMs, 'law 7: sound goes out before it is live')
  if (!punctual) return
  const { closingMs = Number.POSITIVE_INFINITY } = stage
  for (const { atMs, type } of asked(stage)) assert.ok(atMs <= closingMs, `law 7: ${type} after the end`)
}
/** Law 9. */
const captions = ({ captions, told, roomFacts }: Stage, stayed: boolean) => {
  const ids = told.flatMap(one => (one.event === 'user_speech_committed' ? [one.payload.id] : []))
  assert.is(new Set(ids).size, ids.length, 'law 9: a turn is committed twice')
  const shown = roomFacts.flatMap(fact => (fact.type === 'words.shown' && fact.speaker === 'caller' ? [fact] : []))
  for (const id of new Set(shown.map(fact => fact.id))) {
    const finals = shown.filter(fact => fact.id === id && fact.final).length
    assert.is(finals, 1, `law 9: ${finals} ends of a caption`)
    const streams = captions.filter(({ attributes }) => attributes['lk.segment_id'] === id)
    const closed = streams.filter(
      ({ attributes, state }) => attributes['lk.transcription_final'] === 'true' && state === 'closed',
    )
    if (stayed && streams.length > 0) assert.is(closed.length, 1, 'law 9: a caption stays open')
  }
}
/** Law 3: in the order in which they came. */
const order = (stage: Stage) => {
  const parts = came(stage).filter(({ type }) => type === 'response.content_part.added')
  const places = commits(stage).map(({ payload: { id } }) => parts.findIndex(one => field(one, 'item_id') === id))
  for (const [n, place] of places.entries()) assert.ok(place >= (places[n - 1] ?? 0), 'law 3: out of order')
}
/** Laws 10 and 11. `survived`: there was one session, until it was closed by us. */
const answers = (stage: Stage, most: number, survived: boolean) => {
  for (const { code, fields } of stage.logged)
    if (code === 'model.text') assert.ok(Number(fields.retries) <= most, `law 10: ${fields.retries} tries`)
  const calls = stage.told.flatMap(one => (one.event === 'function_calls_collected' ? one.payload : []))
  const results = stage.told.flatMap(one => (one.event === 'function_calls_finished' ? one.payload : []))
  const ended = results.map(({ call }) => call)
  for (const { toolCallId: id, name } of calls) {
    const ends = ended.filter(({ toolCallId }) => toolCallId === id).length
    assert.ok(ends <= 1, `law 11: ${id} is finished twice`)
    if (survived) assert.is(ends, 1, `law 11: ${id}, ${name}, is never finished`)
  }
  const known = new Set(calls.map(({ toolCallId }) => toolCallId))
  for (const { toolCallId: id } of ended) assert.ok(known.has(id), `law 11: ${id} is finished and was never collected`)
  const outputs = asked(stage, 'conversation.item.create').flatMap(({ event, session }) => {
    const item = Object(event?.item)
    return item.type === 'function_call_output' ? [`${session} ${item.call_id}`] : []
  })
  assert.is(new Set(outputs).size, outputs.length, 'law 11: a call is answered twice')
  const answered = results.filter(({ error }) => codeOf(error) !== 'ERR_CLOSED') // what our close has ended is told to us only
  if (survived) assert.ok(outputs.length >= answered.length, 'law 11: a call is not answered')
}

/** Whether a response has begun whose end never came: there may be sound to come. */
const isOpen = (stage: Stage): boolean => {
  const idsOf = (type: string) =>
    came(stage).flatMap(({ type: said, event }) => (said === type ? [Object(event?.response).id] : []))
  const ended = new Set(idsOf('response.done'))
  return idsOf('response.created').some(id => !ended.has(id))
}
/** Laws 8 and 13, when nothing has gone wrong for long: it listens, or it is over. */
export const hasSettled = (stage: Stage) => {
  if (isOver(stage)) return
  const { chart } = stage.agent
  const { context } = chart?.actor.getSnapshot() ?? {}
  const attribute = stage.caller.here ? stage.caller.attributesOf('agent')?.['lk.agent.state'] : context?.state
  const started = stage.liveMs !== undefined
  if (!started) assert.not.ok(stage.caller.here, 'law 13: it neither begins nor ends')
  else if (stage.caller.here) assert.ok(attribute === 'listening' || isOpen(stage), `law 13: it is ${attribute} for ever`)
  for (const { what, settled } of stage.waits)
    if (what !== 'start' || stage.caller.here) assert.ok(settled, `law 12: ${what} waits for ever`)
}
/** Law 12: nothing is left, and nothing more is told. */
const residue = async (stage: Stage) => {
  const { told, waits, clock, caller, hub, server } = stage
  assert.is(told.filter(({ event }) => event === 'closed').length, 1, 'law 12: closed is not told once')
  assert.is(told.at(-1)?.event, 'closed', 'law 12: something follows the end')
  for (const { what, settled } of waits) assert.ok(settled, `law 12: ${what} never settles`)
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 }, 'law 12')
  assert.ok(
    server.sessions.every(({ open }) => !open),
    'law 12: a socket is open',
  )
  if (caller.here) caller.leave()
  await server.close()
  await clock.advance(5_000)
  assert.is(clock.timers, 0, 'law 12: timers')
}

export type Ending = { stayed: boolean; punctual: boolean; survived: boolean; most: number; tookMs: number }
/** `stayed`: the caller was there all the time. `survived`: there was one session, until we closed it. `punctual`: nothing the client said came late. `most`: tries after a text. */
export const heldTrue = async (stage: Stage, { stayed, punctual, survived, most, tookMs }: Ending) => {
  assert.ok(tookMs <= budgets.closeMs, `law 12: took ${tookMs} ms to close`)
  turns(stage)
  utterances(stage)
  truncations(stage)
  sound(stage, stayed)
  input(stage)
  silence(stage, punctual)
  captions(stage, stayed)
  order(stage)
  answers(stage, most, survived)
  await residue(stage)
}
