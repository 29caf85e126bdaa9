/** The way of the server's events to the client, on which faults strike (FAKE-8). */
import type { Faults } from './faults.ts'
import type { Recording } from './record.ts'
import type { Timers } from './timers.ts'
import { type Dialect, type Line, type ServerEvent, toWire, type WireEvent } from './wire.ts'

type Way = {
  line: Line
  session: number
  dialect: Dialect
  faults: Faults
  recording: Recording
  timers: Timers
  nextId(prefix: string): string
  /** Ends the connection. */
  cut(code: number, reason: string): void
}
export type Outbox = { tell(event: ServerEvent): void; stall(ms: number): void; close(): void }

export const outboxOn = (way: Way): Outbox => {
  const { faults, recording, timers, dialect } = way
  let open = true
  /** Waits for the next one to go first. */
  let swapped: (() => void) | undefined
  /** What waits until nothing stalls any more. */
  const waiting: (() => void)[] = []
  let stalled = 0
  const send = (event: WireEvent, note?: string, text = JSON.stringify(event)) => {
    if (!open) return
    if (stalled > 0) return void waiting.push(() => send(event, note, text))
    recording.add({ session: way.session, from: 'server', type: event.type, event, ...(note && { note }) })
    way.line.send(text)
    const next = swapped
    swapped = undefined
    next?.()
  }
  const unheardOf = (more: object = {}) => send({ type: 'response.unheard_of', event_id: way.nextId('evt_'), ...more }, 'unknown')
  const tell = (event: ServerEvent) => {
    if (!open) return
    const { type } = event
    const cut = faults.take('cut', type)
    if (cut) return way.cut(cut.code ?? 1006, cut.reason ?? '')
    const unknown = faults.take('unknown', type)
    if (unknown) unheardOf(unknown.event)
    const told = toWire(dialect, event)
    if (!told) return
    const wire = { event_id: way.nextId('evt_'), ...told }
    const late = faults.take('late', type)
    if (faults.take('never', type))
      recording.add({ session: way.session, from: 'server', type: wire.type, event: wire, note: 'never sent' })
    else if (faults.take('broken', type)) send(wire, 'broken', JSON.stringify(wire).slice(0, -3))
    else if (late) timers.after(late.ms, () => send(wire, `${late.ms} ms late`))
    else if (faults.take('swap', type)) swapped = () => send(wire, 'swapped')
    else {
      send(wire)
      if (faults.take('twice', type)) send(wire, 'once more')
    }
  }
  return {
    tell,
    stall: ms => {
      stalled++
      timers.after(ms, () => {
        stalled--
        if (stalled === 0) for (const send of waiting.splice(0)) send()
      })
    },
    close: () => {
      open = false
    },
  }
}
