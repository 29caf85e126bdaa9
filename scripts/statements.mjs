// @ts-check
/** Prints the numbered statements that have neither a test whose title names them nor a dated paragraph in docs/why.md. Exit code 1 if there is one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './bundle.mjs'

/** @typedef {{ id: string, about: string, tests: string[], why: string[] }} Statement `tests`: places; `why`: titles of paragraphs */

const help = `Usage: node scripts/statements.mjs [options] [folder]

Holds the ids of scripts/statements.txt against the titles of the tests (test/**/*.ts) and the dated
paragraphs of docs/why.md, and prints those that nobody names. A title names an id if it says it in full:
"(OUT-3, law 1)" does, "OUT-1 to OUT-5" and "OUT-9..11" do not. Skipped tests prove nothing.

  --json    all ids, with the tests and paragraphs that name them
  --help    print this`

/** A title stands on its own: one in a comment, or behind a dot as with it.skip, is none. */
const titled = /^(?!\s*(?:\/\/|\/?\*))(?:.*[^.\w'"`])?it\(\s*('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)/gm
const range = /\b[A-Z][A-Z\d]*-\d+a?\s*(?:\bto\b|\.\.+|…|–|—)\s*(?:[A-Z][A-Z\d]*-)?\d+a?/g
const ids = /(?<![\w-])[A-Z][A-Z\d]*-\d+a?(?![\w-])/g

/** @param {string} text */
const named = text => [...new Set(text.replace(range, '').match(ids) ?? [])]

/** @param {string} text @returns {[id: string, about: string][]} */
const statementsIn = text =>
  text.split('\n').flatMap(line => {
    const [, id, about] = /^([A-Z][A-Z\d]*-\d+a?) (.+)$/.exec(line) ?? []
    return id && about ? [[id, about]] : []
  })

/** Each id with the places whose titles name it. @param {string} folder @returns {[id: string, place: string][]} */
const namedByTests = folder =>
  readdirSync(join(folder, 'test'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts') && !name.includes('node_modules'))
    .sort()
    .flatMap(name => {
      const text = readFileSync(join(folder, 'test', name), 'utf8')
      return [...text.matchAll(titled)].flatMap(({ 0: { length }, 1: title = '', index }) => {
        const line = text.slice(0, index + length - title.length).split('\n').length
        return named(title).map(id => /** @type {[string, string]} */ ([id, `test/${name.replaceAll('\\', '/')}:${line}`]))
      })
    })

/** Each id with the titles of the paragraphs that name it. @param {string} folder @returns {[id: string, title: string][]} */
const namedByReasons = folder => {
  const file = join(folder, 'docs/why.md')
  const paragraphs = existsSync(file) ? readFileSync(file, 'utf8').split(/\n\s*\n/) : []
  return paragraphs.flatMap(paragraph => {
    const title = /^\*\*(\d{4}-\d\d-\d\d · [^*]+)\*\*/.exec(paragraph)?.[1]
    return title ? named(paragraph).map(id => /** @type {[string, string]} */ ([id, title])) : []
  })
}

/** @param {string} folder */
const look = folder => {
  const all = statementsIn(readFileSync(join(folder, 'scripts/statements.txt'), 'utf8'))
  const [tests, reasons] = [namedByTests(folder), namedByReasons(folder)]
  /** @param {[string, string][]} pairs @param {string} id */
  const of = (pairs, id) => pairs.flatMap(([named, where]) => (named === id ? [where] : []))
  const statements = all.map(([id, about]) => ({ id, about, tests: of(tests, id), why: of(reasons, id) }))
  // A slip in a title proves nothing, and nobody would notice.
  const groups = new Set(all.map(([id]) => id.replace(/-.*/, '')))
  const known = new Set(all.map(([id]) => id))
  const strangers = [...tests, ...reasons].filter(([id]) => groups.has(id.replace(/-.*/, '')) && !known.has(id))
  return { statements, strangers }
}

/** @returns {number} the exit code */
const main = () => {
  const options = /** @type {const} */ ({ json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } })
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (values.help) console.log(help)
  if (values.help) return 0
  const { statements, strangers } = look(resolve(root, positionals[0] ?? '.'))
  const missing = statements.filter(({ tests, why }) => tests.length + why.length === 0)
  if (values.json) console.log(JSON.stringify({ statements, missing: missing.map(({ id }) => id), strangers }, null, 2))
  else {
    for (const { id, about } of missing) console.log(`${id.padEnd(8)} ${about}`)
    for (const [id, where] of strangers) console.log(`${id.padEnd(8)} is named and is no statement: ${where}`)
    console.log(`statements: ${statements.length}, without a test or a reason: ${missing.length}`)
  }
  return missing.length + strangers.length > 0 ? 1 : 0
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
