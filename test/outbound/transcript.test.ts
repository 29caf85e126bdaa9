import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type Segment, type TranscriptEvent, type TranscriptFact, transcriptMachine } from '../../machines/outbound/transcript.ts'
import { Chain } from '../../src/outbound/chain.ts'
import { type CaptionHands, Captions, transcriptOn } from '../../src/outbound/transcript.ts'
import { virtualClock } from '../../src/virtual.ts'
import { type FakePackets, type FakeTextOut, fakePackets, fakeTextOut, gist, type TextCall } from '../fakes/text.ts'
import { done, explore, failed, ignored, pending, table, walk } from '../model.ts'

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

/** A text output whose calls wait until `release` lets them through, one after another, until no more are made. */
const slow = (out: FakeTextOut, settle: () => Promise<void>) => {
  const waits: (() => void)[] = []
  out.before = () => new Promise<void>(resolve => waits.push(resolve))
  return async () => {
    for (let go = waits.shift(); go; go = waits.shift()) {
      go()
      await settle()
    }
  }
}

type Rig = { out?: FakeTextOut; tracks?: Record<string, string>; packets?: FakePackets } & Pick<CaptionHands, 'json' | 'next'>
const rig = ({ out = fakeTextOut(), tracks = {}, packets, ...rest }: Rig = {}) => {
  const codes: string[] = []
  const facts: TranscriptFact[] = []
  const log = (_level: string, code: string) => void codes.push(code)
  const trackOf = (identity: string) => tracks[identity]
  const senderOf = (identity: string) => ({ identity, track: tracks[identity] ?? 'TR_0' })
  const sending = packets && { packets, wanted: () => true, senderOf, log }
  const captions = new Captions({ textOut: out, trackOf, log, ...rest, ...(sending ? { packets: sending } : {}) })
  const machine = transcriptOn({ captions, log, tell: fact => facts.push(fact) })
  return { out, tracks, codes, facts, captions, machine }
}

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

const start = (options: Rig = {}) => {
  const clock = virtualClock()
  const { machine, ...rest } = rig(options)
  const open = (segment: Partial<Segment> & { id: string; away?: boolean }) => {
    const input = { side: 'agent', identity: 'agent', ...segment } as const
    return createActor(machine, { clock, id: `transcript:${segment.id}`, input }).start()
  }
  return { clock, open, ...rest }
}
const finish = { type: 'finish' } as const

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

/** Fails the n-th call of this kind from now on. */
const failing = (out: FakeTextOut, kind: TextCall, times: number) => {
  let left = times
  out.before = call => {
    if (call === kind && left-- > 0) throw new Error('refused')
  }
}

it('goes on in a new stream with the whole text after a failure (TXT-14)', async () => {
  const { clock, open, captions, out, codes } = start()
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'one')
  await clock.settle()
  failing(out, 'write', 1)
  captions.put('SG_1', ' two')
  await clock.settle()
  captions.put('SG_1', ' three')
  assert.equal(out.streams.map(gist), ['SG_1 one'])
  await clock.advance(500)
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_1 one two three'])
  assert.ok(out.streams[0]?.closed)
  failing(out, 'close', 1)
  actor.send(finish)
  await clock.advance(500)
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_1 one two three', 'SG_1 one two three final'])
  assert.equal(codes, ['transcript.failed', 'transcript.failed'])
})

it('rests when nothing helps, tries again with the next text, and says so if the final is lost', async () => {
  const { clock, open, captions, out, codes, facts } = start()
  const actor = open({ id: 'SG_1' })
  failing(out, 'open', 4)
  captions.put('SG_1', 'one')
  await clock.advance(60_000)
  assert.is(codes.length, 4)
  captions.put('SG_1', ' two')
  await clock.settle()
  assert.equal(out.streams.map(gist), ['SG_1 one two'])
  failing(out, 'close', 99)
  actor.send(finish)
  await clock.advance(60_000)
  assert.equal(facts, [{ type: 'captions.lost', id: 'SG_1' }])
  assert.is(actor.getSnapshot().status, 'done')
  assert.is(codes.length, 8)
})

it('gives up a write that is not answered, and a late answer changes nothing', async () => {
  const { clock, open, captions, out } = start()
  const release = slow(out, () => clock.settle())
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'one')
  actor.send(finish)
  await clock.advance(5_499)
  assert.equal(out.calls, ['open'])
  await clock.advance(1)
  assert.equal(out.calls, ['open', 'open'])
  await release()
  assert.equal(out.streams.map(gist), ['SG_1 ', 'SG_1 one final'])
  assert.ok(out.streams.every(({ closed }) => closed))
})

it('keeps the text while the room is away, and sends it whole on return (TXT-14)', async () => {
  const { clock, open, captions, out } = start()
  const actor = open({ id: 'SG_1' })
  captions.put('SG_1', 'one')
  await clock.settle()
  actor.send({ type: 'room.reconnecting' })
  captions.put('SG_1', ' two')
  const other = open({ id: 'SG_2', side: 'caller', away: true })
  captions.put('SG_2', 'hm')
  other.send(finish)
  await clock.advance(60_000)
  assert.equal(out.streams.map(gist), ['SG_1 one'])
  for (const each of [actor, other]) each.send({ type: 'room.reconnected' })
  await clock.settle()
  actor.send(finish)
  await clock.settle()
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_1 one two final', 'SG_2 hm', 'SG_2 hm final'])
})

it('holds at most 64 KiB, and leaves no hole (TXT-14)', async () => {
  const { clock, open, captions, out, codes } = start()
  const actor = open({ id: 'SG_1', away: true })
  captions.put('SG_1', 'a'.repeat(65_535))
  captions.put('SG_1', 'bb')
  captions.put('SG_1', 'c')
  actor.send(finish)
  actor.send({ type: 'room.reconnected' })
  await clock.settle()
  assert.is(out.streams[0]?.pieces.join('').length, 65_535)
  assert.equal(codes, ['transcript.dropped'])
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

it('ends at once when the room is gone or it is stopped, with no stream left open', async () => {
  const { clock, open, captions, out } = start()
  const [one, two, three] = ['SG_1', 'SG_2', 'SG_3'].map(id => open({ id, side: id === 'SG_1' ? 'agent' : 'caller' }))
  captions.put('SG_1', 'one')
  captions.put('SG_2', 'two')
  await clock.settle()
  one?.send({ type: 'room.disconnected' })
  two?.stop()
  captions.put('SG_3', 'three') // the lane is free
  three?.send(finish)
  await clock.settle()
  assert.ok(out.streams.every(({ closed }) => closed))
  assert.equal(out.streams.map(gist), ['SG_1 one', 'SG_2 two', 'SG_3 three', 'SG_3 three final'])
  assert.is(clock.timers, 0)
})

it('gives up the packet under way, and gives the next in the chain all there is, when it ends without a final', async () => {
  const packets = fakePackets()
  const calls: unknown[] = []
  const sink = { captureText: (text: unknown) => calls.push(text), flush: () => calls.push('flush') }
  const { clock, open, captions } = start({ packets, next: new Chain(sink, () => {}) })
  const actor = open({ id: 'SG_1' })
  const signals: AbortSignal[] = []
  packets.send = async (_, signal) => {
    signals.push(signal)
    await new Promise(() => {})
  }
  captions.put('SG_1', 'one')
  await clock.settle()
  actor.send({ type: 'room.reconnecting' })
  captions.put('SG_1', ' two')
  actor.send({ type: 'room.disconnected' })
  await clock.settle()
  assert.equal(
    signals.map(({ aborted }) => aborted),
    [true],
  )
  assert.equal(calls, ['one', ' two', 'flush'])
})

const call = fc.constantFrom<TextCall>('open', 'write', 'close')
const move = fc.oneof(
  fc.record({ do: fc.constant('put' as const), text: fc.string({ minLength: 1, maxLength: 5 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 100, 600) }),
  fc.record({ do: fc.constant('fail' as const), call: fc.oneof(call, fc.constant('packet' as const)) }),
  fc.record({ do: fc.constantFrom('away' as const, 'back' as const) }),
)

it('shows the whole text in one final at the very end, whatever fails on the way (TXT-5, laws 12 and 13)', async () => {
  const story = fc.asyncProperty(
    fc.boolean(),
    fc.constantFrom('agent' as const, 'caller' as const),
    fc.array(move, { maxLength: 20 }),
    async (closes, side, moves) => {
      const packets = fakePackets()
      const { clock, open, captions, out } = start({ out: fakeTextOut(closes), packets })
      const actor = open({ id: 'SG_1', side })
      const failures: (TextCall | 'packet')[] = []
      const fail = (call: TextCall | 'packet') => {
        if (failures[0] !== call) return
        failures.shift()
        throw new Error('refused')
      }
      out.before = fail
      packets.before = () => fail('packet')
      let whole = ''
      let failed = 0
      for (const each of moves) {
        if (each.do === 'put') {
          whole = side === 'agent' ? whole + each.text : each.text
          captions.put('SG_1', each.text)
        } else if (each.do === 'wait') await clock.advance(each.ms)
        else if (each.do === 'fail') {
          if (++failed <= 3) failures.push(each.call) // the fourth in a row would lose the final
        } else actor.send({ type: each.do === 'away' ? 'room.reconnecting' : 'room.reconnected' })
      }
      actor.send(finish)
      actor.send({ type: 'room.reconnected' })
      await clock.advance(60_000)
      const finals = out.streams.filter(({ attributes, complete }) => complete && attributes['lk.transcription_final'] === 'true')
      assert.equal(finals.map(gist), whole ? [`SG_1 ${whole} final`] : [])
      if (whole) assert.is(out.streams.at(-1), finals[0])
      const lasts = packets.sent.filter(({ final }) => final)
      assert.equal(
        lasts.map(({ text }) => text),
        whole ? [whole] : [],
      )
      if (whole) assert.is(packets.sent.at(-1), lasts[0])
      assert.is(actor.getSnapshot().status, 'done')
      assert.ok(out.streams.every(({ closed }) => closed))
      assert.is(clock.timers, 0)
    },
  )
  await fc.assert(story, { numRuns: 300, seed: 20_261_121 })
})

it('refuses a second segment with an id that is open', () => {
  const { captions } = start()
  const leave = captions.enter(input, () => {})
  assert.throws(() => captions.enter(input, () => {}), 'is open already')
  leave()
  captions.enter(input, () => {})
})

it.run()
