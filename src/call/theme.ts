/** What the picture of a call is drawn with. Pixels of a page 1280 wide; viewers scale it. */
import type { AgentState } from '../mind.ts'

export const fonts = {
  text: "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', Arial, sans-serif",
}

/** An own background: the picture looks the same in a dark viewer. Text on it has a contrast of 4.5 and more. */
export const colors = {
  paper: '#fbfaf7',
  ink: '#23262f',
  faint: '#6a6f7c',
  rule: '#e7e4dc',
  beat: '#d3cfc4',
  caller: '#1f7a6d',
  callerSoft: '#a9d3cb',
  agent: '#4a51b5',
  agentSoft: '#bfc3ea',
  utterance: '#eff0fa',
  utteranceEdge: '#cdd0ee',
  callerInk: '#17594f',
  agentInk: '#363c8f',
  pauseInk: '#7a5410',
  pauseSoft: '#f0dcb2',
  pausePaper: '#fbf3e1',
  cut: '#c8324a',
}

/** The state lane: fill, and the ink on it. */
export const stateColors: Record<AgentState, { fill: string; ink: string }> = {
  initializing: { fill: '#e6e3db', ink: '#5b5f6a' },
  idle: { fill: '#eeece6', ink: '#5b5f6a' },
  listening: { fill: '#cfe7e2', ink: '#17594f' },
  thinking: { fill: '#f3e2bb', ink: '#6d4a0c' },
  speaking: { fill: '#d5d8f3', ink: '#363c8f' },
}

export const page = {
  width: 1280,
  left: 84,
  right: 1244,
  header: 116,
  footer: 28,
  /** Between two rows of the score. */
  gap: 26,
}

/** Heights within one row of the score. */
export const row = {
  /** One line of words; how many there may be on either side. */
  word: 15,
  wordSize: 12,
  lanes: 3,
  voice: 50,
  states: 15,
  /** Head of the agent's lane, where utterances have their labels. */
  tab: 14,
  axis: 20,
  space: 6,
}

/** Pixels per column of an outline, and its height in steps: finer is not seen, and costs size. */
export const outlineStep = { columns: 1.25, reach: 40 }
