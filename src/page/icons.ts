/** The signs on buttons: 16 by 16, drawn with a line in the colour of the text. */
import { s } from './dom.ts'

const paths = {
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.5 8z',
  theme: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  help: 'M5.8 6.2a2.2 2.2 0 1 1 3.3 1.9c-.7.4-1.1.8-1.1 1.6M8 12.2v.1',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  plus: 'M8 3.5v9M3.5 8h9',
  minus: 'M3.5 8h9',
  open: 'M6 4l4 4-4 4',
  again: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.6v2.6h-2.6',
  close: 'M4 4l8 8M12 4l-8 8',
}
export type Icon = keyof typeof paths

export const icon = (name: Icon): SVGSVGElement =>
  s('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, s('path', { d: paths[name] }))

/** Changes the sign of a button. */
export const setIcon = (svg: SVGSVGElement, name: Icon): void => {
  if (svg.firstElementChild?.getAttribute('d') !== paths[name]) svg.firstElementChild?.setAttribute('d', paths[name])
}
