import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, type SnapshotFrom } from 'xstate'
import {
  couldLink,
  type LinkEvent,
  type LinkFact,
  type LinkInput,
  linkedParticipant,
  linkMachine,
} from '../../machines/inbound/link.ts'
import { linkOn } from '../../src/inbound/link.ts'
import type { LeaveReason, Participant } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'
import { about, active, changed, joined, left, person, track } from '../fakes/people.ts'
import { explore, ignored, table, walk } from '../model.ts'

const it = suite('link')

it('has this table', () => {
  const facts = 'participant.*→· track.*→· room.reconnecting→· room.reconnected→· room.disconnected→lost close→lost'
  assert.equal(table(linkMachine), {
    '': '→absent',
    absent: `→absent.waiting ${facts} room.joined→· link→· unlink→held always[hasCandidate]→linked always[hasRefused]→·`,
    'absent.waiting': 'always[isMissing]→absent.missing always[hasShy]→absent.preferring',
    'absent.missing': 'after:graceTimeout→absent.waiting always[!isMissing]→absent.waiting',
    'absent.preferring': 'after:preferTimeout→absent.waiting always[!hasShy]→absent.waiting',
    linked: `→linked.connected ${facts} participant.left[isHangUp]→absent link[isSame]→· link→absent unlink→held always[isGone]→absent always[isDisowned]→absent`,
    'linked.connected':
      'always[isSubscribed]→linked.subscribed always[isPublishing]→linked.publishing always[isActive]→linked.active',
    'linked.active': 'always[isSubscribed]→linked.subscribed always[isPublishing]→linked.publishing',
    'linked.publishing': 'always[isSubscribed]→linked.subscribed always[!isPublishing]→linked.active',
    'linked.subscribed': 'always[!isPublishing]→linked.active always[!isSubscribed]→linked.publishing',
    held: `${facts} room.joined→· link→absent`,
    lost: 'final',
  })
  const joinedOnce = 'room.joined' // a link lives for one connection, and nobody is linked before it is there
  assert.equal(ignored(linkMachine), {
    'linked.connected': joinedOnce,
    'linked.active': joinedOnce,
    'linked.publishing': joinedOnce,
    'linked.subscribed': joinedOnce,
    held: 'unlink', // is what it is
  })
})

const ann = person('ann')
const annAgain = person('ann', { sid: 'PA_ann2' })
const bob = person('bob', { kind: 'sip' })
const bot = person('bot', { kind: 'agent' })
const mic = track('TR_1')
const here = (...participants: Participant[]): LinkEvent => ({ type: 'room.joined', identity: 'us', participants })
const events: LinkEvent[] = [
  here(ann),
  joined(ann),
  joined(annAgain),
  joined(bob),
  active(ann),
  about('track.published', ann, mic),
  about('track.subscribed', ann, track('TR_1', { key: 'a' })),
  about('track.unsubscribed', ann, track('TR_1', { key: 'a' })),
  about('track.unpublished', ann, mic),
  changed(ann, { 'lk.publish_on_behalf': 'us' }),
  left(ann, 'client_initiated'),
  left(ann, 'connection_lost'),
  { type: 'room.reconnecting' },
  { type: 'room.reconnected', participants: [bob] },
  { type: 'link', identity: 'bob' },
  { type: 'unlink' },
  { type: 'close' },
]

type Snapshot = SnapshotFrom<typeof linkMachine>
const invariant = ({
  before,
  snapshot,
  event,
  effects,
}: {
  before: Snapshot | undefined
  snapshot: Snapshot
  event: { type: string }
  effects: readonly string[]
}) => {
  const { context, value } = snapshot
  const [linked, was] = [context.linked?.identity, before?.context.linked?.identity]
  // Law 9: pinned ⇒ linked is the pinned one or nobody; held ⇒ nobody.
  if (context.pin && linked) assert.is(linked, context.pin.identity)
  if (value === 'held' || value === 'lost') assert.is(linked, undefined)
  assert.is(linked !== undefined, typeof value === 'object' && 'linked' in value)
  // Every link is told once, and every end of one (but at the end of all); closing at most once in a life.
  const told = (name: string) => effects.filter(effect => effect === name).length
  if (value !== 'lost')
    assert.is(told('tellLinked') - told('tellUnlinked'), Number(linked !== undefined) - Number(was !== undefined))
  if (before?.context.closing) assert.is(told('tellClosed'), 0)
  // While the room is away nobody new is linked, and no fact unlinks or closes.
  if (before?.context.away && event.type !== 'room.reconnected') {
    assert.is(told('tellLinked') + told('tellClosed'), 0)
    if (event.type !== 'link' && event.type !== 'unlink') assert.is(told('tellUnlinked'), 0)
  }
}

it('keeps its laws through every sequence of events (law 9, LINK-10)', () => {
  const seen = explore(linkMachine, { events, depth: 4, invariant })
  assert.ok(seen.sequences > 60_000)
  explore(linkMachine, { events, depth: 3, input: { identity: 'ann', kinds: ['sip'] }, invariant })
  explore(linkMachine, { events, depth: 3, input: { prefer: 'publishing', relink: 'same' }, invariant })
  explore(linkMachine, { events, depth: 3, input: { relink: 'none', closeOnDisconnect: false }, invariant })
})

/** A link at work; `facts` is what it told, in words. */
const linked = (input: LinkInput = {}) => {
  const clock = virtualClock()
  const facts: LinkFact[] = []
  const logged: string[] = []
  const machine = linkOn({ log: (_, code) => logged.push(code), tell: fact => facts.push(fact) })
  const actor = createActor(machine, { clock, id: 'link', input })
  const state = () => {
    const { value } = actor.getSnapshot()
    return typeof value === 'string' ? value : Object.entries(value).flat().join('.')
  }
  const words = () =>
    facts.splice(0).map(fact => {
      if (fact.type === 'participant.linked') return `+${fact.participant.sid}`
      return fact.type === 'participant.unlinked' ? `-${fact.identity}` : `close ${fact.identity} ${fact.reason}`
    })
  const send = (...news: LinkEvent[]) => {
    for (const event of news) actor.send(event)
    return words()
  }
  actor.start()
  return { clock, actor, send, state, words, logged, linked: () => linkedParticipant(actor.getSnapshot())?.identity }
}

it('takes every transition live', async () => {
  const live = () => {
    const facts: LinkFact[] = []
    let who: string | undefined
    let closed = 0
    return {
      machine: linkOn({ log: () => {}, tell: fact => facts.push(fact) }),
      check: ({ snapshot, model }: { snapshot: Snapshot; model: Snapshot }) => {
        const { linked, pin, missed, closing } = snapshot.context
        const expected = model.context
        assert.equal([linked, pin, missed, closing], [expected.linked, expected.pin, expected.missed, expected.closing])
        for (const fact of facts.splice(0)) {
          if (fact.type === 'participant.linked') who = fact.participant.identity
          if (fact.type === 'participant.unlinked') who = undefined
          if (fact.type === 'participant.closed') closed++
        }
        if (snapshot.value !== 'lost') assert.is(who, snapshot.context.linked?.identity)
        assert.ok(closed <= 1)
      },
    }
  }
  const walked = await walk(linkMachine, {
    input: { prefer: 'publishing' },
    events: [
      ...events.filter(event => event.type !== 'room.joined' && event !== events[3]),
      here(),
      { type: 'room.disconnected', reason: 'unknown' },
    ],
    key: ({ value, context: { us, linked, away, missed, closing, roster, pin } }) =>
      JSON.stringify([value, us, linked, away, missed, closing, pin, roster.map(({ sid, tracks }) => [sid, tracks])]),
    live,
    except: { 'absent always[hasRefused]→·': 'only who is pinned from the start can be refused: see below' },
  })
  assert.ok(walked.paths > 50)
})

it('links the first of an accepted kind that is not our own voice (LINK-1)', () => {
  const link = linked()
  const avatar = person('avatar', { attributes: { 'lk.publish_on_behalf': 'us' } })
  assert.equal(link.send(here(bot, avatar, bob, ann)), ['+PA_bob'])
  assert.is(link.linked(), 'bob')
  const other = person('other', { attributes: { 'lk.publish_on_behalf': 'them' } })
  assert.equal(linked().send(here(other)), ['+PA_other'])
})

it('links who joins later, once (LINK-6)', () => {
  const link = linked()
  assert.equal(link.send(here(), joined(bot), joined(ann), joined(bob), active(ann)), ['+PA_ann'])
})

it('takes only the pinned identity, even on our behalf, but refuses a wrong kind and says so (LINK-2)', () => {
  const avatar = person('ann', { attributes: { 'lk.publish_on_behalf': 'us' } })
  assert.equal(linked({ identity: 'ann' }).send(here(bob, avatar)), ['+PA_ann'])
  const link = linked({ identity: 'bot' })
  assert.equal(link.send(here(ann, bot), active(bot)), [])
  assert.equal(link.logged, ['link.refused'])
  link.send(left(bot, 'unknown'), joined(person('bot', { kind: 'agent', sid: 'PA_2' })))
  assert.equal(link.logged, ['link.refused', 'link.refused'])
})

it('links who is named at once, whatever the kind, or when they come (LINK-3, LINK-14)', () => {
  const link = linked()
  assert.equal(link.send(here(ann, bot), { type: 'link', identity: 'bot' }), ['+PA_ann', '-ann', '+PA_bot'])
  assert.equal(link.send({ type: 'link', identity: 'cleo' }), ['-bot'])
  assert.is(link.state(), 'absent.waiting')
  assert.equal(link.send(joined(person('cleo', { kind: 'agent' }))), ['+PA_cleo'])
  const early = linked()
  assert.equal(early.send({ type: 'link', identity: 'bob' }, here(ann, bob)), ['+PA_bob'])
})

it('follows them from connected to subscribed and back (LINK-4, LINK-5)', () => {
  const link = linked()
  const states = [here(ann), ...events.slice(4, 9)].map(event => {
    link.send(event)
    return link.state()
  })
  assert.equal(states, [
    'linked.connected',
    'linked.active',
    'linked.publishing',
    'linked.subscribed',
    'linked.publishing',
    'linked.active',
  ])
})

it('goes on with another track when one is unpublished (LINK-4)', () => {
  const link = linked()
  const two = track('TR_2')
  link.send(here(person('ann', { tracks: [track('TR_1', { key: 'a' }), two] })), about('track.unpublished', ann, mic))
  assert.is(link.state(), 'linked.publishing')
  link.send(about('track.unpublished', ann, two))
  assert.is(link.state(), 'linked.active')
})

it('counts a camera as publishing where only video is on (LINK-4)', () => {
  const seen = linked({ sources: ['camera', 'screen'] })
  seen.send(here(person('ann', { tracks: [mic, track('TR_2', { source: 'camera' })] })))
  assert.is(seen.state(), 'linked.publishing')
  const deaf = linked()
  deaf.send(here(person('ann', { tracks: [track('TR_2', { source: 'camera', key: 'c' })] })))
  assert.is(deaf.state(), 'linked.connected')
})

it('matches an exit by identity and sid: the leave of an old stay comes after the join of the new (LINK-7)', () => {
  const link = linked()
  link.send(here(ann))
  assert.equal(link.send(joined(annAgain), left(ann, 'duplicate_identity')), ['-ann', '+PA_ann2'])
  assert.equal(link.send(left(ann, 'client_initiated')), [])
  assert.is(link.linked(), 'ann')
})

it('lets a silent observer wait for somebody who publishes, but not for ever (LINK-8)', async () => {
  const link = linked({ prefer: 'publishing' })
  assert.equal(link.send(here(ann)), [])
  await link.clock.advance(2_000)
  assert.equal(link.send(joined(person('bob', { tracks: [mic] }))), ['+PA_bob'])
  const alone = linked({ prefer: 'publishing' })
  alone.send(here())
  await alone.clock.advance(10_000)
  alone.send(joined(ann)) // the wait begins with the one who has to wait
  await alone.clock.advance(2_999)
  assert.equal(alone.words(), [])
  await alone.clock.advance(1)
  assert.equal(alone.words(), ['+PA_ann'])
})

it('drops an automatic link that turns out to speak for us, and chooses again (LINK-9)', () => {
  const link = linked()
  link.send(here(ann, bob))
  assert.equal(link.send(changed(ann, { 'lk.publish_on_behalf': 'us' })), ['-ann', '+PA_bob'])
  const named = linked()
  named.send(here(ann), { type: 'link', identity: 'ann' })
  assert.equal(named.send(changed(ann, { 'lk.publish_on_behalf': 'us' })), [])
})

const reasons: LeaveReason[] = [
  'client_initiated',
  'room_deleted',
  'user_rejected',
  'duplicate_identity',
  'server_shutdown',
  'participant_removed',
  'connection_lost',
  'unknown',
]
it('asks to close when the linked one hangs up, and for no other reason (LINK-10)', () => {
  for (const reason of reasons) {
    const link = linked()
    link.send(here(ann, bob), left(bob, 'client_initiated'))
    const told = reasons.indexOf(reason) < 3 ? ['-ann', `close ann ${reason}`] : ['-ann']
    assert.equal(link.send(left(ann, reason)), ['+PA_ann', ...told].slice(1))
  }
  const open = linked({ closeOnDisconnect: false })
  open.send(here(ann))
  assert.equal(open.send(left(ann, 'client_initiated')), ['-ann'])
})

it('asks to close once, and takes nobody else meanwhile, unless it is told whom (LINK-10)', () => {
  const link = linked()
  link.send(here(ann, bob))
  assert.equal(link.send(left(ann, 'client_initiated')), ['-ann', 'close ann client_initiated'])
  assert.equal(link.send(joined(annAgain)), [])
  assert.equal(link.send({ type: 'link', identity: 'bob' }, left(bob, 'client_initiated')), ['+PA_bob', '-bob'])
})

it('waits for the same one, then takes anyone (LINK-11, any)', async () => {
  const link = linked()
  link.send(here(ann), left(ann, 'connection_lost'))
  assert.equal(link.send(joined(bob)), [])
  await link.clock.advance(14_999)
  assert.equal(link.words(), [])
  await link.clock.advance(1)
  assert.equal(link.words(), ['+PA_bob'])
  const back = linked()
  back.send(here(ann), left(ann, 'connection_lost'))
  await back.clock.advance(10_000)
  assert.equal(back.send(joined(annAgain)), ['+PA_ann2'])
  assert.is(back.clock.timers, 0)
})

it('waits for the same one for ever, or takes nobody (LINK-11, same and none)', async () => {
  const same = linked({ relink: 'same' })
  same.send(here(ann, bob), left(ann, 'connection_lost'))
  await same.clock.advance(3_600_000)
  assert.equal(same.send(joined(annAgain)), ['+PA_ann2'])
  const none = linked({ relink: 'none' })
  none.send(here(ann, bob), left(ann, 'connection_lost'))
  await none.clock.advance(3_600_000)
  assert.equal(none.send(joined(annAgain)), [])
  assert.equal(none.send({ type: 'link', identity: 'ann' }), ['+PA_ann2'])
})

it('lets only the pinned one come back, at any time (LINK-11)', async () => {
  const link = linked({ identity: 'ann' })
  assert.equal(link.send(here(ann, bob), left(ann, 'connection_lost')), ['+PA_ann', '-ann'])
  await link.clock.advance(3_600_000)
  assert.equal(link.words(), [])
  assert.equal(link.send(joined(annAgain)), ['+PA_ann2'])
})

it('changes nothing when the linked one is named again, but that nobody else may follow (LINK-12)', async () => {
  const link = linked()
  link.send(here(ann, bob))
  assert.equal(link.send({ type: 'link', identity: 'ann' }), [])
  link.send(left(ann, 'connection_lost'))
  await link.clock.advance(60_000)
  assert.is(link.linked(), undefined)
})

it('links nobody after unlink, not even a newcomer, until it is told (LINK-13)', () => {
  const link = linked()
  link.send(here(ann))
  assert.equal(link.send({ type: 'unlink' }, joined(bob), active(ann)), ['-ann'])
  assert.is(link.state(), 'held')
  assert.equal(link.send({ type: 'link', identity: 'bob' }), ['+PA_bob'])
})

it('stands still while the room reconnects, and looks by sid who is there afterwards (LINK-7, LINK-11)', async () => {
  const link = linked()
  link.send(here(ann, bob))
  assert.equal(link.send({ type: 'room.reconnecting' }, left(ann, 'client_initiated'), joined(person('cleo'))), [])
  assert.equal([link.linked(), link.state()], ['ann', 'linked.connected'])
  assert.equal(link.send({ type: 'room.reconnected', participants: [annAgain, bob] }), ['-ann', '+PA_ann2'])
  const same = linked()
  same.send(here(ann), { type: 'room.reconnecting' })
  assert.equal(same.send({ type: 'room.reconnected', participants: [ann] }), [])
  const gone = linked()
  gone.send(here(ann), { type: 'room.reconnecting' })
  assert.equal(gone.send({ type: 'room.reconnected', participants: [bob] }), ['-ann'])
  assert.is(gone.state(), 'absent.missing', 'as left for no known reason: no close, and the grace runs')
})

it('is lost with the room, and leaves no timer', async () => {
  const link = linked()
  link.send(here(ann), left(ann, 'connection_lost'))
  assert.is(link.clock.timers, 1)
  assert.equal(link.send({ type: 'room.disconnected', reason: 'unknown' }), [])
  assert.is(link.state(), 'lost')
  assert.is(link.clock.timers, 0)
  assert.is(link.actor.getSnapshot().status, 'done')
})

it('says from whom we take what is sent (CHAT-2)', () => {
  const link = linked({ prefer: 'publishing' })
  const could = (identity: string) => couldLink(link.actor.getSnapshot(), identity)
  link.send(here(ann, bot))
  assert.equal([could('ann'), could('bot'), could('nobody')], [true, false, false])
  link.send(about('track.published', ann, mic), joined(bob))
  assert.equal([could('ann'), could('bob')], [true, false])
  link.send({ type: 'unlink' })
  assert.equal([could('ann'), could('bob')], [false, false])
})

it('fits in JSON', () => {
  const link = linked()
  link.send(here(ann), about('track.published', ann, mic))
  const { context } = link.actor.getSnapshot()
  assert.equal(JSON.parse(JSON.stringify(context)), context)
})

it.run()
