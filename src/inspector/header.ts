/** What a tape says of itself, before anything else. */
import type { ChartRoom } from '../room.ts'
import { version } from '../version.ts'
import { type Header, tapeVersion } from './messages.ts'
import type { Inspected } from './probe.ts'

export type Named = Pick<ChartRoom, 'name' | 'identity'> & Pick<Inspected, 'taps'>

/** Who it is and where is known once the room is joined; before that both are empty. */
export const headerOf = ({ name, identity, taps }: Named, replayable: boolean, startedAt?: Date): Header => ({
  ...{ type: 'tape', version: tapeVersion, product: version },
  ...(startedAt && !taps.clock.virtual ? { startedAt: startedAt.toISOString() } : {}),
  ...{ room: name, identity, sampleRate: taps.sampleRate, replayable },
})
/** When the clock of a room that runs was at 0. */
export const startOf = ({ taps: { clock } }: Pick<Inspected, 'taps'>): Date => new Date(Date.now() - clock.now())
