import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { metricsOf } from '../../src/realtime/metrics.ts'

const it = suite('metrics')

const course = { label: 'some/model', requestId: 'resp_1', status: 'completed', createdAt: 1_000, endedAt: 3_000 } as const

it('adds up what a response took (MM-40)', () => {
  const tokens = { input: 30, output: 50, total: 80, cached: 7, inputText: 10, inputAudio: 20, outputText: 15, outputAudio: 35 }
  assert.equal(metricsOf({ ...course, firstAt: 1_250, epochMs: 500_000, tokens }), {
    timestamp: 501_000,
    requestId: 'resp_1',
    ttftMs: 250,
    durationMs: 2_000,
    cancelled: false,
    label: 'some/model',
    completionTokens: 50,
    promptTokens: 30,
    totalTokens: 80,
    tokensPerSecond: 25,
    inputTokenDetails: { cached: 7, text: 10, audio: 20 },
    outputTokenDetails: { text: 15, audio: 35 },
  })
})

it('says −1 where no content came, and 0 for what is not known (MM-40)', () => {
  const { ttftMs, timestamp, completionTokens, tokensPerSecond, inputTokenDetails, outputTokenDetails, ...rest } =
    metricsOf(course)
  assert.equal([ttftMs, timestamp, completionTokens, tokensPerSecond], [-1, 1_000, 0, 0])
  assert.equal([rest.promptTokens, rest.totalTokens], [0, 0])
  assert.equal(inputTokenDetails, { cached: 0, text: 0, audio: 0 })
  assert.equal(outputTokenDetails, { text: 0, audio: 0 })
})

it('has the rate 0 where no time went by (MM-40)', () => {
  const { tokensPerSecond } = metricsOf({ ...course, endedAt: course.createdAt, tokens: { output: 12 } })
  assert.is(tokensPerSecond, 0)
})

it('says that it was cancelled, and why it failed or is incomplete, and nothing of the kind for other ends (MM-40, MM-50)', () => {
  const error = { type: 'server_error', code: 'server_error', message: 'out of order' }
  const of = (status: 'cancelled' | 'failed' | 'incomplete' | 'completed') => {
    const { cancelled, ...metrics } = metricsOf({ ...course, status, error })
    return [cancelled, metrics.error]
  }
  assert.equal(of('failed'), [false, error])
  assert.equal(of('incomplete'), [false, error])
  assert.equal(of('cancelled'), [true, undefined])
  assert.equal(of('completed'), [false, undefined])
})

it.run()
