/** Stands in for an effect until `src/` binds it with `provide`; calling it unbound is misuse and throws. */
export const unbound = (name: string) => (): never => {
  throw new Error(`the effect "${name}" is not bound: start the machine through its binder in src/`)
}
