/** One socket to the page's server, from its opening to its end. */
import type { Address } from './address.ts'
import type { Connection, Told } from './wire.ts'

/** So many bytes may wait to be sent before sound is dropped: a second of it. */
const TALK_LIMIT = 48_000

/** Opens a socket; a message that is not JSON ends it. */
export const openConnection = (address: Address, told: Told): Connection => {
  const socket = new WebSocket(address.socket)
  socket.binaryType = 'arraybuffer'
  const gone = new AbortController()
  const { signal } = gone
  let greeted = false
  const end = (why?: string) => {
    if (signal.aborted) return
    gone.abort()
    socket.close()
    told.ended(why)
  }
  socket.addEventListener(
    'message',
    ({ data }) => {
      if (data instanceof ArrayBuffer) return told.sound(data)
      greeted = true
      try {
        told.message(JSON.parse(data))
      } catch (error) {
        console.error('a message of the server could not be read', error)
        end()
      }
    },
    { signal },
  )
  // A browser does not tell why a socket was not opened: the page's own address does.
  const closed = async ({ reason }: CloseEvent) => end(reason || (greeted ? undefined : await refusalOf(address, signal)))
  socket.addEventListener('close', closed, { signal })
  const isOpen = () => socket.readyState === WebSocket.OPEN
  return {
    send: message => {
      if (isOpen()) socket.send(JSON.stringify(message))
      return isOpen()
    },
    talk: samples => {
      const fits = isOpen() && socket.bufferedAmount < TALK_LIMIT
      if (fits) socket.send(samples)
      return fits
    },
    close: () => {
      gone.abort()
      socket.close()
    },
  }
}

const refusalOf = async ({ page }: Address, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const { status } = await fetch(page, { method: 'HEAD', signal, cache: 'no-store' })
    return status === 401 || status === 403
      ? 'this address is not the one that the server gave out: open the address that it printed'
      : undefined
  } catch {
    return undefined // nobody is there
  }
}
