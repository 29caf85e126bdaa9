/** What lies under the pointer in the lanes, in words. */
import { clockText } from '../times.ts'
import { type Picture, sizes } from './picture.ts'

const isIn = ({ x, width }: { x: number; width: number }, at: number, more = 0): boolean =>
  at >= x - more && at <= x + width + more

/** In the lane at `y`: the utterance with what was said of it, the state, the fault. Empty where nothing is. */
export const hitText = ({ lanes, ...picture }: Picture, x: number, y: number): string => {
  const isOn = ({ top, height }: { top: number; height: number }) => y >= top && y < top + height
  if (isOn(lanes.faults)) return picture.faults.find(fault => isIn(fault, x, 6))?.text ?? ''
  if (isOn(lanes.state)) return picture.states.find(state => isIn(state, x))?.state ?? ''
  if (isOn(lanes.told) || isOn(lanes.said)) {
    const [lane, speaker] = isOn(lanes.told) ? ([lanes.told, 'caller'] as const) : ([lanes.said, 'agent'] as const)
    const line = Math.floor((speaker === 'caller' ? lane.top + lane.height - y : y - lane.top) / sizes.line)
    const word = picture.words.findLast(word => word.speaker === speaker && word.line === line && word.x <= x)
    return word?.full ?? ''
  }
  if (!isOn(lanes.agent)) return ''
  const pause = picture.pauses.find(pause => isIn(pause, x))
  const utterance = picture.utterances.find(one => isIn(one, x))
  if (!utterance) return pause ? 'paused' : ''
  const { id, from, to, outcome = 'speaking', heardMs, spoken = '' } = utterance.of
  const heard = to === undefined ? '' : `, heard ${(heardMs / 1000).toFixed(1)} s`
  return `${id}: ${outcome}${heard}, from ${clockText(from)}${pause ? ', paused here' : ''}\n${spoken}`.trim()
}
