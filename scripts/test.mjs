// @ts-check
/** Bundles the test files and runs each in a process of its own, with a deadline; the last line is "N passed, N failed, N skipped". */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { common, ownUrl, ownUrls, root, watchedUvu } from './bundle.mjs'

/** @typedef {{ file: string, deadlineMs: number, flags: string[], serial: boolean, paired: boolean, lacks: string | undefined, tests: number }} Job */
/** @typedef {{ passed: number, failed: number, skipped: number }} Sum */
/** @typedef {Sum & { faults: string[], output: string, ms: number }} Result */

const help = `Usage: node scripts/test.mjs [options] [pattern ...]

Runs test/**/*.test.ts, or those whose path contains one of the patterns. Each file is bundled by
esbuild and runs in a process of its own. A file fails as a whole if it ends early, crashes, is not
over at its deadline, runs no test, leaves a suite without .run(), or is still alive 5 s after its tests.
Those that talk to a real server or a browser in real time run behind the others, alone; one that fails is shown, and
run once more.

  --list        print the names of the files, run nothing
  --in FOLDER   look there instead of in test
  --help        print this

A file may say in its first ten lines:
  // deadline: 300 s        instead of 120 s
  // node: --expose-gc      options of node for its process
  // beside: another        runs beside another such file, though it talks to a real server
  // needs: FOLDER, from COMMAND    skipped where that folder is not there
A file that cannot run some of its tests prints a line "SKIPPED n: reason". With CI=true a skipped test is a failure.`

const outdir = join(root, '.cache/test')
/** These have packages of their own: they are bundled beside them, so that they find those and not ours. */
const apart = 'test/agents'
const apartOutdir = join(root, apart, 'node_modules/.cache/test')
/** @param {string} file */
const bundleOf = file => join(file.startsWith(`${apart}/`) ? apartOutdir : outdir, file.replace(/\.ts$/, '.mjs'))
const defaultDeadlineMs = 120_000
/** A test that used native parts must let go of them: a file that lives longer than this after its tests counts as failed. */
const graceMs = 5_000
/** How long the pipes of a process that ended may stay open, in something that it started and we could not end. */
const settleMs = 2_000
/** Two processes at most: the tests of pace are worth little on a machine that has more to do than cores. */
const lanes = 2
/** How much of the output of a failing file is shown, in characters. */
const shownOutput = 60_000
/** These talk to a real server or a browser in real time: nothing runs beside them, and one that fails gets a second try, which then counts. */
const serialFiles = /\/(e2e\/(?:rtc\/)?|browser\/|agents\/|ports\/livekit)[^/]+$/
const skippedLines = /(?:^|\s)SKIPPED (\d+): (.+)$/gm
const isCI = process.env.CI === 'true'

/** @param {string} folder @param {string[]} patterns @returns {Job[]} */
const find = (folder, patterns) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(name => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter(
      file =>
        file.endsWith('.test.ts') &&
        !file.includes('/node_modules/') &&
        (patterns.length === 0 || patterns.some(pattern => file.includes(pattern.replace(/^\.\//, '')))),
    )
    .sort()
    .map(file => {
      const text = readFileSync(join(root, file), 'utf8')
      const head = text.split('\n', 10).join('\n')
      const deadline = /^\/\/ deadline: (\d+) s/m.exec(head)?.[1]
      const flags = /^\/\/ node: (.+)$/m.exec(head)?.[1]?.trim().split(/\s+/) ?? []
      const [, folder = '', from] = /^\/\/ needs: (\S+), from (.+)$/m.exec(head) ?? []
      const lacks = existsSync(join(root, folder)) ? undefined : `${folder} is not there: ${from}`
      const tests = text.match(/^\s*it\(/gm)?.length ?? 0
      const deadlineMs = deadline ? Number(deadline) * 1000 : defaultDeadlineMs
      const paired = /^\/\/ beside: another$/m.test(head)
      return { file, flags, deadlineMs, serial: serialFiles.test(file), paired, lacks, tests }
    })

/** Bundles each file for itself; gives back the errors of those that cannot be bundled. @param {string[]} files */
const bundle = async files => {
  /** @type {Map<string, string>} */
  const broken = new Map()
  const options = { outbase: '.', outExtension: { '.js': '.mjs' }, define: ownUrl, plugins: [watchedUvu, ownUrls] }
  // Another version of the SDK, by the name of its package (see package.json).
  const sdk = process.env.CHARTROOM_RTC_NODE
  const alias = sdk ? { '@livekit/rtc-node': sdk } : {}
  /** @param {string} outdir @param {string[]} entryPoints */
  const attempt = (outdir, entryPoints) => build({ ...common, ...options, alias, outdir, entryPoints, sourcemap: 'inline' })
  for (const folder of [outdir, apartOutdir]) {
    const here = files.filter(file => bundleOf(file).startsWith(folder))
    if (here.length > 0)
      await attempt(folder, here).catch(async () => {
        // One broken file must not take the others with it.
        for (const file of here) await attempt(folder, [file]).catch(error => broken.set(file, error.message))
      })
  }
  return broken
}

/** @type {Set<number>} */
const groups = new Set()
/** Ends a child and all it started. @param {number} group */
const end = group => {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // it is gone already
  }
}

/** Adds up what a process told and printed; a fault of the file as a whole is one failure. @param {Sum | undefined} sum @param {string[]} faults @param {string} output */
const account = (sum, faults, output) => {
  const named = [...output.matchAll(skippedLines)].reduce((all, [, count]) => all + Number(count), 0)
  const { passed = 0, failed = 0, skipped = 0 } = sum ?? {}
  if (sum && passed + failed + skipped + named === 0) faults.push('ran no test')
  if (isCI && skipped + named > 0) faults.push(`skipped ${skipped + named} with CI=true`)
  return { passed, failed: failed + (faults.length > 0 ? 1 : 0), skipped: skipped + named, faults, output }
}

/** @param {Job} job @returns {Promise<Result>} */
const run = async ({ file, deadlineMs, flags, lacks, tests }) => {
  const started = performance.now()
  if (lacks) return { ...account(undefined, [], `SKIPPED ${tests}: ${lacks}`), ms: 0 }
  const args = ['--enable-source-maps', ...flags, 'scripts/test-child.mjs', bundleOf(file)]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'pipe'], detached: true })
  const group = child.pid ?? 0
  if (group) groups.add(group)
  const heard = { output: '', test: '', keeps: '', sum: /** @type {Sum | undefined} */ (undefined) }
  /** @type {string[]} */
  const faults = []
  /** @param {number} ms @param {() => string} fault */
  const limit = (ms, fault) =>
    setTimeout(() => {
      faults.push(fault())
      end(group)
    }, ms)
  const inTest = () => (heard.test ? `, in "${heard.test}"` : '')
  let timer = limit(deadlineMs, () => `not over after ${deadlineMs / 1000} s${inTest()}`)

  /** @param {string} line */
  const hear = line => {
    const news = JSON.parse(line)
    if ('test' in news) heard.test = news.test
    if ('alive' in news) heard.keeps = news.alive.length > 0 ? `, kept by ${news.alive.join(', ')}` : ''
    if (!('passed' in news)) return
    heard.sum = news
    if (news.unrun.length > 0 && !heard.output.includes('SKIPPED ')) faults.push(`suite without .run(): ${news.unrun.join(', ')}`)
    clearTimeout(timer)
    timer = limit(graceMs, () => `still alive ${graceMs / 1000} s after its tests${heard.keeps}`)
  }
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', chunk => {
      heard.output = (heard.output + chunk).slice(-4 * shownOutput)
    })
  const reports = child.stdio[3]
  if (reports && 'read' in reports) createInterface({ input: reports }).on('line', hear)

  /** @param {string} how */
  const judge = how => {
    const { sum, output } = heard
    if (!sum && faults.length === 0) faults.push(`ended early with ${how}${inTest()}`)
    if (sum?.failed === 0 && faults.length === 0 && how !== 'exit code 0') faults.push(`ended with ${how} after its tests`)
    return { ...account(sum, faults, output), ms: performance.now() - started }
  }
  return new Promise(done => {
    child.on('error', error => done(judge(error.message)))
    child.on('close', (code, signal) => done(judge(signal ? `signal ${signal}` : `exit code ${code}`)))
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      // What it started and left behind would hold its pipes open, and so hold back the close.
      end(group)
      groups.delete(group)
      setTimeout(() => done(judge(signal ? `signal ${signal}` : `exit code ${code}`)), settleMs).unref()
    })
  })
}

/** @param {string} file @param {Result} result */
const show = (file, { passed, failed, skipped, faults, output, ms }) => {
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
  const counts = `${passed} passed${failed ? `, ${failed} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`
  console.log(`${failed ? 'FAIL' : skipped ? 'skip' : 'ok  '} ${file}  ${counts}, ${(ms / 1000).toFixed(1)} s`)
  if (!failed) for (const [, count, reason] of output.matchAll(skippedLines)) console.log(`     skipped ${count}: ${reason}`)
  if (!failed) return
  const cut = output.length > shownOutput ? `[... ${output.length - shownOutput} characters]\n` : ''
  console.log(`${cut}${output.slice(-shownOutput)}`.replace(/^(?=.)/gm, '     ').trimEnd())
  for (const fault of faults) console.log(`     ${file}: ${fault}`)
}

/** Runs the files, two beside each other where they may, and shows each as it ends. @param {Job[]} jobs */
const runAll = async jobs => {
  const broken = await bundle(jobs.filter(({ lacks }) => !lacks).map(({ file }) => file))
  const sum = { passed: 0, failed: 0, skipped: 0 }
  /** @type {string[]} */
  const failing = []
  /** @param {Job[]} queue */
  const work = async queue => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K     ${job.file} …`)
      const fault = broken.get(job.file)
      let result = fault ? { ...account(undefined, ['cannot be bundled'], fault), ms: 0 } : await run(job)
      if (result.failed && job.serial && !fault) {
        show(job.file, result)
        console.log(`again ${job.file}: it plays in real time, and the machine may have disturbed it`)
        result = await run(job)
      }
      sum.passed += result.passed
      sum.failed += result.failed
      sum.skipped += result.skipped
      if (result.failed) failing.push(job.file)
      show(job.file, result)
    }
  }
  for (const queue of [jobs.filter(({ serial }) => !serial), jobs.filter(({ serial, paired }) => serial && paired)])
    await Promise.all(Array.from({ length: lanes }, () => work(queue)))
  await work(jobs.filter(({ serial, paired }) => serial && !paired))
  if (failing.length > 0) console.log(`\nfailed: ${failing.join(' ')}`)
  return sum
}

const options = /** @type {const} */ ({
  list: { type: 'boolean' },
  in: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
})
/** @returns {Promise<number>} the exit code */
const main = async () => {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const folder = (values.in ?? 'test').replace(/\/$/, '')
  if (!existsSync(join(root, folder))) throw new Error(`there is no folder ${folder}: name one inside the project`)
  const jobs = find(folder, positionals)
  if (values.help) console.log(help)
  else if (values.list) for (const { file } of jobs) console.log(file)
  if (values.help || values.list) return 0
  if (jobs.length === 0) console.log('no test file matches: node scripts/test.mjs --list prints them all')
  const { passed, failed, skipped } = await runAll(jobs)
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  return failed > 0 || passed === 0 ? 1 : 0
}

const signals = /** @type {const} */ ({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })
for (const [signal, code] of Object.entries(signals)) {
  process.on(signal, () => {
    for (const group of groups) end(group)
    process.exit(code)
  })
}
process.exitCode = await main().catch(error => {
  console.error(error instanceof Error ? error.message : error)
  return 2
})
