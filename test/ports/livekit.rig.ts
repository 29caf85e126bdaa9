/** People with plain rtc-node rooms, on a real server: the other side of the LiveKit world in its contract tests. */

import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  type LocalTrackPublication,
  LocalVideoTrack,
  Room,
  type TextStreamReader,
  type Track,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node'
import type { Server } from '../../scripts/livekit.mjs'
import { joined } from '../../src/audio/frame.ts'
import { livekit, tokenFor } from '../../src/livekit/index.ts'
import { heldBy } from '../../src/livekit/world.ts'
import type { Log } from '../../src/ports.ts'
import { endings, packetsTo } from './native.ts'
import type { Camera, Collected, Ear, Mic, Person, PersonOptions, Rig } from './rig.ts'

const agent = 'agent'
/** What people speak and hear, in Hz. */
const soundRate = 48_000
/** A capture waits when so many ms are queued: that paces what is spoken. */
const queueMs = 100
/** Measured spread of counts and delays on a busy machine with two cores. */
const slackMs = 15

const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

/** What every person needs to get in. */
type Door = { server: Server; room: string }
/** Ends what a person has open when it leaves. */
type Ends = Set<() => void>

const micOf = (source: AudioSource, track: LocalAudioTrack, publication: LocalTrackPublication, room: Room): Mic => {
  const setMuted = async (mute: boolean) => {
    globalThis._ffiClientInstance?.request({
      message: { case: 'localTrackMute', value: { trackHandle: track.ffi_handle.handle, mute } },
    })
  }
  return {
    sid: publication.sid ?? '',
    speak: async data => {
      const block = soundRate / 100
      for (let at = 0; at < data.length; at += block) {
        const part = new Int16Array(block)
        part.set(data.subarray(at, at + block))
        await source.captureFrame(new AudioFrame(part, soundRate, 1, block))
      }
    },
    mute: () => setMuted(true),
    unmute: () => setMuted(false),
    unpublish: async () => {
      await room.localParticipant?.unpublishTrack(publication.sid ?? '')
      await track.close()
    },
  }
}

/** The server answers a publication before the track is one of the participant's: that takes its first sound. */
const untilListed = async ({ server, room }: Door, identity: string, sid: string | undefined) => {
  const { RoomServiceClient } = await import('livekit-server-sdk')
  const rooms = new RoomServiceClient(server.url.replace('ws', 'http'), server.apiKey, server.apiSecret)
  for (let tries = 0; tries < 100; tries++) {
    const { tracks } = await rooms.getParticipant(room, identity)
    if (tracks.some(track => track.sid === sid)) return
    await sleep(20)
  }
  throw new Error(`the server does not list the track ${sid} of ${identity}`)
}

const publish = async (room: Room, ends: Ends, preconnect: boolean): Promise<Mic> => {
  if (!room.localParticipant) throw new Error('join first')
  const source = new AudioSource(soundRate, 1, queueMs)
  const track = LocalAudioTrack.createAudioTrack('mic', source)
  ends.add(() => void track.close())
  const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE, preconnectBuffer: preconnect })
  return micOf(source, track, await room.localParticipant.publishTrack(track, options), room)
}

const publishVideo = async (room: Room, ends: Ends, { width, height }: { width: number; height: number }): Promise<Camera> => {
  if (!room.localParticipant) throw new Error('join first')
  const source = new VideoSource(width, height)
  const track = LocalVideoTrack.createVideoTrack('camera', source)
  ends.add(() => void track.close())
  const options = new TrackPublishOptions({ source: TrackSource.SOURCE_CAMERA, simulcast: false })
  const publication = await room.localParticipant.publishTrack(track, options)
  return {
    sid: publication.sid ?? '',
    show: async ({ data }) => source.captureFrame(new VideoFrame(data, width, height, VideoBufferType.I420)),
    unpublish: async () => room.localParticipant?.unpublishTrack(publication.sid ?? ''),
  }
}

const earOf = (room: Room, identity: string, ends: Ends): Ear => {
  const pieces: Int16Array[] = []
  const readers = new Set<ReadableStreamDefaultReader<AudioFrame>>()
  const hear = async (track: Track) => {
    const reader = new AudioStream(track, soundRate, 1).getReader()
    readers.add(reader)
    for (let step = await reader.read(); !step.done; step = await reader.read()) pieces.push(step.value.data)
    readers.delete(reader)
  }
  for (const { track } of room.remoteParticipants.get(identity)?.trackPublications.values() ?? []) if (track) void hear(track)
  const notice: Parameters<typeof room.on<'trackSubscribed'>>[1] = (track, _, from) => {
    if (from.identity === identity) void hear(track)
  }
  room.on('trackSubscribed', notice)
  const close = async () => {
    room.off('trackSubscribed', notice)
    for (const reader of readers) await reader.cancel()
  }
  ends.add(() => void close())
  return { sampleRate: soundRate, samples: () => joined(pieces), close }
}

const collect = (room: Room, topic: string, ends: Ends): Collected[] => {
  const all: Collected[] = []
  const { of: ending, end } = endings(room)
  ends.add(end)
  const read = async (reader: TextStreamReader, text: Collected) => {
    try {
      for await (const piece of reader) text.text += piece
      Object.assign(text.attributes, ending(text.id))
      text.state = 'closed'
    } catch {
      text.state = 'broken'
    }
  }
  room.registerTextStreamHandler(topic, (reader, { identity }) => {
    const { streamId, attributes = {} } = reader.info
    const text: Collected = { id: streamId, from: identity, attributes: { ...attributes }, text: '', state: 'open' }
    all.push(text)
    ends.add(() => void reader.close())
    void read(reader, text)
  })
  return all
}

const sendText = async (room: Room, topic: string, pieces: string[], attributes: Record<string, string> = {}) => {
  const writer = await room.localParticipant?.streamText({ topic, attributes })
  for (const piece of pieces) await writer?.write(piece)
  return writer
}
/** rtc-node can break a stream off, and says so to its readers; its writer only does not offer it. */
const breakOff = async (writer: object | undefined) => {
  const inner: unknown = writer && Reflect.get(writer, 'defaultWriter')
  if (inner instanceof WritableStreamDefaultWriter) await inner.abort(new Error('broken off on purpose'))
}

const personOf = ({ server, room: name }: Door, identity: string, options: PersonOptions): Person & { away(): Promise<void> } => {
  const ends: Ends = new Set()
  let room = new Room()
  const away = async () => {
    for (const end of ends) end()
    ends.clear()
    await room.disconnect()
  }
  return {
    identity,
    away,
    join: async () => {
      room = new Room()
      const { kind = 'standard', attributes, subscribes = true } = options
      if (kind === 'connector') throw new Error('a test server lets no connector in')
      const token = await tokenFor({ ...server, room: name, identity, kind, ...(attributes ? { attributes } : {}) })
      await room.connect(server.url, token, { autoSubscribe: subscribes, dynacast: false })
    },
    leave: away,
    remove: async () => {
      const { RoomServiceClient } = await import('livekit-server-sdk')
      await new RoomServiceClient(server.url.replace('ws', 'http'), server.apiKey, server.apiSecret).removeParticipant(
        name,
        identity,
      )
      for (const end of ends) end()
      ends.clear()
    },
    setAttributes: async attributes => void (await room.localParticipant?.setAttributes(attributes)),
    attributesOf: other => {
      const seen = room.remoteParticipants.get(other)?.attributes
      return seen && { ...seen }
    },
    publish: async ({ preconnect = false } = {}) => {
      const mic = await publish(room, ends, preconnect)
      await untilListed({ server, room: name }, identity, mic.sid)
      return mic
    },
    publishVideo: size => publishVideo(room, ends, size),
    hears: other => earOf(room, other, ends),
    collect: topic => collect(room, topic, ends),
    packets: () => {
      const { all, end } = packetsTo(room)
      ends.add(end)
      return all
    },
    sendText: async (topic, pieces, attributes) => void (await (await sendText(room, topic, pieces, attributes))?.close()),
    breakText: async (topic, pieces) => breakOff(await sendText(room, topic, pieces)),
    openText: async (topic, pieces) => void (await sendText(room, topic, pieces)),
    sendBytes: async (topic, pieces, { attributes = {}, mimeType } = {}) => {
      const writer = await room.localParticipant?.streamBytes({ topic, attributes, ...(mimeType ? { mimeType } : {}) })
      for (const piece of pieces) await writer?.write(piece)
      await writer?.close()
    },
  }
}

let rooms = 0
/** What the worlds of the last rig logged. */
export const logged: { level: string; code: string; fields: unknown }[] = []
const log: Log = (level, code, fields) => void logged.push({ level, code, fields })

/** A rig in a new room of this server. */
export const livekitRig = (server: Server) => async (): Promise<Rig & { room: string }> => {
  const room = `contract-${process.pid}-${++rooms}`
  const door = { server, room }
  const world = livekit({ url: server.url, token: await tokenFor({ ...server, room, identity: agent }), log })
  const people: { away(): Promise<void> }[] = []
  logged.length = 0
  return {
    world,
    agent,
    room,
    person: async (identity, options = {}) => {
      const person = personOf(door, identity, options)
      people.push(person)
      return person
    },
    pass: sleep,
    until: async (done, limitMs = 5_000) => {
      let timer: NodeJS.Timeout | undefined
      const limit = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`what was waited for did not happen within ${limitMs} ms`)), limitMs)
      })
      return Promise.race([done, limit]).finally(() => clearTimeout(timer))
    },
    slackMs,
    can: { exactSound: false },
    held: () => heldBy(world),
    disconnect: async () => {
      const { RoomServiceClient } = await import('livekit-server-sdk')
      await new RoomServiceClient(server.url.replace('ws', 'http'), server.apiKey, server.apiSecret).removeParticipant(
        room,
        agent,
      )
    },
    close: async () => {
      await Promise.all(people.map(person => person.away()))
      await world.room.leave()
    },
  }
}
