/** What a part of the page is, and what it is given: the one thing that the shell and its panels know of each other. */
import type { JsonObject, Message, Path } from '../inspector/messages.ts'
import type { CallNews, FromPage, Hello, Scene } from '../inspector/scene.ts'
import type { Far } from './far.ts'
import type { Reading } from './questions.ts'

/**
 * `connecting`: nothing was told yet. `following`: the newest moment is shown; a recording plays on. `travelling`: one moment is held.
 * `lost`: the server is away, and tried again. `refused`: it does not want us, for good.
 */
export type Life = 'connecting' | 'following' | 'travelling' | 'lost' | 'refused'

/** All that is shown, at one moment. Nobody changes it but the shell. */
export type View = {
  life: Life
  /** One line that says what is wrong and what to do; empty where nothing is. */
  trouble: string
  /** Null until the server has said what it is. */
  hello: Hello | null
  /** Null where no call was ever held with this page. */
  call: CallNews | null
  /** The moment that is shown: after the message `scene.seq`. */
  scene: Scene
  /** The same in ms of the room's clock; it may lie between two messages. */
  at: number
  /** What one can travel to, in the same ms. */
  from: number
  to: number
  /**
   * What is kept, oldest first, also what came after the moment that is shown. The array grows in place: remember the last `seq` you have
   * drawn. Another array than before means: begin anew.
   */
  messages: readonly Message[]
  /** So many before the first of these are not kept. */
  lost: number
  /** Messages of long ago that tell why things stand as they do. Another map than before means: there are others. */
  far: Far
  /** What is selected: an actor, and the `seq` of a message. */
  actor: Path | null
  message: number | null
}

/** What may be asked of the shell. Nothing throws; what cannot be done now is told in `View.trouble`. */
export type Actions = Reading & {
  selectActor(path: Path | null): void
  /** Selects it, and its actor; the moment that is shown stays. */
  selectMessage(seq: number | null): void
  /** Shows this moment, and holds it. With `seq`: right after that message, where several came at once. */
  seek(at: number, seq?: number): void
  /** Shows the newest moment again, and goes on with it; a recording plays on from where it is. */
  follow(): void
  /** Holds the moment that is shown. */
  hold(): void
  /** Asks a recording for what was before this message: it comes with `View.far`. */
  recall(seq: number): void
  /** Sends an event to an actor of the room, where `hello.sends`. */
  send(to: Path, event: JsonObject & { type: string }): void
  /** Tells the server anything else. False: it is away. */
  ask(message: FromPage): boolean
  /** Sound to the server, and from it: 16 bits, mono, 24 000 Hz. `talk` is false where it is away or cannot keep up: then it is dropped. */
  talk(samples: ArrayBuffer): boolean
  hear(listener: (samples: ArrayBuffer) => void): () => void
  /** The facts, sounds, stalls and gaps between two moments, thinned out where they are many; of a live room those that are kept. */
  span(from: number, to: number, signal?: AbortSignal): Promise<readonly Message[]>
  /** A file of the server, by a path without a slash before it (`charts/room.json`); the token is added. */
  get(path: string, signal?: AbortSignal): Promise<Response>
  /** Its address, token included, for what the browser loads by itself, in ranges: a sound. */
  url(path: string): string
  /** Brings a panel to the front, by its name. */
  open(panel: string): void
}

/** A key that works anywhere on the page but in a field: `/`, `ArrowLeft`. `does`: for the help. */
export type Key = { key: string; does: string; run(): void }

/** `show` is called when something of the view has changed, at most once a frame; for a panel in the back when it comes to the front. */
export type Panel = {
  element: HTMLElement
  show(view: View): void
  /** Called as `show` is, in the back too: for what must go on there. */
  follow?(view: View): void
  keys?: Key[]
  /** False: there is nothing to show in this view, and no tab. */
  wanted?(view: View): boolean
}

/**
 * A panel as the shell mounts it. Places: `side` a column of 280 px on the left, `main` the middle, `detail` a column of 400 px on the
 * right, `foot` the whole width below (220 px high). Panels of one place are tabs of it; on a phone each is a tab of its own.
 * The element fills its place, and scrolls itself. It is labelled by its tab, so it needs no heading of its own title.
 */
export type PanelEntry = {
  name: string
  title: string
  place: 'side' | 'main' | 'detail' | 'foot'
  make(actions: Actions): Panel
}
