/** Keys and cryptors, on a native layer that only notes what it is asked. What they do to sound is in test/e2e/rtc. */
import { EncryptionType, E2EEManager as SdkE2EEManager, Room as SdkRoom } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { E2EEManager, type E2EEOptions, sdkE2EEOptions } from '../../../../src/livekit/rtc/room/e2ee.ts'
import { failure, on, type Scene, untyped } from '../local.ts'

const it = suite('rtc e2ee')

const bytes = (...all: number[]) => new Uint8Array(all)
/** The encryption of a room that is connected with these options; without them it has none. */
const encryption = ({ room }: Scene, options?: E2EEOptions) => {
  if (options) room.e2eeManager = new SdkE2EEManager(3n, sdkE2EEOptions(options))
  return new E2EEManager(room)
}
const providerOf = (scene: Scene, options: E2EEOptions = {}) => {
  const { keyProvider } = encryption(scene, options)
  if (!keyProvider) throw new Error('there is no provider')
  return keyProvider
}
/** What the native layer was asked of its encryption: each with the handle of the room. */
const asks = (scene: Scene) =>
  scene.of('e2ee').map(({ roomHandle, message }) => [roomHandle, ...Object.values(JSON.parse(JSON.stringify(message)))])

it(
  'is there without encryption too: not enabled, without a provider and without cryptors (E2E-1, SD-2)',
  on(async scene => {
    const manager = encryption(scene)
    assert.equal([manager.enabled, manager.keyProvider, manager.frameCryptors(), manager.sdk], [false, undefined, [], undefined])
    manager.setEnabled(false)
    assert.is((await failure(() => manager.setEnabled(true))).code, 'ERR_E2EE')
    assert.equal(scene.client.asked, [])
  }),
)

it(
  'is enabled with encryption, until it is asked not to be (E2E-1)',
  on(scene => {
    const manager = encryption(scene, {})
    assert.ok(manager.enabled)
    assert.is(manager.keyProvider, manager.keyProvider, 'always the same')
    assert.is(new E2EEManager(scene.room).keyProvider, manager.keyProvider)
    manager.setEnabled(false)
    assert.not(manager.enabled)
    assert.is(scene.of('e2ee').length, 1)
  }),
)

it('completes options with the defaults of the document, and leaves what is given', () => {
  const { encryptionType, keyProviderOptions } = sdkE2EEOptions({})
  assert.is(encryptionType, EncryptionType.GCM)
  assert.equal(keyProviderOptions, {
    ratchetSalt: new TextEncoder().encode('LKFrameEncryptionKey'),
    ratchetWindowSize: 16,
    failureTolerance: -1,
    keyRingSize: 16,
    keyDerivationFunction: 0,
  })
  const given = sdkE2EEOptions({
    encryptionType: EncryptionType.CUSTOM,
    keyProviderOptions: { sharedKey: bytes(1), failureTolerance: 3 },
  })
  assert.is(given.encryptionType, EncryptionType.CUSTOM)
  assert.equal([given.keyProviderOptions.sharedKey, given.keyProviderOptions.failureTolerance], [bytes(1), 3])
  assert.is(given.keyProviderOptions.ratchetWindowSize, 16)
})

it('refuses a ring that the native layer would make another of, and a key of no bytes (law 11)', async () => {
  for (const keyRingSize of [0, -1, 256, 1.5, Number.NaN])
    assert.is((await failure(() => sdkE2EEOptions({ keyProviderOptions: { keyRingSize } }))).code, 'ERR_RANGE')
  for (const sharedKey of [bytes(), untyped<Uint8Array>('text')])
    assert.is((await failure(() => sdkE2EEOptions({ keyProviderOptions: { sharedKey } }))).code, 'ERR_ARGUMENT')
})

it(
  'hands the native layer the key of one participant, which rtc-node leaves out (KP-1)',
  on(scene => {
    scene.client.answers.e2ee = { message: { value: {} } }
    providerOf(scene).setKey('bob', bytes(1, 2), 3)
    assert.equal(asks(scene), [[3n, 'setKey', { participantIdentity: 'bob', key: { 0: 1, 1: 2 }, keyIndex: 3 }]])
  }),
)

it(
  'gives undefined for a key that is not there, and the bytes of one that is (KP-2)',
  on(scene => {
    const provider = providerOf(scene, { keyProviderOptions: { sharedKey: bytes(9) } })
    const answer = (value: object) => {
      scene.client.answers.e2ee = { message: { value } }
    }
    answer({})
    const none = [
      provider.exportKey('bob', 0),
      provider.exportSharedKey(0),
      provider.ratchetKey('bob', 0),
      provider.ratchetSharedKey(0),
    ]
    assert.equal(none, [undefined, undefined, undefined, undefined])
    answer({ key: bytes(1), newKey: bytes(2) })
    const some = [
      provider.exportKey('bob', 0),
      provider.exportSharedKey(0),
      provider.ratchetKey('bob', 0),
      provider.ratchetSharedKey(0),
    ]
    assert.equal(some, [bytes(1), bytes(1), bytes(2), bytes(2)])
  }),
)

it(
  'refuses an index outside the ring, of which the native layer aborts the process (law 11)',
  on(async scene => {
    scene.client.answers.e2ee = { message: { value: {} } }
    const provider = providerOf(scene, { keyProviderOptions: { sharedKey: bytes(9), keyRingSize: 4 } })
    for (const index of [-1, 4, 1.5, 2 ** 31, Number.NaN]) {
      const all = [
        () => provider.setKey('bob', bytes(1), index),
        () => provider.exportKey('bob', index),
        () => provider.ratchetKey('bob', index),
        () => provider.setSharedKey(bytes(1), index),
        () => provider.exportSharedKey(index),
        () => provider.ratchetSharedKey(index),
      ]
      for (const one of all) assert.is((await failure(one)).code, 'ERR_RANGE')
    }
    provider.setKey('bob', bytes(1), 3)
    assert.is(scene.of('e2ee').length, 1)
  }),
)

it(
  'refuses a shared key where each participant has a key, and a key of no bytes: the native layer would do nothing',
  on(async scene => {
    const provider = providerOf(scene)
    assert.is((await failure(() => provider.setSharedKey(bytes(1), 0))).code, 'ERR_E2EE')
    assert.is((await failure(() => provider.setKey('bob', bytes(), 0))).code, 'ERR_ARGUMENT')
    assert.equal(scene.of('e2ee'), [])
  }),
)

it(
  'lists the cryptors of all tracks with a request that is whole, and turns each by its track (SD-2)',
  on(async scene => {
    const manager = encryption(scene, { keyProviderOptions: { keyRingSize: 4 } })
    const facts = { participantIdentity: 'bob', trackSid: 'TR_1', keyIndex: 0, enabled: true }
    scene.client.answers.e2ee = { message: { value: { frameCryptors: [facts] } } }
    const [cryptor, ...more] = manager.frameCryptors()
    if (!cryptor) throw new Error('there is none')
    assert.is(more.length, 0)
    assert.equal([cryptor.participantIdentity, cryptor.trackSid, cryptor.keyIndex, cryptor.enabled], ['bob', 'TR_1', 0, true])
    cryptor.setEnabled(false)
    cryptor.setKeyIndex(2)
    assert.equal([cryptor.enabled, cryptor.keyIndex], [false, 2])
    const about = { participantIdentity: 'bob', trackSid: 'TR_1' }
    assert.equal(asks(scene), [
      [3n, 'managerGetFrameCryptors', {}],
      [3n, 'cryptorSetEnabled', { ...about, enabled: false }],
      [3n, 'cryptorSetKeyIndex', { ...about, keyIndex: 2 }],
    ])
    assert.is((await failure(() => cryptor.setKeyIndex(4))).code, 'ERR_RANGE')
    assert.is(cryptor.keyIndex, 2)
  }),
)

it(
  'has no keys before there is a connection',
  on(() => assert.is(new E2EEManager(new SdkRoom()).keyProvider, undefined)),
)

it.run()
