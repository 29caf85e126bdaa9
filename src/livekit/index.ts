/** The engine's ports answered by a LiveKit room, and what else it takes to get into one. */
export { attach } from './attach.ts'
export { captionPlace } from './captions.ts'
export { shutdown } from './rtc/room/lifetime.ts'
export { type Admission, deleteRoom, type Keys, tokenFor } from './server.ts'
export { sinkOn } from './speakers.ts'
export { type LiveKitOptions, livekit } from './world.ts'
