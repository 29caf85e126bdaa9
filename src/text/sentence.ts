/** Text → where its sentences end, losslessly and as it comes: an end is told once no text that follows could change it. */

export type Sentences = {
  /** Takes the next piece, gives back the ends of sentences that are certain now: positions in all of the text, spaces after them left out. */
  push(piece: string): number[]
  /** The ends that are left: no more text will come. */
  end(): number[]
  /** Before this position lies no end that is in doubt. */
  readonly doubt: number
}
/** A sentence tokenizer of somebody's own: the pieces joined must be the text. */
export type Tokenize = (text: string) => string[]

/** A sentence that goes on for longer is cut between two words, so that the work for a piece stays bounded. In UTF-16 units. */
const longest = 2_048
/** Without one of these there is no end. */
const terminators = /[\p{Sentence_Terminal}\n\r\u0085\u2028\u2029]/u
/** "2. 30 men" is one sentence, "2. 30 Men" two: from the next letter on it is certain (Unicode's rule SB8). */
const letters = /[\p{L}\p{Sentence_Terminal}\n\r\u0085\u2028\u2029]/u

/** Made at the first text: it takes 20 ms, which an import should not. */
let segmenter: Intl.Segmenter | undefined
const byRule: Tokenize = text => {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'sentence' })
  return [...segmenter.segment(text)].map(({ segment }) => segment)
}

/** `failed` hears once of a tokenizer that throws or loses text; then the built-in one takes over. */
export const sentences = (own?: Tokenize, failed: (error: unknown) => void = () => {}): Sentences => {
  let tokenize = own ?? byRule
  /** The text from the last certain end on, which lies at `base`. */
  let held = ''
  let base = 0
  let hasTerminator = false
  let doubt = Number.POSITIVE_INFINITY

  const split = (text: string): string[] => {
    try {
      const parts = tokenize(text)
      if (parts.join('') === text) return parts
      throw new Error('the sentences joined are not the text')
    } catch (error) {
      tokenize = byRule
      failed(error)
      return byRule(text)
    }
  }
  const cut = (length: number): number => {
    const end = base + held.slice(0, length).trimEnd().length
    base += length
    held = held.slice(length)
    return end
  }
  /** Where a sentence without an end is cut: after its last space, or between two graphemes at worst. */
  const forced = () => {
    const space = held.slice(0, longest).search(/\s\S*$/)
    if (space > 0) return space + 1
    return /[\uD800-\uDBFF]/.test(held[longest - 1] ?? '') ? longest - 1 : longest
  }
  const settled = (parts: string[], isOver: boolean): number[] => {
    const ends: number[] = []
    doubt = Number.POSITIVE_INFINITY
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1
      const isCertain = isOver || (!isLast && letters.test(parts[index + 1] ?? ''))
      if (!isCertain) {
        if (!isLast) doubt = base + part.trimEnd().length
        break
      }
      const until = base + part.length
      while (until - base > longest) ends.push(cut(forced()))
      ends.push(cut(until - base))
    }
    return ends
  }
  const run = (isOver: boolean): number[] => {
    const ends = hasTerminator || tokenize !== byRule || isOver ? settled(held === '' ? [] : split(held), isOver) : []
    while (held.length > longest) ends.push(cut(forced()))
    hasTerminator = terminators.test(held)
    return ends
  }

  return {
    push: piece => {
      held += piece
      hasTerminator ||= terminators.test(piece)
      return run(false)
    },
    end: () => run(true),
    get doubt() {
      return doubt
    },
  }
}

const punctuation = /[!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~±—‘’“”…\s]+$/u
/** Text as it is shown while more is to come: without the punctuation at its end (FWD-8). */
export const bare = (text: string): string => text.replace(punctuation, '')
