// @ts-check
/** Lets espeak-ng speak, and says from which sample to which each word sounds. Needs espeak-ng and python3. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** @typedef {{ at: number, sample: number }} Mark  a character, and the sample at which espeak-ng says it begins */
/** @typedef {{ text: string, from: number, to: number }} Sounding  a word with the space before it, and its samples */
/** @typedef {{ text: string, data: Int16Array, words: Sounding[] }} Spoken */
/** @typedef {{ voice: string, speed: number, pitch: number, gap: number, texts: string[] }} Order  `gap` in steps of espeak-ng's word gap */

/** Samples below this are silence. */
const hush = 8

/** @param {string} command @param {string[]} args @param {string | Buffer} input */
export const run = (command, args, input) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, maxBuffer: 1 << 28 })
  if (error) throw new Error(`cannot run ${command}: install espeak-ng, python3, ffmpeg and opus-tools (${error.message})`)
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`)
  return stdout
}

/** Speaks each text by itself, without silence at either end. @param {Order} order */
export const speak = order => {
  const texts = order.texts.map(apart)
  const script = fileURLToPath(new URL('voices.py', import.meta.url))
  /** @type {{ rate: number, spoken: { pcm: string, marks: Mark[] }[] }} */
  const { rate, spoken } = JSON.parse(run('python3', [script], JSON.stringify({ ...order, texts })).toString())
  return {
    rate,
    spoken: spoken.map(({ pcm, marks }, i) => {
      const bytes = Buffer.from(pcm, 'base64')
      const data = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
      return trimmed({ text: order.texts[i] ?? '', data, marks })
    }),
  }
}

/** Pairs like "of the" are one word to espeak-ng, with one mark, unless something stands between them that is not heard. */
const apart = (/** @type {string} */ text) => text.replaceAll(' ', ' \u200b')

/** Where each word begins. Marks at other places (a clause may have one at either end) are passed over. @param {string[]} words @param {Mark[]} marks */
const startsOf = (words, marks) => {
  /** @type {number[]} */
  const starts = []
  let at = 0
  for (const { at: place, sample } of marks) {
    const word = words[starts.length] ?? ''
    if (place !== at + apart(word).length - word.trimStart().length) continue
    at += apart(word).length
    starts.push(sample)
  }
  if (starts.length !== words.length)
    throw new Error(`"${words.join('')}" has ${words.length} words, but ${starts.length} of them are marked`)
  return starts
}

/** Cuts the silence off the end, and finds where each word ends. @param {{ text: string, data: Int16Array, marks: Mark[] }} line @returns {Spoken} */
const trimmed = ({ text, data, marks }) => {
  const loud = (/** @type {number} */ from, /** @type {number} */ to) => {
    let last = from
    for (let i = from; i < to; i++) if (Math.abs(data[i] ?? 0) > hush) last = i + 1
    return last
  }
  const end = loud(0, data.length)
  const words = text.split(/(?= )/)
  const starts = startsOf(words, marks)
  return {
    text,
    data: data.slice(0, end),
    words: words.map((word, i) => ({ text: word, from: starts[i] ?? 0, to: loud(starts[i] ?? 0, starts[i + 1] ?? end) })),
  }
}
