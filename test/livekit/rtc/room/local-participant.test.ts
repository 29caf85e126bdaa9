/** Ourselves in a room, on a native client that only notes what it is asked. What a server does with it is in test/e2e/rtc. */
import { AudioSource, LocalAudioTrack, TrackSource } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as rtc from '../../../../src/livekit/rtc/index.ts'
import { failure, on, type Scene, untyped } from '../local.ts'

const it = suite('rtc local participant')

const segment = { id: 's1', text: 'hi', startTime: 0, endTime: 1_200, language: 'en', final: true }
const transcription = { participantIdentity: 'ann', trackSid: 'TR_1', segments: [segment] }
/** Each refusable thing: what the native layer is asked, who does it, and what it throws. */
const refusable = [
  { name: 'publishData', does: ({ us }: Scene) => us.publishData('x'), Refusal: rtc.PublishDataError, code: 'ERR_PUBLISH_DATA' },
  {
    name: 'publishSipDtmf',
    does: ({ us }: Scene) => us.publishDtmf({ code: 1, digit: '1' }),
    Refusal: rtc.PublishDTMFError,
    code: 'ERR_PUBLISH_DTMF',
  },
  {
    name: 'publishTranscription',
    does: ({ us }: Scene) => us.publishTranscription(transcription),
    Refusal: rtc.PublishTranscriptionError,
    code: 'ERR_PUBLISH_TRANSCRIPTION',
  },
  {
    name: 'publishTrack',
    does: ({ us }: Scene) => us.publishTrack(track()),
    Refusal: rtc.PublishTrackError,
    code: 'ERR_PUBLISH_TRACK',
    reply: { message: { case: 'error', value: 'no' } },
  },
  {
    name: 'unpublishTrack',
    does: ({ us }: Scene) => us.unpublishTrack('TR_1'),
    Refusal: rtc.UnpublishTrackError,
    code: 'ERR_UNPUBLISH_TRACK',
  },
]
/** A track with nothing native behind it. */
const track = (): LocalAudioTrack =>
  Object.assign(Object.create(LocalAudioTrack.prototype), {
    info: { sid: 'TR_unknown', name: 'mic' },
    ffi_handle: { handle: 9n },
  })

for (const { name, does, Refusal, code, reply = { error: 'no' } } of refusable)
  it(
    `rejects with an error of its own when ${name} is refused, in the words of the native layer (LP-1)`,
    on(
      async scene => {
        const { error, message } = await failure(() => does(scene))
        assert.ok(error instanceof Refusal)
        assert.equal([Reflect.get(error, 'code'), message, error.name], [code, 'no', Refusal.name])
      },
      { [name]: reply },
    ),
  )

for (const { name, does } of refusable)
  it(
    `ends the wait of ${name} with the room, and asks for nothing afterwards`,
    on(async scene => {
      const waiting = failure(() => does(scene))
      await scene.clock.settle()
      scene.gone.abort()
      assert.is((await waiting).code, 'ERR_DISCONNECTED')
      assert.is((await failure(() => does(scene))).code, 'ERR_DISCONNECTED')
      assert.is(scene.of(name).length, 1)
    }),
  )

it(
  'sends text as UTF-8, reliably and to everybody where nothing else is said (LP-1)',
  on(
    async ({ us, of }) => {
      await us.publishData('hé')
      await us.publishData(new Uint8Array(2), { reliable: false, destinationIdentities: ['bob'], topic: 't' })
      const [text, bytes] = of('publishData').map(({ dataLen, reliable, destinationIdentities, topic }) => [
        ...[dataLen, reliable, topic],
        destinationIdentities,
      ])
      assert.equal(
        [text, bytes],
        [
          [3n, true, '', []],
          [2n, false, 't', ['bob']],
        ],
      )
      assert.is((await failure(() => us.publishData(untyped(5)))).code, 'ERR_ARGUMENT')
    },
    { publishData: {} },
  ),
)

it(
  'takes a tone by name and by place, and refuses a code that is none (LP-1)',
  on(
    async ({ us, of }) => {
      await us.publishDtmf({ code: 10, digit: '*' })
      await us.publishDtmf(11, '#')
      assert.equal(
        of('publishSipDtmf').map(({ code, digit }) => [code, digit]),
        [
          [10, '*'],
          [11, '#'],
        ],
      )
      for (const code of [1.5, -1, Number.NaN]) assert.is((await failure(() => us.publishDtmf(code, '1'))).code, 'ERR_RANGE')
    },
    { publishSipDtmf: {} },
  ),
)

it(
  'takes the times of a transcription as numbers, and refuses those that the protocol has no room for (TR-1)',
  on(
    async ({ us, of }) => {
      await us.publishTranscription(transcription)
      const [{ participantIdentity, trackId, segments } = {}] = of('publishTranscription')
      assert.equal([participantIdentity, trackId], ['ann', 'TR_1'])
      assert.match(JSON.stringify(segments), '"startTime":"0","endTime":"1200"')
      for (const endTime of [-1, 1.5, 2 ** 60]) {
        const wrong = { ...transcription, segments: [{ ...segment, endTime }] }
        assert.is((await failure(() => us.publishTranscription(wrong))).code, 'ERR_RANGE')
      }
      assert.is(of('publishTranscription').length, 1)
    },
    { publishTranscription: {} },
  ),
)

const published = { message: { case: 'publication', value: { handle: { id: 0n }, info: { sid: 'TR_5', name: 'mic' } } } }
it(
  'has the publication under its sid, and the sid on the track, once the track is published (LP-11)',
  on(
    async ({ us, of }) => {
      const sdk = track()
      const publication = await us.publishTrack(sdk)
      assert.is(us.trackPublications.get('TR_5'), publication)
      assert.equal([publication.sid, sdk.sid], ['TR_5', 'TR_5'])
      assert.is(publication.track?.sdk, sdk)
      const { code, message } = await failure(() => us.publishTrack(sdk))
      assert.equal(
        [code, message],
        ['ERR_TRACK', 'the track "mic" is published already: unpublish it first, or make another one'],
      )
      assert.is(of('publishTrack').length, 1)
    },
    { publishTrack: published },
  ),
)

it(
  'publishes a track once also while it is being published, and again when that failed (LP-11)',
  on(
    async ({ us, of }) => {
      const sdk = track()
      const first = failure(() => us.publishTrack(sdk))
      assert.is((await failure(() => us.publishTrack(sdk))).code, 'ERR_TRACK')
      assert.is((await first).code, 'ERR_PUBLISH_TRACK')
      assert.is((await failure(() => us.publishTrack(sdk))).code, 'ERR_PUBLISH_TRACK')
      assert.is(of('publishTrack').length, 2)
    },
    { publishTrack: { message: { case: 'error', value: 'no' } } },
  ),
)

it(
  'takes the options of a publication as they are written, all of them optional (VE-1)',
  on(
    async ({ us, of }) => {
      const encoding = { maxBitrate: 1_500_000n, maxFramerate: 30 }
      await us.publishTrack(track(), { source: TrackSource.SOURCE_CAMERA, videoEncoding: encoding })
      const [{ options } = {}] = of('publishTrack')
      const { source, videoEncoding } = untyped<rtc.PublishOptions>(options)
      assert.equal([source, videoEncoding?.maxBitrate, videoEncoding?.maxFramerate], [TrackSource.SOURCE_CAMERA, 1_500_000n, 30])
    },
    { publishTrack: published },
  ),
)

it(
  'refuses options that cannot be sent before it asks: rtc-node would keep the lock of its events, and hear nothing more (RM-7)',
  on(
    async ({ us, of }) => {
      const [sdk, wrong] = [
        track(),
        [{ videoEncoding: { maxBitrate: 1n } }, { source: 'microphone' }, { audioEncoding: { maxBitrate: 'much' } }],
      ]
      for (const options of wrong) {
        const { code, message } = await failure(() => us.publishTrack(sdk, untyped(options)))
        assert.is(code, 'ERR_ARGUMENT', message)
      }
      assert.equal(of('publishTrack'), [])
      await us.publishTrack(sdk)
    },
    { publishTrack: published },
  ),
)

it(
  'publishes nothing but a local track',
  on(async ({ us, of }) => {
    for (const wrong of [{}, AudioSource.prototype])
      assert.is((await failure(() => us.publishTrack(untyped(wrong)))).code, 'ERR_TRACK')
    assert.equal(of('publishTrack'), [])
  }),
)

it(
  'stops the track that is unpublished unless asked not to, and lets nobody wait for its subscribers',
  on(
    async ({ us, of, sdk }) => {
      const publication = await us.publishTrack(track())
      const waiting = failure(() => publication.waitForSubscription())
      await us.unpublishTrack('TR_5')
      assert.is((await waiting).code, 'ERR_UNPUBLISHED')
      assert.is(sdk.trackPublications.size, 0)
      await us.unpublishTrack('TR_6', false)
      assert.equal(
        of('unpublishTrack').map(({ trackSid, stopOnUnpublish }) => [trackSid, stopOnUnpublish]),
        [
          ['TR_5', true],
          ['TR_6', false],
        ],
      )
    },
    { publishTrack: published, unpublishTrack: {} },
  ),
)

it(
  'never asks the native layer about what is no sid of a track: it would abort the process (law 11)',
  on(async ({ us, client }) => {
    const { error } = await failure(() => us.unpublishTrack('nope'))
    assert.ok(error instanceof rtc.UnpublishTrackError)
    const participantPermissions = [{ participantIdentity: 'bob', allowedTrackSids: ['TR_1', 'nope'] }]
    const bad = await failure(() => us.setTrackSubscriptionPermissions({ allowAllParticipants: false, participantPermissions }))
    assert.is(bad.code, 'ERR_TRACK')
    assert.equal(client.asked, [])
  }),
)

it(
  'says who may subscribe: all, nobody, or those in the list (LP-5)',
  on(async ({ us, of, gone }) => {
    us.setTrackSubscriptionPermissions({ allowAllParticipants: true })
    const participantPermissions = [
      { participantIdentity: 'bob', allowedTrackSids: ['TR_1'] },
      { participantIdentity: 'cec', allowAll: true },
    ]
    us.setTrackSubscriptionPermissions({ allowAllParticipants: false, participantPermissions })
    const localParticipantHandle = 7n
    assert.equal(of('setTrackSubscriptionPermissions'), [
      { localParticipantHandle, allParticipantsAllowed: true, permissions: [] },
      { localParticipantHandle, allParticipantsAllowed: false, permissions: participantPermissions },
    ])
    gone.abort()
    assert.is((await failure(() => us.setTrackSubscriptionPermissions({ allowAllParticipants: true }))).code, 'ERR_DISCONNECTED')
  }),
)

const own = [
  {
    name: 'setLocalMetadata',
    does: ({ us }: Scene) => us.setMetadata('m'),
    told: 'participantMetadataChanged',
    value: { metadata: 'm' },
    other: { metadata: 'old' },
  },
  {
    name: 'setLocalName',
    does: ({ us }: Scene) => us.setName('n'),
    told: 'participantNameChanged',
    value: { name: 'n' },
    other: { name: 'old' },
  },
  {
    name: 'setLocalAttributes',
    does: ({ us }: Scene) => us.setAttributes({ a: '1' }),
    told: 'participantAttributesChanged',
    value: { attributes: [{ key: 'a', value: '1' }] },
    other: { attributes: [{ key: 'a', value: '2' }] },
  },
]
for (const { name, does, told, value, other } of own) {
  it(
    `tells that the server refused ${name} (LP-10, SD-11)`,
    on(
      async scene => {
        const { code, message } = await failure(() => does(scene))
        assert.equal([code, message], ['ERR_REFUSED', 'NotAllowed'])
      },
      { [name]: { error: 'NotAllowed' } },
    ),
  )
  it(`resolves when the server answers ${name} (LP-10)`, on(does, { [name]: {} }))
  it(
    `takes the change itself for the answer to ${name}, which may get lost (LP-10)`,
    on(async scene => {
      const setting = does(scene)
      await scene.clock.settle()
      const shown = (participantIdentity: string, roomHandle = 3n, now: object = value) =>
        scene.client.tell('roomEvent', { roomHandle, message: { case: told, value: { participantIdentity, ...now } } })
      shown('bob')
      shown('ann', 4n)
      shown('ann', 3n, other)
      let done = false
      setting.then(() => {
        done = true
      })
      await scene.clock.settle()
      assert.not(done, 'that was somebody else, another room, or what was before')
      shown('ann')
      await setting
    }),
  )
  it(
    `ends the wait for ${name} with the room`,
    on(async scene => {
      const waiting = failure(() => does(scene))
      await scene.clock.settle()
      scene.gone.abort()
      assert.is((await waiting).code, 'ERR_DISCONNECTED')
    }),
  )
}

it(
  'takes nothing but text for what we say of ourselves, and asks the server for nothing else',
  on(async ({ us, client }) => {
    const wrong = [() => us.setMetadata(untyped({})), () => us.setName(untyped(5)), () => us.setAttributes({ a: untyped(true) })]
    for (const one of wrong) assert.is((await failure(one)).code, 'ERR_ARGUMENT')
    assert.equal(client.asked, [])
  }),
)

it(
  'changes one thing after another, since each change tells the server the name as it was (law 7)',
  on(
    async ({ us, client }) => {
      const names = () => client.asked.map(one => one.case)
      const done: number[][] = []
      const changes = [us.setName('n'), us.setMetadata('m'), us.setAttributes({ a: '1' })]
      await Promise.all(changes.map((change, place) => change.then(() => done.push([place, names().length]))))
      assert.equal(names(), ['setLocalName', 'setLocalMetadata', 'setLocalAttributes'])
      assert.equal(
        done.map(([place, asked]) => [place, Number(asked) <= Number(place) + 2]),
        [0, 1, 2].map(place => [place, true]),
        'none is asked before the one before it is done',
      )
    },
    { setLocalName: {}, setLocalMetadata: {}, setLocalAttributes: {} },
  ),
)

it(
  'goes on with the next change when one is refused (law 7)',
  on(
    async ({ us, client, clock, gone }) => {
      const refused = failure(() => us.setName('n'))
      const waiting = failure(() => us.setMetadata('m'))
      assert.is((await refused).code, 'ERR_REFUSED')
      await clock.settle()
      assert.is(client.asked.length, 2)
      gone.abort()
      await waiting
    },
    { setLocalName: { error: 'no' } },
  ),
)

it(
  'reads what the participant is from rtc-node, and says it in one line',
  on(({ us }) => {
    assert.equal([us.sid, us.identity, us.name, us.metadata, us.attributes], ['PA_1', 'ann', 'Ann', '', {}])
    assert.is(String(us), 'rtc.LocalParticipant(sid=PA_1, identity=ann, name=Ann)')
  }),
)

it(
  'says what is wrong with what untyped code may give, and asks nothing',
  on(async ({ us, client }) => {
    const one = { destinationIdentities: untyped<string[]>('bob') }
    const wrong = [
      () => us.publishData('x', one),
      () => us.sendText('x', one),
      () => us.streamText(one),
      () => us.streamBytes({ destinationIdentities: untyped([1]) }),
      () => us.setTrackSubscriptionPermissions(untyped({})),
    ]
    for (const does of wrong) assert.is((await failure(does)).code, 'ERR_ARGUMENT')
    assert.is(client.asked.length, 0)
  }),
)

it.run()
