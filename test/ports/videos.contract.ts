/** What every `Videos` does: whole pictures, only the newest of which waits, and watchings that end. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { VideoFrame } from '../../src/video/frame.ts'
import { type Camera, enter, type Facts, type Person, type Rig, type RigMaker, withRig } from './rig.ts'

/** A width that decoders do not have: they pad their rows to a multiple of 16 or more. Encoders want one of 8. */
const size = { width: 168, height: 96 }
const never = () => new AbortController().signal

/** An I420 picture whose left half has the first brightness and whose right half the second, in grey. */
const picture = (left: number, right = left): VideoFrame => {
  const { width, height } = size
  const data = new Uint8Array((width * height * 3) / 2).fill(128)
  for (let n = 0; n < width * height; n++) data[n] = n % width < width / 2 ? left : right
  return { data, ...size, type: 'i420', rotation: 0, timestampUs: 0 }
}
const meanOf = (bytes: number[]) => bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length
/** How bright the halves of a picture are, a little away from their edges. */
const halves = ({ data, width, height }: VideoFrame): [left: number, right: number] => {
  const rows = [...Array(height - 8).keys()].map(row => (row + 4) * width)
  const columns = [...Array(60).keys()]
  const of = (from: number) => meanOf(rows.flatMap(row => columns.map(column => data[row + from + column] ?? 0)))
  return [of(8), of(width / 2 + 8)]
}

type Scene = { ann: Person; camera: Camera; key: string; facts: Facts }
/** Ann is here with a camera, and we have it. A rig whose people have none skips what follows. */
const scene = async (rig: Rig): Promise<Scene | undefined> => {
  const facts = await enter(rig)
  const ann = await rig.person('ann')
  await ann.join()
  const camera = await ann.publishVideo?.(size)
  if (!camera) return undefined
  const { track } = await facts.find('track.subscribed')
  return { ann, camera, key: track.key ?? '', facts }
}
/** Watches in the background; `over` resolves when the pictures have ended. */
const gather = (frames: AsyncIterable<VideoFrame>) => {
  const seen: VideoFrame[] = []
  const over = (async () => {
    for await (const frame of frames) seen.push(frame)
  })()
  return { seen, over }
}
/** Shows a picture again and again until `is()`. */
const showUntil = async (rig: Rig, camera: Camera, frame: VideoFrame, is: () => boolean) => {
  for (let n = 0; !is(); n++) {
    if (n > 200) throw new Error('the picture was not seen within 10 s')
    await camera.show(frame)
    await rig.pass(50)
  }
}

export const videosContract = (name: string, open: RigMaker) => {
  const it = suite(`videos on ${name}`)
  const with_ = (test: (scene: Scene, rig: Rig) => Promise<void>) =>
    withRig(open, async rig => {
      const set = await scene(rig)
      if (set) await test(set, rig)
    })

  it(
    'says of a track that it is a camera (CAM-1)',
    with_(async ({ camera, facts }) => {
      const { track } = await facts.find('track.subscribed')
      assert.equal([track.sid, track.source], [camera.sid, 'camera'])
    }),
  )

  it(
    'gives whole pictures with packed rows, whatever their width',
    with_(async ({ camera, key }, rig) => {
      const { seen } = gather(rig.world.videos.watch(key, never()))
      const last = () => seen.at(-1) ?? picture(0)
      const isRight = () => halves(last())[0] > 180 && halves(last())[1] < 80
      await showUntil(rig, camera, picture(200, 60), isRight)
      const { data, width, height, type, rotation } = last()
      assert.equal([width, height, type, rotation], [168, 96, 'i420', 0])
      assert.is(data.length, (168 * 96 * 3) / 2)
    }),
  )

  it(
    'keeps only the newest picture for who does not ask (CAM-2)',
    with_(async ({ camera, key }, rig) => {
      const watching = rig.world.videos.watch(key, never())[Symbol.asyncIterator]()
      let begun = false
      const first = watching.next().then(() => {
        begun = true
      })
      await showUntil(rig, camera, picture(60), () => begun)
      await first
      for (let n = 0; n < 20; n++) {
        await camera.show(picture(n < 8 ? 60 : 200))
        await rig.pass(50)
      }
      const { value } = await rig.until(watching.next())
      assert.ok(halves(value ?? picture(0))[0] > 180, 'an old picture')
      let more = false
      void watching.next().then(() => {
        more = true
      })
      await rig.pass(20)
      assert.not.ok(more && rig.slackMs === 0, 'two pictures have waited')
      await watching.return?.()
    }),
  )

  it(
    'ends with the track',
    with_(async ({ camera, key }, rig) => {
      const { seen, over } = gather(rig.world.videos.watch(key, never()))
      await showUntil(rig, camera, picture(100), () => seen.length > 0)
      await camera.unpublish()
      await rig.until(over)
    }),
  )

  it(
    'ends at once when its signal aborts or return() is called, also while a picture is waited for',
    with_(async ({ key }, rig) => {
      const enough = new AbortController()
      const { over } = gather(rig.world.videos.watch(key, enough.signal))
      await rig.pass(50)
      enough.abort()
      await rig.until(over, 200)
      const iterator = rig.world.videos.watch(key, never())[Symbol.asyncIterator]()
      const waiting = iterator.next().then(step => (step.done ? step : iterator.next()))
      await rig.pass(50)
      void iterator.return?.()
      assert.is((await rig.until(waiting, 500)).done, true)
    }),
  )

  it(
    'ends at once for a key that names no track, or one that has only sound; and so does the ear for a camera',
    with_(async ({ ann, key, facts }, rig) => {
      await ann.publish()
      const { track } = await facts.find('track.subscribed', event => event.track.source === 'microphone')
      for (const other of ['nothing', track.key ?? '']) {
        const { seen, over } = gather(rig.world.videos.watch(other, never()))
        await rig.until(over, 500)
        assert.is(seen.length, 0)
      }
      const frames = rig.world.tracks.listen(key, { sampleRate: 24_000, channels: 1 }, never())[Symbol.asyncIterator]()
      assert.is((await rig.until(frames.next(), 500)).done, true)
    }),
  )

  it(
    'ends all watching when the room is left, and holds nothing (ROOM-13)',
    with_(async ({ camera, key }, rig) => {
      const { seen, over } = gather(rig.world.videos.watch(key, never()))
      await showUntil(rig, camera, picture(100), () => seen.length > 0)
      await rig.until(rig.world.room.leave())
      await rig.until(over)
      assert.not.ok(Object.values(rig.held()).some(Boolean), JSON.stringify(rig.held()))
    }),
  )
  return it
}
