/** elk in a thread of its own: a big machine takes it seconds, in which a call must go on. */
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { ElkNode } from 'elkjs'
import { coded } from '../errors.ts'

/** `layout` rejects where elk cannot do it, or not in time. */
export type Elk = { layout(graph: ElkNode): Promise<ElkNode>; close(): Promise<unknown> }
type Answer = { laid: ElkNode } | { fault: string }
type Waiting = { resolve(laid: ElkNode): void; reject(error: Error): void }

/** What runs there: one graph in, one answer out, in order. */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const Elk = require(workerData)
const elk = new Elk()
parentPort.on('message', async graph => {
  try {
    parentPort.postMessage({ laid: await elk.layout(graph) })
  } catch (error) {
    parentPort.postMessage({ fault: String(error) })
  }
})
`

/** So long may one drawing take, in ms; then the thread is ended, whatever it does. */
const longest = 60_000

export const openElk = (): Elk => {
  const path = createRequire(import.meta.url).resolve('elkjs')
  const worker = new Worker(program, { eval: true, workerData: path })
  const waiting: Waiting[] = []
  let over: Error | undefined
  const end = (message: string) => {
    over ??= coded('ERR_CHART', message)
    for (const { reject } of waiting.splice(0)) reject(over)
    return worker.terminate()
  }
  worker.on('message', (answer: Answer) => {
    const one = waiting.shift()
    if ('laid' in answer) one?.resolve(answer.laid)
    else one?.reject(coded('ERR_CHART', `elk cannot draw it: ${answer.fault}`))
  })
  worker.on('error', error => void end(`elk cannot draw it: ${error.message}`))
  return {
    layout: graph =>
      new Promise((resolve, reject) => {
        if (over) return reject(over)
        const one = { resolve, reject }
        waiting.push(one)
        worker.postMessage(graph)
        AbortSignal.timeout(longest).addEventListener('abort', () => {
          if (waiting.includes(one)) void end(`the machine is too big to be drawn within ${longest / 1000} s`)
        })
      }),
    close: () => end('no drawing any more'),
  }
}
