// @ts-check
/** Runs an example as the mind of a call: `npm run example -- parrot`, or `npm run example -- parrot join --dev --room demo`. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { common, root } from './bundle.mjs'

const names = readdirSync(join(root, 'examples')).flatMap(file => (file.endsWith('.ts') ? [file.slice(0, -3)] : []))
const help = `Usage: npm run example -- NAME [call | join] [options]

Bundles examples/NAME.ts and lets it answer, as "chartroom call" or "chartroom join" does with any mind.
NAME is one of ${names.join(', ')}. With booking: OPENAI_API_KEY=… and --realtime.
examples/*.mjs are programs of their own: each says at its top how it is started.`

/** @param {string} name @param {string[]} args */
const run = async (name, args) => {
  const outfile = join(root, `.cache/examples/${name}.mjs`)
  await build({ ...common, entryPoints: [`examples/${name}.ts`], outfile, sourcemap: 'inline' })
  const [command = 'call', ...rest] = args[0] === 'join' || args[0] === 'call' ? args : ['call', ...args]
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), command, ...rest, '--mind', outfile], { stdio: 'inherit' })
  process.on('SIGINT', () => {}) // the call ends in order, and then so do we
  return new Promise(done => child.on('close', done))
}

const [name = '', ...args] = process.argv.slice(2)
if (names.includes(name)) process.exitCode = (await run(name, args)) ?? 1
else {
  console.error(help)
  process.exitCode = 2
}
