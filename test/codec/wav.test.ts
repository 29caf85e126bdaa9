import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeWav, parseWav, wavHeader } from '../../src/codec/wav.ts'

const it = suite('wav')
const ascii = (text: string) => [...new TextEncoder().encode(text)]
const u16 = (value: number) => [value & 255, (value >> 8) & 255]
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(Math.floor(value / 65_536))]
const chunk = (name: string, body: number[], size = body.length) => [
  ...ascii(name),
  ...u32(size),
  ...body,
  ...(body.length % 2 ? [0] : []),
]
const riff = (body: number[], size = body.length + 4) =>
  Uint8Array.from([...ascii('RIFF'), ...u32(size), ...ascii('WAVE'), ...body])
type Fmt = { tag?: number; channels?: number; rate?: number; bits?: number; block?: number }
const fmt = ({ tag = 1, channels = 1, rate = 8000, bits = 16, block = (channels * bits) / 8 }: Fmt) => [
  ...u16(tag),
  ...u16(channels),
  ...u32(rate),
  ...u32(rate * block),
  ...u16(block),
  ...u16(bits),
]
const extended = (of: Fmt, real: number) => [
  ...fmt({ ...of, tag: 0xfffe }),
  ...u16(22),
  ...u16(of.bits ?? 16),
  ...u32(0),
  ...[...u16(real), 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113],
]
const bytesOf = (array: Int32Array | Float32Array | Float64Array) => [...new Uint8Array(array.buffer)]
const fails = (bytes: Uint8Array, pattern: RegExp) =>
  assert.throws(
    () => parseWav(bytes),
    (error: Error & { code?: string }) =>
      pattern.test(error.message) &&
      /ffmpeg -i|record or export it again$/.test(error.message) &&
      !error.message.includes('\n') &&
      error.code === 'ERR_WAV',
  )
const samples = [...u16(1), ...u16(-2), ...u16(300)]

it('writes a file that it reads back, whatever the format', () => {
  const seed = 20_261_121
  fc.assert(
    fc.property(
      fc.constantFrom(8000, 22_050, 44_100, 48_000),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 6, maxLength: 60 }),
      (sampleRate, channels, raw) => {
        const data = Int16Array.from(raw.slice(0, raw.length - (raw.length % channels)))
        assert.equal(parseWav(encodeWav({ sampleRate, channels, data })), { sampleRate, channels, data })
      },
    ),
    { seed, numRuns: 200 },
  )
})

it('writes the header of a stereo file', () => {
  assert.equal(
    [...wavHeader({ sampleRate: 24_000, channels: 2 }, 100)],
    [
      ...ascii('RIFF'),
      ...u32(436),
      ...ascii('WAVE'),
      ...chunk('fmt ', fmt({ channels: 2, rate: 24_000 })),
      ...ascii('data'),
      ...u32(400),
    ],
  )
})

it('reads 24 and 32-bit integers, and floats of 32 and 64 bits', () => {
  const three = [0, 0, 64, 0, 0, 192, 255, 255, 127, 128, 0, 0] // ½, -½, full scale, half a step
  assert.equal(
    [...parseWav(riff([...chunk('fmt ', fmt({ bits: 24 })), ...chunk('data', three)])).data],
    [16_384, -16_384, 32_767, 1],
  )
  const four = bytesOf(Int32Array.of(1 << 30, -(1 << 30), 2 ** 31 - 1, -(2 ** 31)))
  assert.equal(
    [...parseWav(riff([...chunk('fmt ', fmt({ bits: 32 })), ...chunk('data', four)])).data],
    [16_384, -16_384, 32_767, -32_768],
  )
  const floats = [0.5, -0.5, 2, -2, Number.NaN]
  for (const [bits, body] of [
    [32, bytesOf(Float32Array.from(floats))],
    [64, bytesOf(Float64Array.from(floats))],
  ] as const) {
    const { data } = parseWav(riff([...chunk('fmt ', fmt({ tag: 3, bits })), ...chunk('data', body)]))
    assert.equal([...data], [16_384, -16_384, 32_767, -32_768, 0])
  }
})

it('reads the extensible format by its sub-format', () => {
  const of = { channels: 3, rate: 96_000 }
  assert.equal(parseWav(riff([...chunk('fmt ', extended(of, 1)), ...chunk('data', samples)])), {
    sampleRate: 96_000,
    channels: 3,
    data: Int16Array.of(1, -2, 300),
  })
  const float = parseWav(riff([...chunk('fmt ', extended({ bits: 32 }, 3)), ...chunk('data', bytesOf(Float32Array.of(0.25)))]))
  assert.equal([...float.data], [8192])
})

it('finds its chunks among others, in any order, padded or not a whole number of blocks', () => {
  const list = chunk('LIST', ascii('INFOISFT\x03\x00\x00\x00abc'))
  const odd = riff([...list, ...chunk('data', [...samples, 7]), ...chunk('bext', [1]), ...chunk('fmt ', fmt({})), ...list])
  assert.equal([...parseWav(odd).data], [1, -2, 300])
  const moved = new Uint8Array(odd.length + 3)
  moved.set(odd, 3)
  assert.equal([...parseWav(moved.subarray(3)).data], [1, -2, 300]) // a view that begins inside its buffer
})

it('reads to the end where the sizes were never filled in, or promise too much', () => {
  const head = chunk('fmt ', fmt({}))
  for (const [size, whole] of [
    [0xffff_ffff, 0xffff_ffff],
    [0, 0],
    [0, 0xffff_ffff],
    [0x7fff_f000, 100],
  ] as const)
    assert.equal(
      [...parseWav(riff([...head, ...chunk('data', samples, size)], whole)).data],
      [1, -2, 300],
      `data ${size}, RIFF ${whole}`,
    )
})

it('says in one line what a file is that it cannot read, and what to do', () => {
  const head = chunk('fmt ', fmt({}))
  fails(new Uint8Array(), /the file is empty/)
  fails(Uint8Array.from(ascii('ID3\x04rest of it')), /an MP3 file, not a WAV/)
  fails(Uint8Array.of(0xff, 0xfb, 0x90, 0x44), /an MP3 file, not a WAV/)
  fails(Uint8Array.from(ascii('OggS')), /an Ogg \(Opus or Vorbis\) file/)
  fails(Uint8Array.of(0, 0, 0, 32, ...ascii('ftypM4A ')), /an MP4 file/)
  fails(Uint8Array.from(ascii('hello there, this is text')), /something else, not a WAV/)
  fails(Uint8Array.from(ascii('RIFF')), /something else/)
  fails(riff(chunk('data', samples)), /no format in it/)
  fails(riff(head), /no audio in it/)
  for (const rate of [1, 999, 768_001, 4_294_967_295])
    fails(riff([...chunk('fmt ', fmt({ rate })), ...chunk('data', samples)]), new RegExp(`declares ${rate} Hz; rates from 1000`))
  fails(riff([...head, ...chunk('data', [])]), /no audio in it/)
  fails(riff([...head, ...chunk('data', [1])]), /no audio in it/)
  fails(riff([...chunk('fmt ', fmt({}).slice(0, 12)), ...chunk('data', samples)]), /format chunk is cut off/)
  fails(riff([...chunk('fmt ', fmt({ bits: 8 })), ...chunk('data', samples)]), /8-bit integer samples/)
  fails(riff([...chunk('fmt ', fmt({ tag: 2, bits: 4, block: 2 })), ...chunk('data', samples)]), /format 2 samples/)
  fails(riff([...chunk('fmt ', fmt({ tag: 0x55, bits: 0, block: 1 })), ...chunk('data', samples)]), /format 85 samples/)
  fails(riff([...chunk('fmt ', fmt({ block: 3 })), ...chunk('data', samples)]), /3 bytes for 1 × 16 bits/)
  fails(riff([...chunk('fmt ', fmt({ channels: 0, block: 2 })), ...chunk('data', samples)]), /0 channels at 8000 Hz/)
  fails(riff([...chunk('fmt ', fmt({ rate: 0 })), ...chunk('data', samples)]), /1 channels at 0 Hz/)
})

it('never fails in another way, and never reads past the end, whatever the bytes', () => {
  const seed = 20_261_121
  const whole = encodeWav({ sampleRate: 8000, channels: 2, data: Int16Array.of(1, 2, 3, 4) })
  fc.assert(
    fc.property(
      fc.nat(whole.length),
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
      (length, changes) => {
        const bytes = whole.slice(0, length)
        for (const [at, value] of changes) bytes[at] = value
        try {
          assert.ok(parseWav(bytes).data.length <= 4)
        } catch (error) {
          assert.is(error instanceof Error && 'code' in error && error.code, 'ERR_WAV', String(error))
        }
      },
    ),
    { seed, numRuns: 3000 },
  )
})

it.run()
