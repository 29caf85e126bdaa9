/** The files of the page, as the build made them. */
import { readdir, readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { coded } from '../errors.ts'

export type PageFile = { type: string; body: Buffer }

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** All of them, by name, in memory: what is not among them cannot be asked for. */
export const pageFiles = async (folder: URL): Promise<Map<string, PageFile>> => {
  const names: string[] = await readdir(folder).catch(() => [])
  if (!names.includes('index.html')) throw coded('ERR_PAGE', 'the page is not built: run npm run build')
  const known = names.filter(name => types[extname(name)] !== undefined)
  return new Map(
    await Promise.all(
      known.map(async (name): Promise<[string, PageFile]> => {
        const type = types[extname(name)] ?? ''
        return [name, { type, body: await readFile(new URL(name, folder)) }]
      }),
    ),
  )
}

/** What goes out with everything: nothing from elsewhere is loaded or runs, nothing is kept, nobody learns the address. */
export const headersFor = (host: string): Record<string, string> => ({
  'Content-Security-Policy': [
    "default-src 'self'",
    `connect-src 'self' ws://${host} wss://${host}`,
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'microphone=(self), camera=(), geolocation=()',
  'Cache-Control': 'no-store',
})
