/** A process for what a call of a page adds: a client as a page is, the server, the loopback, and a mind that answers a click with a click. */
import { WebSocket } from 'ws'
import { frameOf } from '../../src/audio/frame.ts'
import { createHost } from '../../src/call/live-host.ts'
import { realClock, sleep } from '../../src/index.ts'
import { feedOf } from '../../src/inspector/feed.ts'
import { roomShow } from '../../src/inspector/room-show.ts'
import { serve as serveShow } from '../../src/inspector/server.ts'
import type { Watched } from '../../src/inspector/watched.ts'
import type { Mind } from '../../src/mind.ts'
import { serve } from './child.ts'

/** A piece of a page's sound, in ms and samples. */
const pieceMs = 20
const piece = 480
/** Between two clicks, in pieces. */
const restPieces = 25
const warmUps = 3

const click = () => new Int16Array(piece).fill(12_000)
const isLoud = (data: Int16Array) => data.some(sample => Math.abs(sample) > 4_000)

/** Of one click: brought by the page, heard by the mind, asked to be said, back at the page. */
type Trip = { brought: number; heard: number; back: number }
const trips: Trip[] = []
const last = () => trips.at(-1)

/** Answers what is loud at once. */
const echo: Mind = {
  start: async ({ hear, say, format }, signal) => {
    for await (const { data } of hear()) {
      const trip = last()
      if (signal.aborted) return
      if (trip?.heard !== 0 || !isLoud(data)) continue
      trip.heard = performance.now()
      say({
        audio: (async function* () {
          yield frameOf(click(), format.output)
        })(),
      })
    }
  },
}

/** A page that has begun a call. */
const opened = async () => {
  const clock = realClock()
  const host = createHost<Watched>({
    ...{ clock, callClock: () => realClock(), log: () => {}, seed: () => 1 },
    minds: { names: ['echo'], load: async () => ({ mind: echo }) },
    watch: async () => ({ options: {}, feedOf }),
  })
  const page = new URL('../../dist/page/', import.meta.url)
  const show = roomShow({ host, sends: false, draw: () => Promise.reject(new Error('nobody looks')) })
  const served = await serveShow(show, { page })
  const { origin, href } = new URL(served.url)
  const socket = new WebSocket(`${href.replace('http', 'ws')}socket`, { origin })
  await new Promise<void>((done, failed) => {
    socket.on('error', failed)
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const trip = last()
      if (!isBinary) {
        if (/"type":"call","state":"talking"/.test(data.toString())) done()
      } else if (trip && trip.heard !== 0 && trip.back === 0) {
        const samples = new Int16Array(new Uint8Array(data).buffer)
        if (isLoud(samples)) trip.back = performance.now()
      }
    })
    socket.on('open', () => socket.send(JSON.stringify({ type: 'call.start', mind: 'echo', voice: 'microphone' })))
  })
  const close = async () => {
    socket.close()
    await served.close()
  }
  return { clock, socket, close }
}

/** Brings pieces in real time: silence, and where `isClick` says so a click. */
const bring = async ({ clock, socket }: Awaited<ReturnType<typeof opened>>, pieces: number, isClick: (n: number) => boolean) => {
  const zero = performance.now()
  for (let n = 0; n < pieces; n++) {
    await sleep(clock, zero + n * pieceMs - performance.now())
    if (isClick(n)) trips.push({ brought: performance.now(), heard: 0, back: 0 })
    socket.send(isClick(n) ? click() : new Int16Array(piece))
  }
}

serve({
  /** In ms, of `count` clicks. */
  trips: async ({ count = 30 }: { count?: number }) => {
    const page = await opened()
    await bring(page, (count + warmUps) * restPieces, n => n % restPieces === 10)
    await page.close()
    const whole = trips.slice(warmUps).filter(({ back }) => back > 0)
    return {
      there: whole.map(({ brought, heard }) => heard - brought),
      back: whole.map(({ heard, back }) => back - heard),
    }
  },
  /** CPU of a call in which nobody speaks: core-seconds a second, the page's own end included. */
  idle: async ({ seconds = 5 }: { seconds?: number }) => {
    const page = await opened()
    await bring(page, 50, () => false)
    const start = process.cpuUsage()
    await bring(page, (seconds * 1000) / pieceMs, () => false)
    const { user, system } = process.cpuUsage(start)
    await page.close()
    return (user + system) / 1_000_000 / seconds
  },
})
