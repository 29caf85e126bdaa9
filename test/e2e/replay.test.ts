// deadline: 120 s
/** A call on a real server, recorded in real time, and played again with no server at all. */
import * as assert from 'uvu/assert'
import { replay, replayText } from '../../src/replay/replay.ts'
import { recorded } from '../replay/recording.ts'
import { framesOf, suiteOnServer } from './stage.ts'
import { sweep } from './sweep.ts'
import { pass, within } from './watch.ts'

const it = await suiteOnServer('e2e replay')

async function* words(...pieces: string[]) {
  yield* pieces
}

it('is the same again: a caller who talks, a voice that pauses and is cut, words, an attribute (law 9)', async stage => {
  const result = await recorded(async recorder => {
    const agent = await stage.agent({ recorder })
    const caller = await stage.caller()
    void agent.listen()
    await caller.publish()
    await agent.hears('caller')
    const { played } = agent.room.say({ audio: framesOf(sweep(1_200, 24_000)), text: words('It goes ', 'up and ', 'up.') })
    await pass(500)
    agent.room.pause()
    await pass(300)
    agent.room.resume()
    await within('it is heard', played, 10_000)
    agent.room.say({ audio: framesOf(sweep(3_000, 24_000)), text: words('And ', 'again ', 'and ', 'again.') })
    await pass(700)
    agent.room.interrupt()
    agent.room.show('That is all.')
    await pass(300)
    await agent.room.close()
  }, replay)
  assert.ok(result.same, replayText(result))
  assert.ok(result.inputs > 200 && result.events > 150, replayText(result))
})

it.run()
