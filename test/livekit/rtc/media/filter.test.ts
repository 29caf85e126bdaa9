/** Filters of audio. */
import { dispose } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  AudioFilter,
  FrameProcessor,
  isFrameProcessor,
  type NoiseCancellationOptions,
} from '../../../../src/livekit/rtc/media/filter.ts'

const it = suite('livekit rtc filter')
it.after(() => dispose())

it('says in the words of the system that a plug-in cannot be loaded, and lives on', () => {
  const load = () => new AudioFilter('quiet', '/nowhere/libquiet.so')
  assert.throws(load, /^Failed to initialize audio filter: .*libquiet\.so/)
  assert.throws(() => new AudioFilter('quiet', process.execPath), /Failed to initialize audio filter/)
})

it('names the module of a plug-in in the options of a stream', () => {
  const options: NoiseCancellationOptions = { moduleId: 'quiet', options: { level: 3 } }
  assert.is(options.moduleId, 'quiet')
})

it('has processors of frames, known by their mark', () => {
  assert.type(FrameProcessor, 'function')
  assert.not.ok(isFrameProcessor({ process: () => {} }))
})

it.run()
