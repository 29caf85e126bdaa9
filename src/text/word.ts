/**
 * Text → units, losslessly and as it comes: a word with the space before it and the punctuation around it. Scripts that write
 * without spaces go by grapheme. The units do not depend on how the text was cut into pieces.
 */

/** A piece of text; times in ms from the start of the audio it belongs to. */
export type Timed = { text: string; startMs?: number; endMs?: number }

export type Splitter = {
  /** Takes the next piece, gives back the units that are complete. A piece with an end time completes its last unit. */
  push(piece: string | Timed): Timed[]
  /** Gives back what is left; afterwards the next text may begin. */
  end(): Timed[]
}

/** What a grapheme does to the unit under way. `sign`: a letter of a script without spaces. `dash`: a word may begin right after it. */
type Kind = 'space' | 'letter' | 'sign' | 'opener' | 'dash' | 'mark'
const kinds: [Kind, RegExp][] = [
  ['space', /^\s/u],
  ['sign', /^(?=\p{L})[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}]/u],
  ['letter', /^[\p{L}\p{N}]/u],
  ['opener', /^[\p{Ps}\p{Pi}]/u],
  ['dash', /^—/u],
]
const kindOf = (grapheme: string): Kind => kinds.find(([, pattern]) => pattern.test(grapheme))?.[0] ?? 'mark'

/** What a unit has come to: `blank` is nothing but space, `mark` has no letter yet. */
type Stage = 'blank' | 'mark' | 'letter' | 'sign' | 'dash'
/** At which stages of a unit such a grapheme begins the next. */
const begins: Record<Kind, Stage[]> = {
  space: ['mark', 'letter', 'sign', 'dash'],
  letter: ['sign', 'dash'],
  sign: ['letter', 'sign', 'dash'],
  opener: ['sign'],
  dash: [],
  mark: [],
}
const stageAfter = (stage: Stage, kind: Kind): Stage => {
  if (kind === 'space') return 'blank'
  if (kind === 'letter' || kind === 'sign') return kind
  if (stage === 'blank') return 'mark'
  return kind === 'dash' && stage !== 'mark' ? 'dash' : stage
}

/** Made at the first text: it takes 20 ms, which an import should not. */
let segmenter: Intl.Segmenter | undefined
/** In code points: real graphemes are shorter, and the work for one stays bounded. */
const longest = /.{1,64}/gsu
/** So much is looked at in one go: with each grapheme V8 makes a copy of all that was given to it. */
const slab = /.{1,128}/gsu
const graphemesOf = (text: string): string[] => {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' })
  const all: string[] = []
  let last = ''
  for (const slice of text.match(slab) ?? []) {
    for (const { segment } of segmenter.segment(last + slice))
      all.push(...(segment.length > 64 ? (segment.match(longest) ?? []) : [segment]))
    last = all.pop() ?? '' // the next slice may still belong to it
  }
  return last ? [...all, last] : all
}

export const splitter = (): Splitter => {
  /** The last grapheme: what comes next may still belong to it. */
  let held = ''
  let unit = ''
  let stage: Stage = 'blank'
  let startMs: number | undefined

  const cut = (endMs?: number): Timed => {
    const timed = { text: unit, ...(startMs === undefined ? {} : { startMs }), ...(endMs === undefined ? {} : { endMs }) }
    unit = ''
    stage = 'blank'
    startMs = undefined
    return timed
  }
  /** Gives back whether the unit's first word begins with this grapheme, or had not begun yet. */
  const add = (grapheme: string, units: Timed[]): boolean => {
    const kind = kindOf(grapheme)
    if (begins[kind].includes(stage)) units.push(cut())
    const begun = stage !== 'blank' && stage !== 'mark'
    unit += grapheme
    stage = stageAfter(stage, kind)
    return !begun
  }
  const settle = (units: Timed[]) => {
    if (held) add(held, units)
    held = ''
  }

  const plain = (text: string, units: Timed[]) => {
    const all = graphemesOf(held + text)
    held = all.pop() ?? ''
    for (const grapheme of all) add(grapheme, units)
  }
  /** Times belong to the piece alone, so no grapheme reaches over its edges. */
  const timed = (piece: Timed, units: Timed[]) => {
    settle(units)
    const before = units.length
    let from = piece.startMs
    for (const grapheme of graphemesOf(piece.text)) {
      const begins = add(grapheme, units)
      if (stage === 'blank') continue
      if (begins && from !== undefined) startMs = from
      from = undefined // in the middle of a word it says nothing about the word's beginning
    }
    const last = units.length > before ? units.at(-1) : undefined
    if (piece.endMs === undefined) return
    if (stage !== 'blank') units.push(cut(piece.endMs))
    else if (last) last.endMs = piece.endMs
  }

  return {
    push: piece => {
      const units: Timed[] = []
      if (typeof piece === 'string') plain(piece, units)
      else if (piece.startMs === undefined && piece.endMs === undefined) plain(piece.text, units)
      else timed(piece, units)
      return units
    },
    end: () => {
      const units: Timed[] = []
      settle(units)
      if (unit) units.push(cut())
      return units
    },
  }
}
