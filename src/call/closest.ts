/** What somebody may have meant. */

/** How many letters must be put in, taken out or changed to make one word the other. */
const distance = (one: string, other: string): number => {
  let before = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const now = [i]
    for (let k = 1; k <= other.length; k++) {
      const changed = (before[k - 1] ?? 0) + (one[i - 1] === other[k - 1] ? 0 : 1)
      now.push(Math.min(changed, (before[k] ?? 0) + 1, (now[k - 1] ?? 0) + 1))
    }
    before = now
  }
  return before.at(-1) ?? 0
}

/** The word of `words` that `typed` resembles: it begins so, or differs in two letters at most. */
export const closest = (typed: string, words: readonly string[]): string | undefined => {
  const begun = words.find(word => typed.length > 2 && word.startsWith(typed))
  return begun ?? words.find(word => distance(typed, word) <= Math.min(2, Math.floor(typed.length / 2)))
}
