/** The packets of one segment. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Bulletin } from '../../src/outbound/bulletin.ts'
import type { Packet } from '../../src/ports.ts'
import { pending } from '../model.ts'

const it = suite('bulletin')

const turn = () => new Promise<void>(resolve => setImmediate(resolve))
const never = () => new AbortController().signal

/** Packets that are on their way until `land` is called, and all that can be seen of them. */
const scene = () => {
  const sent: Packet[] = []
  const codes: string[] = []
  const signals: AbortSignal[] = []
  let way = pending<void>()
  const world = { wanted: true, track: 'TR_1' as string | undefined, flying: 0, most: 0, text: '' }
  const bulletin = new Bulletin(
    { id: 'SG_1', identity: 'ann', text: () => world.text },
    {
      packets: {
        send: async (packet, signal) => {
          sent.push(packet)
          signals.push(signal)
          world.most = Math.max(world.most, ++world.flying)
          way = pending()
          await way.promise.finally(() => world.flying--)
        },
      },
      wanted: () => world.wanted,
      senderOf: identity => (world.track === undefined ? undefined : { identity, track: world.track }),
      log: (_, code) => codes.push(code),
    },
  )
  const offer = async (text: string) => {
    world.text = text
    bulletin.offer()
    await turn()
  }
  const land = async (error?: Error) => {
    await turn()
    if (error) way.reject(error)
    else way.resolve()
    await turn()
  }
  const gist = () => sent.map(({ text, final }) => (final ? `${text} final` : text))
  return { bulletin, world, sent, codes, signals, offer, land, gist }
}

it('has one packet under way at most, and the next has the newest text (TXT-12)', async () => {
  const { offer, land, gist, world, sent } = scene()
  for (const text of ['a', 'a b', 'a b c', 'a b c d']) await offer(text)
  assert.equal(gist(), ['a'])
  await land()
  assert.equal(gist(), ['a', 'a b c d'])
  await land()
  assert.equal(gist(), ['a', 'a b c d'], 'there is nothing new')
  assert.is(world.most, 1)
  assert.equal(sent[0], { identity: 'ann', track: 'TR_1', id: 'SG_1', text: 'a', final: false })
})

it('sends the final after what is under way, with the whole text, and nothing behind it (TXT-5, TXT-10)', async () => {
  const { bulletin, offer, land, gist, world } = scene()
  await offer('a')
  await offer('a b')
  const done = bulletin.finish(never())
  await land()
  assert.equal(gist(), ['a', 'a b final'])
  await land()
  await done
  assert.is(world.most, 1)
})

it('finishes with a packet what it began with packets, though nobody needs them any more (TXT-10)', async () => {
  const { bulletin, offer, land, gist, world } = scene()
  await offer('a')
  await land()
  world.wanted = false
  await offer('a b')
  const done = bulletin.finish(never())
  await land()
  await done
  assert.equal(gist(), ['a', 'a b final'])
})

it('sends nothing that nobody needs, and all from the moment somebody does (TXT-10)', async () => {
  const { bulletin, offer, land, gist, world } = scene()
  world.wanted = false
  await offer('a')
  assert.equal(gist(), [])
  world.wanted = true
  await offer('a b')
  assert.equal(gist(), ['a b'])
  const done = bulletin.finish(never())
  await land()
  await land()
  await done
  const none = scene()
  none.world.wanted = false
  await none.offer('a')
  await none.bulletin.finish(never())
  assert.equal(none.gist(), [])
})

it('waits for a track, and keeps the one it had (TXT-9, TXT-10)', async () => {
  const { bulletin, offer, land, sent, world } = scene()
  await offer('a')
  await land()
  world.track = undefined // gone
  const done = bulletin.finish(never())
  await land()
  await done
  assert.equal(
    sent.map(({ track }) => track),
    ['TR_1', 'TR_1'],
  )
  const gone = scene()
  gone.world.track = undefined // before the first packet
  await gone.offer('a')
  assert.is(gone.sent[0]?.track, 'TR_1')
  const codes: string[] = []
  let track: string | undefined
  const late: Packet[] = []
  const hands = { wanted: () => true, log: (_: string, code: string) => void codes.push(code) }
  const other = new Bulletin(
    { id: 'SG_2', identity: 'ann', text: () => 'b' },
    {
      ...hands,
      packets: { send: async packet => void late.push(packet) },
      senderOf: identity => (track === undefined ? undefined : { identity, track }),
    },
  )
  other.offer()
  await turn()
  assert.equal([late, codes], [[], []])
  track = 'TR_2'
  other.offer()
  await turn()
  assert.equal(
    late.map(packet => packet.track),
    ['TR_2'],
  )
})

it('goes on after a packet that failed, and says so once; only a final that fails is the business of others', async () => {
  const { bulletin, offer, land, gist, codes } = scene()
  await offer('a')
  await land(new Error('too long'))
  await offer('a b')
  await offer('a b c')
  await land(new Error('too long'))
  assert.equal(gist(), ['a', 'a b', 'a b c'])
  assert.equal(codes, ['transcript.packet.failed'])
  await land()
  const done = bulletin.finish(never()).then(
    () => 'sent',
    (error: Error) => error.message,
  )
  await turn()
  await land(new Error('too long'))
  assert.is(await done, 'too long')
  const again = bulletin.finish(never())
  await turn()
  await land()
  await again
  assert.equal(gist().slice(-2), ['a b c final', 'a b c final'])
})

it('gives up what is under way when its segment is over', async () => {
  const { bulletin, offer, signals, codes, land, gist } = scene()
  await offer('a')
  await offer('a b')
  bulletin.close()
  assert.ok(signals[0]?.aborted)
  await land(new Error('the segment is over'))
  assert.equal([gist(), codes], [['a'], []])
})

it.run()
