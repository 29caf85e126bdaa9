/** Where pages can hold calls: what a server of pages takes from whoever makes the calls. */
import type { CallNews, FromPage } from './scene.ts'

export type CallAsked = Extract<FromPage, { type: `call.${string}` }>

/** Makes calls, one for each page at a time. */
export type CallHost<Feed> = {
  /** By name, the usual one first: for `Hello.minds`. */
  readonly minds: string[]
  /** A page is there. It is told at once what there is to look at, and how its call stands: both within this call. */
  attach(page: CallPage<Feed>): CallSeat
  /** Ends every call, within a bound. Never rejects; a second call is the same end. */
  close(): Promise<void>
}
/** A page, as the host sees it; what it is given must be taken or dropped at once, by a bound of the server's. */
export type CallPage<Feed> = {
  /** What the page looks at from now on: its own call, or the newest of others while it has none. Hello (with its header) and Snapshot follow. */
  watch(feed: Feed): void
  tell(news: CallNews): void
  /** What the page hears: 16 bits, mono, 24 000 Hz, 20 ms each. A page that is too slow loses some: `sent` false says so, and it is counted. */
  play(samples: Int16Array): { sent: boolean }
}
/** What a page may do. Nothing throws: what cannot be done is told with the news. */
export type CallSeat = {
  ask(asked: CallAsked): void
  /** Of its microphone: 16 bits, mono, 24 000 Hz, any number of samples. Without a call they go nowhere. */
  hear(samples: Int16Array): void
  /** The page has gone: its call ends. */
  leave(): void
}
