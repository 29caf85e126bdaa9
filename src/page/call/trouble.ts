/** What is wrong with a microphone, and what to do, in one sentence. */

const sentences: Record<string, string> = {
  NotAllowedError: 'The browser may not use the microphone: allow it beside the address, and try again.',
  SecurityError: 'The browser may not use the microphone: allow it beside the address, and try again.',
  NotFoundError: 'No microphone was found: plug one in, or write, or play the sample call.',
  NotReadableError: 'Another program has the microphone: close that, and try again.',
  AbortError: 'The microphone did not start: try again, or choose another one in the system settings.',
  OverconstrainedError: 'The microphone cannot do what a call needs: choose another one in the system settings.',
}

/** `error`: of `getUserMedia`; undefined where there is none to ask. */
export const microphoneTrouble = (error: unknown, isSecure: boolean): string => {
  if (!isSecure) return 'Browsers give a microphone to https and to localhost only: open this page by http://127.0.0.1.'
  const { name = '', message = 'this browser has none' }: { name?: string; message?: string } = Object(error)
  return sentences[name] ?? `The microphone does not work: ${message}.`
}
