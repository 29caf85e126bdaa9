/** The build makes what package.json promises: bundles that run, a command, and types that a consumer's compiler finds. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = `.cache/build-${process.pid}`
const write = (file: string, text: string) => {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), text)
}
const node = (cwd: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: join(folder, cwd), encoding: 'utf8' })
  return { status, output: stdout + stderr }
}
const tsc = resolve('node_modules/typescript/bin/tsc')

const it = suite('build')
it.before(() => {
  for (const file of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs', 'scripts/bundle.mjs'])
    cpSync(file, join(folder, file))
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
  write(
    'src/tone.ts',
    `export const tone = (hertz: number) => new URL('../assets/' + hertz + '.ogg', import.meta.url).pathname\n`,
  )
  write(
    'src/index.ts',
    "import { setup } from 'xstate'\nexport const machine = setup({}).createMachine({ id: 'tiny' })\nexport const tone = async (hertz: number) => (await import('./tone.ts')).tone(hertz)\n",
  )
  write('src/livekit/index.ts', "export { machine } from '../index.ts'\n")
  write('src/livekit/rtc/index.ts', "export { machine } from '../../index.ts'\n")
  write('src/room-io.ts', "export { machine } from './index.ts'\n")
  write('src/multimodal-agent.ts', "export { machine } from './index.ts'\n")
  write('src/minds/livekit-agents/index.ts', "export { machine } from '../../index.ts'\n")
  write('src/minds/openai/index.ts', "export { machine } from '../../index.ts'\n")
  write('src/inspector/index.ts', "export { machine } from '../index.ts'\n")
  write('src/page/main.ts', "import './main.css'\nconsole.log('a page')\n")
  write('src/page/main.css', 'p { color: red }\n')
  write('src/page/noise.worklet.ts', "console.log('in the audio thread')\n")
  write('src/page/index.html', '<!doctype html>\n')
  write('src/testing.ts', 'export type Fake = { fake: true }\nexport const fake: Fake = { fake: true }\n')
  write('src/cli.ts', "import { tone } from './index.ts'\nconsole.log(await tone(440))\n")
  write('dist/old-ABC.js', 'left by an earlier build\n')
})
it.after(() => rmSync(folder, { recursive: true, force: true }))

it('bundles what package.json names, and sweeps what earlier builds left', () => {
  const { status, output } = node('.', 'scripts/build.mjs')
  const entries =
    'cli index inspector/index livekit/index livekit/rtc/index minds/livekit-agents/index minds/openai/index multimodal-agent room-io testing'
  const names = entries.split(' ').map(name => `${name}.js`)
  const [, said = ''] = /^dist\/: (.*), \d+ files/.exec(output) ?? []
  assert.equal(said.split(', ').sort(), names, output)
  assert.match(output, /, \d+ files, \d+ kB, \d+ ms\n$/)
  assert.is(status, 0)
  assert.not(existsSync(join(folder, 'dist/old-ABC.js')))
  assert.ok(existsSync(join(folder, 'dist/index.js.map')))
  assert.ok(
    readdirSync(join(folder, 'dist')).some(name => /^tone-\w+\.js$/.test(name)),
    'what loads on first use is a file of its own',
  )
  assert.equal(readdirSync(join(folder, 'dist/page')).sort(), ['index.html', 'main.css', 'main.js', 'noise.worklet.js'])
})

it('makes a command that starts by itself and finds its assets', () => {
  const command = join(folder, 'dist/cli.js')
  assert.match(readFileSync(command, 'utf8'), /^#!\/usr\/bin\/env node\n/)
  assert.is(statSync(command).mode & 0o777, 0o755)
  assert.is(spawnSync(resolve(command), { encoding: 'utf8' }).stdout, `${resolve(folder, 'assets/440.ogg')}\n`)
})

it('writes types for a consumer, on demand', () => {
  assert.is(node('.', 'scripts/build.mjs', '--types', '--quiet').output, '')
  write('user/package.json', '{ "type": "module" }')
  const options = { module: 'nodenext', moduleResolution: 'nodenext', strict: true, noEmit: true, target: 'es2023', types: [] }
  write('user/tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['good.ts', 'bad.ts'] }))
  write(
    'user/good.ts',
    "import { tone } from 'chartroom'\nimport { machine } from 'chartroom/livekit'\nimport { machine as same } from 'chartroom/rtc'\nimport { type Fake, fake } from 'chartroom/testing'\nexport const all: [string, string, string, Fake] = [await tone(1), machine.id, same.id, fake]\n",
  )
  write('user/bad.ts', "import { tone } from 'chartroom'\nexport const wrong: number = await tone(1)\n")
  mkdirSync(join(folder, 'user/node_modules'))
  symlinkSync(resolve(folder), join(folder, 'user/node_modules/chartroom'))
  const { output } = node('user', tsc, '-p', '.')
  assert.is(output, "bad.ts(2,14): error TS2322: Type 'string' is not assignable to type 'number'.\n")
})

it('says in one line what is wrong, and fails', () => {
  write('src/livekit/index.ts', 'export const here = import.meta.url\n')
  const deep = node('.', 'scripts/build.mjs')
  assert.is(
    deep.output,
    'src/livekit/index.ts ends up in dist/livekit/index.js, where its import.meta.url is a folder too deep: load it with import()\n',
  )
  assert.is(deep.status, 1)
  write('src/livekit/index.ts', "export * from './nowhere.ts'\n")
  const lost = node('.', 'scripts/build.mjs', '--quiet')
  assert.match(lost.output, 'Could not resolve "./nowhere.ts"')
  assert.is(lost.status, 1)
  assert.ok(readdirSync(join(folder, 'dist')).includes('index.js'), 'what was there stays')
})

it.run()
