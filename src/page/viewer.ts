/** What the viewer machine asks for, done by the screen: its socket, and what it shows. */
import { fromCallback, fromPromise } from 'xstate'
import { type Held, type ViewerEvent, viewerMachine } from '../../machines/viewer.ts'

export type { Held }
export type Tell = (event: ViewerEvent) => void
export type Screen = {
  /** Opens a socket, and tells once when the server has greeted, or refuses, or is lost. Gives back what closes it. */
  connect(tell: Tell): () => void
  /** Resolves when the moment can be shown. */
  fetchMoment(held: Held, signal: AbortSignal): Promise<void>
  /** Goes on showing what comes, until what it gives back is called. */
  play(tell: Tell): () => void
  showHeld(held: Held | null): void
  showNewest(): void
}

/** The viewer machine on a screen. */
export const viewerOn = (screen: Screen) =>
  viewerMachine.provide({
    actors: {
      connect: fromCallback<ViewerEvent>(({ sendBack }) => screen.connect(sendBack)),
      fetchMoment: fromPromise<void, Held>(({ input, signal }) => screen.fetchMoment(input, signal)),
      play: fromCallback<ViewerEvent>(({ sendBack }) => screen.play(sendBack)),
    },
    actions: {
      showHeld: ({ context }) => screen.showHeld(context.held),
      showNewest: () => screen.showNewest(),
    },
  })
