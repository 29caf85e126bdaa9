/** A recording at the socket: its log, as pages ask for it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Filter } from '../../src/inspector/find.ts'
import type { Found, FromServer, Listed } from '../../src/inspector/scene.ts'
import { tapeShow } from '../../src/inspector/tape-show.ts'
import { openRecording } from '../../src/recording/read.ts'
import { recordingOf } from '../recording/tapes.ts'
import { chart, feedOf, Looker, liveOf, type Place, placeOf } from './place.ts'

const it = suite('recording at the socket')
const places: Place[] = []
let folder = ''
it.before(async () => {
  folder = await recordingOf(await mkdtemp(join(tmpdir(), 'chartroom-tape-')), 600_000)
})
it.after.each(async () => {
  for (const place of places.splice(0)) await place.end()
})
it.after(() => rm(folder, { recursive: true, force: true }))
const looking = async (): Promise<Looker> => {
  const place = await placeOf(tapeShow(await openRecording(folder), async () => chart))
  places.push(place)
  const looker = new Looker(place)
  await looker.until(({ type }) => type === 'hello')
  return looker
}
const filter: Filter = { actor: '', hidden: [], name: '', noise: false }
const isListed = (message: FromServer): message is Listed => message.type === 'listed'
const isFound = (message: FromServer): message is Found => message.type === 'found'

it('lists rows and finds them', async () => {
  const looker = await looking()
  looker.ask({ type: 'list', id: 1, filter, seq: 9_000, count: 40 })
  const listed = await looker.until(isListed)
  assert.is(listed.id, 1)
  assert.is(listed.rows.length, 40)
  assert.ok((listed.rows[listed.place - listed.from]?.[0]?.seq ?? 0) <= 9_000)
  looker.ask({ type: 'find', id: 2, filter, text: 'speaking', seq: 9_000, way: 'next' })
  const { id, count, nth, row } = await looker.until(isFound)
  assert.equal([id, count], [2, 75])
  assert.ok(nth > 30 && (row[0]?.seq ?? 0) > 9_000)
})

it('answers the newest search and the newest filter, and moments meanwhile', async () => {
  const looker = await looking()
  for (let n = 1; n <= 20; n++) {
    looker.ask({ type: 'find', id: n, filter, text: n === 20 ? 'speaking' : `word ${n}`, seq: 1, way: 'next' })
    looker.ask({
      type: 'list',
      id: 100 + n,
      filter: { ...filter, name: n === 20 ? 'agent.changed' : `name ${n}` },
      seq: 1,
      count: 10,
    })
  }
  looker.ask({ type: 'seek', id: 50, at: 300_000 })
  await looker.until(({ type }) => type === 'moment')
  await looker.until(message => isFound(message) && message.id === 20)
  const listed = await looker.until((message): message is Listed => isListed(message) && message.id === 120)
  assert.is(listed.total, 150)
  assert.ok(looker.told.filter(isFound).length < 5, 'what nobody waits for is not looked for')
  assert.not.ok(looker.told.some(({ type }) => type === 'refused'))
})

it('refuses what is no question, and says that a room that is live has no more than the page', async () => {
  const looker = await looking()
  looker.socket.send(JSON.stringify({ type: 'find', id: 1, filter: { actor: '' }, text: 'x', seq: 1, way: 'next' }))
  await looker.until(({ type }) => type === 'refused')
  looker.ask({ type: 'find', id: 1, filter, text: 'x '.repeat(251), seq: 1, way: 'next' })
  await looker.until(() => looker.told.filter(({ type }) => type === 'refused').length === 2)
  const place = await liveOf({ feed: feedOf().feed })
  places.push(place)
  const other = new Looker(place)
  await other.until(({ type }) => type === 'snapshot')
  other.ask({ type: 'list', id: 1, filter, seq: 1, count: 10 })
  assert.match(JSON.stringify(await other.until(({ type }) => type === 'refused')), 'this room is live')
})

it('lets go of a page that leaves in the middle of a search', async () => {
  const looker = await looking()
  looker.ask({ type: 'list', id: 1, filter, seq: 1, count: 10 })
  looker.ask({ type: 'find', id: 2, filter, text: 'speaking', seq: 1, way: 'next' })
  await looker.leave()
})

it.run()
