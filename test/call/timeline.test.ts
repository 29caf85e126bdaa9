import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { CallRecord } from '../../src/call/record.ts'
import { timeline } from '../../src/call/timeline.ts'
import { syntheticCall } from './synthetic.ts'
import { parseXml, type XmlNode } from './xml.ts'

const it = suite('timeline')

const empty = (durationMs = 0): CallRecord => {
  const silence = { sampleRate: 8000, samples: new Int16Array(durationMs * 8) }
  return { durationMs, voices: { caller: silence, agent: silence }, words: [], states: [], utterances: [], pauses: [] }
}
const all = (node: XmlNode, name: string): XmlNode[] => [
  ...(node.name === name ? [node] : []),
  ...node.children.flatMap(child => (typeof child === 'string' ? [] : all(child, name))),
]
const textOf = (node: XmlNode): string =>
  node.children.map(child => (typeof child === 'string' ? child : child.name === 'title' ? '' : textOf(child))).join('')
const words = (svg: string, speaker: string) =>
  all(parseXml(svg), 'g').flatMap(row => all(row, 'text').filter(text => text.attributes.class === speaker))

it('is valid XML with a view box, its own background and no picture of nothing', () => {
  const root = parseXml(timeline(syntheticCall()))
  assert.is(root.name, 'svg')
  assert.is(root.attributes.viewBox, `0 0 1280 ${root.attributes.height}`)
  assert.is(root.attributes.width, '1280')
  assert.match(root.attributes.style ?? '', /background:#/)
  assert.is(
    all(root, 'rect').some(({ attributes }) => attributes.width === '1280'),
    true,
  )
  for (const { attributes } of all(root, 'path')) assert.is.not(attributes.d, '')
})

it('is the same text for the same call', () => {
  assert.is(timeline(syntheticCall()), timeline(syntheticCall()))
})

it('shows every word once, and where it was heard', () => {
  const call = syntheticCall()
  const shown = words(timeline(call), 'agent').map(textOf)
  assert.equal(
    shown,
    call.words.filter(({ speaker }) => speaker === 'agent').map(({ text }) => text),
  )
  const first = words(timeline(call), 'caller')[0]
  assert.is(Number(first?.attributes.x), Math.round((84 + (1160 * 1200) / 13_000) * 10) / 10) // 1.2 s into a row of 13 s
})

it('escapes what people say, and leaves out what XML cannot hold', () => {
  const call = empty(4000)
  call.words = [{ speaker: 'caller', id: 'a', text: '<script>"&\u0007\ud800</script>', startMs: 100, endMs: 900 }]
  call.utterances = [{ id: 'a<b>"&', startMs: 1000, endMs: 3000, outcome: 'abandoned', heardMs: 10, spoken: ']]><x>' }]
  const svg = timeline(call)
  const root = parseXml(svg)
  assert.equal(all(root, 'script'), [])
  assert.is(words(svg, 'caller').map(textOf).join(), '<script>"&</script>')
})

it('draws a call without anything in it', () => {
  for (const call of [empty(), empty(1), empty(15_000)]) {
    const root = parseXml(timeline(call))
    assert.match(all(root, 'text').map(textOf).join(' '), /0 utterances/)
  }
})

it('wraps a minute into four rows and keeps long calls bounded', () => {
  const rows = (ms: number) => all(parseXml(timeline(empty(ms))), 'g').filter(({ children }) => children.length > 20).length
  assert.is(rows(60_000), 4)
  assert.is(rows(64_200), 4)
  assert.is(rows(68_000), 5)
  assert.is(rows(600_000), 40)
  for (const minutes of [11, 33, 61])
    assert.ok(rows(minutes * 60_000) <= 40, `${minutes} minutes in ${rows(minutes * 60_000)} rows`)
})

it('stays under 400 KB when both speak for a minute without a breath', () => {
  const call = empty(60_000)
  const noise = Int16Array.from({ length: 480_000 }, (_, i) => ((i * 7919) % 40_009) - 20_000)
  call.voices = { caller: { sampleRate: 8000, samples: noise }, agent: { sampleRate: 8000, samples: noise } }
  call.words = Array.from({ length: 300 }, (_, i) => ({
    speaker: i % 2 ? ('agent' as const) : ('caller' as const),
    id: 'x',
    text: 'something',
    startMs: i * 200,
    endMs: i * 200 + 190,
  }))
  assert.ok(timeline(call).length < 400_000, `${timeline(call).length}`)
})

it('marks pauses with their length and interruptions where the agent fell silent', () => {
  const root = parseXml(timeline(syntheticCall()))
  assert.ok(all(root, 'text').some(text => textOf(text) === 'paused 1.6 s' || textOf(text) === 'paused 1.7 s'))
  const cuts = all(root, 'path').filter(path => path.attributes.class === 'cut' && path.children.length > 0)
  assert.is(cuts.length, 1)
})

it.run()
