/** How long words take to say, measured in syllables: an estimate from their letters. */

const vowels = /[aeiouyæœøаеиоуыэюяєіαεηιουω]+/giu
/** The last e of "time" and "whole", not that of "table". */
const mute = /(?:[^aeiouyl]|[aeiouy]l)e\W*$/i
const lettersOf = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0

/** An estimate for text of any script; 0 for text without letters or digits. */
export const syllablesOf = (text: string): number => {
  const letters = lettersOf(text)
  if (letters === 0) return 0
  const groups = text.normalize('NFD').match(vowels)?.length ?? 0
  if (groups === 0) return Math.max(1, letters / 3) // no vowels written: about three letters a syllable
  return groups > 1 && mute.test(text) ? groups - 1 : groups
}

/** The end of a clause, where a speaker may pause: punctuation, and what closes after it. */
const end = /[.,;:!?…—–،؛؟。、，；：！？]["'”’»)\]」』\s]*$/u
/** Words before which a speaker may pause as well: in English, German, French and Spanish. */
const joint =
  /^[\s\p{P}]*(?:and|or|but|who|which|that|because|when|while|where|than|und|oder|aber|weil|wenn|dass|et|ou|mais|qui|que|y|o|pero|porque)(?![\p{L}\p{N}])/iu
export const beginsClause = (text: string): boolean => joint.test(text)
export const endsClause = (text: string): boolean => end.test(text)

/**
 * What a word weighs: an average English one its syllables. "Strength" takes longer to say than "idea", and the last word of a clause
 * longer than another. Measured on espeak-ng's speech, see docs/why.md.
 */
export const weightOf = (text: string): number => {
  const syllables = syllablesOf(text)
  if (!hasVowels(text)) return syllables
  return 0.36 * syllables + 0.205 * lettersOf(text) + (endsClause(text) ? 0.1 : 0)
}
const hasVowels = (text: string): boolean => text.normalize('NFD').search(vowels) >= 0
