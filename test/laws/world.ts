/** A world whose answers come late, whose microphone may break, and whose device is on record. */
import type { AudioFrame } from '../../src/audio/frame.ts'
import type { Operation } from '../../src/loopback/index.ts'
import type { Sink, World } from '../../src/ports.ts'
import { pieces, torn } from '../fakes/call.ts'
import type { Answers } from './answers.ts'

/** What all devices of a call have played, or will play. */
export class Tape {
  readonly #blocks: Int16Array[] = []

  record(sink: Sink): Sink {
    return {
      sampleRate: sink.sampleRate,
      channels: sink.channels,
      free: () => sink.free(),
      queued: () => sink.queued(),
      write: data => {
        const block = data.slice()
        this.#blocks.push(block)
        const told = sink.write(data)
        told.catch(() => this.#blocks.splice(this.#blocks.indexOf(block), this.#blocks.includes(block) ? 1 : 0))
        return told
      },
      clear: () => {
        const taken = sink.clear()
        this.#takeBack(taken.unplayed)
        return taken
      },
    }
  }
  /** Without the silence of padding, and of ramps. */
  audible(): Int16Array {
    const all = new Int16Array(this.#blocks.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const block of this.#blocks) for (const sample of block) if (sample !== 0) all[at++] = sample
    return all.subarray(0, at)
  }

  #takeBack(unplayed: number): void {
    let rest = unplayed
    while (rest > 0) {
      const last = this.#blocks.pop()
      if (!last) throw new Error('more was taken back than was given')
      if (last.length > rest) this.#blocks.push(last.subarray(0, last.length - rest))
      rest -= last.length
    }
  }
}

export type Mishaps = {
  tape: Tape
  answers: Pick<Answers, 'begin' | 'answer'>
  /** Whether the next track that is listened to breaks. */
  breaks: () => boolean
}

/** What is asked for comes in its time, and so does the answer; what is written to a stream is written at once. Whoever aborts hears so at once. */
export const altered = (world: World, { tape, answers, breaks }: Mishaps): World => {
  const begin = async (what: Operation, signal?: AbortSignal) => {
    const wait = answers.begin(what, signal)
    await wait
    if (wait) signal?.throwIfAborted()
  }
  const late = async <T>(what: Operation, work: Promise<T>, signal?: AbortSignal): Promise<T> => {
    const value = await work
    const wait = answers.answer(what, signal)
    await wait
    if (wait) signal?.throwIfAborted()
    return value
  }
  const timed = async <T>(what: Operation, work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    await begin(what, signal)
    return late(what, work(), signal)
  }
  let left: Promise<void> | undefined
  const leave = () => {
    left ??= timed('leave', () => world.room.leave())
    return left
  }
  return {
    ...world,
    room: {
      join: (tell, signal) => timed('join', () => world.room.join(tell, signal), signal),
      leave,
      setAttributes: (attributes, signal) => timed('setAttributes', () => world.room.setAttributes(attributes, signal), signal),
    },
    tracks: {
      listen: (key, how, signal) =>
        breaks() ? torn(pieces<AudioFrame>(), 'the track broke') : world.tracks.listen(key, how, signal),
    },
    speakers: {
      publish: async (track, signal) => {
        await begin('publish', signal)
        const publication = await world.speakers.publish(track, signal)
        await late('publish', Promise.resolve(), signal).catch(async error => {
          await publication.close() // nobody waits for it any more
          throw error
        })
        const sink = tape.record(publication.sink)
        return {
          get sid() {
            return publication.sid
          },
          sink,
          close: () => timed('unpublish', () => publication.close()),
        }
      },
    },
    textOut: {
      closesWithAttributes: world.textOut.closesWithAttributes,
      open: async (stream, signal) => {
        await begin('openText', signal)
        const writer = await world.textOut.open(stream, signal)
        await late('openText', Promise.resolve(), signal).catch(async error => {
          await writer.close()
          throw error
        })
        return {
          write: text => late('write', writer.write(text)),
          close: attributes => late('closeText', writer.close(attributes)),
        }
      },
    },
  }
}
