// @ts-check
/** How this project bundles: one place for what the build, the tests and the drawings share. */
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The folder of the project. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** ES modules for Node 20; packages stay outside (WASM and native ones do not survive bundling). */
export const common = /** @satisfies {import('esbuild').BuildOptions} */ ({
  absWorkingDir: root,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'silent',
})

/**
 * For bundles that are not in dist/, with `define: ownUrl`: `import.meta.url` is what the code would find if it were built, a file
 * in dist/; in a test and in a script it is the file itself.
 * @type {import('esbuild').Plugin}
 */
export const ownUrls = {
  name: 'own-urls',
  setup(bundler) {
    bundler.onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      if (!text.includes('import.meta.url')) return undefined
      const place = path.startsWith(join(root, 'src')) ? join(root, 'dist', `${basename(path, '.ts')}.js`) : path
      const url = JSON.stringify(pathToFileURL(place).href)
      // On the first line, so that the lines of the file stay the same.
      const contents = text.replace(/^(#!.*\n)?/, `$1const ownUrl = ${url}; `)
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' }
    })
  },
}
/** What `import.meta.url` becomes in the files that `ownUrls` has prepared. */
export const ownUrl = { 'import.meta.url': 'ownUrl' }

/** A thin layer over uvu, through which test-child.mjs learns the names of the tests. @type {import('esbuild').Plugin} */
export const watchedUvu = {
  name: 'watched-uvu',
  setup(bundler) {
    bundler.onResolve({ filter: /^uvu$/ }, ({ namespace }) =>
      namespace === 'watched' ? { path: 'uvu', external: true } : { path: 'uvu', namespace: 'watched' },
    )
    bundler.onLoad({ filter: /.*/, namespace: 'watched' }, () => ({
      contents: `import { suite as plain } from 'uvu'
        const watched = globalThis.CHARTROOM_WATCHED
        export const suite = (name, state) => watched ? watched(plain, name, state) : plain(name, state)
        export const test = suite()
        export { exec } from 'uvu'`,
    }))
  },
}
