/** Publishing, with a participant whose server is the test; the queue and the track are native ones. */
import { dispose, LocalParticipant, LocalTrackPublication, Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock } from '../../src/clock.ts'
import { Line } from '../../src/livekit/line.ts'
import { speakersOf } from '../../src/livekit/speakers.ts'

const it = suite('livekit speakers')

it('takes back what was published when nobody waits for it any more (OUT-30, OUT-31)', async () => {
  const line = new Line(realClock(), () => {})
  const publication: LocalTrackPublication = Object.assign(Object.create(LocalTrackPublication.prototype), {
    info: { sid: 'TR_1' },
  })
  const enough = new AbortController()
  const unpublished: unknown[] = []
  const localParticipant: LocalParticipant = Object.assign(Object.create(LocalParticipant.prototype), {
    publishTrack: async () => {
      setImmediate(() => enough.abort(new Error('enough'))) // the grid is not known yet
      return publication
    },
    unpublishTrack: async (sid: string) => void unpublished.push(sid),
  })
  line.room = Object.assign(new Room(), { localParticipant })
  const voice = { sampleRate: 24_000, channels: 1, name: 'voice', queueMs: 200 }
  const told = await speakersOf(line)
    .publish(voice, enough.signal)
    .catch((error: Error) => error.message)
  assert.is(told, 'enough')
  assert.equal(unpublished, ['TR_1'])
  assert.equal(line.open.speaker, 0)
})

it.after(() => dispose()) // of the native layer, which would keep the process

it.run()
