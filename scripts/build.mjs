// @ts-check
/** Bundles src/ into dist/: what package.json exports, and the command. `--types` adds declarations, `--quiet` speaks only of faults. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, copyFile, readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { build, formatMessages } from 'esbuild'
import { common, root } from './bundle.mjs'

const all = [
  'src/index.ts',
  'src/inspector/index.ts',
  'src/livekit/index.ts',
  'src/livekit/rtc/index.ts',
  'src/minds/livekit-agents/index.ts',
  'src/minds/openai/index.ts',
  'src/multimodal-agent.ts',
  'src/room-io.ts',
  'src/testing.ts',
  'src/cli.ts',
]
const entryPoints = all.filter(file => existsSync(join(root, file)))
const command = 'dist/cli.js'

/** The system starts the command by its first line. @type {import('esbuild').Plugin} */
const hashbang = {
  name: 'hashbang',
  setup(bundler) {
    bundler.onLoad({ filter: /\/src\/cli\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      return { contents: text.startsWith('#!') ? text : `#!/usr/bin/env node\n${text}`, loader: 'ts' }
    })
  },
}

/** `../assets` is right from a file directly in dist/ only. @param {import('esbuild').Metafile} metafile */
const checkUrls = async metafile => {
  for (const [output, { inputs }] of Object.entries(metafile.outputs)) {
    if (dirname(output) === 'dist' || output.endsWith('.map')) continue
    for (const input of Object.keys(inputs))
      if ((await readFile(join(root, input), 'utf8')).includes('import.meta.url'))
        throw new Error(`${input} ends up in ${output}, where its import.meta.url is a folder too deep: load it with import()`)
  }
}

/** Takes away what earlier builds left. @param {string[]} outputs */
const sweep = async outputs => {
  const kept = new Set(outputs)
  for (const name of await readdir(join(root, 'dist'), { recursive: true })) {
    const file = `dist/${name}`
    if (/\.js(\.map)?$/.test(file) && !file.startsWith('dist/types/') && !kept.has(file))
      await rm(join(root, file), { force: true })
  }
}

/** Bundles everything; packages stay outside, what is imported on first use becomes a file of its own. */
const bundle = async () => {
  const { metafile } = await build({
    ...common,
    entryPoints,
    outdir: 'dist',
    outbase: 'src',
    splitting: true,
    sourcemap: true,
    metafile: true,
    plugins: [hashbang],
  })
  await checkUrls(metafile)
  await sweep([...Object.keys(metafile.outputs), ...(await bundlePage())])
  if (command in metafile.outputs) await chmod(join(root, command), 0o755)
  return metafile
}

/** The page and its worklets, for browsers; nothing of it comes from elsewhere. */
const bundlePage = async () => {
  const worklets = (await readdir(join(root, 'src/page'))).filter(name => name.endsWith('.worklet.ts'))
  const { metafile } = await build({
    ...common,
    packages: 'bundle',
    platform: 'browser',
    target: 'es2022',
    entryPoints: ['src/page/main.ts', ...worklets.map(name => `src/page/${name}`)],
    outdir: 'dist/page',
    minify: true,
    metafile: true,
  })
  await copyFile(join(root, 'src/page/index.html'), join(root, 'dist/page/index.html'))
  return Object.keys(metafile.outputs)
}

/** Writes dist/types with the compiler. */
const declare = async () => {
  await rm(join(root, 'dist/types'), { recursive: true, force: true })
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const child = spawn(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  const code = await new Promise(done => child.on('close', done))
  if (code !== 0) throw new Error('the declarations could not be written: npm run types tells why')
}

const { values } = parseArgs({ options: { types: { type: 'boolean' }, quiet: { type: 'boolean' } } })
try {
  const started = performance.now()
  const missing = all.filter(file => !entryPoints.includes(file))
  if (missing.length > 0) console.log(`not there yet: ${missing.join(', ')}`)
  const { outputs } = await bundle()
  if (values.types) await declare()
  const scripts = Object.entries(outputs).filter(([file]) => file.endsWith('.js'))
  const bytes = scripts.reduce((all, [, { bytes }]) => all + bytes, 0)
  const names = scripts
    .filter(([, { entryPoint }]) => entryPoint && entryPoints.includes(entryPoint))
    .map(([file]) => (basename(dirname(file)) === 'dist' ? basename(file) : file.slice('dist/'.length)))
  if (!values.quiet)
    console.log(
      `dist/: ${names.join(', ')}, ${scripts.length} files, ${Math.round(bytes / 1000)} kB, ${Math.round(performance.now() - started)} ms`,
    )
} catch (error) {
  const messages =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors)
      ? await formatMessages(error.errors, { kind: 'error' })
      : []
  console.error(messages.join('') || (error instanceof Error ? error.message : error))
  process.exitCode = 1
}
