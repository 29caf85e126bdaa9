/** Text as it is heard: on speech whose words have known times. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dice, figuresOf } from '../../scripts/bench/figures.ts'
import { Prompter } from '../../src/pipes/prompter.ts'
import type { Word } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'
import { perMs, type Spoken, spokenAt } from '../fakes/spoken.ts'

const format = { sampleRate: 24_000, channels: 1 }
/** A prompter, a clock, and a playhead that goes with the clock while it runs. */
const rig = () => {
  const clock = virtualClock()
  let heard = 0
  let since: number | undefined
  const heardMs = () => heard + (since === undefined ? 0 : clock.now() - since)
  const shown: { at: number; text: string }[] = []
  const prompter = new Prompter({
    ...{ id: 'SG_1', format, playhead: { clock, heardMs }, log: () => {} },
    publish: ({ text }) => shown.push({ at: heardMs(), text }),
  })
  const run = (running: boolean) => {
    heard = heardMs()
    since = running ? clock.now() : undefined
    if (running) prompter.run()
    else prompter.rest()
  }
  return { clock, prompter, shown, run, take: (piece: string | Word) => void prompter.take(piece) }
}

/** How text and audio come: audio in pieces of 100 ms, `times` as fast as it sounds or `leadMs` ahead of it; a word every 20 ms. */
type Coming = { timed?: boolean; times?: number; leadMs?: number }
/** When each word is shown, in ms of the audio that was heard. */
const play = async ({ words, data, ms }: Spoken, { timed = false, times = 8, leadMs = 0 }: Coming) => {
  const { clock, prompter, shown, run, take } = rig()
  for (const [n, word] of words.entries()) clock.setTimeout(() => take(timed ? word : word.text), n * 20)
  clock.setTimeout(() => prompter.end(), words.length * 20)
  const piece = 100 * perMs
  for (let at = 0; at < data.length; at += piece) {
    const due = 50 + Math.max(0, at / perMs / times - leadMs)
    clock.setTimeout(() => prompter.listen(data.subarray(at, at + piece)), due)
    if (at + piece >= data.length) clock.setTimeout(() => prompter.listened(), due)
  }
  clock.setTimeout(() => run(true), 100)
  await clock.advance(100 + ms)
  return shown
}

const middle = ({ startMs, endMs }: { startMs: number; endMs: number }) => (startMs + endMs) / 2
/** Shown − middle of the word, in ms. */
const errorsOf = async (speed: number, coming: Coming) => {
  const errors: number[] = []
  for (const spoken of spokenAt(speed)) {
    const shown = await play(spoken, coming)
    spoken.words.forEach((word, n) => void errors.push((shown[n]?.at ?? Number.POSITIVE_INFINITY) - middle(word)))
  }
  return errors
}
/** The sound needs so much longer to the listener than the text, in ms. */
const path = 60

const it = suite('prompter')

for (const speed of [114, 157])
  it(`shows words of ${speed} a minute near their middle, without any times (SYNC-3, SYNC-8)`, async () => {
    const { median, p95 } = figuresOf((await errorsOf(speed, {})).map(error => Math.abs(error - path)))
    assert.ok(median <= 100 && p95 <= 250, `${median} / ${p95}`)
  })

it('shows words in their very middle where their times are given (SYNC-6)', async () => {
  for (const speed of [114, 157, 360]) {
    const { p5, p95 } = figuresOf((await errorsOf(speed, { timed: true })).map(error => error - path))
    assert.ok(p5 >= -90 && p95 <= -20, `${p5} .. ${p95}`)
  }
})

/** Words said − words heard at least half, at moments by chance: at each, how many were heard too. */
const cuts = async (speed: number, coming: Coming, count: number, fromMs = 0) => {
  const all = spokenAt(speed)
  const shown = await Promise.all(all.map(spoken => play(spoken, coming)))
  const roll = dice(speed)
  return Array.from({ length: count }, (_, n) => {
    const { words = [], ms = 0 } = all[n % all.length] ?? {}
    const at = fromMs + roll() * (ms - fromMs)
    const said = shown[n % all.length]?.filter(word => word.at <= at).length ?? 0
    const heard = words.filter(word => middle(word) <= at).length
    return { off: Math.abs(said - heard), heard }
  })
}
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

for (const speed of [120, 210, 360])
  it(`knows which of ${speed} words a minute were heard (SYNC-9)`, async () => {
    const plain = (await cuts(speed, {}, 40)).map(({ off }) => off)
    const timed = (await cuts(speed, { timed: true }, 40)).map(({ off }) => off)
    assert.ok(mean(plain) < 0.6 && Math.max(...plain) <= 1, `${mean(plain)} ${Math.max(...plain)}`)
    assert.ok(mean(timed) < 0.3 && Math.max(...timed) <= 1, `${mean(timed)} ${Math.max(...timed)}`)
  })

it('knows it well enough from 2 s of audio on, while text and audio are still to come (SYNC-8, SYNC-9)', async () => {
  for (const speed of [120, 157, 210, 360])
    for (const { off, heard } of await cuts(speed, { times: 1, leadMs: 500 }, 80, 2_000))
      assert.ok(off <= Math.max(2, heard / 4), `${speed}: ${off} of ${heard}`)
})

it('does not go on in silence, and lays the text along the voice when both have ended (SYNC-8)', async () => {
  const { clock, prompter, shown, run, take } = rig()
  for (const text of ['今', '日', 'は', '暑', 'い', 'ね']) take(text)
  prompter.end()
  const tone = (ms: number, level: number) => new Int16Array(ms * perMs).map((_, n) => (n & 8 ? level : -level))
  for (const data of [tone(300, 0), tone(600, 9_000), tone(1_000, 0), tone(600, 9_000), tone(500, 0)]) prompter.listen(data)
  prompter.listened()
  run(true)
  await clock.advance(3_000)
  assert.equal(
    shown.map(({ at, text }) => [Math.round(at / 10) * 10, text]),
    [
      [400, '今'],
      [600, '日'],
      [800, 'は'],
      [2_000, '暑'],
      [2_200, 'い'],
      [2_400, 'ね'],
    ],
  )
})

it('shows 30 characters in 4 s one by one, and no grapheme in parts (SYNC-10)', async () => {
  const texts = [
    '今日はとても良い天気ですから一緒に公園まで散歩に行きませんか楽',
    '오늘은날씨가아주좋으니까같이공원에산책하러가지않을래요정말좋아',
    'วันนี้อากาศดีมากเราไปเดินเล่นที่สวนสาธารณะด้วยกันไหมครับ',
  ]
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
  for (const text of texts) {
    for (const ended of [true, false]) {
      const { clock, prompter, shown, run, take } = rig()
      take(text)
      prompter.listen(new Int16Array(4_000 * perMs).map((_, n) => (n & 8 ? 9_000 : -9_000)))
      if (ended) prompter.end()
      if (ended) prompter.listened()
      run(true)
      await clock.advance(4_000)
      prompter.release()
      const count = [...graphemes.segment(text)].length
      assert.is(shown.map(word => word.text).join(''), text)
      assert.ok(
        new Set(shown.map(({ at }) => at)).size >= (ended ? count - 5 : 14),
        `${text} ${ended} ${new Set(shown.map(({ at }) => at)).size}`,
      )
      for (const word of shown) assert.is([...graphemes.segment(word.text)].length, 1)
    }
  }
})

it('takes right-to-left text, emoji and combining marks by the word, byte for byte (SYNC-4, SYNC-10)', async () => {
  for (const text of ['שלום, מה שלומך היום?', 'مرحبا! كيف حالك اليوم؟', 'Ja 👩‍👩‍👧 e\u0301te\u0301 🇩🇪🇫🇷 fin.']) {
    const { clock, prompter, shown, run, take } = rig()
    for (const unit of text.split('')) take(unit) // even between the halves of a surrogate pair
    prompter.end()
    prompter.listen(new Int16Array(20_000 * perMs).map((_, n) => (n & 8 ? 9_000 : -9_000)))
    run(true)
    await clock.advance(20_000)
    assert.equal(
      shown.map(word => word.text),
      text.split(/(?= )/),
    )
  }
})

it('shows the same at the same positions, whatever the clock does between, and whoever asks (law 11)', async () => {
  const [spoken] = spokenAt(157)
  assert.ok(spoken)
  const { words, data } = spoken
  // What comes at which position of the playhead, in this order; and how long it rests before each.
  const piece = fc.record({
    kind: fc.constantFrom('text', 'audio', 'run'),
    n: fc.integer({ min: 1, max: 6 }),
    restMs: fc.nat(3_000),
  })
  const story = fc.asyncProperty(fc.array(piece, { minLength: 5, maxLength: 60 }), async steps => {
    const tell = async (rests: boolean) => {
      const { clock, prompter, shown, run, take } = rig()
      let [text, audio, heard] = [0, 0, 0]
      for (const { kind, n, restMs } of steps) {
        if (rests) await clock.advance(restMs)
        if (kind === 'text') for (const word of words.slice(text, text + n)) take(word.text)
        if (kind === 'audio') prompter.listen(data.subarray(audio * perMs, (audio + n * 100) * perMs))
        if (kind === 'text') text += n
        else if (kind === 'audio') audio += n * 100
        const until = Math.min(audio, heard + n * 40)
        if (kind !== 'run' || until <= heard) continue
        run(true)
        for (; heard < until; heard++) {
          await clock.advance(1)
          if (!rests || heard % 7) continue
          run(false)
          await clock.advance(restMs)
          run(true)
        }
        run(false)
      }
      return shown
    }
    assert.equal(await tell(true), await tell(false))
  })
  await fc.assert(story, { numRuns: 60, seed: 20_261_125 })
})

it('does the same work for each word of 100 000, for any cutting (SYNC-14)', async () => {
  const time = async (count: number, cut: number) => {
    const { clock, prompter, run } = rig()
    const text = 'so many words, '.repeat(Math.ceil(count / 3))
    const began = process.cpuUsage()
    run(true)
    prompter.listen(new Int16Array(100 * perMs).fill(9_000))
    const read = async () => {
      for (let at = 0; at < text.length; at += cut) await prompter.take(text.slice(at, at + cut))
    }
    void read()
    for (let n = 0; n < count / 100; n++) {
      prompter.listen(new Int16Array(100 * perMs).fill(n % 9 > 2 ? 9_000 : 0)) // with silences that fit no clause
      await clock.advance(100)
    }
    prompter.release()
    await clock.settle()
    const { user, system } = process.cpuUsage(began)
    return user + system
  }
  for (const cut of [3, 50, 5_000]) {
    await time(2_000, cut) // warms up
    const [short, long] = [await time(12_500, cut), await time(100_000, cut)]
    assert.ok(long < 8 * 3 * Math.max(short, 5_000), `8 times the text took ${(long / short).toFixed(0)} times as long`)
  }
})

it.run()
