import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message } from '../../src/inspector/messages.ts'
import { apply, emptyScene, type Scene } from '../../src/inspector/scene.ts'

const it = suite('scene')

let seq = 0
const laid = (scenes: Scene[], message: object): void => {
  seq++
  for (const scene of scenes) apply(scene, { seq, at: seq, ...message } as Message) // each is made here, below
}
const started = (path: string) => ({ type: 'started', path, parent: 'room', machine: null, src: 'say', restarts: 0 })
const ended = (path: string) => ({ type: 'ended', path, status: 'done' })
const endsIn = ({ actors }: Scene) => Object.values(actors).flatMap(({ path, status }) => (status === 'active' ? [] : [path]))

it('remembers the last hundred that have ended, some more at times, and all who live', () => {
  const scene = emptyScene()
  for (let n = 0; n < 500; n++) {
    laid([scene], started(`room/${n}`))
    if (n % 10 === 0) continue
    laid([scene], ended(`room/${n}`))
    const over = endsIn(scene)
    assert.ok(over.length <= 120, `${over.length}`)
    const last = Array.from({ length: n + 1 }, (_, i) => `room/${i}`).filter((_, i) => i % 10 !== 0)
    assert.equal(over.slice(-100), last.slice(-100))
  }
  assert.is(Object.values(scene.actors).length - endsIn(scene).length, 50)
})

it('is the same for who begins with a copy of it, also where actors come again', () => {
  const scenes = [emptyScene()]
  for (let n = 0; n < 2_000; n++) {
    const [scene] = scenes
    if (n % 97 === 0 && scene) scenes.push(structuredClone(scene))
    const path = `room/${(n * n) % 331}`
    laid(scenes, n % 3 === 0 ? started(path) : ended(path))
    for (const other of scenes) assert.equal(Object.keys(other.actors), Object.keys(scene?.actors ?? {}))
  }
})

it.run()
