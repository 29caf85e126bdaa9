/** The laws of a whole room (spec of Room I/O, section 14), by their numbers: what holds at every moment, and what in the end. */
import * as assert from 'uvu/assert'
import type { RoomFact } from '../../src/facts.ts'
import { perMs } from '../fakes/call.ts'
import { budgets, isPaused, momentOf, recorded, type Said, type Stage, sampleAt } from './stage.ts'

// At every moment

/** Laws 6 and 17: what comes in. */
const input = ({ room }: Stage) => {
  const { received, silence, delivered, dropped, gated, overlap, buffered } = room.counters
  assert.is(received + silence, delivered + dropped + gated + overlap + buffered, 'law 6: input samples are lost')
  assert.ok(buffered <= budgets.bufferMs * perMs, 'law 6: more waits than may')
}
/** Laws 1, 5, 10 and 17: what goes out. */
const output = (stage: Stage) => {
  let pending = 0
  let open = 0
  for (const one of stage.said) {
    const { utterance, text, source, played } = one
    assert.ok(text.startsWith(utterance.spoken), 'law 10: what is spoken is no prefix')
    const { heard } = utterance
    assert.ok(heard >= one.heard, 'law 1: heard falls')
    assert.ok(heard <= source.given, 'law 1: more is heard than was given')
    if (one.atPause !== undefined && isPaused(stage)) assert.is(heard, one.atPause, 'law 5: heard while paused')
    one.heard = heard
    if (played) continue
    pending += source.given - heard
    open++
  }
  // One may always be a second ahead; the device holds 200 ms; each producer has pushed one frame when it is held.
  const most = (2 * budgets.pendingMs + 200 + open * 240) * perMs
  assert.ok(pending <= most, `law 17: ${pending / perMs} ms wait to be heard`)
}
/** Law 9. */
const link = ({ room, pin }: Stage) => {
  if (pin === 'nobody') assert.is(room.linkedParticipant, undefined, 'law 9: somebody is linked who was let go')
  else if (pin) assert.ok([pin, '-'].includes(room.linkedParticipant ?? '-'), 'law 9: another than the pinned is linked')
}
export const holdsNow = (stage: Stage) => {
  input(stage)
  output(stage)
  link(stage)
}

/** Law 11: no word is shown before its middle was heard. To be asked in the moment in which it is told. */
export const isHeard = ({ said, faults }: Stage, fact: RoomFact) => {
  if (fact.type !== 'words.shown' || fact.startMs === undefined || fact.endMs === undefined) return
  if (faults.has('writeSound')) return // what was refused is over without being heard
  const one = said.find(({ utterance }) => utterance.id === fact.id)
  if (!one || (one.source.ended && one.utterance.heard === one.source.given)) return
  const heardMs = one.utterance.heard / perMs
  assert.ok(heardMs >= (fact.startMs + fact.endMs) / 2, `law 11: ${fact.text} is shown when ${heardMs} ms were heard`)
}

/** Law 3, after a long wait: nothing waits for ever that somebody could have heard. */
export const allOver = ({ said, room }: Stage) => {
  if (room.actor.getSnapshot().context.crew.output?.getSnapshot().value !== 'live') return
  for (const { utterance, voice, words, played } of said)
    assert.ok(played, `law 3: ${utterance.id} (${voice}, words ${words}) never ends, and the room is open`)
}

// In the end

const aboutOf = ({ facts }: Stage, id: string) =>
  facts.filter(fact => ('id' in fact && fact.id === id) || ('played' in fact && fact.played.id === id))
const runsOf = (facts: RoomFact[]) => facts.flatMap(fact => (fact.type === 'utterance.progressed' ? [fact] : []))

/** Laws 1, 3, 4, 5 and 10, of one utterance. */
const utterance = (stage: Stage, { utterance: { id }, played, text, voice, words, source }: Said) => {
  assert.ok(played, `law 3: ${id} never ends`)
  const about = aboutOf(stage, id)
  const ends = about.filter(fact => fact.type === 'utterance.ended')
  assert.is(ends.length, 1, `law 3: ${id} has ${ends.length} ends`)
  assert.is(about.at(-1)?.type, 'utterance.ended', 'law 3: something follows the end')
  assert.equal(ends[0]?.type === 'utterance.ended' && ends[0].played, played)
  const { pushed, heard, discarded, spoken, outcome } = played
  assert.is(pushed, heard + discarded, 'law 1')
  assert.ok(pushed <= source.given, 'law 1: more than was given')
  const starts = about.filter(fact => fact.type === 'utterance.started').length
  assert.is(starts, heard > 0 ? 1 : 0, `law 4: ${starts} starts with ${heard} heard`)
  let offset = 0
  for (const run of runsOf(about)) {
    assert.is(run.offset, offset, 'law 4: the runs have holes')
    offset += run.duration
  }
  assert.is(offset, heard, 'law 4: the runs are not what was heard')
  const shown = about.flatMap(fact => (fact.type === 'words.shown' ? [fact.text] : [])).join('')
  assert.is(shown, spoken ?? '', 'law 10: shown and spoken differ')
  assert.is(spoken === undefined, words === 'none')
  if (outcome !== 'finished') return
  assert.ok(source.ended && voice !== 'torn', 'law 1: finished without an end')
  assert.is(pushed, source.given, 'law 5: finished and not all of it pushed')
  if (discarded > 0)
    assert.ok(
      about.some(({ type }) => type === 'frame.failed'),
      'law 1: finished, discarded, and none failed',
    )
  if (words === 'timed' || words === 'plain') assert.is(spoken, text, 'law 10: finished and not all of it shown')
}

/** Laws 3 and 4: one after the other; and `closed` is the last of all. */
const order = ({ facts }: Stage) => {
  let open: string | undefined
  for (const fact of facts) {
    if (fact.type === 'utterance.started') {
      assert.is(open, undefined, 'law 4: starts before the one before it has ended')
      open = fact.id
    }
    if (fact.type === 'utterance.ended' && fact.played.id === open) open = undefined
  }
  assert.is(facts.at(-1)?.type, 'closed')
  assert.is(facts.filter(({ type }) => type === 'closed').length, 1)
}

/** How far `later` is behind `sample` in what a voice says: samples that say their place come round again. */
const gapOf = (sample: number, later: number) => (later - sample + 30_000) % 30_000

/** Law 2: what the devices have played is, run by run, what is told; each sample once and in order. */
const sound = ({ facts, tape, faults }: Stage, fadeMs: number) => {
  const audible = tape.audible()
  const runs = runsOf(facts)
  const heard = runs.reduce((sum, { duration }) => sum + duration, 0)
  assert.ok(audible.length <= heard, `law 2: ${audible.length - heard} samples were heard twice, or not counted`)
  // A ramp has silent samples; what a device holds that stands still counts as heard in the end.
  if (fadeMs > 0 || faults.has('hang')) return
  assert.is(audible.length, heard, 'law 2: played and told differ')
  let at = 0
  for (const { offset, duration } of runs) {
    let place = faults.has('writeSound') ? (audible[at] ?? 0) : sampleAt(offset)
    for (let n = 0; n < duration; n++, at++, place = sampleAt(place)) {
      const sample = audible[at] ?? 0
      if (sample === place) continue
      // Only what was refused may be missing: what follows is further on.
      const isMissing = faults.has('writeSound') && gapOf(place, sample) < 15_000
      assert.ok(isMissing, `law 2: sample ${sample} in the place of ${place}`)
      place = sample
    }
  }
}

/** Laws 7 and 8: whole frames, of one track, in the order in which it was spoken, and nothing of when the agent did not hear, nor, from then on, of what waited. */
const listening = ({ frames, deaf }: Stage) => {
  let last = 0
  for (const { frame, at } of frames) {
    const { data, samplesPerChannel } = frame
    assert.is(samplesPerChannel, 50 * perMs, 'law 7: a frame of another length')
    let sign = 0
    for (let n = 0; n < data.length; n += perMs) {
      const sample = data[n] ?? 0
      if (sample === 0 || sample === recorded) continue
      assert.ok(sign === 0 || sign === Math.sign(sample), 'law 7: two tracks in one frame')
      sign = Math.sign(sample)
      const moment = momentOf(sample)
      assert.ok(moment >= last, `law 7: what was said at ${moment} ms comes after ${last} ms`)
      last = moment
      // A frame is captured when it is complete.
      for (const [from, to] of deaf)
        assert.not.ok(at > from && moment < to - 50, `law 8: said at ${moment} ms, heard at ${at}, deaf from ${from} to ${to}`)
    }
  }
}

/** Laws 10, 12 and 13: all streams of one segment say the same of it; the final is one, and the last, and says all. */
const captions = ({ captions, facts, said, faults }: Stage, stayed: boolean) => {
  const clean = !['openText', 'write', 'closeText', 'signal', 'full', 'late'].some(fault => faults.has(fault))
  const bySegment = new Map<string, typeof captions>()
  for (const one of captions) {
    const id = one.attributes['lk.segment_id'] ?? ''
    bySegment.set(id, [...(bySegment.get(id) ?? []), one])
  }
  if (clean) {
    const shown = facts.flatMap(fact => (fact.type === 'words.shown' && bySegment.has(fact.id) ? [fact] : []))
    for (const side of ['agent', 'caller']) {
      const told = new Set(shown.flatMap(({ id, speaker }) => (speaker === side ? [id] : [])))
      assert.equal(
        [...bySegment.keys()].filter(id => told.has(id)),
        [...told],
        `TXT-7: the ${side}'s segments overtake each other`,
      )
    }
  }
  for (const [id, streams] of bySegment) {
    // One that was opened and given up says nothing.
    const isFinal = ({ attributes, state, text }: (typeof streams)[number]) =>
      attributes['lk.transcription_final'] === 'true' && state === 'closed' && (clean || text !== '')
    const finals = streams.filter(isFinal)
    // What the room did not confirm is said again.
    if (clean)
      assert.ok(
        finals.every(one => one === streams.at(-1)),
        'law 12: the final is not the last',
      )
    assert.is(new Set(streams.map(({ from }) => from)).size, 1, 'law 12: a segment changes its speaker')
    const shown = facts.flatMap(fact => (fact.type === 'words.shown' && fact.id === id ? [fact] : []))
    const whole = shown.at(-1)?.speaker === 'caller' ? shown.at(-1)?.text : shown.map(({ text }) => text).join('')
    for (const { text } of streams) {
      if (shown.at(-1)?.speaker === 'agent') assert.ok(whole?.startsWith(text), 'law 10: published and never spoken')
    }
    for (const { text } of finals) assert.is(text, whole, 'law 12: the final is not the whole text')
    if (!clean || !stayed) continue
    assert.is(finals.length, 1, 'law 12: no final')
    const played = said.find(({ utterance }) => utterance.id === id)?.played
    if (played) assert.is(streams.map(({ text }) => text).join(''), played.spoken ?? '', 'law 10: published and spoken differ')
  }
}

/** Law 14, in the moment before the end: the writes are some of the states, in their order; settled, the last is the state. */
export const showsState = async ({ room, clock, facts, attributes, faults, watcher }: Stage) => {
  const states = facts.flatMap(fact => (fact.type === 'agent.changed' ? [fact.state] : []))
  let at = -1
  for (const value of attributes) {
    at = states.indexOf(value as (typeof states)[number], at + 1) // what no type says of an attribute
    assert.ok(at >= 0, `law 14: ${value} was no state then`)
  }
  if (['setAttributes', 'signal', 'full'].some(fault => faults.has(fault))) return
  await clock.advance(5_000)
  const changed = facts.findLast(fact => fact.type === 'agent.changed')
  if (room.actor.getSnapshot().value !== 'running' || !changed || changed.at > clock.now() - 2_000) return // it may be on its way
  const { state } = room.actor.getSnapshot().context
  assert.is(watcher.attributesOf('agent')?.['lk.agent.state'], state, 'law 14: the attribute is not the last state')
}

/** Law 16: nothing is left of ours, and nothing that waits. */
const residue = async ({ room, hub, codes, clock, facts, people, watcher, releases, faults }: Stage) => {
  if (faults.size === 0) assert.not.ok(codes().includes('close.overrun'), 'law 16: a step overran though nothing stalled')
  const told = facts.length
  for (const deed of [() => room.pause(), () => room.resume(), () => room.interrupt(), () => room.show('late')]) deed()
  assert.throws(() => room.say({ audio: [] as never }), /not open/)
  await clock.advance(1)
  assert.is(facts.length, told, 'law 16: something is told after the end')
  if (faults.has('leave')) for (const release of releases) release() // till then the world holds on to what it has
  await clock.advance(1)
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 }, 'law 16')
  for (const release of releases) release()
  for (const person of [people.ann, people.bob, watcher]) if (person.here) person.leave()
  await clock.advance(5_000)
  assert.is(clock.timers, 0, 'law 16: timers')
}

/** `stayed`: the room was open until it was closed by us. */
export const heldTrue = async (stage: Stage, { fadeMs, stayed }: { fadeMs: number; stayed: boolean }) => {
  for (const one of stage.said) utterance(stage, one)
  order(stage)
  sound(stage, fadeMs)
  listening(stage)
  captions(stage, stayed)
  await residue(stage)
}
