/** Ours and rtc-node's: each of our rooms, participants, publications and tracks stands for one object of rtc-node's. */

/** What has one of rtc-node's objects behind it. */
export type Wraps<T> = { readonly sdk: T }

/** rtc-node's object: behind ours, or itself. */
export const sdkOf = <T extends object>(one: T | Wraps<T>): T => ('sdk' in one ? one.sdk : one)
