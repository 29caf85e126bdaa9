/** What a room can be told, and what is refused before anything happens. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createMachine, fromPromise } from 'xstate'
import { codeOf } from '../src/errors.ts'
import { type RoomOptions, settingsOf } from '../src/options.ts'
import type { World } from '../src/ports.ts'
import { openRoom } from '../src/room.ts'
import { newCall, sound, startCall, timed } from './fakes/call.ts'

const it = suite('options')

it('has the defaults of the specification, also if nothing is given at all (OPT-6)', () => {
  assert.equal(settingsOf(), {
    link: {
      kinds: ['connector', 'sip', 'standard'],
      closeOnDisconnect: true,
      relink: 'any',
      relinkGraceMs: 15_000,
      prefer: 'first',
      preferTimeoutMs: 3_000,
    },
    input: {
      sampleRate: 24_000,
      numChannels: 1,
      frameSizeMs: 50,
      preConnectAudio: true,
      preConnectAudioTimeoutMs: 3_000,
      maxBufferMs: 10_000,
    },
    output: {
      sampleRate: 24_000,
      numChannels: 1,
      trackName: 'roomio_audio',
      queueMs: 200,
      maxPendingMs: 30_000,
      fadeMs: 10,
      trackPublishOptions: undefined,
    },
    noiseCancellation: undefined,
    textInput: { asked: false, callback: undefined },
    on: { audioInput: true, audioOutput: true, textInput: true, videoInput: false, textOutput: true },
    text: { syncTranscription: true, transcriptionSpeedFactor: 1 },
    textOutput: { jsonFormat: false, legacyPacket: 'auto', nextInChain: undefined },
    closeBudgetMs: 5_000,
    deleteRoom: undefined,
    deleteRoomTimeoutMs: 10_000,
    falseInterruption: undefined,
    mind: undefined,
    journal: undefined,
    listener: undefined,
    recorder: undefined,
  })
  assert.equal(settingsOf({}), settingsOf())
  const nothing: object = { relink: undefined, audioInput: undefined, audioOutput: { fadeMs: undefined } }
  assert.equal(settingsOf(nothing), settingsOf())
})

it('takes what is given, and no kinds as no wish (OPT-3)', () => {
  const settings = settingsOf({
    participantIdentity: 'ann',
    participantKinds: [],
    relinkGraceMs: 0,
    closeBudgetMs: 0,
    audioInput: { sampleRate: 48_000, numChannels: 2, frameSizeMs: 20, preConnectAudio: false },
    audioOutput: { fadeMs: 0, queueMs: 50 },
  })
  assert.equal(settings.link.kinds, ['connector', 'sip', 'standard'])
  assert.is(settings.link.identity, 'ann')
  assert.equal([settings.link.relinkGraceMs, settings.closeBudgetMs], [0, 0])
  assert.equal(settings.input.sampleRate * settings.input.numChannels, 96_000)
  assert.equal([settings.output.fadeMs, settings.output.queueMs], [0, 50])
  assert.equal(settingsOf({ participantKinds: ['agent'] }).link.kinds, ['agent'])
})

it('takes a boolean or the options of a group, and the names that LiveKit has for them (OPT-1, OPT-2, OPT-14)', () => {
  const [one, other] = [() => {}, () => {}]
  assert.is(settingsOf({ textInput: false }).textInput, undefined)
  assert.equal(settingsOf({ textInput: true }).textInput, { asked: true, callback: undefined })
  assert.equal(settingsOf({ textInput: { textInputCallback: other } }).textInput, { asked: true, callback: other })
  assert.equal(
    [{}, { videoInput: false }, { videoInput: true }, { videoInput: {} }].map(given => settingsOf(given).on.videoInput),
    [false, false, true, true],
  )
  assert.is(settingsOf({ textInput: { textInputCb: one, textInputCallback: other } }).textInput?.callback, one)
})

it('switches a group by a boolean, and on by its options (OPT-1, OPT-2)', () => {
  const usual = settingsOf().textOutput
  for (const textOutput of [true, {}, { jsonFormat: undefined }])
    assert.equal(settingsOf({ textOutput } as RoomOptions).textOutput, usual)
  assert.is(settingsOf({ textOutput: false }).textOutput, undefined)
  const nextInChain = { captureText: () => {}, flush: () => {} }
  const { textOutput } = settingsOf({ textOutput: { jsonFormat: true, legacyPacket: false, nextInChain } })
  assert.equal([textOutput?.jsonFormat, textOutput?.legacyPacket], [true, false])
  assert.is(textOutput?.nextInChain, nextInChain)
  assert.ok(Object.isFrozen(textOutput))
})

it('lets a false interruption be noticed only if it is asked to (OUT-25a)', () => {
  const of = (falseInterruption: RoomOptions['falseInterruption']) =>
    settingsOf(falseInterruption === undefined ? {} : { falseInterruption }).falseInterruption
  assert.equal([of(undefined), of(false)], [undefined, undefined])
  assert.equal(of({}), { timeoutMs: 2_000, rewind: 'none' })
  assert.equal(of({ timeoutMs: 500, rewind: 'word' }), { timeoutMs: 500, rewind: 'word' })
})

it('keeps nothing of the caller and changes nothing of his, and nobody can change it (OPT-9)', () => {
  const participantKinds: RoomOptions['participantKinds'] = ['sip']
  const audioInput = Object.freeze({ frameSizeMs: 20 })
  const options = Object.freeze({ participantKinds, audioInput })
  const settings = settingsOf(options)
  participantKinds.push('agent')
  assert.equal(settings.link.kinds, ['sip'])
  for (const group of [settings, settings.link, settings.input, settings.output, settings.text]) assert.ok(Object.isFrozen(group))
})

const wrong: [options: unknown, kind: typeof TypeError | typeof RangeError, message: RegExp][] = [
  ['loud', TypeError, /^options must be a plain object, not the string loud$/],
  [null, TypeError, /^options must be a plain object, not null$/],
  [[], TypeError, /^options must be a plain object, not an array$/],
  [new Map(), TypeError, /^options must be a plain object, not a Map$/],
  [{ audioInput: 'no' }, TypeError, /^audioInput must be true, false or a plain object, not the string no$/],
  [{ videoInput: null }, TypeError, /^videoInput must be true, false or a plain object, not null$/],
  [{ audioEnabled: true }, TypeError, /^options has no "audioEnabled": use audioInput or audioOutput$/],
  [
    { preConnectAudioTimeout: 3 },
    TypeError,
    /^options has no "preConnectAudioTimeout": use audioInput.preConnectAudioTimeoutMs$/,
  ],
  [{ audioOutput: { queueSizeMs: 205 } }, RangeError, /^audioOutput.queueMs is 205/],
  [{ audioOutput: { trackPublishOptions: 'dtx' } }, TypeError, /^audioOutput.trackPublishOptions must be an object/],
  [{ textOutput: { transcriptionSpeedFactor: 0 } }, RangeError, /^textOutput.transcriptionSpeedFactor is 0/],
  [{ deleteRoomOnClose: true }, TypeError, /^deleteRoomOnClose needs deleteRoom/],
  [{ deleteRoom: 'now' }, TypeError, /^deleteRoom must be a function of a room's name, not the string now$/],
  [{ audioInput: { rate: 8_000 } }, TypeError, /^audioInput has no "rate": it knows sampleRate, /],
  [
    { audioInput: { noiseCancellation: 'krisp' } },
    TypeError,
    /^audioInput.noiseCancellation must be options, .* not the string krisp$/,
  ],
  [{ audioInput: { noiseCancellation: null } }, TypeError, /^audioInput.noiseCancellation must be .* not null$/],
  [{ audioInput: { autoGainControl: true } }, TypeError, /^audioInput has no "autoGainControl"/],
  [{ videoInput: 1 }, TypeError, /^videoInput must be true, false or a plain object, not the number 1$/],
  [{ videoInput: { fps: 5 } }, TypeError, /^videoInput has no "fps"/],
  [{ textInput: 'on' }, TypeError, /^textInput must be true, false or a plain object, not the string on$/],
  [{ textInput: null }, TypeError, /^textInput must be true, false or a plain object, not null$/],
  [{ textInput: { callback: () => {} } }, TypeError, /^textInput has no "callback": it knows textInputCb$/],
  [{ textInput: { textInputCb: 'reply' } }, TypeError, /^textInput.textInputCb must be a function .* not the string reply$/],
  [{ falseInterruption: true }, TypeError, /^falseInterruption must be a plain object, not the boolean true$/],
  [{ falseInterruption: { rewind: 'line' } }, TypeError, /^falseInterruption.rewind is "line": use none, word$/],
  [{ falseInterruption: { timeoutMs: 0 } }, RangeError, /^falseInterruption.timeoutMs is 0: use a number above 0/],
  [{ falseInterruption: { timeout: 2 } }, TypeError, /^falseInterruption has no "timeout": it knows timeoutMs, rewind$/],
  [{ relink: 'never' }, TypeError, /^relink is "never": use any, same, none$/],
  [{ prefer: 'second' }, TypeError, /^prefer is "second": use first, publishing$/],
  [{ closeOnDisconnect: 'no' }, TypeError, /^closeOnDisconnect must be a boolean, not the string no$/],
  [{ audioInput: { sampleRate: '24000' } }, TypeError, /^audioInput.sampleRate must be a number, not the string 24000$/],
  [{ audioOutput: { trackName: null } }, TypeError, /^audioOutput.trackName must be a string, not null$/],
  [{ participantIdentity: '' }, TypeError, /identity/],
  [{ participantIdentity: 7 }, TypeError, /identity .* not 7$/],
  [{ participantKinds: 'sip' }, TypeError, /^participantKinds must be an array/],
  [{ participantKinds: ['SIP'] }, TypeError, /^participantKinds has no "SIP": use standard, /],
  [{ mind: {} }, TypeError, /^mind has no start/],
  [{ mind: null }, TypeError, /^mind has no start/],
  [
    { mind: createMachine({}) },
    TypeError,
    /^mind is the logic of an actor: give a function that makes it, conversation => logic/,
  ],
  [{ mind: fromPromise(async () => {}) }, TypeError, /^mind is the logic of an actor/],
  [{ mind: { start: () => {}, attending: 'speaking' } }, TypeError, /^mind.attending is "speaking"/],
  [{ journal: [] }, TypeError, /^journal must be a function/],
  [{ recorder: { input: () => {} } }, TypeError, /^recorder has no media\(\): take it from recorderIn\(folder\)$/],
  [{ listener: {} }, TypeError, /^listener must be a function/],
  [{ audioInput: { sampleRate: 0 } }, RangeError, /^audioInput.sampleRate is 0: use a number above 0/],
  [{ audioInput: { sampleRate: Number.NaN } }, RangeError, /^audioInput.sampleRate is NaN/],
  [{ audioInput: { sampleRate: 22_050, frameSizeMs: 25 } }, RangeError, /^audioInput.frameSizeMs is 25/],
  [{ audioInput: { numChannels: 1.5 } }, RangeError, /^audioInput.numChannels is 1.5/],
  [{ audioInput: { maxBufferMs: Number.POSITIVE_INFINITY } }, RangeError, /^audioInput.maxBufferMs is Infinity/],
  [
    { audioInput: { preConnectAudioTimeoutMs: -1 } },
    RangeError,
    /^audioInput.preConnectAudioTimeoutMs is -1: use a number from 0/,
  ],
  [{ audioOutput: { sampleRate: 22_050 } }, RangeError, /^audioOutput.sampleRate is 22050/],
  [{ audioOutput: { queueMs: 40 } }, RangeError, /^audioOutput.queueMs is 40: use 50 or more$/],
  [{ audioOutput: { queueMs: 205 } }, RangeError, /^audioOutput.queueMs is 205/],
  [{ audioOutput: { fadeMs: 21 } }, RangeError, /^audioOutput.fadeMs is 21: use 0 to 20$/],
  [{ audioOutput: { maxPendingMs: 0 } }, RangeError, /^audioOutput.maxPendingMs is 0/],
  [{ textOutput: { syncTranscription: 'no' } }, TypeError, /^textOutput.syncTranscription must be a boolean, not the string no$/],
  [
    { textOutput: { transcriptionSpeedFactor: 0 } },
    RangeError,
    /^textOutput.transcriptionSpeedFactor is 0: use a number above 0/,
  ],
  [{ textOutput: { transcriptionSpeedFactor: Number.NaN } }, RangeError, /^textOutput.transcriptionSpeedFactor is NaN/],
  [{ relinkGraceMs: 1e12 }, RangeError, /^relinkGraceMs is 1000000000000/],
  [{ textOutput: 'on' }, TypeError, /^textOutput must be true, false or a plain object, not the string on$/],
  [
    { textOutput: { json: true } },
    TypeError,
    /^textOutput has no "json": it knows syncTranscription, transcriptionSpeedFactor, jsonFormat, legacyPacket, nextInChain$/,
  ],
  [{ textOutput: { jsonFormat: 1 } }, TypeError, /^textOutput.jsonFormat must be a boolean, not the number 1$/],
  [{ textOutput: { legacyPacket: 'yes' } }, TypeError, /^textOutput.legacyPacket is "yes": use true, false, "auto"$/],
  [{ textOutput: { nextInChain: {} } }, TypeError, /^textOutput.nextInChain has no captureText/],
  [{ closeBudgetMs: -1 }, RangeError, /^closeBudgetMs is -1/],
]
for (const [options, kind, message] of wrong)
  it(`refuses ${JSON.stringify(options)} by name, before anything is touched (OPT-6, OPT-7, OPT-8, OPT-10)`, async () => {
    const call = newCall()
    const error = await openRoom(call.world, options as RoomOptions).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    assert.instance(error, kind)
    assert.match(error instanceof Error ? error.message : '', message)
    assert.equal(call.hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
    assert.is(call.caller.attributesOf('agent'), undefined)
  })

const groups = ['audioInput', 'audioOutput', 'textInput', 'videoInput', 'textOutput'] as const
for (const group of groups)
  it(`switches ${group} on and off (OPT-1, OPT-2)`, () => {
    const isOn = (value?: boolean | object) => settingsOf({ [group]: value }).on[group]
    assert.is(isOn(), group !== 'videoInput')
    assert.equal([isOn(true), isOn({}), isOn(false)], [true, true, false])
    const same = { on: {}, textInput: {} } // that text was asked for is remembered (CHAT-1)
    assert.equal({ ...settingsOf({ [group]: true }), ...same }, { ...settingsOf(), ...same })
  })

it('takes the names that agents-js has for the same (OPT-14)', () => {
  assert.is(settingsOf({ audioOutput: { queueSizeMs: 100 } }).output.queueMs, 100)
  assert.is(settingsOf({ audioOutput: { queueSizeMs: 100, queueMs: 300 } }).output.queueMs, 300)
  settingsOf({ textOutput: { jsonFormat: true } })
  settingsOf({ textInput: { textInputCallback: () => {} } })
})

it('counts a camera or a screen as publishing where no voice is wanted (LINK-4)', () => {
  assert.equal(settingsOf({ audioInput: false }).link.sources, ['camera', 'screen'])
})

it('does without audio input: the stream that the agent reads is at its end, and no microphone is listened to (OPT-1)', async () => {
  const call = await startCall({ options: { audioInput: false } })
  assert.is(call.room.linkedParticipant, 'ann')
  assert.not.ok('microphone' in call.room.actor.getSnapshot().context.crew)
  for await (const _ of call.room.audio) assert.unreachable()
  await call.clock.runUntil(call.room.close())
})

it('does without audio output: nothing is published, nothing can be said, words are shown (OPT-1)', async () => {
  const call = await startCall({ options: { audioOutput: false } })
  const captions = call.caller.collect('lk.transcription')
  assert.is(call.room.subscribed, undefined)
  assert.throws(() => call.room.say({ audio: sound(100) }), /audioOutput is off/)
  const telling = call.room.tell()
  telling.put('All of it, ')
  telling.put('unheard.')
  telling.end()
  telling.put('Too late.')
  await call.clock.advance(100)
  assert.equal(
    captions.map(({ text }) => text),
    ['All of it, unheard.'],
  )
  assert.equal(
    call.facts.flatMap(fact => (fact.type === 'words.shown' ? [[fact.text, fact.final]] : [])),
    [
      ['All of it, ', false],
      ['unheard.', false],
      ['All of it, unheard.', true],
    ],
  )
  await call.clock.runUntil(call.room.close())
})

it('refuses an id under which text is shown already, and goes on showing (TXT-5)', async () => {
  const call = await startCall()
  const captions = call.caller.collect('lk.transcription')
  const telling = call.room.tell('aside')
  telling.put('One.')
  const refused = (ask: () => unknown) => assert.throws(ask, (error: unknown) => codeOf(error) === 'ERR_DUPLICATE_SEGMENT')
  refused(() => call.room.tell('aside'))
  refused(() => call.room.say({ id: 'aside', audio: sound(100), text: timed(1) }))
  telling.end()
  call.room.show('Two.')
  await call.clock.advance(100)
  assert.equal(
    captions.map(({ text }) => text),
    ['One.', 'Two.'],
  )
  assert.equal([call.codes(), call.ends()], [[], []])
  await call.clock.runUntil(call.room.close())
})

it('refuses what is no listener, no text, no id, no sound and no sense, and changes nothing (law 10)', async () => {
  const call = await startCall()
  const { room } = call
  const refused = (ask: () => unknown, what: RegExp) =>
    assert.throws(ask, (error: unknown) => error instanceof TypeError && what.test(error.message))
  refused(() => room.on(7 as never), /^a listener is a function of a fact, not a number$/)
  for (const id of ['', 7, null]) refused(() => room.tell(id as never), /^the id of a segment is a text/)
  refused(() => room.tell().put(7 as never), /^what is shown is a text, not a number$/)
  for (const change of ['x', 'toString', undefined])
    refused(() => room.speech(change as never), /^speech is ".*": use started, ended$/)
  for (const sense of ['x', '', null])
    refused(() => room.setAttached(false, sense as never), /^of is ".*": use microphone, camera$/)
  await call.clock.settle()
  assert.equal(call.codes(), [])
  await call.clock.runUntil(room.close())
})

it('publishes with what the SDK shall be told besides', async () => {
  const tracks: unknown[] = []
  const wrap = (world: World): World => ({
    ...world,
    speakers: {
      publish: (track, signal) => {
        tracks.push(track.options)
        return world.speakers.publish(track, signal)
      },
    },
  })
  const call = await startCall({ wrap, options: { audioOutput: { trackPublishOptions: { dtx: true } } } })
  assert.equal(tracks, [{ dtx: true }])
  await call.clock.runUntil(call.room.close())
})

it('deletes the room by the port given, once, when the room is closed (ROOM-16)', async () => {
  const deleted: unknown[] = []
  const deleteRoom = (name: string, signal: AbortSignal) => void deleted.push(name, signal.aborted)
  const call = await startCall({ options: { deleteRoomOnClose: true, deleteRoom } })
  const { name } = call.room
  await call.clock.runUntil(Promise.all([call.room.close(), call.room.close()]))
  assert.equal(deleted, [name, false])
})

it('logs a deletion that fails, or throws, and closes all the same (ROOM-10, ROOM-16)', async () => {
  const deleteRoom = () => {
    throw new Error('no such room')
  }
  const call = await startCall({ options: { deleteRoomOnClose: true, deleteRoom } })
  await call.clock.runUntil(call.room.close())
  assert.equal(call.codes(), ['close.overrun'])
})

it.run()
