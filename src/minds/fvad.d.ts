/** The part of @echogarden/fvad-wasm that is used: libfvad's C functions and the memory they work on. */
declare module '@echogarden/fvad-wasm' {
  export type Fvad = {
    _fvad_new(): number
    _fvad_free(handle: number): void
    _fvad_set_mode(handle: number, mode: number): number
    _fvad_set_sample_rate(handle: number, rate: number): number
    _fvad_process(handle: number, samples: number, count: number): number
    _malloc(bytes: number): number
    _free(pointer: number): void
    readonly HEAP16: Int16Array
  }
  const load: (options: { wasmBinary: Uint8Array }) => Promise<Fvad>
  export default load
}
