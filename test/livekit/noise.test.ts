/** Noise cancellation on its way to rtc-node's stream. */
import { type AudioFrame, isFrameProcessor } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { noiseFor } from '../../src/livekit/noise.ts'

const it = suite('livekit noise')

const scene = (given: object) => {
  const codes: string[] = []
  return { noise: noiseFor(given, (_, code) => codes.push(code)), codes }
}

it('hands options on as they are, and refuses what names no module (MIC-14)', () => {
  const options = { moduleId: 'quiet', options: {} }
  assert.is(scene(options).noise, options)
  const { noise, codes } = scene({ level: 3 })
  assert.equal([noise, codes], [undefined, ['livekit.noise.refused']])
})

it('stands in for a processor: the frames are not its business, the news is (MIC-15)', () => {
  const news: unknown[] = []
  const processor = {
    process: () => assert.unreachable(),
    close: () => assert.unreachable('the SDK does not own it'),
    onStreamInfoUpdated: (info: unknown) => news.push(info),
    onCredentialsUpdated: () => {
      throw new Error('wrong key')
    },
  }
  const { noise, codes } = scene(processor)
  assert.ok(isFrameProcessor<AudioFrame>(noise))
  if (!isFrameProcessor<AudioFrame>(noise)) return
  assert.not.ok(noise.isEnabled())
  const info = { roomName: 'lounge', participantIdentity: 'ann', publicationSid: 'TR_1' }
  noise.onStreamInfoUpdated(info)
  noise.onStreamInfoCleared()
  noise.onCredentialsUpdated({ token: 't', url: 'u' })
  noise.close()
  assert.equal([news, codes], [[info], ['livekit.noise.failed']])
})

it.run()
