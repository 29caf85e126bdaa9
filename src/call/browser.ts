/** The person's browser, where there is one. */
import { spawn } from 'node:child_process'

type Env = Record<string, string | undefined>

/** What opens an address on this system; undefined where nobody would see it. */
export const openerOn = (platform: string, env: Env): [program: string, ...args: string[]] | undefined => {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler']
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined
}

/** Opens the address, if it can: whoever runs this has it printed as well. */
export const openBrowser = (url: string): void => {
  const [program, ...args] = openerOn(process.platform, process.env) ?? []
  if (program === undefined) return
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {}) // there is none: the address is printed
  child.unref()
}
