/** The settings of a room that was recorded; what of them was its owner's code does what it did. */
import type { MindLogic } from '../agent.ts'
import type { Mind } from '../mind.ts'
import { type Settings, settingsOf } from '../options.ts'
import type { Recorder } from '../recording/recorder.ts'
import type { Beginning } from './inputs.ts'
import type { Outside } from './outside.ts'

export const replayed = (beginning: Beginning, outside: Outside, watch: Recorder['attach']): Settings => {
  const { textInput, textOutput, noise, mind, deleteRoom, settings } = beginning
  const call = (name: string) => (arg: unknown) => outside.call(name, [arg])
  const chain = { captureText: call('nextInChain.captureText'), flush: () => outside.call('nextInChain.flush', []) }
  const own = {
    ...{ journal: undefined, listener: undefined, mind: mind && mindOf(mind, outside) },
    deleteRoom: deleteRoom ? (name: string) => outside.call('deleteRoom', [name]) : undefined,
    textInput: textInput && {
      asked: textInput.asked,
      callback: textInput.callback ? (_: unknown, message: unknown) => outside.call('textInput', [message]) : undefined,
    },
    textOutput: textOutput && { ...textOutput, nextInChain: textOutput.nextInChain ? chain : undefined },
    noiseCancellation:
      noise === 'processor' ? outside.port<object>('noise') : noise === 'selector' ? call('noise') : noise?.options,
    recorder: { attach: watch, input: () => {}, media: () => [0, 0], close: () => {} } satisfies Recorder,
  }
  return Object.freeze({ ...settingsOf({}), ...settings, ...own } as Settings)
}

/** Whatever a mind was, its actor does what it did. */
const mindOf = ({ kind, attending }: NonNullable<Beginning['mind']>, outside: Outside): Mind | MindLogic => {
  const about = attending === undefined ? {} : { attending }
  return (
    kind === 'logic' ? Object.assign(() => outside.puppets.logic('mind'), about) : { start: async () => {}, ...about }
  ) as Mind
}
