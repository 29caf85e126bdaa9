/** What the room tells, as a person wants to read it. */
import type { RoomFact } from '../facts.ts'
import type { News } from './screen.ts'

type Fact<T extends RoomFact['type']> = Extract<RoomFact, { type: T }>

/** Turns facts into news. Times count from `zero`; the agent's words come one by one and are put together here. */
export const newsroom = (zero: number, tell: (news: News) => void) => {
  const texts = new Map<string, string>()
  const remark = (text: string, at: number) => tell({ type: 'remark', text, at: at - zero })

  const words = ({ id, speaker, text, final, at }: Fact<'words.shown'>) => {
    const whole = speaker === 'agent' ? (texts.get(id) ?? '') + text : text
    if (final) texts.delete(id)
    else texts.set(id, whole)
    tell({ type: 'words', speaker, id, text: whole, final, at: at - zero })
  }
  const ended = ({ played: { id, outcome, heard }, at }: Fact<'utterance.ended'>) => {
    const text = texts.get(id) ?? ''
    texts.delete(id)
    tell({
      type: 'words',
      speaker: 'agent',
      id,
      text: outcome === 'finished' || text === '' ? text : `${text} …`,
      final: true,
      at: at - zero,
    })
    if (outcome === 'interrupted' && heard > 0) remark('the agent was interrupted', at)
  }
  return (fact: RoomFact, now: number): void => {
    if (fact.type === 'agent.changed') tell({ type: 'state', state: fact.state, at: fact.at - zero })
    else if (fact.type === 'words.shown') words(fact)
    else if (fact.type === 'utterance.ended') ended(fact)
    else if (fact.type === 'paused') remark('the agent pauses', fact.at)
    else if (fact.type === 'resumed') remark('the agent goes on', fact.at)
    else if (fact.type === 'linked') remark(`${fact.identity} is here`, fact.at)
    else if (fact.type === 'unlinked') remark(`${fact.identity} has left`, fact.at)
    else if (fact.type === 'captions.lost') remark('captions could not be shown', now)
    else if (fact.type === 'input.dropped') remark('some of what the caller said was lost: the agent is too slow', now)
  }
}
