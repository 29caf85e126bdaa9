/** Who may fail how often, and what follows: the failure table as data, and the questions the supervisor asks of it. */

/** What a room has children for. Several alike are told apart by a key: `playout:SG_…`. */
export type Concern =
  | 'link'
  | 'microphone'
  | 'camera'
  | 'chat'
  | 'output'
  | 'playout'
  | 'sync'
  | 'transcript'
  | 'presence'
  | 'interruption'
  | 'agent'
  | 'guest'
/** Whose failures are counted as one's, and whom a restart makes good: a concern, or one guest. */
export type Post = Concern | `guest:${string}`
/** After the last restart: `close` the room, or go on `without` that child. */
export type Policy = { restarts: number; otherwise: 'close' | 'without' }

/** Failures are forgotten after this long, in ms: "more than N times in 60 s". */
export const MEMORY_MS = 60_000
/** The wait before the first restart, doubled with every further one, in ms. */
const BACKOFF_MS = 100

export const failureTable: Record<Concern, Policy> = {
  link: { restarts: 0, otherwise: 'close' },
  microphone: { restarts: 3, otherwise: 'close' },
  camera: { restarts: 3, otherwise: 'without' },
  chat: { restarts: 3, otherwise: 'without' }, // the message in hand is lost
  output: { restarts: 0, otherwise: 'close' }, // it has rebuilt itself before it gives up
  playout: { restarts: 0, otherwise: 'without' }, // the utterance ends abandoned, the next one plays
  sync: { restarts: 0, otherwise: 'without' }, // as transcript
  transcript: { restarts: 0, otherwise: 'without' }, // the conversation goes on without captions
  presence: { restarts: 3, otherwise: 'without' },
  interruption: { restarts: 0, otherwise: 'without' }, // the voice is held no more
  agent: { restarts: 1, otherwise: 'close' },
  guest: { restarts: 0, otherwise: 'without' }, // unless its owner says so
}

const isConcern = (name: string | undefined): name is Concern => name !== undefined && Object.hasOwn(failureTable, name)

/** `playout:SG_1` → `playout`. */
export const concernOf = (actorId: string): Concern | undefined => {
  const name = actorId.split(':', 1)[0]
  return isConcern(name) ? name : undefined
}

export const isGuest = (name: string): name is `guest:${string}` => name.startsWith('guest:')
export const postOf = (actorId: string): Post | undefined => (isGuest(actorId) ? actorId : concernOf(actorId))

/** What becomes of a child that failed after `before` failures that are not forgotten. */
export const verdict = ({ restarts, otherwise }: Policy, before: number): 'restart' | Policy['otherwise'] =>
  before < restarts ? 'restart' : otherwise

/** How long to wait before restart number `n` (from 1), in ms. */
export const backoff = (n: number): number => BACKOFF_MS * 2 ** (n - 1)
