import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../../src/audio/frame.ts'
import { chatItem, silentItem, wireItem } from '../../../src/minds/openai/items.ts'
import { decode, encode } from '../../../src/minds/openai/pcm.ts'
import type { ChatItem } from '../../../src/realtime/port.ts'
import { frame, message } from './stage.ts'

const it = suite('openai items')
const wired = (item: ChatItem, dialect: 'ga' | 'beta' = 'ga') => {
  let skipped = 0
  const wire = wireItem(item, dialect, () => skipped++)
  return { wire, skipped }
}

it('says each role in its own kind of text (OAI-4)', () => {
  const system = { id: 's', type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be kind.' }] }
  assert.equal(wired(message('s', 'system', 'Be kind.')), { wire: system, skipped: 0 })
  const user = { id: 'u', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi.' }] }
  assert.equal(wired(message('u', 'user', 'Hi.')), { wire: user, skipped: 0 })
  const agent = (type: string) => ({ id: 'a', type: 'message', role: 'assistant', content: [{ type, text: 'Hello.' }] })
  assert.equal(wired(message('a', 'assistant', 'Hello.')).wire, agent('output_text'))
  assert.equal(wired(message('a', 'assistant', 'Hello.'), 'beta').wire, agent('text'))
})

it('says calls and what came of them (OAI-4)', () => {
  const call = { id: 'c', type: 'function_call', call_id: '1', name: 'f', arguments: '{}' }
  assert.equal(wired({ id: 'c', type: 'call', callId: '1', name: 'f', arguments: '{}' }).wire, call)
  const output = { id: 'o', type: 'function_call_output', call_id: '1', output: 'x' }
  assert.equal(wired({ id: 'o', type: 'output', callId: '1', output: 'x' }).wire, output)
})

it('sends sound of the user, all frames as one, and skips that of others (OAI-4)', () => {
  const audio = { type: 'audio', frames: [frame(20, 5), frame(10, 7)], transcript: 'hm' } as const
  const { wire } = wired({ id: 'u', type: 'message', role: 'user', content: [audio] })
  const [content] = Array.isArray(wire?.content) ? wire.content : []
  assert.equal([content.type, content.transcript], ['input_audio', 'hm'])
  const { data } = decode(content.audio)
  assert.equal([data.length, data[0], data[479], data[480], data[719]], [720, 5, 5, 7, 7])
  for (const role of ['system', 'assistant'] as const) {
    assert.equal(wired({ id: 'x', type: 'message', role, content: [audio] }), { wire: undefined, skipped: 1 })
    const { wire, skipped } = wired({ id: 'x', type: 'message', role, content: ['words', audio] })
    assert.ok(Array.isArray(wire?.content) && wire.content.length === 1 && skipped === 1, role)
  }
})

it('says what the user said in words where only they are known', () => {
  const heard = { id: 'u', type: 'message', role: 'user', content: [{ type: 'audio', frames: [], transcript: 'hm' }] } as const
  assert.equal(wired(heard).wire?.content, [{ type: 'input_text', text: 'hm' }])
  const unheard = { id: 'u', type: 'message', role: 'user', content: [{ type: 'audio', frames: [] }] } as const
  assert.is(wired(unheard).wire, undefined)
})

it('understands items in both dialects, and leaves alone what it does not know (OAI-1)', () => {
  for (const type of ['output_text', 'text', 'input_text'])
    assert.equal(
      chatItem({ id: 'a', type: 'message', role: 'assistant', content: [{ type, text: 'Hi.' }] }),
      message('a', 'assistant', 'Hi.'),
    )
  for (const type of ['output_audio', 'audio'])
    assert.equal(
      chatItem({ id: 'a', type: 'message', role: 'assistant', content: [{ type, transcript: 'Hi.' }] }),
      message('a', 'assistant', 'Hi.'),
    )
  const said = { id: 'u', type: 'message', role: 'user', content: [{ type: 'audio', frames: [] }] }
  assert.equal(chatItem({ id: 'u', type: 'message', role: 'user', content: [{ type: 'input_audio' }] }), said)
  for (const item of [
    wired({ id: 'c', type: 'call', callId: '1', name: 'f', arguments: '{}' }),
    wired({ id: 'o', type: 'output', callId: '1', output: 'x' }),
  ])
    assert.equal(wired(chatItem(item.wire ?? {}) ?? message('', 'user')).wire, item.wire)
  assert.is(chatItem({ id: 'm', type: 'mcp_call' }), undefined)
  assert.is(chatItem({ type: 'message', role: 'user' }), undefined)
})

it('has a second of silence: 24 000 samples that are 0 (OAI-3, MM-36)', () => {
  const { content } = silentItem('s')
  const [sound] = Array.isArray(content) ? content : []
  const { data } = decode(sound.audio)
  assert.equal([data.length, data.some(sample => sample !== 0)], [24_000, false])
})

it('codes sound and decodes it, wherever in a buffer it begins', () => {
  const data = Int16Array.from({ length: 1_001 }, (_, n) => (n * 37) % 65_536)
  const odd = frameOf(new Int16Array(data.buffer, 2, 999), { sampleRate: 24_000, channels: 1 })
  assert.equal(decode(encode(odd)).data, data.subarray(1, 1_000))
})

it('refuses what is no base64, half a sample, and a frame of another format', () => {
  assert.throws(() => decode('a*cd'), /not base64/)
  assert.throws(() => decode('abc'), /not base64/)
  assert.throws(() => decode(Buffer.from([1, 2, 3]).toString('base64')), /3 bytes: half a sample is missing/)
  assert.is(decode('').data.length, 0)
  assert.throws(() => encode(frameOf(new Int16Array(10), { sampleRate: 16_000, channels: 1 })), TypeError)
})

it.run()
