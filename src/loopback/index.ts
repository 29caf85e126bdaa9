/** The loopback room: the engine's ports answered in one process, in virtual or real time. */
export type { Ear } from './ear.ts'
export type { Operation } from './faults.ts'
export { createLoopback, type Loopback, type LoopbackOptions } from './hub.ts'
export type { Mic } from './mic.ts'
export type { Open } from './open.ts'
export type { OutageKind } from './outage.ts'
export type { Collected, MicOptions, ParticipantOptions, RemoteParticipant, Sender, Sending } from './participant.ts'
export type { WorldOptions } from './world.ts'
