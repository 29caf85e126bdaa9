/** Replies as espeak-ng speaks them (scripts/words.mjs), with the time of each word and audio that is as loud at every moment. */
import { readFileSync } from 'node:fs'

type Reply = { speed: number; words: [text: string, startMs: number, endMs: number][]; levels: string }
const replies: Reply[] = JSON.parse(readFileSync('test/fixtures/words.json', 'utf8'))

/** `speed` in words a minute; times in ms; `data` mono at 24 kHz. */
export type Spoken = { speed: number; words: { text: string; startMs: number; endMs: number }[]; data: Int16Array; ms: number }
export const perMs = 24

/** Noise that swings as the speech did: a level for every 10 ms. */
const audioOf = (levels: string): Int16Array => {
  const steps = Buffer.from(levels, 'base64')
  const data = new Int16Array(steps.length * 10 * perMs)
  for (const [n, step] of steps.entries()) {
    const level = Math.round((step / 255) ** 2 * 32_767)
    for (let at = 0; at < 10 * perMs; at++) data[n * 10 * perMs + at] = at & 8 ? level : -level
  }
  return data
}
export const spokenAt = (speed: number): Spoken[] =>
  replies
    .filter(reply => reply.speed === speed)
    .map(({ words, levels }) => {
      const data = audioOf(levels)
      return { speed, words: words.map(([text, startMs, endMs]) => ({ text, startMs, endMs })), data, ms: data.length / perMs }
    })
