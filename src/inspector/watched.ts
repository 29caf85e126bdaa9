/** What a server of pages takes of a room's feed: who reads late or slowly reads the same messages, and none waits for another. */
import type { Definition, Header, JsonObject, Message, Path } from './messages.ts'
import type { Snapshot } from './scene.ts'

export type Watched = {
  readonly header: Header
  /** Of all machines that were told until now, by their keys. */
  readonly definitions: ReadonlyMap<string, Definition>
  /** How things stand now, with the newest messages. */
  snapshot(): Snapshot
  /** The messages after this `seq`, oldest first; undefined where not all of them are kept any more. */
  since(seq: number): readonly Message[] | undefined
  /** Is told each message as it comes, until the returned function is called. It must not throw, nor call the room. */
  listen(listener: (message: Message) => void): () => void
  /** Sends an event from outside of the actor system. False: nobody is there to take it. */
  send(to: Path, event: JsonObject & { type: string }): boolean
}
