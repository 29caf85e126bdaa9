/** Everything both sides said, with its time: what a failing script shows. */
import type { Clock } from '../../../src/ports.ts'
import { isJson, type Json } from './wire.ts'

/** `atMs` by the server's clock; `session` counts connections from 1; `event` is missing where the text was not JSON. `note`: a fault. */
export type Entry = {
  atMs: number
  session: number
  from: 'client' | 'server'
  type: string
  event?: Json
  text?: string
  note?: string
}
export type Recording = { readonly entries: Entry[]; add(entry: Omit<Entry, 'atMs'>): Entry; print(): string }

const longest = 160
/** Audio is only counted. */
const short = (key: string, value: unknown): unknown => {
  if (typeof value !== 'string' || value.length <= 60) return value
  return key === 'audio' || key === 'delta' ? `<${value.length} characters>` : `${value.slice(0, 60)}…`
}
const line = ({ atMs, session, from, type, event, text, note }: Entry): string => {
  const { type: _, ...fields } = isJson(event) ? event : { type, text }
  const said = JSON.stringify(fields, short)
  const cut = said.length > longest ? `${said.slice(0, longest)}…` : said
  return `${atMs.toFixed(0).padStart(8)} ms  #${session} ${from === 'client' ? '→' : '←'} ${type} ${cut}${note ? ` (${note})` : ''}`
}

export const recordOn = (clock: Clock): Recording => {
  const entries: Entry[] = []
  return {
    entries,
    add: said => {
      const entry = { atMs: clock.now(), ...said }
      entries.push(entry)
      return entry
    },
    print: () => `what was said (→ by the client, ← by the server):\n${entries.map(line).join('\n')}`,
  }
}
