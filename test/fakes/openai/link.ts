/** A connection without a socket: nothing arrives before the current turn is over, and in order, as on one. */
import type { Ear } from './transport.ts'
import { isJson, type Json, type Line } from './wire.ts'

/** The client's end. `events`: all that came; what is no JSON is kept as `text`. `closed`: how the server ended it. */
export type Link = {
  send(event: Json | string): void
  close(): void
  readonly events: Json[]
  readonly types: string[]
  readonly closed: { code: number; reason: string } | undefined
}

const eventOf = (text: string): Json => {
  try {
    const event: unknown = JSON.parse(text)
    return isJson(event) ? event : { text }
  } catch {
    return { text }
  }
}

export const linkTo = (join: (line: Line) => Ear): Link => {
  const events: Json[] = []
  const waiting: string[] = []
  let closed: Link['closed']
  let [open, paused] = [true, false]
  const deliver = () => {
    while (!paused && waiting.length > 0) ear.take(waiting.shift() ?? '')
  }
  const ear = join({
    send: text => queueMicrotask(() => void events.push(eventOf(text))),
    close: (code, reason) =>
      queueMicrotask(() => {
        if (open) closed = { code, reason }
        open = false
      }),
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
      deliver()
    },
  })
  return {
    events,
    get types() {
      return events.map(({ type, text }) => String(type ?? text))
    },
    get closed() {
      return closed
    },
    send: event => {
      if (!open) return
      const text = typeof event === 'string' ? event : JSON.stringify(event)
      queueMicrotask(() => {
        waiting.push(text)
        deliver()
      })
    },
    close: () => {
      open = false
      queueMicrotask(() => ear.over())
    },
  }
}
