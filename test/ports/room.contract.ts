/** What every `Room` does: the roster, the facts and their order, attributes, and leaving. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoomEvent } from '../../src/ports.ts'
import { enter, eventually, type Facts, type Rig, type RigMaker, withRig } from './rig.ts'

/** How long a fact is waited for that must not come, in ms. */
const quietMs = 300

const never = () => new AbortController().signal
export const abortedSignal = (): AbortSignal => AbortSignal.abort(new Error('the test has had enough'))
/** The message of the rejection; throws if there is none. */
export const rejection = async (rig: Rig, work: Promise<unknown>): Promise<string> => {
  const outcome = rig.until(
    work.then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    ),
  )
  const message = await outcome
  if (message === undefined) throw new Error('it resolved, but must reject')
  return message
}
export const isOneLine = (message: string): boolean => message.length > 0 && !message.includes('\n')
/** Where in the order of the facts this one was told. */
const placeIn = (facts: Facts, is: (event: RoomEvent) => boolean): number => {
  const place = facts.all.findIndex(is)
  if (place < 0) throw new Error(`this fact was not told: ${is}`)
  return place
}

export const roomContract = (name: string, open: RigMaker) => {
  const it = suite(`room on ${name}`)
  const with_ = (test: (rig: Rig) => Promise<void>) => withRig(open, test)

  it(
    'gives the roster of those who were there, and tells no fact of their coming',
    with_(async rig => {
      const ann = await rig.person('ann', { attributes: { mood: 'good' } })
      await ann.join()
      const mic = await ann.publish()
      const facts = await enter(rig)
      assert.is(facts.joined.identity, rig.agent)
      assert.ok(facts.joined.name.length > 0)
      assert.is(facts.joined.participants.length, 1)
      const [there] = facts.joined.participants
      assert.is(there?.identity, 'ann')
      assert.is(there?.kind, 'standard')
      assert.equal(there?.attributes, { mood: 'good' })
      assert.ok(there && there.sid.length > 0)
      assert.is(there?.tracks[0]?.sid, mic.sid)
      assert.is(there?.tracks[0]?.source, 'microphone')
      const subscribed = await facts.find('track.subscribed')
      assert.is(subscribed.track.sid, mic.sid)
      assert.is(subscribed.participantSid, there?.sid)
      assert.not.ok(facts.all.some(event => event.type === 'participant.joined' || event.type === 'track.published'))
    }),
  )

  it(
    'tells who joins, what they publish and that we have it, in this order and under one sid',
    with_(async rig => {
      const facts = await enter(rig)
      assert.equal(facts.joined.participants, [])
      const ann = await rig.person('ann', { attributes: { mood: 'good' } })
      await ann.join()
      const { participant } = await facts.find('participant.joined')
      assert.is(participant.identity, 'ann')
      assert.equal(participant.attributes, { mood: 'good' })
      const mic = await ann.publish()
      const { participantSid, track } = await facts.find('track.subscribed')
      assert.is(participantSid, participant.sid)
      assert.is(track.sid, mic.sid)
      const order = (['participant.joined', 'track.published', 'track.subscribed'] as const).map(type =>
        placeIn(facts, event => event.type === type),
      )
      assert.equal(
        order,
        [...order].sort((a, b) => a - b),
      )
    }),
  )

  it(
    'tells when somebody can receive data (LINK-4)',
    with_(async rig => {
      const facts = await enter(rig)
      const ann = await rig.person('ann')
      await ann.join()
      const { participant } = await facts.find('participant.joined')
      if (!participant.active) {
        const active = await facts.find('participant.active')
        assert.is(active.identity, 'ann')
        assert.is(active.participantSid, participant.sid)
      }
    }),
  )

  it(
    'tells of an agent that it is one',
    with_(async rig => {
      const facts = await enter(rig)
      const other = await rig.person('other', { kind: 'agent' })
      await other.join()
      assert.is((await facts.find('participant.joined')).participant.kind, 'agent')
    }),
  )

  it(
    'carries attributes both ways: what is set is added to what is there, what is told is all',
    with_(async rig => {
      const ann = await rig.person('ann', { attributes: { mood: 'good' } })
      await ann.join()
      const facts = await enter(rig)
      await rig.until(rig.world.room.setAttributes({ 'lk.agent.state': 'listening' }, never()))
      await rig.until(rig.world.room.setAttributes({ other: 'x' }, never()))
      await rig.until(rig.world.room.setAttributes({ 'lk.agent.state': 'speaking' }, never()))
      const seen = () => ann.attributesOf(rig.agent)
      await eventually(rig, 'ann sees both attributes', () => seen()?.['lk.agent.state'] === 'speaking' && seen()?.other === 'x')
      await ann.setAttributes({ hat: 'red' })
      const changed = await facts.find('participant.changed', event => event.attributes.hat === 'red')
      assert.is(changed.identity, 'ann')
      assert.equal(changed.attributes, { mood: 'good', hat: 'red' })
    }),
  )

  it(
    'tells why somebody left, under the sid of that stay (LINK-7)',
    with_(async rig => {
      const facts = await enter(rig)
      const ann = await rig.person('ann')
      await ann.join()
      const first = await facts.find('participant.joined')
      await ann.leave()
      const left = await facts.find('participant.left')
      assert.equal(left, {
        type: 'participant.left',
        identity: 'ann',
        participantSid: first.participant.sid,
        reason: 'client_initiated',
      })
      await ann.join()
      const second = await facts.find('participant.joined', event => event.participant.sid !== first.participant.sid)
      assert.is(second.participant.identity, 'ann')
      if (!ann.remove) return
      await ann.remove()
      const removed = await facts.find('participant.left', event => event.participantSid === second.participant.sid)
      assert.is(removed.reason, 'participant_removed')
    }),
  )

  it(
    'ends what somebody published when they leave: unsubscribed, unpublished, left',
    with_(async rig => {
      const facts = await enter(rig)
      const ann = await rig.person('ann')
      await ann.join()
      const mic = await ann.publish()
      await facts.find('track.subscribed')
      await ann.leave()
      await facts.find('participant.left')
      const ends = facts.all.filter(event => 'track' in event && event.track.sid === mic.sid).map(event => event.type)
      assert.equal(ends.slice(0, 3), ['track.published', 'track.subscribed', 'track.unsubscribed'])
      assert.is(facts.all.at(-1)?.type, 'participant.left')
    }),
  )

  it(
    'leaves once, tells nothing after that, and holds nothing (ROOM-13)',
    with_(async rig => {
      const facts = await enter(rig)
      const ann = await rig.person('ann')
      await ann.join()
      await ann.publish()
      await facts.find('track.subscribed')
      const leaving = rig.world.room.leave()
      assert.is(rig.world.room.leave(), leaving)
      await rig.until(leaving)
      const told = facts.all.length
      await ann.setAttributes({ hat: 'red' })
      await ann.leave()
      await rig.pass(quietMs)
      assert.is(facts.all.length, told)
      assert.not.ok(Object.values(rig.held()).some(Boolean), JSON.stringify(rig.held()))
      await rig.until(rig.world.room.leave())
    }),
  )

  it(
    'is gone for the others when it has left',
    with_(async rig => {
      const ann = await rig.person('ann')
      await ann.join()
      await enter(rig)
      await eventually(rig, 'ann sees the agent', () => ann.attributesOf(rig.agent) !== undefined)
      await rig.until(rig.world.room.leave())
      await eventually(rig, 'ann sees it no more', () => ann.attributesOf(rig.agent) === undefined)
    }),
  )

  it(
    'can leave without having joined, and is not joined after that',
    with_(async rig => {
      await rig.until(rig.world.room.leave())
      assert.ok(
        isOneLine(
          await rejection(
            rig,
            rig.world.room.join(() => {}, never()),
          ),
        ),
      )
      assert.not.ok(Object.values(rig.held()).some(Boolean), JSON.stringify(rig.held()))
    }),
  )

  it(
    'is used for one connection: a second join is refused and the first goes on',
    with_(async rig => {
      const facts = await enter(rig)
      assert.ok(
        isOneLine(
          await rejection(
            rig,
            rig.world.room.join(() => {}, never()),
          ),
        ),
      )
      const ann = await rig.person('ann')
      await ann.join()
      await facts.find('participant.joined')
    }),
  )

  it(
    'does not join, and sets nothing, with a signal that has aborted',
    with_(async rig => {
      assert.ok(
        isOneLine(
          await rejection(
            rig,
            rig.world.room.join(() => {}, abortedSignal()),
          ),
        ),
      )
      await rig.until(rig.world.room.leave())
      assert.not.ok(Object.values(rig.held()).some(Boolean), JSON.stringify(rig.held()))
    }),
  )

  it(
    'sets no attributes with a signal that has aborted, nor after leaving',
    with_(async rig => {
      await enter(rig)
      assert.ok(isOneLine(await rejection(rig, rig.world.room.setAttributes({ a: '1' }, abortedSignal()))))
      await rig.until(rig.world.room.leave())
      assert.ok(isOneLine(await rejection(rig, rig.world.room.setAttributes({ a: '1' }, never()))))
    }),
  )

  it(
    'lets go of a join or a setting that stalls when its signal aborts, or when it leaves',
    with_(async rig => {
      if (!rig.stall) return
      rig.stall('join')
      const joining = new AbortController()
      const join = rig.world.room.join(() => {}, joining.signal)
      await rig.pass(quietMs)
      joining.abort(new Error('enough'))
      assert.is(await rejection(rig, join), 'enough')
      await enter(rig)
      rig.stall('setAttributes')
      const setting = new AbortController()
      const set = rig.world.room.setAttributes({ a: '1' }, setting.signal)
      await rig.pass(quietMs)
      setting.abort(new Error('enough'))
      assert.is(await rejection(rig, set), 'enough')
      rig.stall('setAttributes')
      const pending = rig.world.room.setAttributes({ a: '1' }, never())
      const refused = rejection(rig, pending)
      await rig.until(rig.world.room.leave())
      assert.ok(isOneLine(await refused))
    }),
  )

  it(
    'says once that the connection is gone for good, and why',
    with_(async rig => {
      if (!rig.disconnect) return
      const facts = await enter(rig)
      await rig.disconnect()
      await facts.find('room.disconnected')
      await rig.pass(quietMs)
      assert.equal(
        facts.all.filter(event => event.type === 'room.disconnected').map(event => event.reason),
        ['participant_removed'],
      )
      await rig.until(rig.world.room.leave())
      assert.not.ok(Object.values(rig.held()).some(Boolean), JSON.stringify(rig.held()))
    }),
  )
  return it
}
