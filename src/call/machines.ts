/** Chartroom's machines by their names, in the order of the flow. */
import type { AnyStateMachine } from 'xstate'
import { agentMachine } from '../../machines/agent.ts'
import { cameraMachine } from '../../machines/inbound/camera.ts'
import { chatMachine } from '../../machines/inbound/chat.ts'
import { linkMachine } from '../../machines/inbound/link.ts'
import { microphoneMachine } from '../../machines/inbound/microphone.ts'
import { preconnectMachine } from '../../machines/inbound/preconnect.ts'
import { liveMachine } from '../../machines/live.ts'
import { interruptionMachine } from '../../machines/outbound/interruption.ts'
import { outputMachine } from '../../machines/outbound/output.ts'
import { playoutMachine } from '../../machines/outbound/playout.ts'
import { presenceMachine } from '../../machines/outbound/presence.ts'
import { syncMachine } from '../../machines/outbound/sync.ts'
import { transcriptMachine } from '../../machines/outbound/transcript.ts'
import { writerMachine } from '../../machines/outbound/writer.ts'
import { realtimeMachine } from '../../machines/realtime.ts'
import { roomMachine } from '../../machines/room.ts'
import { viewerMachine } from '../../machines/viewer.ts'

const inbound = [linkMachine, microphoneMachine, preconnectMachine, cameraMachine, chatMachine]
const outbound = [
  outputMachine,
  playoutMachine,
  interruptionMachine,
  syncMachine,
  transcriptMachine,
  presenceMachine,
  writerMachine,
]

export const machines: Record<string, AnyStateMachine> = Object.fromEntries(
  [...inbound, ...outbound, agentMachine, realtimeMachine, roomMachine, liveMachine, viewerMachine].map(
    (machine: AnyStateMachine) => [machine.id, machine],
  ),
)
