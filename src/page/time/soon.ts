/** What is asked for often runs later, once for all that ask before. */

/** After so many ms from the first that asks. */
export const delayed = (run: () => void): ((ms: number) => void) => {
  let waits = false
  return ms => {
    if (waits) return
    waits = true
    setTimeout(() => {
      waits = false
      run()
    }, ms)
  }
}
