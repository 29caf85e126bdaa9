/** What a text or byte stream says of itself, and how one of ours is opened. */

/** `timestamp` in epoch ms. `attributes`: those it was opened with, and from its end on those of its closing laid over them. */
export type StreamInfo = {
  streamId: string
  topic: string
  mimeType: string
  timestamp: number
  /** In bytes; undefined where the sender did not say. */
  totalSize?: number
  attributes: Record<string, string>
}
/** `attachments`: the ids of byte streams that belong to the text. */
export type TextStreamInfo = StreamInfo & { replyToId?: string; attachments: string[] }
export type ByteStreamInfo = StreamInfo & { name: string }

/** How a stream is opened. For everybody in the room where `destinationIdentities` are not given, under a new id where `streamId` is not. */
export type StreamOptions = {
  topic?: string
  attributes?: Record<string, string>
  streamId?: string
  destinationIdentities?: string[]
  /** In bytes, if it is known. */
  totalSize?: number
  /** In whose name: our own identity where not given. Another one takes a permission of the server's. */
  senderIdentity?: string
}
export type TextStreamOptions = StreamOptions & { replyToId?: string; attachments?: string[] }
/** `name` is `unknown` and `mimeType` `application/octet-stream` where not given. */
export type ByteStreamOptions = StreamOptions & { name?: string; mimeType?: string }

/** How a stream of ours is closed. A `reason` says that it was broken off: its readers end with an error (see docs/why.md). */
export type Closing = { reason?: string; attributes?: Record<string, string> }
