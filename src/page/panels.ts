/** The panels of the page, in the order of their tabs: a panel is one line here. */
import { callPanel } from './call/panel.ts'
import { chartPanel } from './chart/panel.ts'
import type { PanelEntry } from './panel.ts'
import { statePanel } from './state/panel.ts'
import { logPanel } from './time/log.ts'
import { sequencePanel } from './time/sequence-panel.ts'
import { timePanel } from './time/timeline.ts'
import { treePanel } from './tree/panel.ts'

export const panels: PanelEntry[] = [treePanel, chartPanel, sequencePanel, callPanel, statePanel, logPanel, timePanel]
