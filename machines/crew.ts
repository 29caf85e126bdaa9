/** The room's crew, every child by its name: who hears of what, what a newcomer must know, and who says farewell how. */
import type { AnyEventObject } from 'xstate'
import type { Participant } from '../src/ports.ts'
import type { Crew, RoomContext } from './affairs.ts'
import { couldLink } from './inbound/link.ts'
import { type Concern, concernOf } from './supervision.ts'

/** `SG_…` of `playout:SG_…`. */
export const keyOf = (name: string): string => name.slice(name.indexOf(':') + 1)
export const named = (crew: Crew, concern: Concern): string[] => Object.keys(crew).filter(name => concernOf(name) === concern)
export const without = <T>(all: Record<string, T>, name: string): Record<string, T> => {
  const { [name]: _, ...rest } = all
  return rest
}

/** Which children an event of the world, or a command, is passed on to. */
export const audience = ({ type, id, of }: AnyEventObject, crew: Crew): string[] => {
  const [noun] = type.split('.', 1)
  if (type === 'link' || type === 'unlink') return ['link']
  if (type === 'attach' || type === 'detach') return of === undefined ? ['microphone', 'camera'] : [of]
  if (type === 'finish') return [`transcript:${id}`]
  if (type === 'interrupt' && id !== undefined) return [`playout:${id}`]
  if (type === 'resume') return [...named(crew, 'playout'), 'interruption']
  if (type === 'pause' || type === 'interrupt' || noun === 'voice') return named(crew, 'playout')
  if (noun === 'speech' || type === 'agent.changed') return ['interruption']
  if (type === 'attend' || noun === 'utterance') return ['agent']
  if (noun === 'participant' || noun === 'track') return ['link', 'microphone', 'camera']
  if (noun === 'speaker' || noun === 'sink') return ['output']
  return ['link', 'microphone', 'camera', 'chat', 'presence', ...named(crew, 'transcript')] // the room's own: away, back, over
}

/** Who sends something: nobody whom we know, if there is no participant. `welcome`: we take it (CHAT-2). */
export type Sender = { participant: Participant | undefined; welcome: boolean }
/** Undefined until the room is joined. */
export const senderOf = ({ crew, joined, roster }: RoomContext, identity: string): Sender | undefined => {
  const link = crew.link?.getSnapshot()
  const participant = roster.find(one => one.identity === identity)
  return joined ? { participant, welcome: link !== undefined && couldLink(link, identity) } : undefined
}

/** What they are told: an utterance does not know why its voice is held. */
export const wordingOf = (event: AnyEventObject): AnyEventObject => {
  if (event.type === 'voice.held') return { type: 'pause' }
  return event.type === 'voice.released' ? { type: 'resume', rewind: event.rewind } : event
}

/** What a child must know that comes, or comes again. */
export const briefing = (name: string, context: RoomContext): AnyEventObject[] => {
  const { crew, joined, roster, linked, away, paused, held, detached, state } = context
  const here = joined ? [{ type: 'room.joined', ...joined, participants: roster }] : []
  const concern = concernOf(name)
  if (concern === 'link' || concern === 'chat') return here
  if (concern === 'presence') return [{ type: 'present', state }, ...(away ? [] : here)]
  if (concern === 'playout') return paused || held ? [{ type: 'pause' }] : []
  if (concern === 'microphone' || concern === 'camera') {
    const participant = roster.find(({ sid }) => sid === linked?.sid)
    return [
      ...(detached.includes(concern) ? [{ type: 'detach' }] : []),
      ...(participant ? [{ type: 'listen', participant }] : []),
    ]
  }
  if (concern !== 'agent') return []
  const sounding = named(crew, 'playout').filter(playout => crew[playout]?.getSnapshot()?.context?.started)
  return [...here, ...sounding.map(playout => ({ type: 'utterance.started', id: keyOf(playout) }))]
}

/** Who is told what when the room closes, in this order (ROOM-9). The agent and guests are stopped; captions end with their utterances. */
export const farewells = (crew: Crew): [name: string, event: AnyEventObject][] => [
  ['chat', { type: 'close' }],
  ['link', { type: 'close' }],
  ['microphone', { type: 'close' }],
  ['camera', { type: 'close' }],
  ['interruption', { type: 'close' }],
  ...named(crew, 'playout').map((name): [string, AnyEventObject] => [name, { type: 'abandon' }]),
  ['presence', { type: 'close' }],
  ['output', { type: 'close' }],
]
