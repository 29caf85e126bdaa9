/** What the output machine asks for: our track in the room, and its queue under the speaker. */
import { fromPromise } from 'xstate'
import { type OutputFact, outputMachine } from '../../machines/outbound/output.ts'
import type { Publication, Speakers } from '../ports.ts'
import type { Speaker } from './speaker.ts'

export type OutputHands = {
  speaker: Speaker
  speakers: Speakers
  /** The track's name, and how much of it the device holds (OUT-12: 200 ms). */
  trackName: string
  queueMs: number
  tell?: (fact: OutputFact) => void
}

/** The output machine on a speaker and the world's way to publish it. One per room: it holds the publication. */
export const outputOn = ({ speaker, speakers, trackName, queueMs, tell = () => {} }: OutputHands) => {
  let publication: Publication | undefined
  const withdraw = async () => {
    const old = publication
    publication = undefined
    await old?.close()
  }
  return outputMachine.provide({
    actors: {
      publish: fromPromise(async ({ signal }) => {
        await withdraw()
        const published = await speakers.publish({ ...speaker.format, name: trackName, queueMs }, signal)
        if (signal.aborted)
          await published.close() // too late: nobody waits for it any more
        else publication = published
        return published.sid
      }),
      unpublish: fromPromise(withdraw),
    },
    actions: {
      plug: () => publication && speaker.plug(publication.sink),
      unplug: () => speaker.unplug(),
      tellPublished: ({ context: { sid } }) => sid !== undefined && tell({ type: 'output.published', sid }),
      tellSubscribed: ({ context: { sid } }) => sid !== undefined && tell({ type: 'output.subscribed', sid }),
    },
  })
}
