/** The process that listens: in each room it hears one voice and notes when each frame of it arrived. */
import { dispose, type Room } from '@livekit/rtc-node'
import { serve } from './child.ts'
import type { Chunk } from './lag.ts'
import { heardRate, now, Recorder, save } from './recording.ts'
import { framesOf, join, voiceIn, type Way } from './rooms.ts'

const keptMs = 60_000
const recorders = new Map<string, Recorder>()
const rooms = new Map<string, Room>()
/** What was read there: pieces of text as they come, without the finals that say all of it again. */
const chunks: ({ name: string } & Chunk)[] = []

const record = async (name: string, way: Way) => {
  await rooms.get(name)?.disconnect()
  const room = await join(way, { hear: true })
  const recorder = new Recorder(keptMs)
  recorders.set(name, recorder)
  rooms.set(name, room)
  read(name, room)
  const hear = async () => {
    for await (const { data } of framesOf(await voiceIn(room), heardRate, 10)) recorder.push(data, now())
  }
  hear().catch(error => console.error(`${name}: ${error}`))
}

const read = (name: string, room: Room) =>
  room.registerTextStreamHandler('lk.transcription', async reader => {
    if (reader.info.attributes?.['lk.transcription_final'] === 'true') return
    for await (const text of reader) chunks.push({ name, text, at: now() })
  })

serve(
  {
    /** Joins another room under this name, and leaves the one before. */
    join: ({ name, way }: { name: string; way: Way }) => record(name, way),
    /** How much was heard there so far. */
    heard: ({ name, from, to }: { name: string; from: number; to: number }) =>
      recorders.get(name)?.between(from, to).stamps.length ?? 0,
    /** What was read there in this time. */
    read: ({ name, from, to }: { name: string; from: number; to: number }): Chunk[] =>
      chunks.filter(chunk => chunk.name === name && chunk.at >= from && chunk.at <= to),
    /** Writes what was heard in this time. */
    save: ({ name, from, to, file }: { name: string; from: number; to: number; file: string }) => {
      const recorder = recorders.get(name)
      if (recorder) save(file, recorder.between(from, to))
    },
  },
  dispose,
)
