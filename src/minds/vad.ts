/** WebRTC's voice activity detector, as WASM: the same samples always give the same answers. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Fvad } from '@echogarden/fvad-wasm'
import type { Detector, VoiceActivity } from './senses.ts'

/** `mode`: how sure it must be before it says speech, from 0 (eager) to 3 (strict). Default 2. */
export type VadOptions = { mode?: 0 | 1 | 2 | 3 }

const name = '@echogarden/fvad-wasm'
/** libfvad takes 8, 16, 32 or 48 kHz in frames of 10, 20 or 30 ms, and works at 8 kHz inside. */
const sampleRate = 16_000
const frameMs = 20
const frameSamples = (sampleRate * frameMs) / 1000

const detectorOn = (fvad: Fvad, mode: number): Detector => {
  const handle = fvad._fvad_new()
  const samples = fvad._malloc(frameSamples * Int16Array.BYTES_PER_ELEMENT)
  fvad._fvad_set_mode(handle, mode)
  fvad._fvad_set_sample_rate(handle, sampleRate)
  let open = true
  return {
    sampleRate,
    frameMs,
    isSpeech: data => {
      if (!open) throw new Error('this speech detector is closed: open another')
      if (data.length !== frameSamples)
        throw new TypeError(`a speech detector frame has ${frameSamples} samples, not ${data.length}`)
      fvad.HEAP16.set(data, samples / Int16Array.BYTES_PER_ELEMENT)
      return fvad._fvad_process(handle, samples, frameSamples) === 1
    },
    close: () => {
      if (!open) return
      open = false
      fvad._free(samples)
      fvad._fvad_free(handle)
    },
  }
}

/**
 * Reads and compiles the detector: real I/O, so await it before a virtual clock runs, or under its `hold`. What it gives back opens
 * detectors (16 kHz mono, 20 ms) without any.
 */
export const voiceActivity = async ({ mode = 2 }: VadOptions = {}): Promise<VoiceActivity> => {
  const [{ default: load }, wasmBinary] = await Promise.all([
    import('@echogarden/fvad-wasm'), // external: bundled, it does not find its own URL
    readFile(join(dirname(createRequire(import.meta.url).resolve(name)), 'fvad.wasm')),
  ])
  const fvad = await load({ wasmBinary })
  return { open: async () => detectorOn(fvad, mode) }
}
