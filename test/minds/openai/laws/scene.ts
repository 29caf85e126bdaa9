/** What may happen between a caller, an agent and a service in trouble: steps for fast-check to choose from. */
import fc from 'fast-check'
import type { Fault } from '../../../fakes/openai/index.ts'

export type Tool = 'answers' | 'says nothing' | 'throws' | 'waits' | 'hangs' | 'unheard of' | 'no JSON'
export type Piece = 'audio' | 'text' | 'same' | Tool
export type Step =
  | { do: 'turn'; ms: number; words: 'come' | 'fail' | 'late' | 'none'; interrupts: boolean; answers: boolean }
  | {
      do: 'reply' | 'answer'
      pieces: Piece[]
      ms: number
      pace: number
      leadMs: number
      status: 'completed' | 'failed' | 'incomplete'
    }
  | { do: 'talk'; ms: number }
  | { do: 'interrupt' | 'generate' | 'context' | 'tools' | 'complain' | 'close' | 'leave' | 'come' }
  | { do: 'cut'; code: number }
  | { do: 'fault'; fault: Fault }
export type Scene = {
  dialect: 'ga' | 'beta'
  /** What is wrong before anybody has connected. */
  early: Fault[]
  steps: { after: number; step: Step }[]
  reconnect: boolean
  reportThinking: boolean
  maxTextResponseRetries: number
  /** What was said before. */
  items: number
  /** Every turn is answered, if the script has nothing better. */
  talkative: boolean
}

/** What the service may say at all, so that each of it fails in some scene. */
const said = fc.constantFrom(
  'session.created',
  'session.updated',
  'conversation.item.added',
  'conversation.item.done',
  'conversation.item.deleted',
  'conversation.item.truncated',
  'conversation.item.input_audio_transcription.completed',
  'input_audio_buffer.speech_started',
  'input_audio_buffer.speech_stopped',
  'input_audio_buffer.committed',
  'response.created',
  'response.output_item.added',
  'response.content_part.added',
  'response.output_audio.delta',
  'response.output_audio_transcript.delta',
  'response.output_audio.done',
  'response.output_audio_transcript.done',
  'response.output_text.delta',
  'response.output_text.done',
  'response.content_part.done',
  'response.function_call_arguments.done',
  'response.output_item.done',
  'response.done',
  'rate_limits.updated',
)
/** What has an effect for good, and so may have it only once. */
const once = fc.constantFrom(
  'conversation.item.input_audio_transcription.completed',
  'response.content_part.done',
  'response.output_item.done',
  'response.done',
)
const asked = fc.constantFrom(
  ...['session.update', 'conversation.item.create', 'conversation.item.delete', 'conversation.item.truncate'],
  ...['response.create', 'response.cancel', 'input_audio_buffer.append'],
)
const just = <D extends string>(name: D) => fc.constant(name)
const often = { times: fc.constantFrom(1, 1, 1, 2, 5), skip: fc.constantFrom(0, 0, 0, 1, 3) }
const code = fc.constantFrom(1000, 1006, 1006, 1011, 4000)
const ms = fc.constantFrom(1, 40, 300, 1_200, 5_000)
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ late: said, ms, ...often }) },
  { weight: 1, arbitrary: fc.record({ never: said, ...often }) },
  { weight: 1, arbitrary: fc.record({ broken: said, ...often }) },
  { weight: 1, arbitrary: fc.record({ twice: said, ...often }) },
  { weight: 4, arbitrary: fc.record({ twice: once, times: fc.constantFrom(1, 9) }) },
  { weight: 1, arbitrary: fc.record({ swap: said, ...often }) },
  { weight: 1, arbitrary: fc.record({ unknown: said, ...often }) },
  { weight: 1, arbitrary: fc.record({ refuse: asked, ...often }) },
  { weight: 1, arbitrary: fc.record({ cut: fc.oneof(said, asked), code, skip: often.skip }) },
  { weight: 1, arbitrary: fc.record({ endless: fc.constant(true as const) }) },
  { weight: 1, arbitrary: fc.record({ straggle: fc.constantFrom(1, 4), ...often }) },
  { weight: 1, arbitrary: fc.record({ inText: fc.constant(true as const), times: fc.constantFrom(1, 2, 3, 7) }) },
)
/** Nobody gets any further. */
const outset: fc.Arbitrary<Fault[]> = fc.constantFrom<Fault[]>(
  [{ never: 'session.created' }],
  [{ refuse: 'session.update' }],
  [{ cut: 'session.updated', code: 1011 }],
)
/** These need somebody who has connected. */
const lateFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 8, arbitrary: fault },
  { weight: 1, arbitrary: fc.record({ stall: ms }) },
  { weight: 1, arbitrary: fc.record({ slow: ms }) },
)

const piece = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Piece>('audio', 'audio', 'audio', 'text', 'same') },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Piece>('answers', 'says nothing', 'throws', 'waits', 'hangs', 'unheard of', 'no JSON'),
  },
)
const speech = fc.record({
  do: fc.constantFrom('reply' as const, 'answer' as const),
  pieces: fc.array(piece, { minLength: 1, maxLength: 3 }),
  ms: fc.constantFrom(20, 100, 470, 1_500),
  pace: fc.constantFrom(1, 1, 2, 8, 1_000_000),
  leadMs: fc.constantFrom(-300, 0, 0, 250),
  status: fc.constantFrom('completed' as const, 'completed' as const, 'failed' as const, 'incomplete' as const),
})
const turn = fc.record({
  do: just('turn'),
  ms: fc.constantFrom(0, 80, 600),
  words: fc.constantFrom('come' as const, 'come' as const, 'late' as const, 'fail' as const, 'none' as const),
  interrupts: fc.boolean(),
  answers: fc.boolean(),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: speech },
  { weight: 8, arbitrary: turn },
  { weight: 6, arbitrary: fc.record({ do: just('fault'), fault: lateFault }) },
  { weight: 3, arbitrary: fc.record({ do: just('talk'), ms: fc.constantFrom(30, 500, 2_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom(...(['interrupt', 'generate', 'context', 'tools', 'complain'] as const)) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom(...(['close', 'leave', 'come'] as const)) }) },
  { weight: 1, arbitrary: fc.record({ do: just('cut'), code }) },
)

export const scene: fc.Arbitrary<Scene> = fc.record({
  dialect: fc.constantFrom('ga' as const, 'ga' as const, 'beta' as const),
  early: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Fault[]>([]) },
    { weight: 2, arbitrary: fc.array(fault, { maxLength: 2 }) },
    { weight: 1, arbitrary: outset },
  ),
  steps: fc.array(fc.record({ after: fc.constantFrom(0, 0, 1, 60, 230, 700, 2_500), step }), { maxLength: 14, size: 'max' }),
  reconnect: fc.boolean(),
  reportThinking: fc.boolean(),
  maxTextResponseRetries: fc.constantFrom(0, 1, 5),
  items: fc.constantFrom(0, 0, 2),
  talkative: fc.boolean(),
})
