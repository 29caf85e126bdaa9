/** Encryption from end to end: the keys of a room and of its participants, and what encrypts or decrypts each track. */
import {
  EncryptionType,
  type E2EEManager as SdkE2EEManager,
  type E2EEOptions as SdkE2EEOptions,
  KeyProvider as SdkKeyProvider,
  type Room as SdkRoom,
} from '@livekit/rtc-node'
import { coded } from '../../../errors.ts'
import { misuse, outside } from '../errors.ts'
import { type Asked, member, native } from '../native.ts'
import { roomHandleOf } from '../sdk.ts'

type E2EERequest = NonNullable<Extract<Asked, { case: 'e2ee' }>['value']['message']>

/** How keys are kept. With a `sharedKey` everybody has the same one, without it each participant has their own. */
export type KeyProviderOptions = {
  sharedKey?: Uint8Array
  /** By default the ASCII text `LKFrameEncryptionKey`. All in a room must have the same. */
  ratchetSalt?: Uint8Array
  /** How many steps on a key is tried for each frame that cannot be decrypted; 16 by default. With a wrong key each step costs some ms. */
  ratchetWindowSize?: number
  /**
   * After how many frames that cannot be decrypted that is told (`e2eeStateChanged`), and the key given up until it is set again. With
   * -1, the default, that is never: who has a wrong key hears nothing, and nobody is told.
   */
  failureTolerance?: number
  /** How many keys each has, by index; 16 by default. */
  keyRingSize?: number
  /** 0, the default, is PBKDF2, 1 is HKDF. */
  keyDerivationFunction?: NonNullable<SdkE2EEOptions['keyProviderOptions']['keyDerivationFunction']>
}
/** `encryptionType` is GCM by default. */
export type E2EEOptions = { keyProviderOptions?: KeyProviderOptions; encryptionType?: EncryptionType }

const KEY_RING_SIZE = 16
/** The native layer makes this of more, and 16 of less than 1, without a word. */
const MOST_KEYS = 255

/** What rtc-node is to be given: all options, with the defaults. Throws for a shared key of no bytes, and for a ring that cannot be. */
export const sdkE2EEOptions = ({ keyProviderOptions = {}, encryptionType = EncryptionType.GCM }: E2EEOptions): SdkE2EEOptions => {
  const { sharedKey, keyRingSize = KEY_RING_SIZE } = keyProviderOptions
  if (sharedKey !== undefined) checkedKey(sharedKey)
  if (!(Number.isInteger(keyRingSize) && keyRingSize >= 1 && keyRingSize <= MOST_KEYS))
    throw outside('ERR_RANGE', `keyRingSize must be a whole number from 1 to ${MOST_KEYS}, and is ${keyRingSize}`)
  const defaults = {
    ratchetSalt: new TextEncoder().encode('LKFrameEncryptionKey'),
    ratchetWindowSize: 16,
    failureTolerance: -1,
    keyDerivationFunction: 0,
  }
  return { encryptionType, keyProviderOptions: { ...defaults, ...keyProviderOptions, keyRingSize } }
}

/**
 * The keys of a room: whoever has the sender's key hears them. Each has an index from 0 to `keyRingSize` - 1; of any other the native
 * layer aborts the process or takes another, so here it is a RangeError.
 */
export class KeyProvider {
  readonly options: KeyProviderOptions
  readonly #room: SdkRoom

  constructor(room: SdkRoom, options: KeyProviderOptions) {
    this.#room = room
    this.options = options
  }

  /** Throws with code ERR_E2EE where the options had no shared key: the native layer would leave it at that. */
  setSharedKey(sharedKey: Uint8Array, keyIndex: number): void {
    if (!this.options.sharedKey)
      throw coded('ERR_E2EE', 'here each participant has a key: give a sharedKey in the options, or use setKey')
    this.#ask({ case: 'setSharedKey', value: { sharedKey: checkedKey(sharedKey), keyIndex: this.#index(keyIndex) } })
  }
  /** Undefined where there is none. */
  exportSharedKey(keyIndex: number): Uint8Array | undefined {
    return this.#ask({ case: 'getSharedKey', value: { keyIndex: this.#index(keyIndex) } }).key
  }
  /** Puts the next key in its place, and gives it back; undefined where there is none. */
  ratchetSharedKey(keyIndex: number): Uint8Array | undefined {
    return this.#ask({ case: 'ratchetSharedKey', value: { keyIndex: this.#index(keyIndex) } }).newKey
  }

  /** The key of one participant: for what they send, be it we or somebody else. */
  setKey(participantIdentity: string, key: Uint8Array, keyIndex: number): void {
    const value = { participantIdentity, key: checkedKey(key), keyIndex: this.#index(keyIndex) }
    this.#ask({ case: 'setKey', value })
  }
  /** Undefined where there is none. */
  exportKey(participantIdentity: string, keyIndex: number): Uint8Array | undefined {
    return this.#ask({ case: 'getKey', value: { participantIdentity, keyIndex: this.#index(keyIndex) } }).key
  }
  /** Puts the next key in its place, and gives it back; undefined where there is none. */
  ratchetKey(participantIdentity: string, keyIndex: number): Uint8Array | undefined {
    return this.#ask({ case: 'ratchetKey', value: { participantIdentity, keyIndex: this.#index(keyIndex) } }).newKey
  }

  #index(keyIndex: number): number {
    return indexOf(this.options, keyIndex)
  }

  #ask(message: E2EERequest): { key?: Uint8Array; newKey?: Uint8Array } {
    return ask(this.#room, message)
  }
}

type CryptorFacts = { participantIdentity?: string; trackSid?: string; keyIndex?: number; enabled?: boolean }
/** What encrypts a track of ours, or decrypts one of somebody else's. */
export class FrameCryptor {
  readonly participantIdentity: string
  readonly trackSid: string
  readonly #room: SdkRoom
  #keyIndex: number
  #enabled: boolean

  constructor(room: SdkRoom, { participantIdentity = '', trackSid = '', keyIndex = 0, enabled = false }: CryptorFacts) {
    this.#room = room
    this.participantIdentity = participantIdentity
    this.trackSid = trackSid
    this.#keyIndex = keyIndex
    this.#enabled = enabled
  }

  get keyIndex(): number {
    return this.#keyIndex
  }
  get enabled(): boolean {
    return this.#enabled
  }
  setEnabled(enabled: boolean): void {
    const { participantIdentity, trackSid } = this
    ask(this.#room, { case: 'cryptorSetEnabled', value: { participantIdentity, trackSid, enabled } })
    this.#enabled = enabled
  }
  /** With which key of the ring it encrypts. */
  setKeyIndex(keyIndex: number): void {
    const { participantIdentity, trackSid } = this
    indexOf(new E2EEManager(this.#room).keyProvider?.options ?? {}, keyIndex)
    ask(this.#room, { case: 'cryptorSetKeyIndex', value: { participantIdentity, trackSid, keyIndex } })
    this.#keyIndex = keyIndex
  }
}

/** The encryption of a room: there also where it has none, and then `enabled` is false and `keyProvider` undefined (E2E-1). */
export class E2EEManager {
  readonly #room: SdkRoom

  constructor(room: SdkRoom) {
    this.#room = room
  }

  /** rtc-node's; undefined where the room is not connected with encryption. */
  get sdk(): SdkE2EEManager | undefined {
    return this.#room.e2eeManager
  }
  /** Whether tracks are encrypted: true at first if options were given, then as last set. */
  get enabled(): boolean {
    return this.sdk?.enabled ?? false
  }
  get keyProvider(): KeyProvider | undefined {
    return this.sdk && providerOf(this.#room, this.sdk)
  }
  /** Throws with code ERR_E2EE where the room has no encryption that could be enabled. */
  setEnabled(enabled: boolean): void {
    if (this.sdk) this.sdk.setEnabled(enabled)
    else if (enabled) throw coded('ERR_E2EE', 'this room has no encryption: give the options of it when you connect')
  }
  /** One for each encrypted track, ours and those that we are subscribed to, as they are now. */
  frameCryptors(): FrameCryptor[] {
    if (!this.sdk) return []
    const { frameCryptors = [] } = ask(this.#room, { case: 'managerGetFrameCryptors', value: {} })
    return frameCryptors.map(facts => new FrameCryptor(this.#room, facts))
  }
}

const providers = new WeakMap<SdkE2EEManager, KeyProvider>()
const providerOf = (room: SdkRoom, manager: SdkE2EEManager): KeyProvider => {
  const sdk = member(manager, 'keyProvider')
  const provider = providers.get(manager) ?? new KeyProvider(room, sdk instanceof SdkKeyProvider ? sdk.options : {})
  providers.set(manager, provider)
  return provider
}

const checkedKey = (key: unknown): Uint8Array => {
  if (key instanceof Uint8Array && key.length > 0) return key // of no bytes the native layer makes no key, without a word
  throw misuse('ERR_ARGUMENT', 'a key must be a Uint8Array of at least one byte')
}
const indexOf = ({ keyRingSize = KEY_RING_SIZE }: KeyProviderOptions, keyIndex: number): number => {
  if (Number.isInteger(keyIndex) && keyIndex >= 0 && keyIndex < keyRingSize) return keyIndex
  throw outside('ERR_RANGE', `the index of a key must be a whole number from 0 to ${keyRingSize - 1}, and is ${keyIndex}`)
}

type E2EEAnswer = { key?: Uint8Array; newKey?: Uint8Array; frameCryptors?: CryptorFacts[] }
const ask = (room: SdkRoom, message: E2EERequest): E2EEAnswer => {
  const roomHandle = roomHandleOf(room)
  if (roomHandle === undefined) throw coded('ERR_E2EE', 'this room is not connected')
  return native().request<{ message: { value: E2EEAnswer } }>({ case: 'e2ee', value: { roomHandle, message } }).message.value
}
