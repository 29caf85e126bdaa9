// @ts-check
/**
 * Makes the voices in assets/, once: espeak-ng speaks each line and says where each word begins, ffmpeg resamples, opusenc packs.
 * Needs espeak-ng, python3, ffmpeg and opusenc. The result is kept in the repository; run it again only to change what is said.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { run, speak } from './espeak.mjs'

/** @typedef {{ text: string, startMs: number, endMs: number }} Word */
/** @typedef {{ id: string, text: string, atMs?: number }} Line  `atMs`: where the line begins; without it, a short pause after the one before */
/** @typedef {{ name: string, speaker: string, voice: string, speed: number, pitch: number, lines: Line[], tailMs: number }} Part */

/** @type {Part} */
const docent = {
  name: 'docent',
  speaker: 'Docent',
  voice: 'gmw/en',
  speed: 145, // in espeak-ng's measure; about 160 words a minute as counted here
  pitch: 42,
  tailMs: 100,
  lines: [
    { id: 'hello', text: 'Hello! I am the docent of Chartroom. Let me show you around.' },
    { id: 'tour-1', text: 'Chartroom stands between a call and the mind of a voice agent.' },
    { id: 'tour-2', text: 'It plays what the agent says, and it counts, to the sample, how much you have heard.' },
    {
      id: 'tour-3',
      text: 'So when you speak, the agent falls silent at once, and later it goes on from the last word that you heard.',
    },
    { id: 'tour-4', text: 'The words on your screen appear while you hear them, never earlier.' },
    { id: 'tour-5', text: 'Each of its parts is a small state chart, which you can read, watch and test.' },
    { id: 'end', text: 'And that was the tour. Thank you for listening!' },
    { id: 'bye', text: 'Goodbye, until the next call!' },
    { id: 'again-1', text: 'You see, I stopped at once. Where was I?' },
    { id: 'again-2', text: 'Not a word is lost. Let me go on.' },
    { id: 'again-3', text: 'All right. Now, back to my tour.' },
  ],
}

/** @type {Part} */
const caller = {
  name: 'caller',
  speaker: 'Caller',
  voice: 'en-us+f3',
  speed: 172,
  pitch: 58,
  tailMs: 6000,
  lines: [
    { id: 'hello', text: 'Hello! What is this?', atMs: 1000 },
    { id: 'stop', text: 'Wait. What happens when I interrupt you?', atMs: 16_500 },
    { id: 'lost', text: 'Sorry, will I miss anything now?', atMs: 32_200 },
    { id: 'thanks', text: 'Thanks, that was clear. Goodbye!', atMs: 57_900 },
  ],
}

/** Between two lines of a voice, in ms. */
const pauseMs = 200
/** Between two words, in steps of espeak-ng's word gap: a moment of silence, so that a word can be cut off or begun without a click. */
const wordGap = 1
/** The loudest sample, as a share of full scale. */
const peak = 0.6
/** kbit/s: speech of 11 kHz is clear with it. */
const bitrate = 28

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url))

/** Lays the lines of a part on one time line. @param {Part} part */
const lay = part => {
  const { rate, spoken } = speak({ ...part, gap: wordGap, texts: part.lines.map(({ text }) => text) })
  let at = 0
  const placed = spoken.map((line, i) => {
    const { id = '', atMs } = part.lines[i] ?? {}
    const start = atMs === undefined ? (i === 0 ? 0 : at + (pauseMs * rate) / 1000) : (atMs * rate) / 1000
    if (start < at) throw new Error(`${part.name}: line ${id} begins before the one before it ends`)
    const first = Math.ceil((Math.ceil((start * 1000) / rate) * rate) / 1000) // on a whole millisecond
    at = first + line.data.length
    return { id, first, ...line }
  })
  const data = new Int16Array(at + (part.tailMs * rate) / 1000)
  for (const { first, data: line } of placed) data.set(line, first)
  const loudest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  for (let i = 0; i < data.length; i++) data[i] = Math.round(((data[i] ?? 0) * peak * 32_767) / loudest)
  const ms = (/** @type {number} */ sample) => Math.floor((sample * 1000) / rate)
  const cues = placed.map(({ id, first, words }) => ({
    id,
    words: words.map(({ text, from, to }) => ({ text, startMs: ms(first + from), endMs: ms(first + to) })),
  }))
  return { rate, data, cues }
}

/** @param {number} ms */
const stamp = ms => new Date(ms).toISOString().slice(11, 23)
/** @param {string} speaker @param {{ id: string, words: Word[] }[]} cues */
const vtt = (speaker, cues) =>
  `${[
    'WEBVTT',
    ...cues.map(({ id, words }) => {
      const [from, to] = [words[0]?.startMs ?? 0, words.at(-1)?.endMs ?? 0]
      const body = words.map(({ text, startMs, endMs }, i) => {
        const space = text.startsWith(' ') ? ' ' : ''
        const end = endMs < (words[i + 1]?.startMs ?? to) ? `<${stamp(endMs)}>` : ''
        return `${space}<${stamp(startMs)}>${text.trimStart()}${end}`
      })
      return `${id}\n${stamp(from)} --> ${stamp(to)}\n<v ${speaker}>${body.join('')}`
    }),
  ].join('\n\n')}\n`

mkdirSync(here('../assets'), { recursive: true })
for (const part of [docent, caller]) {
  const { rate, data, cues } = lay(part)
  const raw = ['-v', 'error', '-f', 's16le', '-ac', '1', '-ar', String(rate), '-i', '-']
  // Opus works at 48 kHz; ffmpeg's resampler adds no delay, so that the times stay true.
  const wav = run('ffmpeg', [...raw, '-ar', '48000', '-f', 'wav', '-bitexact', '-'], Buffer.from(data.buffer))
  const opus = [
    '--quiet',
    '--speech',
    '--bitrate',
    String(bitrate),
    '--serial',
    '1',
    '--padding',
    '0',
    '--ignorelength',
    '-',
    '-',
  ]
  writeFileSync(here(`../assets/${part.name}.opus`), run('opusenc', opus, wav))
  writeFileSync(here(`../assets/${part.name}.vtt`), vtt(part.speaker, cues))

  process.stdout.write(`${part.name}: ${cues.length} lines, ${Math.round(data.length / rate)} s\n`)
}
