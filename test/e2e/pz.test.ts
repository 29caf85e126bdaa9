import { runsOf } from './ear.ts'
import { framesOf, suiteOnServer } from './stage.ts'
import { sweep } from './sweep.ts'
import { pass, within } from './watch.ts'

const it = await suiteOnServer('pz')
for (let k = 0; k < 12; k++)
  it('pauses', async stage => {
    const agent = await stage.agent()
    const caller = await stage.caller()
    await agent.find('linked')
    const utterance = agent.room.say({ audio: framesOf(sweep(3000, 24_000)) })
    await caller.ear.sound()
    const silences: number[] = []
    const heard: number[] = []
    for (let n = 0; n < 3; n++) {
      await pass(600 + Math.random() * 200)
      const pausedAt = performance.now()
      agent.room.pause()
      heard.push(Math.round(utterance.heard / 24))
      silences.push((await caller.ear.silence()) - pausedAt)
      const resumedAt = performance.now()
      agent.room.resume()
      await caller.ear.sound(resumedAt)
    }
    const played = await within('it is heard to its end', utterance.played)
    await pass(300)
    await caller.ear.silence()
    const runs = runsOf(caller.ear.places())
    const lost = runs.slice(1).map(({ from }, n) => from - (runs[n]?.to ?? 0))
    console.log(
      played.outcome,
      'silences',
      silences.map(Math.round).join(' '),
      'lost',
      lost.map(Math.round).join(' '),
      agent.logged.map(l => l.code),
    )
    console.log(heard.join(' '), runs.map(r => Math.round(r.to)).join(' '))
  })
it.run()
