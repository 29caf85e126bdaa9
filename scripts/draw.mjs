// @ts-check
/** Draws every machine into docs/machines.md. `--check` changes nothing and says whether the file is stale. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { common, ownUrl, ownUrls, root } from './bundle.mjs'

/** @typedef {import('xstate').AnyStateMachine} Machine */
/** @typedef {Machine['root']} Node */
/** @typedef {import('xstate').AnyTransitionDefinition} Transition */
/** @typedef {typeof import('../test/model/table.ts')} Texts */
/** @typedef {{ file: string, head: string, machine: Machine }} Drawn */

const target = 'docs/machines.md'
/** Words of Mermaid that cannot be the name of a state. */
const reserved = ['state', 'end', 'note', 'direction', 'class', 'default', 'style', 'as', 'click']

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
  const contents = [...lines, "export * as texts from './test/model/table.ts'"].join('\n')
  await build({ ...common, stdin: { contents, resolveDir: root }, outfile, define: ownUrl, plugins: [ownUrls] })
  const bundle = await import(pathToFileURL(outfile).href).finally(() => rm(outfile))
  /** @type {Drawn[]} */
  const drawn = []
  for (const [index, file] of files.entries()) {
    const head = headOf(await readFile(join(root, file), 'utf8'))
    for (const [name, value] of Object.entries(bundle[`file${index}`]))
      if (name.endsWith('Machine')) drawn.push({ file, head, machine: value })
  }
  return { drawn, texts: bundle.texts }
}

/** @param {Node} node */
const idOf = node => {
  const id = node.path.join('_').replace(/\W/g, '_')
  return reserved.includes(id) ? `${id}_` : id
}
/** @param {Node} node */
const nameOf = node => node.path.join('.')
/** @param {Node} node */
const childrenOf = node => Object.values(node.states)

/** `pause`, `resume [isEnded]`, `after drainTimeout`. @param {Texts} texts @param {Transition} transition */
const labelOf = ({ shortType, guardText }, { eventType, guard }) =>
  `${shortType(String(eventType)).replace(':', ' ')}${guard ? ` [${guardText(guard)}]` : ''}`

/** The state in which both ends of an arrow lie: only there it keeps Mermaid from moving one of them. @param {Node} from @param {Node} to @returns {Node | undefined} */
const homeOf = (from, to) => {
  let home = from.parent
  while (home?.parent && !(to !== home && to.path.slice(0, home.path.length).join() === home.path.join())) home = home.parent
  return home
}
/** The arrows between the states in `node`, those of one pair joined. @param {Texts} texts @param {Node} node */
const arrowsOf = (texts, node) => {
  /** @type {Map<string, string[]>} */
  const arrows = new Map()
  for (const transition of texts.nodesOf(node).flatMap(texts.transitionsOf)) {
    for (const to of transition.target ?? []) {
      const pair = `${idOf(transition.source)} --> ${idOf(to)}`
      if (homeOf(transition.source, to) === node) arrows.set(pair, [...(arrows.get(pair) ?? []), labelOf(texts, transition)])
    }
  }
  return [...arrows].map(([pair, labels]) => `${pair}: ${labels.join(', ')}`)
}

/** What stands inside a state, or in the machine: initial state, states in order, arrows, what ends. @param {Texts} texts @param {Node} node @returns {string[]} */
const insideOf = (texts, node) => {
  const between = node.type === 'parallel' ? ['--'] : []
  const states = childrenOf(node).flatMap((child, index) => [...(index > 0 ? between : []), ...stateOf(texts, child)])
  const starts = (node.initial?.target ?? []).map(to => `[*] --> ${idOf(to)}`)
  const ends = childrenOf(node)
    .filter(({ type }) => type === 'final')
    .map(end => `${idOf(end)} --> [*]`)
  return [...starts, ...states, ...arrowsOf(texts, node), ...ends].map(line => `  ${line}`)
}
/** @param {Texts} texts @param {Node} node @returns {string[]} */
const stateOf = (texts, node) => {
  const name = idOf(node) === node.key ? [] : [`state "${node.key}" as ${idOf(node)}`]
  if (childrenOf(node).length > 0) return [...name, `state ${idOf(node)} {`, ...insideOf(texts, node), '}']
  return name.length > 0 ? name : [idOf(node)]
}

/** One row: what the state is, what runs in it, what it hears without leaving. @param {Texts} texts @param {Node} node */
const rowOf = (texts, node) => {
  const marks = node.type === 'final' ? ' (end)' : node.parent?.initial?.target?.includes(node) ? ' (start)' : ''
  const runs = node.invoke.map(({ id }) => `\`${id}\``).join(' ')
  const stays = texts.transitionsOf(node).filter(({ target: to }) => !to)
  const [noted, ignored] = [
    stays.filter(({ actions }) => actions.length > 0),
    stays.filter(({ actions }) => actions.length === 0),
  ]
  const hears = [...noted.map(one => labelOf(texts, one)), ...ignored.map(one => `${labelOf(texts, one)} (ignored)`)].join(', ')
  const what = [node.description?.replaceAll(/\s+/g, ' ') ?? '', ...node.tags.map(tag => `*${tag}*`)].filter(Boolean).join(' ')
  const cells = [`${node.path.length > 0 ? `\`${nameOf(node)}\`` : '(always)'}${marks}`, what, runs, hears]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** @param {Texts} texts @param {Drawn} drawn */
const sectionOf = (texts, { file, head, machine }) => {
  const nodes = texts.nodesOf(machine.root)
  const always = texts.transitionsOf(machine.root).length > 0 || machine.root.invoke.length > 0
  const rows = nodes.filter(node => node !== machine.root || always).map(node => rowOf(texts, node))
  return [
    `## ${machine.id}`,
    '',
    `${head} \\\n[${file}](${relative(dirname(target), file)})`,
    '',
    '```mermaid',
    'stateDiagram-v2',
    ...insideOf(texts, machine.root),
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

/** @param {boolean} check */
const main = async check => {
  const { drawn, texts } = await load()
  const page = pageOf(texts, drawn)
  const before = await readFile(join(root, target), 'utf8').catch(() => '')
  if (check && before !== page) throw new Error(`${target} is stale: run "npm run draw" and commit it`)
  if (check) return
  await mkdir(join(root, dirname(target)), { recursive: true })
  await writeFile(join(root, target), page)
  console.log(`${target}: ${drawn.length} machines${before === page ? ', unchanged' : ''}`)
}

try {
  await main(parseArgs({ options: { check: { type: 'boolean' } } }).values.check ?? false)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
