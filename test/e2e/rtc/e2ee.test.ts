// deadline: 240 s
/**
 * Encryption on a real server: who has the key hears, who has not is silent and is told so. A key that cannot be right is told only
 * where `failureTolerance` is given, and with the default window of 16 steps the native layer is busy for long with each frame that it
 * cannot decrypt: hence the options.
 */
import { EncryptionState, EncryptionType } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import type { KeyProviderOptions } from '../../../src/livekit/rtc/index.ts'
import { listen } from './ear.ts'
import { type Guest, suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc e2ee')

const bytes = (text: string) => new TextEncoder().encode(text)
const secret = (keyProviderOptions: KeyProviderOptions = {}) => ({
  options: { encryption: { keyProviderOptions: { failureTolerance: 0, ratchetWindowSize: 0, ...keyProviderOptions } } },
})
const keysOf = ({ room }: Guest) => {
  const { keyProvider } = room.e2eeManager
  if (!keyProvider) throw new Error('the room has no encryption')
  return keyProvider
}
const stateOf = (guest: Guest, state: EncryptionState) =>
  guest.sees('e2eeStateChanged', event => event.state === state && event.participant?.identity === 'ann', 20_000)

it('lets hear who has the shared key, and nobody else, who is told; a new key takes effect at once (E2E-1)', async stage => {
  const ann = await stage.join('ann', secret({ sharedKey: bytes('one') }))
  const bob = await stage.join('bob', secret({ sharedKey: bytes('one') }))
  const eve = await stage.join('eve', secret({ sharedKey: bytes('guessed') }))
  const { publication } = await hum(stage, ann)
  assert.is(publication.encryptionType, EncryptionType.GCM)
  const [ear, wrong] = [await listen(stage, bob), await listen(stage, eve)]
  await Promise.all([
    ear.tone(),
    stateOf(bob, EncryptionState.OK),
    stateOf(eve, EncryptionState.DECRYPTION_FAILED),
    wrong.silence(),
  ])
  assert.ok(bob.room.e2eeManager.enabled)

  keysOf(eve).setSharedKey(bytes('one'), 0)
  await Promise.all([wrong.tone(), stateOf(eve, EncryptionState.OK)])
  for (const one of [ann, bob]) keysOf(one).setSharedKey(bytes('two'), 0)
  await Promise.all([ear.tone(), wrong.silence()])
  assert.equal(keysOf(bob).exportSharedKey(0), bytes('two'))
  assert.is(keysOf(bob).exportSharedKey(3), undefined)
})

it('lets hear who has the key of that participant, and tells who has none that it is missing (KP-1, KP-2)', async stage => {
  const ann = await stage.join('ann', secret())
  const bob = await stage.join('bob', secret())
  const eve = await stage.join('eve', secret())
  for (const one of [ann, bob]) keysOf(one).setKey('ann', bytes('of ann'), 0)
  assert.equal(keysOf(bob).exportKey('ann', 0), bytes('of ann'))
  assert.is(keysOf(bob).exportKey('ann', 1), undefined)
  assert.is(keysOf(bob).exportKey('bob', 0), undefined)
  await hum(stage, ann)
  const [ear, wrong] = [await listen(stage, bob), await listen(stage, eve)]
  await Promise.all([ear.tone(), stateOf(eve, EncryptionState.MISSING_KEY), wrong.silence()])
  keysOf(eve).setKey('ann', bytes('of bob'), 0)
  await stateOf(eve, EncryptionState.DECRYPTION_FAILED)
  keysOf(eve).setKey('ann', bytes('of ann'), 0)
  await Promise.all([ear.tone(), wrong.tone()])
})

it('follows a key that is ratcheted within the window, and says so; both make the same of it (KP-2)', async stage => {
  const ann = await stage.join('ann', secret())
  const bob = await stage.join('bob', secret({ ratchetWindowSize: 4 }))
  const eve = await stage.join('eve', secret())
  for (const one of [ann, bob, eve]) keysOf(one).setKey('ann', bytes('of ann'), 0)
  await hum(stage, ann)
  const [ear, left] = [await listen(stage, bob), await listen(stage, eve)]
  await Promise.all([ear.tone(), left.tone()])
  const next = keysOf(ann).ratchetKey('ann', 0)
  assert.is(next?.length, 32)
  assert.equal(keysOf(ann).exportKey('ann', 0), next)
  await Promise.all([
    stateOf(bob, EncryptionState.KEY_RATCHETED),
    stateOf(eve, EncryptionState.DECRYPTION_FAILED),
    left.silence(),
  ])
  await ear.tone()
  assert.equal(keysOf(eve).ratchetKey('ann', 0), next)
  await left.tone()
  assert.is(keysOf(eve).ratchetKey('bob', 0), undefined)
})

it('has a cryptor for each track, which takes another key of the ring or rests (E2E-1)', async stage => {
  const patient = secret({ sharedKey: bytes('one'), failureTolerance: -1 }) // or else the key would be given up with the first frame that is not encrypted
  const ann = await stage.join('ann', patient)
  const bob = await stage.join('bob', patient)
  const { publication } = await hum(stage, ann)
  const ear = await listen(stage, bob)
  await ear.tone()
  const [ours, ...more] = ann.room.e2eeManager.frameCryptors()
  if (!ours) throw new Error('there is no cryptor')
  assert.equal(
    [ours.participantIdentity, ours.trackSid, ours.keyIndex, ours.enabled, more],
    ['ann', publication.sid, 0, true, []],
  )
  for (const one of [ann, bob]) keysOf(one).setSharedKey(bytes('second'), 1)
  ours.setKeyIndex(1)
  assert.is(ann.room.e2eeManager.frameCryptors()[0]?.keyIndex, 1)
  await ear.tone()

  ann.room.e2eeManager.setEnabled(false)
  assert.not(ann.room.e2eeManager.enabled)
  assert.not(ann.room.e2eeManager.frameCryptors()[0]?.enabled)
  await ear.silence() // what is not encrypted is not for him
  ann.room.e2eeManager.setEnabled(true)
  await ear.tone()
  ours.setEnabled(false)
  await ear.silence()
  ours.setEnabled(true)
  await ear.tone()
  const eve = await stage.join('eve')
  assert.equal(
    [eve.room.e2eeManager.enabled, eve.room.e2eeManager.keyProvider, eve.room.e2eeManager.frameCryptors()],
    [false, undefined, []],
  )
})

it('encrypts data too: who has no key of the sender gets none, and who has none of their own sends none (LP-1)', async stage => {
  const ann = await stage.join('ann', secret())
  const bob = await stage.join('bob', secret())
  const eve = await stage.join('eve', secret())
  await Promise.all([ann.meets(bob), ann.meets(eve)])
  const refused = await ann.local.publishData('x').then(String, ({ code }) => code)
  assert.is(refused, 'ERR_PUBLISH_DATA')
  for (const one of [ann, bob]) keysOf(one).setKey('ann', bytes('of ann'), 0)
  keysOf(eve).setKey('ann', bytes('guessed'), 0)
  await ann.local.publishData('secret', { topic: 'one' })
  await bob.sees('dataReceived', ({ topic }) => topic === 'one')
  keysOf(eve).setKey('ann', bytes('of ann'), 0)
  await ann.local.publishData('secret', { topic: 'two' })
  await eve.sees('dataReceived', ({ topic }) => topic === 'two')
  assert.is(eve.all('dataReceived').length, 1, 'the first was not for her')
})

it.run()
