/** What the output machine asks for: our track in the room, and its queue under the speaker. */
import { fromPromise } from 'xstate'
import { type OutputFact, outputMachine } from '../../machines/outbound/output.ts'
import type { Publication, Speakers } from '../ports.ts'
import type { Speaker } from './speaker.ts'

export type OutputHands = {
  speaker: Pick<Speaker, 'format' | 'plug' | 'unplug'>
  speakers: Speakers
  /** The track's name, and how much of it the device holds (OUT-12: 200 ms). */
  trackName: string
  queueMs: number
  /** What else the SDK shall be told of the track. */
  trackPublishOptions?: object | undefined
  tell?: (fact: OutputFact) => void
}

/** The output machine on a speaker and the world's way to publish it. One per room: it holds the publication. */
export const outputOn = ({
  speaker,
  speakers,
  trackName,
  queueMs,
  trackPublishOptions: options,
  tell = () => {},
}: OutputHands) => {
  let publication: Publication | undefined
  let publishing: Promise<unknown> = Promise.resolve()
  const withdraw = async () => {
    const old = publication
    publication = undefined
    await old?.close()
  }
  const publish = async (signal: AbortSignal) => {
    await withdraw()
    signal.throwIfAborted()
    const track = { ...speaker.format, name: trackName, queueMs, ...(options ? { options } : {}) }
    const published = await speakers.publish(track, signal)
    if (!signal.aborted) publication = published
    else await published.close() // too late: nobody waits for it any more
    return published.sid
  }
  return outputMachine.provide({
    actors: {
      publish: fromPromise(({ signal }) => {
        const work = publish(signal)
        publishing = work.catch(() => undefined) // the machine hears of it
        return work
      }),
      unpublish: fromPromise(async () => {
        await publishing // what was given up leaves nothing behind either
        await withdraw()
      }),
    },
    actions: {
      plug: () => publication && speaker.plug(publication.sink),
      unplug: () => speaker.unplug(),
      tellPublished: ({ context: { sid } }) => sid !== undefined && tell({ type: 'output.published', sid }),
      tellSubscribed: ({ context: { sid } }) => sid !== undefined && tell({ type: 'output.subscribed', sid }),
    },
  })
}
