// @ts-check
/** The peer that the bench compares with: installed into a folder of its own, with its own rtc-node, and no dependency of ours. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './bundle.mjs'

const wanted = { '@livekit/agents': '1.9.x', '@livekit/rtc-node': '^0.13.34', zod: '^4.1.8' }
/** Some 170 packages, 500 MB: minutes on a slow line. */
const installTimeout = 600_000

/** @param {string} folder @param {string} name */
const versionOf = async (folder, name) => {
  const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(() => '{}')
  const { version } = JSON.parse(text)
  return typeof version === 'string' ? version : undefined
}

/** Its versions; installs it into `folder` if it is not there. Rejects with one line. */
export const installPeers = async (folder = join(root, '.cache/peers')) => {
  await mkdir(folder, { recursive: true })
  const there = await versionOf(folder, '@livekit/agents')
  if (!there?.startsWith('1.9.') || !(await versionOf(folder, '@livekit/rtc-node'))) {
    await writeFile(join(folder, 'package.json'), `${JSON.stringify({ private: true, dependencies: wanted }, null, 2)}\n`)
    const args = ['install', '--no-audit', '--no-fund', '--loglevel=error']
    await promisify(execFile)('npm', args, { cwd: folder, timeout: installTimeout }).catch(error => {
      const [line] = String(error.stderr || error.message).split('\n')
      throw new Error(`@livekit/agents cannot be installed, so there is no peer to compare with: ${line}`)
    })
  }
  const [agents, sdk] = [await versionOf(folder, '@livekit/agents'), await versionOf(folder, '@livekit/rtc-node')]
  if (!agents || !sdk) throw new Error(`there is no @livekit/agents in ${folder}: delete that folder and try again`)
  return `@livekit/agents ${agents} on rtc-node ${sdk}`
}
