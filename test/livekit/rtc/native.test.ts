// node: --expose-gc
/** The door to the native layer: with a client that only notes what it is asked, and the real one without a server. */
import { EventEmitter } from 'node:events'
import { AudioSource, dispose, LocalAudioTrack, type Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, lineOf } from '../../../src/errors.ts'
import { answered, doorTo, type Native, native, opened, replaceNative } from '../../../src/livekit/rtc/native.ts'
import { changed, forget, listenToRoom, setAttributes } from '../../../src/livekit/rtc/room/native-room.ts'

const it = suite('livekit rtc native')
it.after(() => dispose())

type Client = NonNullable<Parameters<typeof doorTo>[0]>
type Answer = (asked: { case?: string; value?: object }) => unknown

/** rtc-node's client, as far as the door sees it; `alive` are the handles that the library knows. */
class Fake extends EventEmitter {
  readonly asked: unknown[] = []
  readonly alive = new Set<bigint>()
  answer: Answer = () => ({ asyncId: BigInt(this.asked.length) })
  request({ message }: { message: { case: string; value: object } }): unknown {
    if (message.case === 'newAudioResampler') {
      this.alive.add(1n)
      return { resampler: { handle: { id: 1n } } }
    }
    this.asked.push(message)
    return this.answer(message)
  }
  retrievePtr = (bytes: Uint8Array) => BigInt(bytes.byteOffset)
  copyBuffer = () => new Uint8Array()
  tell(name: string, value: object) {
    this.emit('ffi_event', { message: { case: name, value } })
  }
}
const layerOf = (client: Fake, version = '0.12.73') => ({
  version,
  FfiHandle: class {
    readonly handle: bigint
    constructor(handle: bigint) {
      this.handle = handle
    }
    dispose() {
      if (!client.alive.delete(this.handle)) throw new Error('trying to drop an invalid handle')
    }
  },
})
const isClient = (one: object): one is Client => 'request' in one
const doorOf = (client: Fake, layer = layerOf(client)) => doorTo(isClient(client) ? client : undefined, layer)
/** A test with a fake client behind the door. */
const withFake = (test: (client: Fake, door: Native) => unknown) => async () => {
  const client = new Fake()
  const door = doorOf(client)
  const back = replaceNative(door)
  try {
    await test(client, door)
  } finally {
    back()
  }
}
const onFfiEvent = () => assert.unreachable('rtc-node is not asked')
/** As much of a room as the door looks at. */
const roomOf = (handle: bigint): Room & EventEmitter =>
  Object.assign(Object.create(EventEmitter.prototype), { ffiHandle: { handle }, onFfiEvent })
const failing = async (work: Promise<unknown>) => {
  try {
    return await work
  } catch (error) {
    return `${codeOf(error) ?? ''} ${lineOf(error)}`.trim()
  }
}
/** When all that follows from what was told is done. */
const settled = () => new Promise(resolve => setImmediate(resolve))
const signal = new AbortController().signal

it('refuses another version, a client that it does not know, and a second copy (FFI-1)', () => {
  const client = new Fake()
  assert.ok(doorOf(client))
  assert.is(client.alive.size, 0, 'what the proof made is given back')
  const codeFor = (open: () => unknown) => {
    try {
      return open()
    } catch (error) {
      return `${codeOf(error)} ${lineOf(error)}`
    }
  }
  assert.match(String(codeFor(() => doorOf(client, layerOf(client, '0.13.0')))), /^ERR_SDK_VERSION .*0\.13\.0.*0\.13\.34 to 1\.1/)
  assert.match(String(codeFor(() => doorOf(client, layerOf(new Fake())))), /^ERR_SDK_VERSION .*twice/)
  assert.match(String(codeFor(() => doorTo(undefined, layerOf(client)))), /^ERR_SDK_VERSION .*elsewhere/)
  const without = Object.assign(new Fake(), { copyBuffer: undefined })
  assert.match(
    String(codeFor(() => doorTo(isClient(without) ? without : undefined, layerOf(client)))),
    /^ERR_SDK_VERSION .*elsewhere/,
  )
})

const newApm = () => {
  const value = {
    echoCancellerEnabled: false,
    gainControllerEnabled: false,
    highPassFilterEnabled: false,
    noiseSuppressionEnabled: false,
  }
  return native().request<{ apm: { handle: { id: bigint } } }>({ case: 'newApm', value }).apm.handle.id
}

it('opens the very copy that rtc-node loaded: what one made the other gives back (FFI-1, FFI-3)', async () => {
  const source = new AudioSource(48_000, 1, 0)
  assert.ok(globalThis._ffiClientInstance, 'kept there from the first thing made on')
  const ours = native().own(newApm())
  assert.ok(source.ffiHandle instanceof ours.constructor)
  ours.dispose()
  await source.close()
})

it('asks and gets its answer in the same turn, also for what rtc-node does not use (FFI-2, FFI-7)', () => {
  const id = newApm()
  assert.ok(id > 0n)
  native().own(id).dispose()
})

it('reaches the handles of the objects that rtc-node makes (FFI-4)', async () => {
  const source = new AudioSource(48_000, 1, 0)
  const track = LocalAudioTrack.createAudioTrack('voice', source)
  for (const { handle } of [source.ffiHandle, track.ffi_handle]) assert.is(typeof handle, 'bigint')
  assert.ok(track.info)
  await track.close()
})

it('throws for a message that cannot be encoded, before anything is asked (FFI-5)', () => {
  const ask = (delayMs: number) => native().request({ case: 'apmSetStreamDelay', value: { apmHandle: 1n, delayMs } })
  assert.throws(() => native().request({ case: 'newApm', value: {} }), /required field not set/)
  assert.throws(() => ask(10.5), 'invalid int 32: 10.5')
  const to = { destinationIdentities: 'bob' as never, senderIdentity: 'ann' } // no list: of this the encoder says nothing
  const value = { localParticipantHandle: 1n, ...to, trailer: { streamId: '1', reason: '', attributes: {} } }
  assert.throws(() => native().request({ case: 'sendStreamTrailer', value }), /^a value of sendStreamTrailer has the wrong type/)
})

it('points to where a view begins, not its buffer (FFI-6)', () => {
  const all = Uint8Array.from({ length: 64 }, (_, n) => n)
  const at = native().pointerTo(all.subarray(16))
  assert.is(at, native().pointerTo(all) + 16n)
  assert.equal([...native().copy(at, 4)], [16, 17, 18, 19])
})

it('keeps the memory that it points to until it points to another (FFI-6)', async () => {
  const point = () => {
    const bytes = new Uint8Array(1_000)
    native().pointerTo(bytes)
    return new WeakRef(bytes.buffer)
  }
  const collect = async () => {
    await settled() // a WeakRef holds what it was made of until then
    globalThis.gc?.()
  }
  const lent = point()
  await collect()
  assert.ok(lent.deref())
  native().pointerTo(new Uint8Array(8))
  await collect()
  assert.is(lent.deref(), undefined)
})

it(
  'waits for the answer by its id, and lets go of the client whatever becomes of it (FFI-3, law 4)',
  withFake(async client => {
    const asked = { case: 'getStats' as const, value: { trackHandle: 7n } }
    const [first, second] = [answered(asked, 'getStats', signal), answered(asked, 'getStats', signal)]
    client.tell('getStats', { asyncId: 2n, error: 'second' })
    client.tell('publishData', { asyncId: 1n })
    client.tell('getStats', { asyncId: 1n, error: 'first' })
    assert.equal([Reflect.get(await first, 'error'), Reflect.get(await second, 'error')], ['first', 'second'])

    const leaving = new AbortController()
    const left = answered(asked, 'getStats', leaving.signal)
    leaving.abort(new Error('the room was left'))
    assert.is(await failing(left), 'the room was left')
    assert.is(await failing(answered(asked, 'getStats', leaving.signal)), 'the room was left')
    assert.is(client.asked.length, 3, 'what is over before it begins is not asked')

    client.answer = () => ({})
    assert.match(String(await failing(answered(asked, 'getStats', signal))), /^ERR_NATIVE .*getStats/)
    client.answer = () => {
      throw new Error('handle not found')
    }
    assert.is(await failing(answered(asked, 'getStats', signal)), 'handle not found')
    assert.is(client.listenerCount('ffi_event'), 0)
  }),
)

it(
  'takes an answer that is told before the request returns (FFI-3)',
  withFake(async client => {
    client.answer = () => {
      client.tell('getStats', { asyncId: 9n, stats: [] })
      return { asyncId: 9n }
    }
    const answer = await answered({ case: 'getStats', value: { trackHandle: 7n } }, 'getStats', signal)
    assert.is(answer.asyncId, 9n)
  }),
)

it(
  'does not let a listener that throws take an event from the others (law 10)',
  withFake(async (client, door) => {
    const heard: unknown[] = []
    const uncaught: unknown[] = []
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', error => uncaught.push(error))
    const offs = [
      door.listen(() => {
        throw new Error('a fault')
      }),
      door.listen(told => heard.push(told.case)),
    ]
    client.tell('logs', {})
    await settled()
    for (const listener of before) process.on('uncaughtException', listener)
    assert.equal([heard, uncaught.map(lineOf)], [['logs'], ['a fault']])
    for (const off of offs) off()
    assert.is(client.listenerCount('ffi_event'), 0)
  }),
)

it(
  'tells what the native layer tells of this room, until it is not wanted any more (FFI-4)',
  withFake(client => {
    const seen: unknown[] = []
    const off = listenToRoom(roomOf(5n), told => seen.push(told.case))
    const active = (roomHandle: bigint, participantIdentity: string) =>
      client.tell('roomEvent', { roomHandle, message: { case: 'participantActive', value: { participantIdentity } } })
    active(5n, 'ann')
    active(6n, 'bob')
    client.tell('roomEvent', { roomHandle: 5n, message: { case: 'moved', value: {} } })
    off()
    active(5n, 'cat')
    assert.equal([seen, client.listenerCount('ffi_event')], [['participantActive', 'moved'], 0])
  }),
)

const participant: Parameters<typeof setAttributes>[0]['participant'] = Object.assign(Object.create(null), {
  identity: 'agent',
  ffi_handle: { handle: 3n },
  setAttributes: () => assert.unreachable(),
})
const attributesOf = (attributes: Record<string, string>, identity = 'agent') => ({
  case: 'participantAttributesChanged',
  value: { participantIdentity: identity, attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })) },
})

it(
  'reports the refusal of a change of our own (SD-11)',
  withFake(async client => {
    const change = setAttributes({ room: roomOf(5n), participant }, { mood: 'calm' }, signal)
    client.tell('setLocalAttributes', { asyncId: 1n, error: 'not allowed' })
    assert.is(await failing(change), 'not allowed')
    const value = { localParticipantHandle: 3n, attributes: [{ key: 'mood', value: 'calm' }] }
    assert.equal([client.asked, client.listenerCount('ffi_event')], [[{ case: 'setLocalAttributes', value }], 0])
  }),
)

it(
  'takes the change itself for an answer, since that may get lost',
  withFake(async client => {
    const room = roomOf(5n)
    const tell = (message: object, roomHandle = 5n) => client.tell('roomEvent', { roomHandle, message })
    const change = setAttributes({ room, participant }, { mood: 'calm', old: '' }, signal)
    tell(attributesOf({ mood: 'calm' }), 6n)
    tell(attributesOf({ mood: 'calm' }, 'ann'))
    tell(attributesOf({ mood: 'angry' }))
    await settled()
    assert.is(client.listenerCount('ffi_event'), 2, 'it still waits')
    tell(attributesOf({ mood: 'calm', other: 'x' }))
    await change
    assert.is(client.listenerCount('ffi_event'), 0)
    const leaving = new AbortController()
    const value = { localParticipantHandle: 3n, metadata: 'm' }
    const left = changed({ room, asked: { case: 'setLocalMetadata', value }, shows: () => false, signal: leaving.signal })
    leaving.abort(new Error('the room was left'))
    assert.is(await failing(left), 'the room was left')
    assert.is(client.listenerCount('ffi_event'), 0)
  }),
)

it(
  'takes off what rtc-node forgets after a disconnect by the server (law 5)',
  withFake(client => {
    const room = roomOf(5n)
    const other = () => {}
    client.on('ffi_event', other)
    client.on('ffi_event', onFfiEvent)
    room.on('connected', () => {})
    forget(room)
    assert.equal([client.listeners('ffi_event'), room.listenerCount('connected')], [[other], 0])
  }),
)

it('is not opened for those who can do without where rtc-node has not opened it, or it is another version', () => {
  const before = globalThis._ffiClientInstance
  const codes: unknown[] = []
  const refuse = (error: unknown) => codes.push(codeOf(error))
  const back = replaceNative(undefined)
  try {
    Reflect.set(globalThis, '_ffiClientInstance', undefined)
    assert.is(opened(refuse), undefined)
    Reflect.set(globalThis, '_ffiClientInstance', {})
    assert.is(opened(refuse), undefined)
    assert.equal(codes, ['ERR_SDK_VERSION'])
  } finally {
    Reflect.set(globalThis, '_ffiClientInstance', before)
    back()
  }
})

it.run()
