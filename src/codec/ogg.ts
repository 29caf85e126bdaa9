/** Opus packets out of an Ogg stream, as its bytes come (RFC 3533, RFC 7845). */
import { type ByteReader, LONGEST } from './bytes.ts'
import { headOf, type OpusPart } from './head.ts'

/** The bytes by which a page begins: "OggS". */
export const OGG = 0x4f676753

/** The head of the first Opus stream, then its packets. Other streams in the file are passed over. */
export async function* oggPackets(reader: ByteReader): AsyncGenerator<OpusPart> {
  let serial: number | undefined
  let packet: Uint8Array[] = []
  let packets = 0 // the first one after the head has the tags
  for (let page = await pageOf(reader); page; page = await pageOf(reader)) {
    for (const length of page.segments) {
      packet.push(await reader.need(length))
      if (packet.length * 255 > LONGEST) throw new Error('the Ogg stream is damaged: a packet has no end')
      if (length === 255) continue // the packet goes on in the next segment
      const whole = joined(packet)
      packet = []
      const head = serial === undefined ? headOf(whole) : undefined
      if (head) serial = page.serial
      if (head) yield { head }
      else if (page.serial === serial && ++packets > 1) yield { packet: whole }
    }
  }
  if (serial === undefined) throw new Error('the Ogg stream has no Opus in it')
}

const pageOf = async (reader: ByteReader) => {
  const bytes = await reader.take(27)
  if (!bytes) return undefined
  const view = new DataView(bytes.buffer)
  if (view.getUint32(0) !== OGG) throw new Error('the Ogg stream is damaged: a page does not begin where it should')
  return { serial: view.getUint32(14, true), segments: await reader.need(view.getUint8(26)) }
}

const joined = (parts: Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
