/** A sound of a recording as a WAV file, or the range of it that a browser asks for, made as it goes out. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { wavHeader } from '../codec/wav.ts'
import type { Side } from '../recording/sound.ts'
import type { SoundFile } from './show.ts'

const HEAD = 44
/** Samples that are made at once: five seconds. */
const AT_ONCE = 120_000

/** Bytes from one to another, that one included; undefined for what is no range of a file of `size` bytes. */
const rangeIn = (header: string, size: number): [from: number, to: number] | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? []
  if (first === '' && last === '') return undefined
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size - 1 : Math.min(size - 1, Number(last))
  return from <= to ? [from, to] : undefined
}

/** The bytes of the file between two places of it. */
async function* bytesOf({ rate, size, samples }: SoundFile, side: Side, from: number, end: number): AsyncGenerator<Uint8Array> {
  if (from < HEAD) yield wavHeader({ sampleRate: rate, channels: 1 }, size).subarray(from, Math.min(HEAD, end))
  let at = Math.max(from, HEAD)
  while (at < end) {
    const first = Math.floor((at - HEAD) / 2)
    const last = Math.min(size, Math.ceil((end - HEAD) / 2), first + AT_ONCE)
    const part = await samples(side, first, last)
    const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
    const skipped = at - HEAD - 2 * first
    yield bytes.subarray(skipped, Math.min(bytes.length, skipped + end - at))
    at = Math.min(end, HEAD + 2 * last)
  }
}

/** Answers with it; resolves when all has gone out, or the asker has gone. */
export const sendSound = async (
  file: SoundFile,
  side: Side,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const size = HEAD + 2 * file.size
  const { range } = request.headers
  const [from, to] = (range === undefined ? [0, size - 1] : rangeIn(range, size)) ?? []
  if (from === undefined || to === undefined) {
    response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
    return
  }
  response.writeHead(range === undefined ? 200 : 206, {
    ...{ 'Content-Type': 'audio/wav', 'Accept-Ranges': 'bytes', 'Content-Length': to - from + 1 },
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${from}-${to}/${size}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  for await (const bytes of bytesOf(file, side, from, to + 1)) {
    if (response.destroyed) return
    if (!response.write(bytes)) await drained(response)
  }
  response.end()
}
const drained = (response: ServerResponse): Promise<void> =>
  new Promise(done => {
    const go = () => {
      response.off('drain', go)
      response.off('close', go)
      done()
    }
    response.on('drain', go)
    response.on('close', go)
  })
