// @ts-check
/** Runs one bundled test file for scripts/test.mjs, and tells it on file descriptor 3, line by line as JSON, what happens. */
import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** @typedef {{ test: string } | { failed: string } | { passed: number, failed: number, skipped: number, unrun: string[] } | { alive: string[] }} Told */
/** @typedef {(hook: (state: object) => unknown) => void} Hook */
/** @typedef {{ suite: (name?: string, state?: object) => { run(): void, before: Hook & { each: Hook }, after: Hook & { each: Hook } } }} Uvu */
/** @typedef {(...args: unknown[]) => Promise<[errors: string | true, passed: number, skipped: number, total: number]>} Run */

/** How long after its tests a file may take to end before it says what keeps it, in ms: less than the grace of test.mjs. */
const aliveAfter = 4_000

/** Synchronous, so that it is told even if the process aborts in the next moment. @param {Told} news */
const tell = news => writeSync(3, `${JSON.stringify(news)}\n`)

/** @type {Set<string>} */
const unrun = new Set()
/** Prints what a hook throws, since uvu swallows it. @param {Hook} hook @returns {Hook} */
const loud = hook => body =>
  hook(async state => {
    try {
      await body(state)
    } catch (error) {
      console.log('\na before or after hook failed:', error)
      throw error
    }
  })
/** Tells the name of each test as it starts, and notes suites that nobody runs. @param {Uvu['suite']} suite @param {string} [name] */
const watched = (suite, name, state = {}) => {
  let current = ''
  Object.defineProperty(state, '__test__', {
    get: () => current,
    set: value => {
      current = value
      if (value) tell({ test: name ? `${name}: ${value}` : value })
    },
  })
  const it = suite(name, state)
  it.before = Object.assign(loud(it.before), { each: it.before.each })
  it.after = Object.assign(loud(it.after), { each: loud(it.after.each) })
  if (!name) return it
  unrun.add(name)
  const run = it.run
  it.run = () => {
    unrun.delete(name)
    run()
  }
  return it
}

/** @type {Run[]} */
const runs = []
// uvu's own way to say "do not run by yourself": the suites wait in this queue.
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [runs], CHARTROOM_WATCHED: watched })

await import(pathToFileURL(process.argv[2] ?? '').href)
const sum = { passed: 0, failed: 0, skipped: 0 }
for (const run of runs) {
  try {
    const [errors, passed, skipped, total] = await run()
    sum.passed += passed
    sum.failed += total - passed
    sum.skipped += skipped
    if (errors !== true) console.log(`\n${errors}`)
  } catch {
    // An after hook threw: uvu gives no numbers then.
    sum.failed += 1
  }
}
tell({ ...sum, unrun: [...unrun] })
setTimeout(() => tell({ alive: process.getActiveResourcesInfo().filter(kind => kind !== 'PipeWrap') }), aliveAfter).unref()
