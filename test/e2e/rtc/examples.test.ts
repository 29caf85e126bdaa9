// deadline: 120 s
// beside: another
/** The examples of the RTC surface as programs of their own, in a real room. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import * as assert from 'uvu/assert'
import { AudioStream } from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import { suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc examples')

/** Bundled beside our packages, as if the package were built. */
const bundled = async (name: string): Promise<string> => {
  const outfile = resolve(`.cache/examples/${name}-${process.pid}.mjs`)
  const alias = { 'chartroom/rtc': resolve('src/livekit/rtc/index.ts'), 'chartroom/livekit': resolve('src/livekit/index.ts') }
  const how = {
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'silent',
  } as const
  await build({ entryPoints: [`examples/${name}.mjs`], outfile, alias, ...how })
  return outfile
}

it('rtc-mixer mixes who speaks, sends the recording as a file to who asks for it, and ends on Ctrl-C', async stage => {
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    LIVEKIT_API_KEY: stage.server.apiKey,
    LIVEKIT_API_SECRET: stage.server.apiSecret,
  }
  const program = await bundled('rtc-mixer')
  const child = spawn(process.execPath, [program, stage.server.url, stage.name], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  stage.ends('the example', async () => {
    child.kill('SIGKILL')
    await ended
  })
  const [ann, bob] = await stage.pair()
  await ann.meets('mixer')
  await hum(stage, bob)

  // What it publishes is the mix: it is not silent.
  const { track } = await ann.sees('trackSubscribed', ({ participant }) => participant.identity === 'mixer')
  const loudest = async () => {
    for await (const { data } of AudioStream.fromTrack({ track })) if (data.some(sample => Math.abs(sample) > 5_000)) return true
    return false
  }
  assert.ok(await within('the mix is heard', loudest(), 20_000))

  const files: { name: string; type: string; bytes: Buffer }[] = []
  ann.room.registerByteStreamHandler('recordings', async reader => {
    const bytes = Buffer.concat(await reader.readAll())
    files.push({ name: reader.info.name, type: reader.info.mimeType, bytes })
    ann.watch.look()
  })
  const call = { destinationIdentity: 'mixer', method: 'recording', payload: '1', responseTimeoutMs: 10_000 }
  const { seconds } = JSON.parse(await within('the answer', ann.local.performRpc(call)))
  const file = await ann.until('the file is there', () => files[0])
  assert.equal(
    [file.type, file.bytes.toString('latin1', 0, 4), file.bytes.length],
    ['audio/wav', 'RIFF', 44 + 2 * Math.round(48_000 * seconds)],
  )
  assert.match(file.name, /^mix-\d+\.wav$/)

  child.kill('SIGINT')
  const [code] = await within('it ends', ended, 10_000)
  assert.is(code, 0)
})

it.run()
