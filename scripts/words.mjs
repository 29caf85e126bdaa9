// @ts-check
/**
 * Makes test/fixtures/words.json, once: replies that espeak-ng speaks at several speeds, with the time of each word and how loud every
 * 10 ms are. The result is kept in the repository; run it again only to change what is said. Needs espeak-ng and python3.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { speak } from './espeak.mjs'

const replies = [
  'Sure, I can help you with that. Could you tell me the number of your order, please?',
  'The next train to Cambridge leaves at half past nine from platform four, and it takes about fifty minutes.',
  'I have looked at your account. Your last payment arrived on Monday, so nothing is due until the end of the month.',
  'No problem at all! We are open from eight to six during the week. On Saturdays we close at noon, and on Sundays we do not open.',
  'Unfortunately the appointment you asked for is not available any more; however, I could offer you a consultation on Thursday afternoon.',
  'Okay. First, switch the machine off. Then wait for ten seconds, hold the green button down, and switch it on again.',
  'It was a dark and stormy night, and the old man who lived by the sea could not sleep because of the wind.',
  'Yes, that is right. You said that you would rather have a quiet room with a view of the garden than a large one facing the street.',
]
const strangers = [
  'Guten Tag, hier ist die Praxis von Doktor Schneider. Wir haben am Donnerstag um elf Uhr noch einen Termin frei, passt Ihnen das?',
  'Buenos días, le llamo para confirmar su reserva. La mesa es para cuatro personas, el viernes a las nueve de la noche.',
]
/** Words a minute. */
const speeds = [114, 120, 157, 210, 360]
const english = ['gmw/en', 'gmw/en-US', 'en-us+f3', 'gmw/en-GB-x-rp']
/** Of one reading, in ms. */
const stepMs = 10

/** Speaks a text at so many words a minute, which espeak-ng's own measure gives only roughly. @param {string} voice @param {string} text @param {number} wanted */
const at = (voice, text, wanted) => {
  let speed = wanted
  for (let round = 0; ; round++) {
    const { rate, spoken } = speak({
      voice,
      speed: Math.round(Math.min(450, Math.max(80, speed))),
      pitch: 50,
      gap: 0,
      texts: [text],
    })
    const [line] = spoken
    if (!line) throw new Error(`nothing was spoken of "${text}"`)
    const wpm = (line.words.length * 60 * rate) / line.data.length
    if (round === 5 || Math.abs(wpm / wanted - 1) < 0.02) return { rate, line, wpm }
    speed *= wanted / wpm
  }
}

/** One byte each: the square root of the level, so that soft ones keep their shape. @param {Int16Array} data @param {number} rate */
const levelsOf = (data, rate) => {
  const step = (rate * stepMs) / 1000
  const levels = Buffer.alloc(Math.ceil(data.length / step))
  for (let n = 0; n < levels.length; n++) {
    const piece = data.subarray(Math.round(n * step), Math.round((n + 1) * step))
    const power = piece.reduce((sum, value) => sum + value * value, 0) / Math.max(1, piece.length)
    levels[n] = Math.round(255 * Math.sqrt(Math.sqrt(power) / 32_768))
  }
  return levels.toString('base64')
}

/** @param {string} voice @param {string} text @param {number} wanted */
const lineOf = (voice, text, wanted) => {
  const { rate, line, wpm } = at(voice, text, wanted)
  const ms = (/** @type {number} */ sample) => Math.round((sample * 1000) / rate)
  const words = line.words.map(({ text, from, to }) => [text, ms(from), ms(to)])
  return { voice, speed: wanted, wpm: Math.round(wpm), words, levels: levelsOf(line.data, rate) }
}

const lines = [
  ...speeds.flatMap(speed => replies.map((text, n) => lineOf(english[n % english.length] ?? '', text, speed))),
  ...[120, 157].flatMap(speed => [lineOf('gmw/de', strangers[0] ?? '', speed), lineOf('roa/es', strangers[1] ?? '', speed)]),
]
const file = fileURLToPath(new URL('../test/fixtures/words.json', import.meta.url))
writeFileSync(file, `[\n${lines.map(line => JSON.stringify(line)).join(',\n')}\n]\n`)
process.stdout.write(`${lines.length} replies: ${lines.map(({ speed, wpm }) => `${speed}→${wpm}`).join(' ')}\n`)
