/** The colours of a chart. A page may set the properties to its own; contrasts of text are 4.5 and more in both schemes. */

const light = {
  paper: '#fbfaf7',
  ink: '#23262f',
  faint: '#626774',
  line: '#767b89',
  box: '#ffffff',
  edge: '#b9b5a9',
  active: '#1f7a6d',
  'active-box': '#dff1ed',
  taken: '#4a51b5',
}
const dark = {
  paper: '#16181d',
  ink: '#e8e6e1',
  faint: '#a2a6b1',
  line: '#858a98',
  box: '#22252c',
  edge: '#4a4e59',
  active: '#54c2b0',
  'active-box': '#173b36',
  taken: '#a2a8ff',
}
const set = (colors: Record<string, string>) =>
  Object.entries(colors)
    .map(([name, value]) => `--chart-${name}:${value}`)
    .join(';')

const font = "ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans',Arial,sans-serif"

export const chartStyle = `
.chart{${set(light)};font-family:${font}}
@media (prefers-color-scheme:dark){.chart{${set(dark)}}}
.chart .paper{fill:var(--chart-paper)}
.chart text{fill:var(--chart-ink);font-size:11px}
.chart .name{font-size:13px}
.chart .box{fill:var(--chart-box);stroke:var(--chart-edge)}
.chart .compound>.box,.chart .parallel>.box{fill:none}
.chart .inner{fill:none;stroke:var(--chart-edge)}
.chart .row text,.chart .guard{fill:var(--chart-faint)}
.chart .mark{fill:none;stroke:var(--chart-faint);stroke-width:1.2}
.chart .invoke .mark{fill:var(--chart-faint);stroke:none}
.chart .line{fill:none;stroke:var(--chart-line);stroke-width:1.2}
.chart .head,.chart .dot{fill:var(--chart-line)}
.chart .label rect{fill:var(--chart-paper)}
.chart .shared:not(.taken){visibility:hidden}
.chart .active>.box{stroke:var(--chart-active);stroke-width:2}
.chart .atomic.active>.box,.chart .final.active>.box{fill:var(--chart-active-box)}
.chart .taken .line{stroke:var(--chart-taken);stroke-width:2.4}
.chart .taken .head{fill:var(--chart-taken)}
.chart .taken text,.chart .taken .guard{fill:var(--chart-taken);font-weight:600}
.chart .taken .mark{stroke:var(--chart-taken)}
`
