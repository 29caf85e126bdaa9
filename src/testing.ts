/** For tests of what is built on Chartroom: a whole room in one process, and time that only moves when told to. */

export { sleep } from './clock.ts'
export { seededIds } from './ids.ts'
export { createLoopback, type Loopback, type RemoteParticipant } from './loopback/index.ts'
export { expectReplay } from './replay/replay.ts'
export { type VirtualClock, virtualClock } from './virtual.ts'
