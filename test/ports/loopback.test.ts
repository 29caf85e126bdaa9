/** The port contracts on the loopback room, in virtual time. */

import { createLoopback, type Loopback, type Mic as LoopbackMic, type RemoteParticipant } from '../../src/loopback/index.ts'
import { virtualClock } from '../../src/virtual.ts'
import { countingIds } from '../fakes/ids.ts'
import { packetsContract } from './packets.contract.ts'
import type { Mic, Person, Rig } from './rig.ts'
import { roomContract } from './room.contract.ts'
import { sinkContract } from './sink.contract.ts'
import { streamsContract } from './streams.contract.ts'
import { tracksContract } from './tracks.contract.ts'
import { videosContract } from './videos.contract.ts'

const agent = 'agent'

const micOf = (mic: LoopbackMic): Mic => ({
  sid: mic.sid,
  speak: data => mic.speak(data),
  mute: async () => mic.mute(),
  unmute: async () => mic.unmute(),
  replace: async () => mic.replace(),
  unpublish: async () => mic.unpublish(),
})

const personOf = (hub: Loopback, remote: RemoteParticipant): Person => ({
  identity: remote.identity,
  join: async () => remote.join(),
  leave: async () => remote.leave(),
  remove: async () => hub.disconnect(remote.identity),
  setAttributes: async attributes => remote.setAttributes(attributes),
  attributesOf: identity => remote.attributesOf(identity),
  publish: async (options = {}) => micOf(remote.publish({ ...options, sampleRate: 48_000 })),
  publishVideo: async () => {
    const camera = remote.publishVideo()
    return { sid: camera.sid, show: async frame => camera.show(frame), unpublish: async () => camera.unpublish() }
  },
  hears: identity => {
    const ear = remote.hears(identity)
    return { sampleRate: ear.sampleRate, samples: () => ear.samples(), close: async () => ear.close() }
  },
  collect: topic => remote.collect(topic),
  packets: () => remote.packets(),
  sendText: async (topic, pieces, attributes = {}) => remote.sendText(topic, pieces, { attributes }),
  breakText: async (topic, pieces) => {
    const sender = remote.openText(topic)
    for (const piece of pieces) sender.write(piece)
    sender.break()
  },
  openText: async (topic, pieces) => {
    const sender = remote.openText(topic)
    for (const piece of pieces) sender.write(piece)
  },
  sendBytes: async (topic, pieces, options = {}) => remote.sendBytes(topic, pieces, options),
})

const openRig =
  (closesWithAttributes = true) =>
  async (): Promise<Rig> => {
    const clock = virtualClock()
    const hub = createLoopback({ clock, ids: countingIds() })
    return {
      world: hub.world({ identity: agent, closesWithAttributes }),
      agent,
      person: async (identity, options = {}) => personOf(hub, hub.participant({ identity, ...options })),
      pass: ms => clock.advance(ms),
      until: (done, limitMs = 5_000) => {
        // Time only goes on as long as something waits for it.
        const limit = clock.setTimeout(() => {}, limitMs)
        return clock.runUntil(done, limitMs).finally(() => clock.clearTimeout(limit))
      },
      slackMs: 0,
      can: { exactSound: true },
      held: () => ({ ...hub.openOf(agent) }),
      stall: operation => void hub.stall(operation),
      disconnect: async () => hub.disconnect(agent),
      close: async () => {
        hub.close()
        await clock.settle()
      },
    }
  }

roomContract('loopback', openRig()).run()
tracksContract('loopback', openRig()).run()
videosContract('loopback', openRig()).run()
sinkContract('loopback', openRig()).run()
packetsContract('loopback', openRig()).run()
streamsContract('loopback', openRig()).run()
streamsContract('loopback without closing attributes', openRig(false)).run()
