// @ts-check
/**
 * Draws every machine into docs/machines.md, and lays it out into assets/charts.json; the one that the README shows is docs/playout.svg. `--check` changes nothing and says whether a file
 * is stale. `--anew` lays out again what has not changed: for whoever changes how charts are laid out.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { common, ownUrl, ownUrls, root } from './bundle.mjs'

/** @typedef {import('xstate').AnyStateMachine} Machine */
/** @typedef {import('../src/inspector/messages.ts').Definition} Definition */
/** @typedef {import('../src/inspector/messages.ts').ChartNode} Node */
/** @typedef {import('../src/charts/tree.ts').Tree} Tree */
/** @typedef {import('../src/charts/shipped.ts').Shipped} Shipped */
/** @typedef {typeof import('../src/charts/chart.ts') & typeof import('../src/charts/definition.ts') & typeof import('../src/charts/layout.ts')} Drawing */
/** @typedef {typeof import('../src/charts/elk.ts') & typeof import('../src/charts/best.ts')} Elk */
/** @typedef {Drawing & Elk & typeof import('../src/charts/svg.ts') & typeof import('../src/charts/mermaid.ts') & typeof import('../src/charts/tree.ts')} Texts */
/** @typedef {{ file: string, head: string, machine: Machine }} Drawn */

const target = 'docs/machines.md'
const charts = 'assets/charts.json'
const shown = 'playout'
const picture = `docs/${shown}.svg`
/** What puts machines into words and pictures. */
const parts = ['best', 'chart', 'definition', 'elk', 'layout', 'mermaid', 'svg', 'tree']

/** The machines in the order of the flow: folders by name, then what stands above them. @returns {Promise<string[]>} */
const filesOf = async () => {
  const names = await readdir(join(root, 'machines'), { recursive: true })
  const files = names.map(name => `machines/${name.replaceAll('\\', '/')}`).filter(file => file.endsWith('.ts'))
  const depth = (/** @type {string} */ file) => file.split('/').length
  return files.sort((one, other) => depth(other) - depth(one) || (one < other ? -1 : 1))
}

/** The first sentence of the comment at the head of a file, or its first line. @param {string} text */
const headOf = text => /^\/\*\*\s*\**\s*(.+)/.exec(text)?.[1]?.replace(/\s*\*\/$/, '') ?? ''

/** Bundles the machines with what puts them into words, and imports that. @returns {Promise<{ drawn: Drawn[], texts: Texts }>} */
const load = async () => {
  const files = await filesOf()
  const outfile = join(root, `.cache/draw-${process.pid}.mjs`)
  const lines = files.map((file, index) => `export * as file${index} from './${file}'`)
  const contents = [...lines, ...parts.map(name => `export * as ${name} from './src/charts/${name}.ts'`)].join('\n')
  await build({ ...common, stdin: { contents, resolveDir: root }, outfile, define: ownUrl, plugins: [ownUrls] })
  const bundle = await import(pathToFileURL(outfile).href).finally(() => rm(outfile))
  /** @type {Drawn[]} */
  const drawn = []
  for (const [index, file] of files.entries()) {
    const head = headOf(await readFile(join(root, file), 'utf8'))
    for (const [name, value] of Object.entries(bundle[`file${index}`]))
      if (name.endsWith('Machine')) drawn.push({ file, head, machine: value })
  }
  return { drawn, texts: Object.assign({}, ...parts.map(name => bundle[name])) }
}

/** One row: what the state is, what runs in it, what it hears without leaving. @param {Texts} texts @param {Definition} definition @param {Tree} tree @param {Node} node */
const rowOf = ({ labelOf }, { edges }, tree, node) => {
  const { id, kind, parent, description, tags, invoke } = node
  const marks = kind === 'final' ? ' (end)' : parent !== null && tree.of(parent).initial === id ? ' (start)' : ''
  const runs = invoke.map(({ id }) => `\`${id}\``).join(' ')
  const stays = edges.filter(({ source, target: to }) => source === id && to === undefined)
  const [noted, ignored] = [
    stays.filter(({ actions }) => actions.length > 0),
    stays.filter(({ actions }) => actions.length === 0),
  ]
  const hears = [...noted.map(labelOf), ...ignored.map(one => `${labelOf(one)} (ignored)`)].join(', ')
  const what = [description ?? '', ...tags.map(tag => `*${tag}*`)].filter(Boolean).join(' ')
  const cells = [`${parent === null ? '(always)' : `\`${tree.pathOf(id).join('.')}\``}${marks}`, what, runs, hears]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** @param {Texts} texts @param {Drawn} drawn */
const sectionOf = (texts, { file, head, machine }) => {
  const definition = texts.definitionOf(machine)
  const tree = texts.treeOf(definition)
  const { root: top } = tree
  const always = definition.edges.some(({ source }) => source === top.id) || top.invoke.length > 0
  const rows = definition.nodes.filter(node => node !== top || always).map(node => rowOf(texts, definition, tree, node))
  return [
    `## ${machine.id}`,
    '',
    `${head} \\\n[${file}](${relative(dirname(target), file)})`,
    '',
    '```mermaid',
    texts.mermaidOf(definition),
    '```',
    '',
    '| state | what it is | runs | hears and stays |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** @param {Texts} texts @param {Drawn[]} drawn */
const pageOf = (texts, drawn) =>
  [
    '# The machines',
    '',
    'Drawn from `machines/` by `npm run draw`: do not edit. An arrow bears the events that take it, `[guard]`s in brackets;',
    '`done x` and `error x` are the ends of what a state runs, `after x` is a delay.',
    '',
    drawn.map(({ machine }) => `[${machine.id}](#${machine.id.toLowerCase()})`).join(' · '),
    '',
    ...drawn.map(one => sectionOf(texts, one)),
  ].join('\n')

/** @param {Texts} texts @param {string} laid */
const pictureIn = (texts, laid) => {
  /** @type {Shipped} */
  const all = JSON.parse(laid)
  const one = Object.values(all).find(({ chart }) => chart.key === shown)
  if (!one) throw new Error(`there is no machine ${shown} to show in the README`)
  return `${texts.chartSvg(one.chart)}\n`
}

/** A machine that has not changed is laid out in the way that was the best then. @param {Texts} texts @param {Drawn[]} drawn @param {string} before @param {boolean} anew */
const chartsOf = async (texts, drawn, before, anew) => {
  /** @type {Shipped} */
  const known = before === '' ? {} : JSON.parse(before)
  /** @type {string[]} */
  const lines = []
  const elk = texts.openElk()
  for (const { machine } of drawn) {
    const definition = texts.definitionOf(machine)
    const hash = texts.hashOf(definition)
    const { [hash]: one } = known
    const { way, chart } = await texts.bestOf(definition, one && !anew ? [one.way] : texts.ways, elk)
    lines.push(`${JSON.stringify(hash)}:${JSON.stringify({ way, chart })}`)
  }
  await elk.close()
  return `{\n${lines.join(',\n')}\n}\n`
}

/** @param {string} file */
const textIn = file => readFile(join(root, file), 'utf8').catch(() => '')

/** @param {boolean} check @param {boolean} anew */
const main = async (check, anew) => {
  const { drawn, texts } = await load()
  const files = [target, charts, picture]
  const before = Object.fromEntries(await Promise.all(files.map(async file => [file, await textIn(file)])))
  const laid = await chartsOf(texts, drawn, before[charts], anew)
  const now = { [target]: pageOf(texts, drawn), [charts]: laid, [picture]: pictureIn(texts, laid) }
  for (const [file, text] of Object.entries(now)) {
    const isSame = before[file] === text
    if (check && !isSame) throw new Error(`${file} is stale: run "npm run draw" and commit it`)
    if (check) continue
    await mkdir(join(root, dirname(file)), { recursive: true })
    await writeFile(join(root, file), text)
    console.log(`${file}: ${isSame ? 'unchanged' : 'written'}, ${drawn.length} machines`)
  }
}

try {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, anew: { type: 'boolean' } } })
  await main(values.check ?? false, values.anew ?? false)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
