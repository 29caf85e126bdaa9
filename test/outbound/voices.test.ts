/** Whose voice is on which track, and who needs packets. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Here, needsPackets, senderOf, trackOf } from '../../src/outbound/voices.ts'
import type { Participant } from '../../src/ports.ts'
import { person, track } from '../fakes/people.ts'

const it = suite('voices')

const here = (...roster: Participant[]): Here => ({ us: 'agent', voice: 'TR_us', roster })
const ann = (...tracks: string[]) => person('ann', { tracks: tracks.map(sid => track(sid)) })
const avatar = (...tracks: string[]) =>
  person('face', { attributes: { 'lk.publish_on_behalf': 'agent' }, tracks: tracks.map(sid => track(sid)) })

it("names a participant's microphone, ours as it is published now, and none where there is none (TXT-8)", () => {
  const camera = track('TR_cam', { source: 'camera' })
  const both = person('ann', { tracks: [camera, track('TR_mic')] })
  assert.is(trackOf('ann', here(both)), 'TR_mic')
  assert.is(trackOf('ann', here(person('ann', { tracks: [camera] }))), undefined)
  assert.is(trackOf('bob', here(both)), undefined)
  assert.is(trackOf('agent', here(both)), 'TR_us')
  assert.is(trackOf('agent', { ...here(), voice: undefined }), undefined)
})

it('sends packets in the name of whoever speaks, and needs a track for it (TXT-10)', () => {
  assert.equal(senderOf('agent', here()), { identity: 'agent', track: 'TR_us' })
  assert.equal(senderOf('ann', here(ann('TR_1'))), { identity: 'ann', track: 'TR_1' })
  assert.is(senderOf('ann', here(ann())), undefined)
  assert.is(senderOf('agent', { ...here(), voice: undefined }), undefined)
})

it('names an avatar that publishes the microphone for us (TXT-11)', () => {
  assert.equal(senderOf('agent', here(ann('TR_1'), avatar('TR_face'))), { identity: 'face', track: 'TR_face' })
  assert.equal(senderOf('agent', here(avatar())), { identity: 'agent', track: 'TR_us' }, 'it does not speak yet')
  assert.equal(senderOf('ann', here(ann('TR_1'), avatar('TR_face'))), { identity: 'ann', track: 'TR_1' })
  const another = person('face', { attributes: { 'lk.publish_on_behalf': 'somebody' }, tracks: [track('TR_2')] })
  assert.equal(senderOf('agent', here(another)), { identity: 'agent', track: 'TR_us' })
})

it('needs packets while some standard participant knows too little, and does not act for us (TXT-10)', () => {
  const needs = (...roster: Participant[]) => needsPackets(here(...roster))
  assert.not(needs())
  for (const protocol of [0, 1, 2]) assert.ok(needs(person('new', { protocol: 3 }), person('old', { protocol })))
  assert.not(needs(person('new', { protocol: 3 }), person('newer', { protocol: 4 })))
  assert.not(needs(person('unsaid')), 'a world that does not tell')
  assert.not(needs(person('phone', { kind: 'sip', protocol: 0 }), person('bot', { kind: 'agent', protocol: 0 })))
  assert.not(needs({ ...avatar('TR_1'), protocol: 0 }))
})

it.run()
