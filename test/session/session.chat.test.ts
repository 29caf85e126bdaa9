/** What people write to an agent that a session is: a reply, or the way that was asked for. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { settingsOf } from '../../src/options.ts'
import { answeredBy, replyTo } from '../../src/session/session.ts'
import { FakeSession } from '../fakes/session.ts'

const it = suite('session.chat')

const interrupts: [what: string, interrupt: (order: string[]) => unknown][] = [
  ['a value', order => void order.push('interrupted')],
  ['a promise', async order => void order.push('interrupted')],
  ['an object to await', order => ({ await: Promise.resolve().then(() => order.push('interrupted')) })],
  [
    'an error: that speech may not be interrupted',
    order => {
      order.push('interrupted')
      throw new Error('not now')
    },
  ],
]
for (const [what, interrupt] of interrupts)
  it(`replies to what is written once it has interrupted, where that gives ${what} (CHAT-6)`, async () => {
    const order: string[] = []
    const session = {
      interrupt: () => interrupt(order),
      generateReply: ({ userInput }: { userInput: string }) => void order.push(userInput),
    }
    await replyTo(session, { text: 'Hello?' })
    await replyTo(session, { text: ' \n' })
    assert.equal(order, ['interrupted', 'Hello?'])
  })

it('has its own way with what is written, if it was given one (CHAT-4, OPT-14)', async () => {
  const session = new FakeSession()
  const info = { id: 'ST_1', topic: 'lk.chat', attributes: {}, mimeType: 'text/plain', timestamp: 0 }
  const ann = { identity: 'ann', sid: 'PA_1', kind: 'standard', attributes: {}, active: true, tracks: [] } as const
  const message = { text: 'Hello', info, participant: { ...ann, tracks: [] }, participantIdentity: 'ann' }
  const got: unknown[] = []
  const textInputCb = (...given: unknown[]) => void got.push(...given)
  for (const textInput of [{ textInputCb }, { textInputCallback: textInputCb }]) {
    const { textInput: own } = answeredBy(session, settingsOf({ textInput }))
    own?.callback?.('the room', message)
  }
  assert.equal(got, [session, message, session, message])
  assert.is(answeredBy(session, settingsOf({ textInput: false })).textInput, undefined)
})

it.run()
