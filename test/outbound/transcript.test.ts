import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type TranscriptEvent, transcriptMachine } from '../../machines/outbound/transcript.ts'
import { Chain } from '../../src/outbound/chain.ts'
import type { Captions } from '../../src/outbound/transcript.ts'
import { fakePackets, fakeTextOut, gist } from '../fakes/text.ts'
import { done, explore, failed, ignored, pending, table, walk } from '../model.ts'
import { failing, finish, rig, slow, start } from './captioning.ts'

const it = suite('transcript')

it('has exactly these transitions', () => {
  assert.equal(table(transcriptMachine), {
    '': '→empty',
    empty: 'text.shown→open finish→final room.reconnecting→· room.reconnected→· room.disconnected→final',
    open: '→open.queued text.shown→· finish→· room.reconnecting→· room.reconnected→· room.disconnected→final',
    'open.queued': 'done:turn→open.choosing',
    'open.choosing': 'always[isAway]→open.held always[isFresh]→open.writing always[isEnded]→open.sealing always→open.ready',
    'open.ready': 'text.shown→open.choosing finish→open.choosing',
    'open.writing': 'done:write→open.choosing error:write→open.resting after:writeTimeout→open.resting',
    'open.held': 'room.reconnected→open.choosing',
    'open.resting':
      'after:retryInterval[canRetry]→open.choosing after:retryInterval[isEnded]→final after:retryInterval→open.ready',
    'open.sealing': 'done:seal→final error:seal→open.resting after:writeTimeout→open.resting',
    final: 'final',
  })
  assert.equal(ignored(transcriptMachine), {}) // nothing is ignored
})

const events = [
  { type: 'text.shown' },
  { type: 'finish' },
  { type: 'room.reconnecting' },
  { type: 'room.reconnected' },
  { type: 'room.disconnected' },
  done('turn'),
  done('write'),
  failed('write'),
  done('seal'),
  failed('seal'),
] satisfies (TranscriptEvent | { type: `xstate.${string}` })[]
const input = { id: 'SG_1', side: 'agent', identity: 'agent' } as const

it('loses no text, and ends in one final (TXT-5, TXT-14)', () => {
  const seen = explore(transcriptMachine, {
    events,
    input,
    depth: 7,
    invariant: ({ event, before, snapshot, effects, past }) => {
      const { value, context } = snapshot
      const sent = past.flatMap(step => step.effects).concat(effects)
      const writes = effects.includes('start write') || effects.includes('start seal')
      if (writes) assert.not(before?.context.away && context.away, 'writes while the room is away')
      if (effects.includes('start seal')) assert.ok(context.ended && !context.fresh, 'seals before all was written')
      if (event.type === 'text.shown' && before && !before.matches('final'))
        assert.ok(context.fresh || effects.includes('start write'), 'forgets text')
      if (/error|writeTimeout/.test(event.type))
        assert.ok(context.fresh && effects.includes('renewStream'), 'goes on in a broken stream')
      if (value === 'final' && past.some(step => step.event.type === 'text.shown') && event.type === 'finish')
        assert.unreachable('ends with text in hand')
      if (value === 'final' && event.type.includes('seal')) assert.ok(sent.includes('start write'))
      assert.ok(context.failures <= 4, 'tries for ever')
    },
  })
  assert.ok(seen.sequences > 10_000)
})

/** Captions whose writes begin when the test says so, or fail. */
const steered = (captions: Captions) => {
  const gates = { write: pending<void>(), seal: pending<void>() }
  for (const name of ['write', 'seal'] as const) {
    const real = captions[name].bind(captions)
    captions[name] = async (id, signal) => {
      gates[name] = pending()
      await gates[name].promise
      if (!signal.aborted) await real(id, signal)
    }
  }
  return gates
}

it('does so with its binding, on every transition', async () => {
  await walk(transcriptMachine, {
    events,
    input,
    can: ({ context }, { type }) => type !== 'text.shown' || !context.ended, // `finish` says that no more will come
    live: () => {
      const { out, captions, machine, facts, codes } = rig()
      const gates = steered(captions)
      // A segment before ours holds the lane until its turn is over.
      const leave = captions.enter({ id: 'SG_0', side: 'agent', identity: 'agent' }, () => {})
      captions.turn('SG_0')
      return {
        machine,
        act: {
          'text.shown': () => captions.put('SG_1', 'word '),
          'done:turn': () => leave(),
          'done:write': () => gates.write.resolve(),
          'done:seal': () => gates.seal.resolve(),
          'error:write': () => gates.write.reject(new Error('refused')),
          'error:seal': () => gates.seal.reject(new Error('refused')),
        },
        check: ({ snapshot, events }) => {
          const last = events.at(-1)?.type ?? ''
          const shown = events.filter(({ type }) => type === 'text.shown').length
          const finals = out.streams.filter(({ attributes }) => attributes['lk.transcription_final'] === 'true')
          if (last.includes('done.actor.seal')) assert.equal(finals.map(gist), [`SG_1 ${'word '.repeat(shown)} final`])
          else assert.is(finals.length, 0)
          assert.is(facts.length, snapshot.status === 'done' && last.includes('retryInterval') ? 1 : 0)
          const failures = events.filter(({ type }) => /error|writeTimeout/.test(type)).length
          assert.is(codes.filter(code => code === 'transcript.failed').length, failures)
        },
        end: () => {
          const open = out.streams.filter(({ closed }) => !closed)
          assert.is(open.length, 0, 'leaves a stream open')
          assert.throws(() => captions.renew('SG_1'), 'no open segment')
        },
      }
    },
  })
})

it("streams the agent's text, and closes with the final (TXT-1, TXT-3)", async () => {
  const { clock, open, captions, out } = start({ tracks: { agent: 'TR_1' } })
  const actor = open({ id: 'SG_1', attributes: { mood: 'calm', 'lk.segment_id': 'mine' } })
  captions.put('SG_1', 'Hello')
  await clock.settle()
  captions.put('SG_1', ' big')
  captions.put('SG_1', ' world')
  await clock.settle()
  assert.is(out.streams[0]?.attributes['lk.transcription_final'], 'false')
  actor.send(finish)
  await clock.settle()
  assert.equal(out.streams, [
    {
      topic: 'lk.transcription',
      sender: 'agent',
      attributes: {
        mood: 'calm', // TXT-6
        'lk.segment_id': 'SG_1',
        'lk.transcription_final': 'true',
        'lk.transcribed_track_id': 'TR_1',
      },
      pieces: ['Hello', ' big', ' world'],
      closed: true,
      complete: true,
    },
  ])
  assert.is(actor.getSnapshot().status, 'done')
  assert.is(clock.timers, 0)
})

it('says the final in one more stream where closing attributes do not arrive (TXT-3)', async () => {
  const { clock, open, captions, out } = start({ out: fakeTextOut(false) })
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'Hello')
  await clock.settle()
  captions.put('SG_1', ' world')
  actor.send(finish)
  await clock.settle()
  assert.equal(out.streams.map(gist), ['SG_1 Hello world', 'SG_1 Hello world final'])
  assert.ok(out.streams.every(({ closed }) => closed))
})

it("sends the caller's text whole with each update, and once more as final (TXT-2)", async () => {
  const { clock, open, captions, out } = start()
  const actor = open({ id: 'SG_1', side: 'caller', identity: 'ann' })
  for (const text of ['Good', 'Good mor', 'Good morning']) {
    captions.put('SG_1', text)
    await clock.settle()
  }
  actor.send(finish)
  await clock.settle()
  assert.equal(out.streams.map(gist), ['SG_1 Good', 'SG_1 Good mor', 'SG_1 Good morning', 'SG_1 Good morning final'])
  assert.ok(out.streams.every(({ sender, closed }) => sender === 'ann' && closed))
})

it('replaces interims while a write runs, and never the final (TXT-13)', async () => {
  const { clock, open, captions, out } = start()
  const release = slow(out, () => clock.settle())
  const actor = open({ id: 'SG_1', side: 'caller' })
  captions.put('SG_1', 'a')
  await clock.settle()
  for (const text of ['a b', 'a b c', 'a b c d']) captions.put('SG_1', text)
  actor.send(finish)
  await clock.settle()
  await release()
  const written = out.streams.map(gist)
  assert.is(written.at(-1), 'SG_1 a b c d final')
  assert.ok(written.length <= 3 && !written.some(text => text.endsWith('b') || text.endsWith('c')), written.join())
})

it('shows nothing of a segment without text (TXT-5, TXT-7)', async () => {
  const { clock, open, captions, out } = start()
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', '')
  actor.send(finish)
  captions.put('SG_1', 'too late')
  await clock.settle()
  assert.is(actor.getSnapshot().status, 'done')
  assert.equal(out.calls, [])
})

it("waits with a segment's first text until the one before it is written, of its own side (TXT-7)", async () => {
  const { clock, open, captions, out } = start()
  const release = slow(out, () => clock.settle())
  const first = open({ id: 'SG_1' })
  open({ id: 'SG_2' }) // has no text: nobody waits for it
  const third = open({ id: 'SG_3' })
  const caller = open({ id: 'SG_4', side: 'caller' })
  captions.put('SG_1', 'one')
  captions.put('SG_3', 'three')
  captions.put('SG_4', 'four')
  first.send(finish)
  third.send(finish)
  caller.send(finish)
  await clock.settle()
  assert.equal(out.calls, ['open', 'open']) // SG_1 and SG_4
  await release()
  assert.equal(out.streams.map(gist).sort(), ['SG_1 one final', 'SG_3 three final', 'SG_4 four', 'SG_4 four final'])
  assert.ok(
    out.streams.findIndex(stream => gist(stream).startsWith('SG_1')) <
      out.streams.findIndex(stream => gist(stream).startsWith('SG_3')),
  )
})

it('keeps its own identity and track when the participant has gone, and follows a new publication (TXT-8, TXT-9)', async () => {
  const { clock, open, captions, out, tracks } = start({ tracks: { ann: 'TR_1' } })
  const actor = open({ id: 'SG_1', side: 'caller', identity: 'ann' })
  captions.put('SG_1', 'a')
  await clock.settle()
  tracks.ann = 'TR_2'
  captions.put('SG_1', 'a b')
  await clock.settle()
  delete tracks.ann
  actor.send(finish)
  await clock.settle()
  assert.equal(
    out.streams.map(({ attributes }) => attributes['lk.transcribed_track_id']),
    ['TR_1', 'TR_2', 'TR_2'],
  )
})

it('knows the track of one who leaves before the first word is written (TXT-9)', async () => {
  const { clock, open, captions, out, tracks } = start({ tracks: { ann: 'TR_1' } })
  const actor = open({ id: 'SG_1', side: 'caller', identity: 'ann', away: true })
  captions.put('SG_1', 'a')
  delete tracks.ann
  actor.send(finish)
  actor.send({ type: 'room.reconnected' })
  await clock.settle()
  assert.equal(
    out.streams.map(({ sender, attributes }) => [sender, attributes['lk.transcribed_track_id']]),
    [
      ['ann', 'TR_1'],
      ['ann', 'TR_1'],
    ],
  )
})

it('closes with the track as it is by then: published late, or published again (TXT-8)', async () => {
  for (const before of [undefined, 'TR_1']) {
    const { clock, open, captions, out, tracks } = start({ tracks: before ? { agent: before } : {} })
    const actor = open({ id: 'SG_1' })
    captions.put('SG_1', 'a')
    await clock.settle()
    assert.is(out.streams[0]?.attributes['lk.transcribed_track_id'], before)
    tracks.agent = 'TR_2'
    actor.send(finish)
    await clock.settle()
    assert.equal(
      out.streams.map(({ attributes }) => attributes['lk.transcribed_track_id']),
      ['TR_2'],
    )
  }
})

it("takes no protocol's attribute from the caller, known or not (TXT-6)", async () => {
  const { clock, open, captions, out } = start()
  const attributes = { mood: 'calm', 'lk.transcription_final': 'true', 'lk.transcribed_track_id': 'TR_mine' }
  open({ id: 'SG_1', attributes })
  captions.put('SG_1', 'a')
  await clock.settle()
  assert.equal(out.streams[0]?.attributes, { mood: 'calm', 'lk.segment_id': 'SG_1', 'lk.transcription_final': 'false' })
})

it('writes a JSON object for each piece if it is asked to, on both sides and in each stream (TXT-14, TXT-15)', async () => {
  const { clock, open, captions, out } = start({ json: true })
  const agent = open({ id: 'SG_1' })
  captions.put('SG_1', { text: 'one', startMs: 0, endMs: 200 })
  captions.put('SG_1', ' two')
  await clock.settle()
  const lines = ['{"text":"one","start_time":0,"end_time":0.2}\n', '{"text":" two"}\n', '{"text":" three"}\n']
  assert.equal(out.streams[0]?.pieces, [`${lines[0]}${lines[1]}`])
  failing(out, 'write', 1)
  captions.put('SG_1', ' three')
  await clock.advance(500)
  assert.equal(out.streams[1]?.pieces, [lines.join('')], 'whole again')
  agent.send(finish)
  const caller = open({ id: 'SG_2', side: 'caller' })
  captions.put('SG_2', 'Hm')
  caller.send(finish)
  await clock.settle()
  assert.equal(
    out.streams.slice(2).map(({ pieces }) => pieces),
    [['{"text":"Hm"}\n'], ['{"text":"Hm"}\n']],
  )
})

it("gives the agent's text to the next in the chain after the room has it, each word once, and flushes last (TXT-15)", async () => {
  const out = fakeTextOut()
  const calls: unknown[] = []
  const sink = { captureText: (text: unknown) => calls.push(text), flush: () => calls.push('flush') }
  const { clock, open, captions } = start({ out, next: new Chain(sink, () => {}) })
  const release = slow(out, () => clock.settle())
  const actor = open({ id: 'SG_1' })
  open({ id: 'SG_2', side: 'caller' })
  open({ id: 'SG_3' }).send(finish)
  captions.put('SG_1', 'one')
  await clock.settle()
  assert.equal(calls, [], 'not before ours')
  await release()
  out.before = () => {}
  failing(out, 'write', 1)
  captions.put('SG_1', ' two')
  await clock.advance(500)
  captions.put('SG_2', 'not the agent')
  captions.put('SG_1', ' three')
  await clock.settle()
  assert.equal(calls, ['one', ' two', ' three'])
  actor.send(finish)
  await clock.settle()
  assert.is(out.streams.at(-1)?.closed, true)
  assert.equal(calls, ['one', ' two', ' three', 'flush'])
})

it('sends packets beside the streams, with the same id, in which the final is the last (TXT-4, TXT-5, TXT-10)', async () => {
  const packets = fakePackets()
  const { clock, open, captions, out } = start({ packets, tracks: { agent: 'TR_1' } })
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'one')
  await clock.settle()
  captions.put('SG_1', ' two')
  await clock.settle()
  actor.send(finish)
  await clock.settle()
  const packet = { identity: 'agent', track: 'TR_1', id: 'SG_1' }
  assert.equal(packets.sent, [
    { ...packet, text: 'one', final: false },
    { ...packet, text: 'one two', final: false },
    { ...packet, text: 'one two', final: true },
  ])
  assert.equal(out.streams.map(gist), ['SG_1 one two final'])
  assert.is(actor.getSnapshot().status, 'done')
})

it('holds no stream up for a packet, and tries a final that failed again without its streams (TXT-5, TXT-12)', async () => {
  const packets = fakePackets()
  const { clock, open, captions, out, codes, facts } = start({ packets })
  const actor = open({ id: 'SG_1' })
  const gate = pending<void>()
  packets.before = () => gate.promise
  captions.put('SG_1', 'one')
  await clock.settle()
  captions.put('SG_1', ' two')
  await clock.settle()
  assert.equal(out.streams.map(gist), ['SG_1 one two'])
  let failures = 2
  packets.before = () => {
    if (failures-- > 0) throw new Error('refused')
  }
  actor.send(finish)
  await clock.settle()
  gate.resolve()
  await clock.advance(2_000)
  assert.equal(out.streams.map(gist), ['SG_1 one two final'], 'the final is said once')
  assert.equal(
    packets.sent.map(({ text, final }) => `${text} ${final}`),
    ['one false', 'one two true'],
  )
  assert.equal([codes, facts], [['transcript.failed', 'transcript.failed'], []])
  assert.is(actor.getSnapshot().status, 'done')
  assert.is(clock.timers, 0)
})

it('refuses a second segment with an id that is open', () => {
  const { captions } = start()
  const leave = captions.enter(input, () => {})
  assert.throws(() => captions.enter(input, () => {}), 'is open already')
  leave()
  captions.enter(input, () => {})
})

it.run()
