import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OpenAIRealtimeModel } from '../../../src/minds/openai/index.ts'
import { sessionFor, toolsFor } from '../../../src/minds/openai/settings.ts'

const it = suite('openai settings')
const execute = () => 'x'
const turns = { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500 }
const format = { type: 'audio/pcm', rate: 24_000 }

it('begins with a session of today: speech both ways, whisper, turn detection, no limit (OAI-2)', () => {
  const weather = { name: 'weather', description: 'how it is', parameters: { type: 'object', properties: { city: {} } }, execute }
  assert.equal(sessionFor({ instructions: 'Be brief.' }, [weather, { name: 'now', execute }]), {
    type: 'realtime',
    instructions: 'Be brief.',
    output_modalities: ['audio'],
    audio: {
      input: { format, transcription: { model: 'whisper-1' }, turn_detection: turns },
      output: { format, voice: 'alloy' },
    },
    tools: [
      { type: 'function', name: 'weather', description: 'how it is', parameters: weather.parameters },
      { type: 'function', name: 'now', parameters: { type: 'object', properties: {} } },
    ],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
  })
})

it('or with the flat session of before (OAI-2)', () => {
  assert.equal(sessionFor({ dialect: 'beta' }, []), {
    modalities: ['text', 'audio'],
    instructions: '',
    voice: 'alloy',
    input_audio_format: 'pcm16',
    output_audio_format: 'pcm16',
    input_audio_transcription: { model: 'whisper-1' },
    turn_detection: turns,
    tools: [],
    tool_choice: 'auto',
    temperature: 0.8,
    max_response_output_tokens: 'inf',
  })
})

it('sends what was asked for, and nothing that was not (OAI-2)', () => {
  const options = {
    voice: 'verse',
    turnDetection: { type: 'semantic_vad', eagerness: 'low', createResponse: false },
    inputAudioTranscription: { model: 'gpt-4o-transcribe', language: 'no' },
    toolChoice: { name: 'weather' },
    maxOutputTokens: 100,
  } as const
  const { audio, tool_choice, max_output_tokens } = sessionFor(options, [])
  assert.equal(audio, {
    input: {
      format,
      transcription: { model: 'gpt-4o-transcribe', language: 'no' },
      turn_detection: { type: 'semantic_vad', eagerness: 'low', create_response: false },
    },
    output: { format, voice: 'verse' },
  })
  assert.equal([tool_choice, max_output_tokens], [{ type: 'function', name: 'weather' }, 100])
  const bare = sessionFor({ dialect: 'beta', turnDetection: null, inputAudioTranscription: null, temperature: 1 }, [])
  assert.equal([bare.turn_detection, bare.input_audio_transcription, bare.temperature], [null, null, 1])
  const own = sessionFor(
    { dialect: 'beta', turnDetection: { threshold: 0.9, silenceDurationMs: 200, interruptResponse: true } },
    [],
  )
  assert.equal(own.turn_detection, { ...turns, threshold: 0.9, silence_duration_ms: 200, interrupt_response: true })
})

it('sends the functions alone when they change', () => {
  const tools = [{ type: 'function', name: 'now', parameters: { type: 'object', properties: {} } }]
  assert.equal(toolsFor({}, [{ name: 'now', execute }]), { type: 'realtime', tools, tool_choice: 'auto' })
  assert.equal(toolsFor({ dialect: 'beta' }, []), { tools: [], tool_choice: 'auto' })
})

it('says what the model can, and what it is called', () => {
  const model = new OpenAIRealtimeModel()
  const rates = { inputSampleRate: 24_000, outputSampleRate: 24_000 }
  assert.equal(model.capabilities, { truncate: true, turnDetection: true, transcription: true, ...rates })
  assert.is(model.label, 'openai/gpt-realtime-1.5')
  assert.is(new OpenAIRealtimeModel({ turnDetection: null }).capabilities.turnDetection, false)
  assert.is(new OpenAIRealtimeModel({ inputAudioTranscription: null }).capabilities.transcription, false)
  assert.is(new OpenAIRealtimeModel({ dialect: 'beta' }).label, 'openai/gpt-4o-realtime-preview')
  assert.is(new OpenAIRealtimeModel({ model: 'some' }).label, 'openai/some')
})

it('refuses by name what it cannot use, and functions that cannot be', () => {
  const make = (options: unknown) => () => new OpenAIRealtimeModel(options as object) // what no type allows
  for (const [options, expected] of [
    [{ colour: 'red' }, /there is no option "colour"/],
    [{ voice: 7 }, /voice must be text/],
    [{ dialect: 'gamma' }, /dialect is "gamma"/],
    [{ temperature: 0.5 }, /temperature is an option of the dialect beta only/],
    [{ temperature: Number.NaN, dialect: 'beta' }, /temperature is NaN/],
    [{ maxOutputTokens: 0 }, /maxOutputTokens is 0/],
    [{ turnDetection: { type: 'ears' } }, /turnDetection.type is "ears"/],
    [{ turnDetection: { threshold: 2 } }, /turnDetection.threshold is 2/],
    [{ turnDetection: { silenceDurationMs: -1 } }, /turnDetection.silenceDurationMs is -1/],
    [{ turnDetection: { threshold: '0.5' } }, /turnDetection.threshold must be a number, not the string 0.5/],
    [{ turnDetection: { silenceMs: 5 } }, /turnDetection has no "silenceMs": it knows .*silenceDurationMs/],
    [{ turnDetection: { type: 'semantic_vad', threshold: 0.5 } }, /turnDetection has no "threshold": it knows .*eagerness/],
    [{ turnDetection: { type: 'semantic_vad', eagerness: 'very' } }, /turnDetection.eagerness is "very"/],
    [{ turnDetection: 'server_vad' }, /turnDetection must be a plain object/],
    [{ turnDetection: false }, /turnDetection must be a plain object/],
    [{ inputAudioTranscription: 'whisper-1' }, /inputAudioTranscription must be a plain object/],
    [{ inputAudioTranscription: { lang: 'no' } }, /inputAudioTranscription has no "lang"/],
    [{ toolChoice: 'sometimes' }, /toolChoice is "sometimes"/],
    [{ toolChoice: { nam: 'x' } }, /toolChoice must be auto, none, required or { name }/],
    [{ azure: true }, /azure must be a plain object/],
    [{ azure: { endPoint: 'https://x' } }, /azure has no "endPoint"/],
    [{ apiKey: 5 }, /apiKey must be text or a function/],
    [{ client: {} }, /client must be one of the SDK's/],
    [{ socket: 'proxy' }, /socket must be an object/],
    [null, /options must be a plain object, not null/],
    ['alloy', /options must be a plain object, not the string alloy/],
    [{ baseURL: 'ftp://host' }, /baseURL must be an address/],
    [{ baseURL: 'host' }, /baseURL must be an address/],
    [{ azure: { endpoint: 'https://x' }, dialect: 'beta' }, /Azure speaks the dialect ga only/],
  ] as const)
    assert.throws(make(options), expected)
})

it.run()
