/** A LiveKit server that runs on 127.0.0.1. */
export type Server = {
  url: string
  apiKey: string
  apiSecret: string
  pid: number | undefined
  ended: Promise<unknown>
  stop(signal?: NodeJS.Signals): Promise<void>
}
export declare const findServer: () => Promise<string | undefined>
export declare const startServer: () => Promise<Server | undefined>
