/** What the owner of a room may wait for: that somebody is there, and hears. */
import type { Crew } from '../machines/affairs.ts'
import { linkedParticipant, type linkMachine } from '../machines/inbound/link.ts'
import { isLive, type outputMachine } from '../machines/outbound/output.ts'
import { reached } from './supervise.ts'

/** Resolves when somebody hears our track for the first time; rejects with ERR_CLOSED if nobody will. */
export const heardIn = ({ output }: Crew): Promise<void> => reached<typeof outputMachine>(output, isLive)
/** Resolves when somebody is linked who can receive, and hears us, if we speak at all (ROOM-6); rejects with ERR_CLOSED. */
export const readyIn = async (crew: Crew, speaks: boolean): Promise<void> => {
  if (speaks) await heardIn(crew)
  await reached<typeof linkMachine>(crew.link, snapshot => linkedParticipant(snapshot)?.active === true)
}
