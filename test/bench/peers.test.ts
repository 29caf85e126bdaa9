/** The peer of the bench: where it cannot be had, one line says so. */
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const folder = resolve(`.cache/peers-${process.pid}`)
/** What becomes of it in a process without a network. */
const install = () =>
  new Promise<{ code: number; said: string }>(done => {
    const script = `import { installPeers } from './scripts/peers.mjs'
      installPeers(process.argv[1]).then(console.log, error => { console.log(error.message); process.exitCode = 1 })`
    const env = { ...process.env, npm_config_offline: 'true', npm_config_cache: join(folder, 'nothing') }
    execFile(process.execPath, ['--input-type=module', '-e', script, folder], { env }, (error, said) =>
      done({ code: error ? 1 : 0, said }),
    )
  })

const it = suite('bench peers')
it.before.each(() => void mkdirSync(folder, { recursive: true }))
it.after.each(() => rmSync(folder, { recursive: true, force: true }))

it('says in one line that it cannot be installed', async () => {
  const { code, said } = await install()
  assert.is(code, 1)
  assert.match(said, /^@livekit\/agents cannot be installed, so there is no peer to compare with: .+\n$/)
})

it('takes what is there, and installs nothing', async () => {
  for (const [name, version] of Object.entries({ '@livekit/agents': '1.9.7', '@livekit/rtc-node': '0.13.35' })) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true })
    writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }))
  }
  assert.equal(await install(), { code: 0, said: '@livekit/agents 1.9.7 on rtc-node 0.13.35\n' })
})

it.run()
