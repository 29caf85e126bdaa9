/** Who is let in: as the service, by a key and the name of a model. */
import type { Knock, Refused } from './transport.ts'
import type { Dialect, Refusal } from './wire.ts'

export type Door = { dialect: Dialect; key: string; models: readonly string[]; quota: 'http' | 'event' | undefined }

const invalid = (status: number, code: string, message: string): Refused => ({
  status,
  type: 'invalid_request_error',
  code,
  message,
})
/** What the service says where the quota is used up. */
export const exhausted: Refusal & { type: string } = {
  type: 'insufficient_quota',
  code: 'insufficient_quota',
  message: 'You exceeded your current quota, please check your plan and billing details.',
}

/** Why somebody is not let in. */
export const refusalAt = ({ dialect, key, models, quota }: Door, knock: Knock): Refused | undefined => {
  if (knock.key !== key) return invalid(401, 'invalid_api_key', 'Incorrect API key provided.')
  if (!models.includes(knock.model))
    return invalid(404, 'model_not_found', `The model '${knock.model}' does not exist or you do not have access to it.`)
  if (quota === 'http') return { status: 429, ...exhausted }
  if (dialect === 'beta' && !knock.beta)
    return invalid(400, 'missing_beta_header', 'The header OpenAI-Beta: realtime=v1 is missing.')
  if (dialect === 'ga' && knock.beta)
    return invalid(400, 'beta_api_shape_disabled', 'The Realtime Beta API is no longer supported.')
  return undefined
}
