/** The flat options of old, and whom to link: what of it holds. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Legacy, optionsOf } from '../src/legacy.ts'
import { type RoomOptions, settingsOf } from '../src/options.ts'

const it = suite('legacy')

/** What holds, and what was logged. */
const resolve = (options?: RoomOptions, legacy: Legacy = {}) => {
  const codes: string[] = []
  const given = optionsOf(options, legacy, (level, code, fields) => codes.push(`${level} ${code} ${fields?.use}`))
  return { given, settings: settingsOf(given), codes }
}
const warned = ['warn options.deprecated RoomOptions']

it('links who is named in the constructor before who is named in the options (OPT-4)', () => {
  const pinned = (options?: RoomOptions, legacy?: Legacy) => resolve(options, legacy).settings.link.identity
  assert.is(pinned(), undefined)
  assert.is(pinned({ participantIdentity: 'ann' }), 'ann')
  assert.is(pinned({ participantIdentity: 'ann' }, { participant: 'bob' }), 'bob')
  assert.is(pinned(undefined, { participant: { identity: 'bob' } }), 'bob')
  assert.is(pinned(undefined, { inputOptions: { participantIdentity: 'ann' } }), 'ann')
  assert.is(pinned(undefined, { participant: 'bob', inputOptions: { participantIdentity: 'ann' } }), 'bob')
  for (const participant of ['', 7, {}, { identity: '' }])
    assert.throws(
      () => pinned(undefined, { participant } as Legacy),
      (error: unknown) => error instanceof TypeError,
    )
})

it('warns once of both objects, and ignores them if there are options (OPT-5)', () => {
  assert.equal(resolve({}).codes, [])
  assert.equal(resolve(undefined, { inputOptions: {} }).codes, warned)
  assert.equal(resolve(undefined, { inputOptions: {}, outputOptions: {} }).codes, warned)
  const both = resolve(
    { audioInput: { frameSizeMs: 20 } },
    { inputOptions: { audioEnabled: false }, outputOptions: { audioEnabled: false } },
  )
  assert.equal(both.codes, warned)
  assert.equal([both.settings.on.audioInput, both.settings.on.audioOutput, both.settings.input.frameSizeMs], [true, true, 20])
})

it('turns every input option of old into one of today (OPT-13)', () => {
  const textInputCb = () => {}
  const noiseCancellation = { module: 'bvc' }
  const { given } = resolveOnly({
    inputOptions: {
      ...{ textEnabled: true, textInputCb, audioEnabled: true, audioSampleRate: 16_000, audioNumChannels: 2 },
      ...{ audioFrameSizeMs: 20, noiseCancellation, preConnectAudio: false, preConnectAudioTimeout: 1.5, videoEnabled: true },
      ...{ participantKinds: ['agent'], participantIdentity: 'ann', closeOnDisconnect: false, deleteRoomOnClose: true },
    },
  })
  assert.equal(given, {
    textInput: { textInputCb },
    audioInput: {
      ...{ sampleRate: 16_000, numChannels: 2, frameSizeMs: 20, noiseCancellation },
      ...{ preConnectAudio: false, preConnectAudioTimeoutMs: 1_500 },
    },
    videoInput: true,
    ...{ participantKinds: ['agent'], participantIdentity: 'ann', closeOnDisconnect: false, deleteRoomOnClose: true },
  })
})

it('turns every output option of old into one of today (OPT-13, OPT-14)', () => {
  const { given } = resolveOnly({
    outputOptions: {
      ...{ transcriptionEnabled: true, syncTranscription: false, transcriptionSpeedFactor: 1.2, jsonFormat: true },
      ...{ audioEnabled: true, audioSampleRate: 48_000, audioNumChannels: 2, audioPublishOptions: { dtx: true } },
      ...{ audioTrackName: 'voice', queueSizeMs: 100 },
    },
  })
  assert.equal(given, {
    textOutput: { syncTranscription: false, transcriptionSpeedFactor: 1.2, jsonFormat: true },
    audioOutput: {
      ...{ sampleRate: 48_000, numChannels: 2, trackPublishOptions: { dtx: true }, trackName: 'voice', queueSizeMs: 100 },
    },
  })
})
const resolveOnly = (legacy: Legacy) => ({ given: optionsOf(undefined, legacy, () => {}) })

it('leaves the groups of the other object at their defaults, and what is off is off whatever else it has (OPT-13)', () => {
  const input = resolve(undefined, {
    inputOptions: { audioEnabled: false, audioSampleRate: 16_000, textEnabled: false },
  }).settings
  assert.equal(input.on, { audioInput: false, audioOutput: true, textInput: false, videoInput: false, textOutput: true })
  const output = resolve(undefined, { outputOptions: { transcriptionEnabled: false, audioEnabled: false } }).settings
  assert.equal(output.on, { audioInput: true, audioOutput: false, textInput: true, videoInput: false, textOutput: false })
  assert.equal(output.input, settingsOf().input)
})

it('takes a key that is there and undefined as not given', () => {
  const inputOptions = { audioEnabled: undefined, videoEnabled: undefined, preConnectAudioTimeout: undefined } as object
  assert.equal(resolve(undefined, { inputOptions }).settings, settingsOf())
})

it('refuses by name what it does not know, and what has a wrong value (OPT-6, OPT-7, OPT-8)', () => {
  const refusals: [legacy: object, message: RegExp][] = [
    [{ inputOptions: { loud: true } }, /^inputOptions has no "loud": it knows textEnabled, /],
    [{ outputOptions: { videoEnabled: true } }, /^outputOptions has no "videoEnabled"/],
    [{ inputOptions: 'all' }, /^inputOptions must be a plain object/],
    [{ inputOptions: { preConnectAudioTimeout: '3' } }, /^audioInput.preConnectAudioTimeoutMs must be a number/],
    [{ outputOptions: { audioEnabled: 'yes' } }, /^audioOutput must be true, false or a plain object/],
  ]
  for (const [legacy, message] of refusals) assert.throws(() => resolve(undefined, legacy), message)
})

it.run()
