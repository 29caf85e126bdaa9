/** What every `Packets` does: one segment, whole, in the name and of the track that are given. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { enter, eventually, type Rig, type RigMaker, withRig } from './rig.ts'
import { abortedSignal, isOneLine, rejection } from './room.contract.ts'

const never = () => new AbortController().signal
const packet = { identity: 'agent', track: 'TR_none', id: 'SG_1', text: 'Füße', final: false }

/** The world in the room with its voice published, and somebody who can receive data. */
const scene = async (rig: Rig) => {
  const facts = await enter(rig)
  const ann = await rig.person('ann')
  await ann.join()
  const { participant } = await facts.find('participant.joined', event => event.participant.identity === 'ann')
  if (!participant.active) await facts.find('participant.active', event => event.identity === 'ann')
  const voice = { sampleRate: 48_000, channels: 1, name: 'voice', queueMs: 200 }
  const publication = await rig.until(rig.world.speakers.publish(voice, never()))
  await facts.find('speaker.subscribed')
  return { facts, ann, track: publication.sid, participant }
}

export const packetsContract = (name: string, open: RigMaker) => {
  const it = suite(`packets on ${name}`)
  const with_ = (test: (rig: Rig) => Promise<void>) => withRig(open, test)
  const packetsIn = ({ world: { packets } }: Rig) => {
    if (!packets) throw new Error('this world has no packets')
    return packets
  }

  it(
    'carries a segment whole, in order, in the name and of the track that are given (TXT-10, TXT-11)',
    with_(async rig => {
      const { ann, track } = await scene(rig)
      const packets = ann.packets()
      const one = { ...packet, track }
      await rig.until(packetsIn(rig).send(one, never()))
      await rig.until(packetsIn(rig).send({ ...one, text: 'Füße 👋.', final: true }, never()))
      await eventually(rig, 'both packets are there', () => packets.length === 2)
      assert.equal(packets, [one, { ...one, text: 'Füße 👋.', final: true }])
    }),
  )

  it(
    'sends nothing with a signal that has aborted, before joining, or after leaving',
    with_(async rig => {
      assert.ok(isOneLine(await rejection(rig, packetsIn(rig).send(packet, never()))))
      await enter(rig)
      assert.ok(isOneLine(await rejection(rig, packetsIn(rig).send(packet, abortedSignal()))))
      await rig.until(rig.world.room.leave())
      assert.ok(isOneLine(await rejection(rig, packetsIn(rig).send(packet, never()))))
    }),
  )
  return it
}
