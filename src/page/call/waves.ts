/** Both voices as they run: the caller's above the line, the agent's below it, the newest on the right. */
import { h } from '../dom.ts'
import { barMs, kept, Peaks } from './peaks.ts'

export type Of = 'caller' | 'agent'

/** So wide is a bar with the gap after it, in px. */
const barWidth = 3
/** Speech of usual loudness fills most of the height. */
const gain = 2.2

export class Waves {
  readonly element = h('canvas', { class: 'call-waves', role: 'img', 'aria-label': 'Both voices as they run' })
  readonly #peaks: Record<Of, Peaks> = { caller: new Peaks(), agent: new Peaks() }
  #drawn = 0
  #frame = 0

  /** The loudest sample of it, 0 to 1. */
  note(of: Of, samples: Int16Array): number {
    return this.#peaks[of].note(samples, performance.now())
  }
  /** Draws while `on`, a picture for each bar: nothing is to be seen between. */
  run(on: boolean): void {
    if (on === (this.#frame !== 0)) return
    if (!on) cancelAnimationFrame(this.#frame)
    this.#frame = on ? requestAnimationFrame(() => this.#next()) : 0
  }

  #next(): void {
    const bar = Math.floor(performance.now() / barMs) - 1
    if (bar !== this.#drawn) this.#draw(bar)
    this.#drawn = bar
    this.#frame = requestAnimationFrame(() => this.#next())
  }
  #draw(newest: number): void {
    const { element } = this
    const { clientWidth: width, clientHeight: height } = element
    const scale = window.devicePixelRatio
    if (element.width !== Math.round(width * scale)) element.width = Math.round(width * scale)
    if (element.height !== Math.round(height * scale)) element.height = Math.round(height * scale)
    const pen = element.getContext('2d')
    if (!pen) return
    const { color: caller, borderTopColor: agent, caretColor: silence } = getComputedStyle(element) // as call.css has them
    pen.setTransform(scale, 0, 0, scale, 0, 0)
    pen.clearRect(0, 0, width, height)
    const middle = height / 2
    for (let n = 0; n * barWidth < width && n < kept; n++) {
      const x = width - (n + 1) * barWidth
      const reach = (of: Of) => Math.max(1, Math.min(1, gain * this.#peaks[of].at(newest - n)) * (middle - 2))
      const [up, down] = [reach('caller'), reach('agent')]
      pen.fillStyle = up > 1 ? caller : silence
      pen.fillRect(x, middle - 1 - up, barWidth - 1, up)
      pen.fillStyle = down > 1 ? agent : silence
      pen.fillRect(x, middle + 1, barWidth - 1, down)
    }
  }
}
