/** Who may subscribe to our tracks. */
import { misuse } from '../errors.ts'

/** Who may subscribe to what of ours. `allowAll` wins over the list. */
export type ParticipantTrackPermission = { participantIdentity: string; allowAll?: boolean; allowedTrackSids?: string[] }
export type SubscriptionPermissions = {
  allowAllParticipants: boolean
  participantPermissions?: ParticipantTrackPermission[]
}

/** What the native layer takes for one; of anything else it aborts the process. */
export const isTrackSid = (sid: unknown): boolean => typeof sid === 'string' && sid.startsWith('TR_')

/** Throws a TypeError: for what cannot be encoded with code ERR_ARGUMENT, for what is no sid of a track with ERR_TRACK. */
export const checkPermissions = ({ allowAllParticipants, participantPermissions = [] }: SubscriptionPermissions): void => {
  if (typeof allowAllParticipants !== 'boolean')
    throw misuse('ERR_ARGUMENT', `allowAllParticipants must be true or false, and is ${allowAllParticipants}`)
  const bad = participantPermissions.flatMap(one => one.allowedTrackSids ?? []).find(sid => !isTrackSid(sid))
  if (bad !== undefined) throw misuse('ERR_TRACK', `"${bad}" is not the sid of a track: nobody can be allowed to subscribe to it`)
}
