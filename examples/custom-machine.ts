/** An answering machine that is a state machine: it greets, beeps, takes a message, says how long it was, and hangs up. */
import { type AudioFrame, type Conversation, frameOf } from 'chartroom'
import { assign, fromPromise, setup } from 'xstate'

const isLoud = ({ data }: AudioFrame) => data.some(sample => Math.abs(sample) > 1_000)
/** A tone in the place of a voice: bring your own. */
async function* tone(ms: number, hertz: number) {
  const format = { sampleRate: 24_000, channels: 1 }
  const samples = Int16Array.from({ length: ms * 24 }, (_, n) => 6_000 * Math.sin((n * hertz * 2 * Math.PI) / 24_000))
  yield frameOf(samples, format)
}
async function* each<T>(...items: T[]) {
  yield* items
}

/** The conversation stays in the closure: what a machine remembers fits in JSON. */
const answeringMachine = ({ hear, say }: Conversation) =>
  setup({
    types: { context: {} as { messageMs: number } },
    actors: {
      say: fromPromise<unknown, { text: string; ms: number; hertz: number }>(
        ({ input: { text, ms, hertz } }) => say({ audio: tone(ms, hertz), text: each(text) }).played,
      ),
      /** How long somebody spoke, once they have said something and then nothing for a second. */
      take: fromPromise<number>(async ({ signal }) => {
        let [loudMs, quietMs] = [0, 0]
        for await (const frame of hear()) {
          quietMs = isLoud(frame) ? 0 : quietMs + 50
          loudMs += quietMs === 0 ? 50 : 0
          if (signal.aborted || (loudMs > 0 && quietMs >= 1_000)) break
        }
        return loudMs
      }),
    },
    actions: { noteMessage: assign({ messageMs: (_, ms: number) => ms }) },
    delays: { patience: 10_000 },
  }).createMachine({
    id: 'answeringMachine',
    context: { messageMs: 0 },
    initial: 'greeting',
    states: {
      greeting: {
        invoke: {
          src: 'say',
          input: { text: 'Nobody is here. Speak after the tone.', ms: 1_500, hertz: 220 },
          onDone: 'beeping',
        },
      },
      beeping: { invoke: { src: 'say', input: { text: '', ms: 300, hertz: 880 }, onDone: 'taking' } },
      taking: {
        invoke: {
          src: 'take',
          onDone: { target: 'thanking', actions: { type: 'noteMessage', params: ({ event }) => event.output } },
        },
        after: { patience: 'over' },
      },
      thanking: {
        invoke: {
          src: 'say',
          input: ({ context: { messageMs } }) => ({ text: `That was ${messageMs / 1000} s. Goodbye.`, ms: 1_000, hertz: 220 }),
          onDone: 'over',
        },
      },
      over: { type: 'final' },
    },
    output: ({ context: { messageMs } }) => ({ reason: messageMs > 0 ? 'message.taken' : 'nobody.spoke' }),
  })
export default answeringMachine
