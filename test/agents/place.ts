/** Where a session of LiveKit's agents meets a caller: on the loopback in real time, or on a server. */

import { voice } from '@livekit/agents'
import { Room } from '@livekit/rtc-node'
import type { Server } from '../../scripts/livekit.mjs'
import { realClock } from '../../src/clock.ts'
import { seededIds } from '../../src/ids.ts'
import { tokenFor } from '../../src/livekit/index.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import type { Log } from '../../src/ports.ts'
import { RoomIO, type RoomOptions } from '../../src/room-io.ts'
import { Caller } from '../e2e/caller.ts'
import { Ear } from '../e2e/ear.ts'
import { micRate } from '../e2e/mic.ts'
import { Watch, within } from '../e2e/watch.ts'
import { tone } from '../fakes/sound.ts'
import { newAgent, newSession, type Script, voiceRate } from './scripted.ts'

/** What the caller does and notices. `captions`: what was shown of the agent, utterance by utterance, as far as it has come. */
export type Place = {
  ear: Ear
  watch: Watch
  speak(ms: number): Promise<void>
  captions(): string[]
  state(): string | undefined
  leave(): Promise<void>
}
export type Item = { role: string; text: string; interrupted: boolean }
/** A session at work: `items` is what it has in its history, in order; `states` what it was. */
export type Scene = Place & {
  session: voice.AgentSession
  io: RoomIO
  items: Item[]
  states: string[]
  codes: string[]
  /** Resolves with the `nth` item of the history. */
  item(nth: number): Promise<Item>
  /** Ends all of it; checks that the session's slots are empty. */
  close(): Promise<void>
}

const notes = (session: voice.AgentSession, watch: Watch) => {
  const items: Item[] = []
  const states: string[] = []
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    if (item.type === 'message') items.push({ role: item.role, text: item.textContent ?? '', interrupted: item.interrupted })
    watch.look()
  })
  session.on(voice.AgentSessionEventTypes.AgentStateChanged, ({ newState }) => {
    states.push(newState)
    watch.look()
  })
  const item = (nth: number) => watch.until(`item ${nth} is in the history, after ${JSON.stringify(items)}`, () => items[nth])
  return { items, states, item }
}
const logInto = (codes: string[]): Log => {
  return (level, code, fields) => {
    if (level !== 'warn' && level !== 'error') return
    // Looking at what was heard takes the process more than a second: the ear of the loopback, which is in it, gets behind then.
    if (code !== 'listener.behind') codes.push(code)
    if (process.env.AGENTS_LOG) console.log(level, code, fields)
  }
}

export const onLoopback = async (script: Script = {}, options: RoomOptions = {}): Promise<Scene> => {
  const watch = new Watch()
  const clock = realClock()
  const codes: string[] = []
  const log = logInto(codes)
  const hub = createLoopback({ clock, ids: seededIds(1), log })
  const caller = hub.participant({ identity: 'caller' })
  caller.join()
  const texts = caller.collect('lk.transcription')
  const mic = caller.publish()
  const ear = new Ear(watch)
  const over = new AbortController()
  const listen = async () => {
    for await (const { data } of caller.hears('agent').frames(10, over.signal)) ear.push(data)
  }
  const session = newSession(script)
  const io = new RoomIO(session, hub.world({ identity: 'agent' }), options)
  io.start()
  void listen()
  await session.start({ agent: newAgent() })
  await within('it is ready', io.ready())
  const place: Place = {
    ...{ ear, watch },
    speak: ms => mic.speak(tone((ms * mic.sampleRate) / 1000, 440, mic.sampleRate)),
    captions: () => texts.flatMap(({ from, text }) => (from === 'agent' && text !== '' ? [text] : [])),
    state: () => caller.attributesOf('agent')?.['lk.agent.state'],
    leave: async () => caller.leave(),
  }
  const leave = async () => {
    over.abort()
    if (caller.here) caller.leave()
  }
  return { ...place, session, io, ...notes(session, watch), codes, close: () => close(session, io, leave) }
}

let rooms = 0
/** The caller in a room of the server, and the SDK's room of the agent in it. */
const onServer = async (server: Server) => {
  const name = `agents-${process.pid}-${++rooms}`
  const caller = await new Caller('caller').join(server, name)
  const mic = await caller.publish()
  const room = new Room()
  const token = await tokenFor({ ...server, room: name, identity: 'agent' })
  await within('the agent joins', room.connect(server.url, token, { autoSubscribe: true, dynacast: false }))
  // A microphone that sends nothing at all is not heard as silence.
  const said: { data: Int16Array; done: () => void }[] = []
  const talk = async () => {
    while (room.isConnected) {
      const { data = new Int16Array(micRate / 100), done } = said.shift() ?? {}
      await mic.speak(data)
      done?.()
    }
  }
  void talk()
  const place: Place = {
    ...{ ear: caller.ear, watch: caller.watch },
    speak: ms => new Promise(done => said.push({ data: tone((ms * micRate) / 1000, 440, micRate), done })),
    captions: () => caller.texts.flatMap(({ from, text }) => (from === 'agent' && text !== '' ? [text] : [])),
    state: () => caller.stateOf(),
    leave: () => caller.leave(),
  }
  return { place, room }
}

export const withOurs = async (server: Server, script: Script = {}, options: RoomOptions = {}): Promise<Scene> => {
  const { place, room } = await onServer(server)
  const codes: string[] = []
  const session = newSession(script)
  const io = new RoomIO(session, room, options, { log: logInto(codes) })
  io.start()
  await session.start({ agent: newAgent(), room })
  await within('it is ready', io.ready())
  return {
    ...{ ...place, session, io, codes, ...notes(session, place.watch) },
    close: () =>
      close(session, io, async () => {
        await room.disconnect()
        await place.leave()
      }),
  }
}
/** The same session with the RoomIO that it makes itself. */
export const withTheirs = async (server: Server, script: Script = {}): Promise<Omit<Scene, 'io' | 'codes'>> => {
  const { place, room } = await onServer(server)
  const session = newSession(script)
  await session.start({ agent: newAgent(), room, outputOptions: { audioSampleRate: voiceRate } })
  return {
    ...{ ...place, session, ...notes(session, place.watch) },
    close: async () => {
      await within('the session closes', session.close())
      await room.disconnect()
      await place.leave()
    },
  }
}

const close = async (session: voice.AgentSession, io: RoomIO, leave: () => Promise<void>): Promise<void> => {
  await within('the session closes', session.close())
  await within('its room closes', io.close())
  const { input, output } = session
  for (const [slot, part] of Object.entries({ input: input.audio, output: output.audio, words: output.transcription }))
    if (part !== null) throw new Error(`the ${slot} of the session is not empty`)
  await leave()
}
