/** Which events a client may send, field by field, in both dialects (FAKE-2). */
import { anything, by, type Check, either, flag, id, list, maybe, number, oneOf, pcm, shape, text, whole } from './shapes.ts'
import type { ClientEvent, Dialect, Json } from './wire.ts'

const limit = either(whole, oneOf('inf'))
const modalities = list(oneOf('text', 'audio'))
const tool = by('type', {
  function: shape({ type: text, name: text }, { description: text, parameters: shapeless() }),
  mcp: shapeless(),
})
const toolChoice = either(oneOf('auto', 'none', 'required'), shape({ type: text }, { name: text, server_label: text }))
const transcription = maybe(
  shape({}, { model: text, language: text, prompt: text, delay: text, keywords: list(text), languages: list(text) }),
)
const noise = maybe(shape({}, { type: oneOf('near_field', 'far_field'), strength: number }))
const turns = maybe(
  by('type', {
    server_vad: shape(
      { type: text },
      {
        threshold: number,
        prefix_padding_ms: whole,
        silence_duration_ms: whole,
        idle_timeout_ms: maybe(whole),
        create_response: flag,
        interrupt_response: flag,
      },
    ),
    semantic_vad: shape(
      { type: text },
      { eagerness: oneOf('low', 'medium', 'high', 'auto'), create_response: flag, interrupt_response: flag },
    ),
  }),
)
const format = by('type', {
  'audio/pcm': shape({ type: text }, { rate: oneOf(24_000) }),
  'audio/pcmu': shape({ type: text }),
  'audio/pcma': shape({ type: text }),
})
const formerFormat = oneOf('pcm16', 'g711_ulaw', 'g711_alaw')
const voice = either(text, shape({ id: text }))
const tracing = maybe(either(oneOf('auto'), shape({}, { group_id: text, metadata: shapeless(), workflow_name: text })))
/** An object of which nothing else is asked. */
function shapeless(): Check {
  return (value, at) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : shape({})(value, at))
}

const output = shape({}, { format, speed: number, voice })
const common = { instructions: text, tools: list(tool), tool_choice: toolChoice, prompt: maybe(shapeless()) }
const sessions: Record<Dialect, Check> = {
  ga: shape(
    { type: oneOf('realtime') },
    {
      ...common,
      id: text,
      object: text,
      model: text,
      output_modalities: modalities,
      audio: shape({}, { input: shape({}, { format, noise_reduction: noise, transcription, turn_detection: turns }), output }),
      max_output_tokens: limit,
      parallel_tool_calls: flag,
      reasoning: shapeless(),
      include: maybe(list(text)),
      tracing,
      truncation: anything,
    },
  ),
  beta: shape(
    {},
    {
      ...common,
      model: text,
      modalities,
      voice: text,
      speed: number,
      temperature: number,
      input_audio_format: formerFormat,
      output_audio_format: formerFormat,
      input_audio_transcription: transcription,
      input_audio_noise_reduction: noise,
      turn_detection: turns,
      max_response_output_tokens: limit,
      tracing,
    },
  ),
}

const status = oneOf('completed', 'incomplete', 'in_progress')
const kept = { id, object: oneOf('realtime.item'), status }
const written = shape({ type: text, text })
const heard = shape({ type: text, audio: pcm }, { transcript: maybe(text) })
const seen = shape({ type: text, image_url: text }, { detail: oneOf('auto', 'low', 'high') })
const assistants: Record<Dialect, Check> = {
  ga: by('type', { output_text: written, output_audio: shape({ type: text }, { audio: pcm, transcript: text }) }),
  beta: by('type', { text: written }),
}
const message = (role: string, content: Check) => shape({ type: text, role: oneOf(role), content: list(content) }, kept)
const itemIn = (dialect: Dialect): Check =>
  by('type', {
    message: by('role', {
      system: message('system', by('type', { input_text: written })),
      user: message('user', by('type', { input_text: written, input_audio: heard, input_image: seen })),
      assistant: message('assistant', assistants[dialect]),
    }),
    function_call: shape({ type: text, name: text, arguments: text, call_id: text }, kept),
    function_call_output: shape({ type: text, call_id: text, output: text }, kept),
  })

const responses: Record<Dialect, Check> = {
  ga: shape(
    {},
    {
      ...common,
      output_modalities: modalities,
      audio: shape({}, { output }),
      conversation: text,
      input: list(shapeless()),
      metadata: maybe(shapeless()),
      max_output_tokens: limit,
      parallel_tool_calls: flag,
      reasoning: shapeless(),
    },
  ),
  beta: shape(
    {},
    {
      ...common,
      modalities,
      voice: text,
      output_audio_format: formerFormat,
      temperature: number,
      conversation: text,
      input: list(shapeless()),
      metadata: maybe(shapeless()),
      max_output_tokens: limit,
      max_response_output_tokens: limit,
    },
  ),
}

const event = (required: Record<string, Check> = {}, optional: Record<string, Check> = {}) =>
  shape({ type: text, ...required }, { event_id: text, ...optional })
const eventsIn = (dialect: Dialect): Check =>
  by('type', {
    'session.update': event({ session: sessions[dialect] }),
    'input_audio_buffer.append': event({ audio: pcm }),
    'input_audio_buffer.commit': event(),
    'input_audio_buffer.clear': event(),
    'conversation.item.create': event({ item: itemIn(dialect) }, { previous_item_id: maybe(text) }),
    'conversation.item.retrieve': event({ item_id: text }),
    'conversation.item.delete': event({ item_id: text }),
    'conversation.item.truncate': event({ item_id: text, content_index: whole, audio_end_ms: whole }),
    'response.create': event({}, { response: maybe(responses[dialect]) }),
    'response.cancel': event({}, { response_id: maybe(text) }),
  })

/** What is wrong with a client's event, if anything is. */
export const checks: Record<Dialect, Check> = { ga: eventsIn('ga'), beta: eventsIn('beta') }
/** Whether an event that was checked is one of today's, as far as a type can say. */
export const isClientEvent = (event: Json): event is Json & ClientEvent => typeof event.type === 'string'
