/** What every operation of a world passes before it takes effect: planned faults, outages, abort signals, the end of the room. */
import type { Faults, Operation } from './faults.ts'
import type { Seat } from './seat.ts'
import { unless } from './unless.ts'

/** Resolves when `operation` may take effect; rejects with the planned error, the reason of `signal`, or why the room was left. */
export type Gate = (operation: Operation, signal?: AbortSignal) => Promise<void>

export const createGate =
  (faults: Faults, seat: Seat): Gate =>
  async (operation, signal) => {
    const signals = signal ? [signal, seat.gone.signal] : [seat.gone.signal]
    await unless(Promise.resolve(), ...signals)
    const fault = faults.take(operation, seat.identity)
    if (fault && 'error' in fault) throw fault.error
    if (fault) await unless(fault.released, ...signals)
    while (seat.away) await unless(seat.away, ...signals)
    for (const { aborted, reason } of signals) if (aborted) throw reason
  }
