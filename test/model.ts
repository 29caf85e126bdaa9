/**
 * The three parts of a machine's test, shown by example in model.test.ts.
 *   table(machine)             every transition, as text to be written out in the test: sees what is missing
 *   explore(machine, { … })    every sequence of events, wanted or not, purely: sees what is swallowed or forgotten
 *   walk(machine, { … })       every transition, on a live actor with its real binding: sees what is bound wrongly
 */
export { done, type Explored, type Exploring, explore, failed, type InnerEvent, type Step } from './model/explore.ts'
export { ignored, table } from './model/table.ts'
export { type Live, pending, type Stride, type Walked, type Walking, walk } from './model/walk.ts'
