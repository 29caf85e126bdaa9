/** The door to rtc-node's native client, with a client that only notes what it is asked. */
import { VideoBufferType } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inI420 } from '../../src/livekit/native.ts'

const it = suite('livekit native')

class Client {
  readonly asked: unknown[] = []
  request(message: unknown) {
    this.asked.push(message)
    return this.asked.length
  }
}
const withClient = (test: (client: Client) => void) => () => {
  const before = Reflect.get(globalThis, '_ffiClientInstance')
  const client = new Client()
  Reflect.set(globalThis, '_ffiClientInstance', client)
  try {
    test(client)
  } finally {
    Reflect.set(globalThis, '_ffiClientInstance', before)
  }
}

it(
  'asks for I420 where a video stream is asked for, and for nothing else (law 11)',
  withClient(client => {
    const made = inI420(() => {
      client.request({ message: { case: 'connect', value: {} } })
      return client.request({ message: { case: 'newVideoStream', value: { trackHandle: 7n } } })
    })
    assert.is(made, 2)
    assert.equal(client.asked, [
      { message: { case: 'connect', value: {} } },
      { message: { case: 'newVideoStream', value: { trackHandle: 7n, format: VideoBufferType.I420 } } },
    ])
  }),
)

it(
  'leaves the client as it was, also when the stream cannot be made',
  withClient(client => {
    const fail = () =>
      inI420(() => {
        throw new Error('no such track')
      })
    assert.throws(fail, 'no such track')
    assert.equal(Object.keys(client), ['asked'])
    client.request({ message: { case: 'newVideoStream', value: {} } })
    assert.equal(client.asked, [{ message: { case: 'newVideoStream', value: {} } }])
  }),
)

it('makes it as it is where there is no client', () => {
  assert.is(
    inI420(() => 1),
    1,
  )
})

it.run()
