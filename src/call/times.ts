/** Times as people read them. */

/** 65 000 → `1:05`. */
export const clock = (ms: number): string => {
  const whole = Math.floor(ms / 1000)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

/** 1 240 → `1.2 s`. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

/** 65 400 → `1 min 05 s`, 5 400 → `5.4 s`. */
export const spell = (ms: number): string => {
  if (ms < 59_950) return seconds(ms)
  const whole = Math.round(ms / 1000)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

/** 1, `word` → `1 word`; 2, `word` → `2 words`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
