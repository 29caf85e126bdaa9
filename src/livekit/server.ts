/** What is asked of the LiveKit server itself, and not of a room: tokens, and the end of a room. */

/** The keys of a server. */
export type Keys = { apiKey: string; apiSecret: string }
/**
 * Who may join which room. `kind` is `agent` where not given: clients show an agent as one. `ttl` in seconds (6 hours): it is for
 * joining only, the server renews the token of those who are in the room.
 */
export type Admission = Keys & {
  room: string
  identity: string
  name?: string
  attributes?: Record<string, string>
  kind?: 'agent' | 'standard' | 'sip' | 'ingress' | 'egress'
  ttl?: number
}

const TTL = 6 * 60 * 60 // seconds, as the SDK has it

/** A token to join `room` as `identity`, with the rights an agent needs: hear, speak, send data, set its own attributes. */
export const tokenFor = async (admission: Admission): Promise<string> => {
  const { apiKey, apiSecret, room, identity, name, attributes, kind = 'agent', ttl = TTL } = admission
  check({ apiKey, apiSecret, room, identity }, 'a token needs it')
  const { AccessToken } = await import('livekit-server-sdk') // 70 ms, and not everybody makes his own tokens
  const token = new AccessToken(apiKey, apiSecret, {
    identity,
    ttl,
    ...(name ? { name } : {}),
    ...(attributes ? { attributes } : {}),
  })
  token.kind = kind
  token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, canPublishData: true, canUpdateOwnMetadata: true })
  return token.toJwt()
}

/** Ends the room for everybody in it. Rejects as the server does, with a TypeError for what is missing. */
export const deleteRoom = async ({ url, apiKey, apiSecret, room }: Keys & { url: string; room: string }): Promise<void> => {
  check({ url, apiKey, apiSecret, room }, 'it takes all of it to delete a room')
  const { RoomServiceClient } = await import('livekit-server-sdk')
  await new RoomServiceClient(url.replace(/^ws/, 'http'), apiKey, apiSecret).deleteRoom(room)
}

const check = (fields: Record<string, unknown>, why: string): void => {
  for (const [field, value] of Object.entries(fields))
    if (typeof value !== 'string' || value === '') throw new TypeError(`${field} is missing: ${why}`)
}
