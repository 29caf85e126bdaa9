/** The signs on the call's buttons: 16 by 16, in the colour of the text. */
import { s } from '../dom.ts'

const signs = {
  microphone:
    'M8 1.8a2.2 2.2 0 0 0-2.2 2.2v3.6a2.2 2.2 0 0 0 4.4 0V4A2.2 2.2 0 0 0 8 1.8zM3.6 7.4a4.4 4.4 0 0 0 8.8 0M8 11.8v2.6',
  muted:
    'M8 1.8a2.2 2.2 0 0 0-2.2 2.2v3.6a2.2 2.2 0 0 0 4.4 0V4A2.2 2.2 0 0 0 8 1.8zM3.6 7.4a4.4 4.4 0 0 0 8.8 0M8 11.8v2.6M2.5 2.5l11 11',
  sample: 'M3.5 2.8v10.4L13 8z',
  write: 'M2 4.5h12v7.5H2zM4.5 7h.1M7 7h.1M9.5 7h.1M12 7h-.1M5 9.6h6',
  interrupt: 'M8 1.8v5.4M4.2 4.6l7.6 7.6M11.8 4.6l-7.6 7.6',
  pause: 'M5.5 3.2v9.6M10.5 3.2v9.6',
  resume: 'M4.5 2.8v10.4L13 8z',
  hangUp:
    'M1.8 9.6c0-4.6 12.4-4.6 12.4 0 0 1-.6 1.5-1.5 1.3l-1.7-.4c-.6-.2-.9-.6-.9-1.2V8.4c-1.3-.4-2.9-.4-4.2 0v.9c0 .6-.3 1-.9 1.2l-1.7.4c-.9.2-1.5-.3-1.5-1.3z',
  send: 'M2.2 8h11M8.6 3.4L13.2 8l-4.6 4.6',
}
export type Sign = keyof typeof signs

export const sign = (name: Sign): SVGSVGElement =>
  s('svg', { class: 'call-sign', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, s('path', { d: signs[name] }))
export const setSign = (svg: Element | null, name: Sign): void => {
  const path = svg?.firstElementChild
  if (path && path.getAttribute('d') !== signs[name]) path.setAttribute('d', signs[name])
}
