/** What the room tells, as a person wants to read it. */
import type { RoomFact } from '../facts.ts'
import type { News } from './screen.ts'

type Fact<T extends RoomFact['type']> = Extract<RoomFact, { type: T }>

/** What a fact is worth in one line, if it is worth one. */
const remarkOf = (fact: RoomFact): string | undefined => {
  if (fact.type === 'utterance.ended' && fact.played.outcome === 'interrupted' && fact.played.heard > 0)
    return 'the agent was interrupted'
  if (fact.type === 'paused') return 'the agent pauses'
  if (fact.type === 'resumed') return 'the agent goes on'
  if (fact.type === 'linked') return `${fact.identity} is here`
  if (fact.type === 'unlinked') return `${fact.identity} has left`
  if (fact.type === 'captions.lost') return 'captions could not be shown'
  if (fact.type === 'input.dropped') return 'some of what the caller said was lost: the agent is too slow'
  return undefined
}

/** What ended a conversation, in one line: that it was the agent needs no saying. */
export const failureOf = ({ actor, error }: Fact<'failed'>): string => (actor === 'agent' ? error : `${actor}: ${error}`)

/** Turns facts into news. Times count from `zero`; the agent's words come one by one and are put together here. */
export const newsroom = (zero: number, tell: (news: News) => void) => {
  const texts = new Map<string, string>()
  let present: string | undefined

  const words = ({ id, speaker, text, final, at }: Fact<'words.shown'>) => {
    const whole = speaker === 'agent' ? (texts.get(id) ?? '') + text : text
    if (final) texts.delete(id)
    else texts.set(id, whole)
    tell({ type: 'words', speaker, id, text: whole, final, at: at - zero })
  }
  const ended = ({ played: { id, outcome }, at }: Fact<'utterance.ended'>) => {
    const whole = texts.get(id) ?? ''
    texts.delete(id)
    const text = outcome === 'finished' || whole === '' ? whole : `${whole} …`
    tell({ type: 'words', speaker: 'agent', id, text, final: true, at: at - zero })
  }
  return (fact: RoomFact, now: number): void => {
    if (fact.type === 'linked' && fact.identity === present) return // told before
    if (fact.type === 'linked') present = fact.identity
    if (fact.type === 'unlinked') present = undefined
    if (fact.type === 'agent.changed') tell({ type: 'state', state: fact.state, at: fact.at - zero })
    if (fact.type === 'words.shown') words(fact)
    if (fact.type === 'utterance.ended') ended(fact)
    const text = remarkOf(fact)
    if (text !== undefined) tell({ type: 'remark', text, at: ('at' in fact ? fact.at : now) - zero })
  }
}
