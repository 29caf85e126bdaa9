/** The end of the SDK in this process, while a room is being entered: nobody of ours stays behind in it. */
import * as assert from 'uvu/assert'
import { codeOf } from '../../../src/errors.ts'
import { dispose, Room } from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import { suiteOnServer } from './stage.ts'

const it = await suiteOnServer('rtc shutdown')

it('takes back what is being entered, before the native layer goes (law 5, law 4)', async stage => {
  const room = new Room()
  const entering = room.connect(stage.server.url, await stage.token('bob')).then(
    () => undefined,
    (error: unknown) => codeOf(error),
  )
  await new Promise(resolve => setImmediate(resolve)) // it is asked for
  await within('all is given back', dispose())
  assert.is(await entering, 'ERR_CONNECT')
  const people = await stage.api.listParticipants(stage.name)
  assert.equal(
    people.map(({ identity }) => identity),
    [],
  )
  assert.is(await room.connect(stage.server.url, 't').catch(codeOf), 'ERR_DISPOSED')
})

it.run()
