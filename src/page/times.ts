/** Moments and spans of time, as the page writes them. */

/** `1:02:03.456` of ms of the room's clock, to the millisecond; hours only where there are some. */
export const clockText = (at: number): string => {
  const ms = Math.max(0, Math.round(at))
  const pad = (value: number, size = 2) => String(value).padStart(size, '0')
  const [hours, minutes, seconds] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60]
  const rest = `${pad(seconds)}.${pad(ms % 1000, 3)}`
  return hours > 0 ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`
}

/** `4 ms`, `1.2 s`, `3 min`, `2 h`: how long something took, as a person would say it. */
export const spanText = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 3_600_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}
