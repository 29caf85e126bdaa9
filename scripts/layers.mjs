// @ts-check
/** The import rule, as a table, and what else a part may not name; and the budget of lines. Prints each violation, exit code 1 if there is one. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  budget,
  engine,
  entry,
  forbidden,
  guarded,
  lightPackages,
  livekitPackages,
  livekitPlaces,
  rules,
  worldly,
} from './rules.mjs'

/** @typedef {{ specifier: string, line: number, typeOnly: boolean, lazy: boolean }} Import */

/** @param {string} name @param {readonly string[]} places */
const isIn = (name, places) =>
  places.some(place => {
    if (place === 'src/*') return /^src\/[^/]+$/.test(name)
    return /[/:]$/.test(place) ? name.startsWith(place) : [place, `${place}.ts`].includes(name) || name.startsWith(`${place}/`)
  })
/** Comments become blanks: lines stay where they are. @param {string} text */
const withoutComments = text =>
  text.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (all, string) => string ?? all.replace(/[^\n]/g, ' '),
  )
/** @param {string} text @param {number} at */
const lineAt = (text, at) => text.slice(0, at).split('\n').length

/** Every import and re-export of a file. @param {string} text @returns {Import[]} */
const importsOf = text => {
  const pattern =
    /\b(?:import|export)\b\s*(type\b)?([\w\s{},*$]*?)\bfrom\s*'([^']+)'|\bimport\s*\(\s*'([^']+)'|\bimport\s*'([^']+)'/g
  return [...text.matchAll(pattern)].map(({ index, 1: type, 2: names = '', 3: from, 4: lazily, 5: bare }) => {
    const braces = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1]
    const allTypes = braces?.split(',').every(name => /^\s*(type\s.*)?$/.test(name)) ?? false
    return {
      specifier: from ?? lazily ?? bare ?? '',
      line: lineAt(text, index),
      typeOnly: Boolean(type) || allTypes,
      lazy: Boolean(lazily),
    }
  })
}

/** Where an import leads: a file of the project, or a package as it is written. @param {string} file @param {string} specifier */
const targetOf = (file, specifier) =>
  specifier.startsWith('.') ? join(dirname(file), specifier).replaceAll('\\', '/') : specifier

/** @param {string} file @param {string[]} places @param {string} target @param {Set<string>} machines */
const allows = (file, places, target, machines) =>
  places.some(place => {
    if (place === './') return target.startsWith(`${dirname(file)}/`)
    if (place === 'package:') return !/^(\.|\/|test\/|scripts\/)/.test(target)
    if (place === 'machines/*')
      return target.startsWith('machines/') && (!machines.has(target) || basename(target) === basename(file))
    return isIn(target, [place])
  })

/** @param {string} file @param {Import} found @param {Set<string>} machines @returns {string | undefined} what is wrong */
const wrong = (file, { specifier, typeOnly }, machines) => {
  const target = targetOf(file, specifier)
  if (isIn(target, livekitPackages) && !isIn(file, livekitPlaces))
    return `${specifier}: only ${livekitPlaces.join(' and ')} know LiveKit`
  const rule = rules.find(({ in: places }) => isIn(file, places))
  if (!rule) return `${file} has no row in scripts/rules.mjs: give it one`
  if (allows(file, rule.may, target, machines) || (typeOnly && allows(file, rule.types ?? [], target, machines))) return undefined
  return `${specifier}: ${rule.why}`
}

/** What the entry loads at once and should not. @param {Map<string, Import[]>} all */
const heavy = all => {
  /** @type {string[]} */
  const problems = []
  const seen = new Set([entry])
  for (const file of seen) {
    for (const { specifier, line, typeOnly, lazy } of all.get(file) ?? []) {
      if (typeOnly || lazy) continue
      const target = targetOf(file, specifier)
      if (all.has(target)) seen.add(target)
      else if (!specifier.startsWith('.') && !isIn(target, lightPackages))
        problems.push(`${file}:${line}: ${specifier}: ${entry} loads it at once; import() it on first use`)
    }
  }
  return problems
}

/** Every source file below these folders, by its name. @param {string} root */
const sourcesOf = root => {
  const names = ['machines', 'src'].flatMap(folder =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => `${folder}/${name.replaceAll('\\', '/')}`),
  )
  const files = names.filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts')).sort()
  return new Map(files.map(file => [file, readFileSync(join(root, file), 'utf8')]))
}
/** @param {string} text */
const linesOf = text => text.trimEnd().split('\n').length

/** What one file imports and names, and should not. @param {string} file @param {string} text @param {Import[]} found @param {Set<string>} machines */
const problemsOf = (file, text, found, machines) => {
  /** @type {string[]} */
  const problems = []
  const most = file.startsWith('machines/') ? budget.machine : budget.file
  if (linesOf(text) > most)
    problems.push(`${file}:${most}: ${linesOf(text)} lines: at most ${most}, so it is more than one thing`)
  for (const one of found) {
    const problem = wrong(file, one, machines)
    if (problem) problems.push(`${file}:${one.line}: ${problem}`)
  }
  const names = [...guarded.filter(({ in: places }) => !isIn(file, places)), ...(isIn(file, worldly) ? [] : forbidden)]
  for (const { name, why } of names)
    for (const { index, 0: word } of text.matchAll(name))
      problems.push(`${file}:${lineAt(text, index)}: ${word.replace(/\s*\($/, '')}: ${why}`)
  return problems
}

/** @param {string} root */
const check = root => {
  const sources = sourcesOf(root)
  const machines = new Set([...sources].filter(([, text]) => text.includes('.createMachine(')).map(([file]) => file))
  const imports = new Map([...sources].map(([file, text]) => [file, importsOf(withoutComments(text))]))
  const problems = [...sources].flatMap(([file, text]) =>
    problemsOf(file, withoutComments(text), imports.get(file) ?? [], machines),
  )
  problems.push(...heavy(imports))
  const engineLines = [...sources].reduce((all, [file, text]) => all + (isIn(file, engine) ? linesOf(text) : 0), 0)
  if (machines.size > budget.machines) problems.push(`machines/: ${machines.size} machines: at most ${budget.machines}`)
  if (engineLines > budget.engine) problems.push(`the engine: ${engineLines} lines: at most ${budget.engine}`)
  return { files: sources.size, machines: machines.size, engineLines, problems }
}

const here = dirname(dirname(fileURLToPath(import.meta.url)))
const { positionals } = parseArgs({ allowPositionals: true })
const { files, machines, engineLines, problems } = check(resolve(positionals[0] ?? here))
for (const problem of problems) console.log(problem)
const count = problems.length === 1 ? '1 violation' : `${problems.length || 'no'} violations`
console.log(
  `layers: ${files} files, ${count}; ${machines} of ${budget.machines} machines, ${engineLines} of ${budget.engine} lines`,
)
process.exitCode = problems.length > 0 ? 1 : 0
