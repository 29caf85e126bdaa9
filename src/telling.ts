/** Words on their way that nobody speaks. */
import type { RoomEvent } from '../machines/room.ts'
import type { Captions } from './outbound/transcript.ts'

/** `end` closes their segment. */
export type Telling = { readonly id: string; put(text: string): void; end(): void }
export type TellingHands = {
  captions: Captions
  identity: string
  isOpen: () => boolean
  send: (event: RoomEvent) => void
  shown: (text: string, final: boolean) => void
}

/** Throws ERR_DUPLICATE_SEGMENT while text is shown under this id. */
export const telling = (id: string, { captions, identity, isOpen, send, shown }: TellingHands): Telling => {
  captions.checkFree(id)
  let whole = ''
  let ended = false
  if (isOpen()) send({ type: 'caption', segment: { id, side: 'agent', identity } })
  return {
    id,
    put: text => {
      if (ended || !isOpen() || text === '') return
      captions.put(id, text)
      shown(text, false)
      whole += text
    },
    end: () => {
      if (ended) return
      ended = true
      send({ type: 'finish', id })
      if (whole !== '') shown(whole, true)
    },
  }
}
