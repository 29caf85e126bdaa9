// @ts-check
/** Writes docs/rtc.md, which says what stands for each member of Python's SDK, and proves it. Exit code 1 if something is not so. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './bundle.mjs'

/** @typedef {{ of: string, member: string, had: string, ours: string[], result: string, proof: string[] }} Row */
/** @typedef {{ id: string, tests: string[], why: string[] }} Statement */

const help = `Usage: node scripts/rtc.mjs [options] [folder]

Reads scripts/rtc.txt (a row for each member of Python's livekit.rtc), and writes docs/rtc.md. Prints
- members that chartroom/rtc does not have: the compiler is asked for each,
- numbered statements of a row that no test names (scripts/statements.mjs),
- members that are not so much as named by a test file that proves their row,
- rows that neither work nor say why they deviate.

  --check   write nothing, and say whether docs/rtc.md is stale
  --help    print this`

const target = 'docs/rtc.md'
const head = `# \`chartroom/rtc\` beside Python's \`livekit.rtc\`

Made of scripts/rtc.txt by \`node scripts/rtc.mjs\`, which has asked the compiler for each member, and the tests for each number: do
not edit. The numbers are those of scripts/statements.txt; the test that proves one names it in its title.

How names and values map:

- \`snake_case\` becomes \`camelCase\`; \`aclose()\` becomes \`close()\`; \`num_channels\` of a frame is \`channels\`, as in rtc-node.
- Arguments that rtc-node has stay where it has them; the others, and those that Python takes by keyword, go by name in one object.
- Times are milliseconds. Seconds are what belongs to the media itself: \`AudioFrame.duration\` and the times of \`AVSynchronizer\`. Where
  both would be likely the name says which: \`responseTimeoutMs\`. Timestamps of video are
  microseconds, and bit rates \`bigint\`s: \`maxBitrate: 500_000n\`.
- Handlers of events get one object with named fields: \`room.on('trackMuted', ({ participant, publication }) => …)\`. An \`async\` one is
  refused, as in Python: nobody would hear that it failed. \`RoomEvent.TrackMuted\` and so on are the names as constants.
- \`asyncio\` has no counterpart: no \`loop\` arguments, and an \`AbortSignal\` where Python cancels a task. A process ends
  after \`await dispose()\`, which gives the native layer back; until then it stays, also for a resampler alone.
- \`isconnected()\` is a property, \`room.isConnected\`, and the awaitable \`room.sid\` a method. \`livekit.api\` is another package: tokens
  come of \`tokenFor\` of \`chartroom/livekit\`, or of \`livekit-server-sdk\`.
- Misuse throws a \`TypeError\` or \`RangeError\` with a \`code\`, before anything native is touched. What the server refuses rejects with
  a class of its own. Streams are async iterables, and leaving one gives its source back.
- Rooms, participants, publications and tracks have rtc-node's object in \`sdk\`; frames and sources are rtc-node's own classes made
  safe. So both go wherever one of rtc-node's is asked for.

"In rtc-node" says what \`@livekit/rtc-node\` has by itself: the same, something else, or nothing.
`

/** @param {string} text @returns {Row[]} */
const rowsIn = text =>
  text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [of = '', member = '', had = '', ours = '', result = '', proof = '', ...more] = line.split(' | ')
      if (proof === '' || more.length > 0) throw new Error(`this row does not have six columns: ${line}`)
      return { of, member, had, ours: ours === '-' ? [] : ours.split(', '), result, proof: proof.split(', ') }
    })

/** What a member may be in the language: of a type, of one with arguments, of a class itself. @param {string} name */
const readings = name => {
  const [base, ...path] = name.split('.')
  /** @param {string} from */
  const follow = from => path.reduce((type, step) => `In<${type}, '${step}'>`, from)
  return [`rtc.${base}`, `rtc.${base}<never>`, `rtc.${base}<never, never>`, `(typeof rtc.${base})`].map(follow)
}

/** Those of the names that the surface does not have. @param {string} folder @param {string[]} names @returns {string[]} */
const strangersTo = (folder, names) => {
  const place = join(root, `.cache/rtc-${process.pid}`)
  const from = relative(place, join(folder, 'src/livekit/rtc/index.ts')).replaceAll('\\', '/')
  const asked = names.flatMap(name => readings(name).map(reading => ({ name, reading })))
  const lines = asked.map(({ reading }, n) => `export type T${n} = ${reading}`)
  const inside = 'type In<T, K extends keyof T> = NonNullable<T[K]>' // private members are no keys
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'names.ts'), [`import type * as rtc from '${from}'; ${inside}`, ...lines, ''].join('\n'))
  writeFileSync(
    join(place, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include: [], files: ['names.ts'] }),
  )
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace('package.json', 'bin/tsc')
  const { stdout, error } = spawnSync(process.execPath, [tsc, '-p', place, '--pretty', 'false'], { encoding: 'utf8' })
  rmSync(place, { recursive: true })
  if (error) throw error
  const faulty = new Set([...stdout.matchAll(/names\.ts\((\d+),/g)].map(([, line]) => Number(line)))
  if (faulty.has(1)) throw new Error(`the surface cannot be read: ${stdout}`)
  const fine = new Set(asked.flatMap(({ name }, n) => (faulty.has(n + 2) ? [] : [name])))
  return names.filter(name => !fine.has(name))
}

/** @param {string} folder @returns {Map<string, Statement>} */
const statementsOf = folder => {
  const args = [join(root, 'scripts/statements.mjs'), '--json', folder]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (stderr) throw new Error(stderr)
  /** @type {{ statements: Statement[] }} */
  const { statements } = JSON.parse(stdout)
  return new Map(statements.map(one => [one.id, one]))
}

/** @type {Map<string, string>} */
const texts = new Map()
/** @param {string} file @returns {string} of one that is not there: nothing */
const textOf = file => {
  const text = texts.get(file) ?? (existsSync(file) ? readFileSync(file, 'utf8') : '')
  texts.set(file, text)
  return text
}

/** What is not so in a row. @param {string} folder @param {Row} row @param {Map<string, Statement>} statements @param {string[]} strangers */
const faultsOf = (folder, { member, had, ours, result, proof }, statements, strangers) => {
  const faults = ours.filter(name => strangers.includes(name)).map(name => `${name} is not there`)
  if (!['have', 'differs', 'lacks', 'named'].includes(had)) faults.push(`"${had}" says nothing`)
  const deviates = /^deviates: because ./.test(result)
  if (result !== 'works' && !deviates) faults.push('it says neither that it works nor why it deviates')
  if (result === 'works' && ours.length === 0) faults.push('it works, and as what?')
  const files = proof.flatMap(one => {
    if (one.startsWith('test/')) return [one]
    const { tests = [], why = [] } = statements.get(one) ?? {}
    if (!statements.has(one)) faults.push(`there is no statement ${one}`)
    else if (tests.length === 0 && !(deviates && why.length > 0)) faults.push(`no test names ${one}`)
    return tests.map(place => place.replace(/:\d+$/, ''))
  })
  for (const name of files.length > 0 ? ours : []) {
    const last = name.endsWith('.toString') ? /\bString\b/ : new RegExp(`\\b${name.split('.').at(-1)}\\b`)
    if (!files.some(file => last.test(textOf(join(folder, file))))) faults.push(`no test that proves it names ${name}`)
  }
  return faults.map(fault => `${member}: ${fault}`)
}

/** @param {string} text */
const cell = text => text.replaceAll('|', '\\|')
const verdicts = { have: 'the same', differs: 'something else', lacks: 'nothing', named: 'not documented' }
/** @param {Row[]} rows */
const tableOf = rows => [
  '| Python | in rtc-node | `chartroom/rtc` | | proof |',
  '| --- | --- | --- | --- | --- |',
  ...rows.map(({ member, had, ours, result, proof }) => {
    const names = ours.map(name => `\`${name}\``).join(', ')
    const proofs = proof.map(one => (one.startsWith('test/') ? `[${one.split('/').at(-1)}](../${one})` : one)).join(', ')
    return `| ${[member, verdicts[/** @type {keyof typeof verdicts} */ (had)] ?? had, names, result, proofs].map(cell).join(' | ')} |`
  }),
]

/** @param {Row[]} rows */
const pageOf = rows => {
  const groups = [...new Set(rows.map(({ of }) => of))]
  const compared = rows.filter(({ had }) => had !== 'named')
  /** @param {(row: Row) => boolean} is */
  const count = is => compared.filter(is).length
  const had = `${count(row => row.had === 'have')} are the same, ${count(row => row.had === 'differs')} differ and ${count(row => row.had === 'lacks')} are lacking`
  const ours = `${count(row => row.result === 'works')} work and ${count(row => row.result !== 'works')} deviate`
  return [
    head,
    `${compared.length} rows: in rtc-node ${had}; in \`chartroom/rtc\` ${ours}.`,
    '',
    groups.map(name => `[${name}](#${name.toLowerCase().replaceAll(' ', '-')})`).join(' · '),
    '',
    ...groups.flatMap(name => [`## ${name}`, '', ...tableOf(rows.filter(({ of }) => of === name)), '']),
  ].join('\n')
}

/** @returns {number} the exit code */
const main = () => {
  const options = /** @type {const} */ ({ check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } })
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (values.help) console.log(help)
  if (values.help) return 0
  const folder = resolve(root, positionals[0] ?? '.')
  const rows = rowsIn(readFileSync(join(folder, 'scripts/rtc.txt'), 'utf8'))
  const [strangers, statements] = [strangersTo(folder, [...new Set(rows.flatMap(({ ours }) => ours))]), statementsOf(folder)]
  const faults = rows.flatMap(row => faultsOf(folder, row, statements, strangers).map(fault => `${row.of} · ${fault}`))
  const [file, page] = [join(folder, target), pageOf(rows)]
  if (!values.check) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, page)
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== page) faults.push(`${target} is stale: node scripts/rtc.mjs`)
  for (const fault of faults) console.log(fault)
  console.log(`rtc: ${rows.length} rows, ${faults.length} faults`)
  return faults.length > 0 ? 1 : 0
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
