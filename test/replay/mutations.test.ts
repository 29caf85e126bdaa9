// deadline: 240 s
/** A recording that somebody has changed: its replay ends, says in one line what is wrong, and finds every change that matters. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { isObject } from '../../src/lines.ts'
import { replay, replayText } from '../../src/replay/replay.ts'
import { check, seed, times } from '../laws/play.ts'
import { liveStage } from '../realtime/stage.ts'
import { recorded } from './recording.ts'

const it = suite('replay/mutations')

const nat = fc.nat(1_000_000)
const other = fc.constantFrom<unknown>(null, true, 0, -1, 7, 1e9, '', 'x', 'constructor', [], {}, { type: 'x' })
const mutation = fc.record({
  name: fc.constantFrom('inputs.jsonl', 'tape.jsonl'),
  how: fc.constantFrom('drop', 'double', 'swap', 'change', 'lose', 'cut', 'flip', 'garble'),
  at: nat,
  also: nat,
  other,
})
type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never

/** All members of a value, as places where one could be another. */
const leaves = (value: object): [object: object, key: string][] =>
  Object.entries(value).flatMap(([key, member]) => [
    [value, key] as [object, string],
    ...(isObject(member) ? leaves(member) : []),
  ])

const changed = (line: string, { how, also, other }: Mutation): string => {
  const value: object = JSON.parse(line)
  const all = leaves(value)
  const [object, key] = all[also % all.length] ?? [value, 'x']
  if (how === 'lose') Reflect.deleteProperty(object, key)
  else Reflect.set(object, key, other)
  return JSON.stringify(value)
}
const mutated = (text: string, given: Mutation): string => {
  const { how, at, also } = given
  if (how === 'cut') return text.slice(0, at % text.length)
  if (how === 'flip') {
    const place = at % text.length
    return text.slice(0, place) + String.fromCharCode(33 + (also % 90)) + text.slice(place + 1)
  }
  const lines = text.trimEnd().split('\n')
  const [one, two] = [at % lines.length, also % lines.length]
  const line = lines[one] ?? ''
  if (how === 'drop') lines.splice(one, 1)
  else if (how === 'double') lines.splice(one, 0, line)
  else if (how === 'garble') lines[one] = line.slice(also % line.length)
  else if (how === 'swap') [lines[one], lines[two]] = [lines[two] ?? '', line]
  else lines[one] = changed(line, given)
  return `${lines.join('\n')}\n`
}

/** A line is gone, or in another place. Of the last, nothing can know; of the mind's calls and the header, nothing comes. */
const matters = (text: string, { name, how, at, also }: Mutation): boolean => {
  const lines = text.trimEnd().split('\n')
  const [one, two] = [at % lines.length, also % lines.length]
  const counts = (place: number) =>
    place > 0 && (name === 'tape.jsonl' || !/"kind":"called".*"side":"mind"/.test(lines[place] ?? ''))
  if (how === 'swap') return one !== two && counts(one) && counts(two) && lines[one] !== lines[two]
  if (how === 'garble') return counts(one) && one < lines.length - 1 && also % (lines[one] ?? '').length > 0
  if (how === 'drop') return counts(one) && one < lines.length - 1
  return how === 'double' && counts(one)
}

const call = async (recorder: Parameters<Parameters<typeof recorded>[0]>[0]) => {
  const { clock, session, agent, mic, close } = await liveStage({ options: { recorder, reconnect: true } })
  void mic.speak(new Int16Array(9_600).fill(900))
  session.emit('input_speech_committed', { itemId: 'u' })
  session.reply(600, ['Hello ', 'there.'], { itemId: 'a' })
  await clock.advance(300)
  agent.interrupt()
  await clock.advance(400)
  await close()
}
const runs = Math.ceil(1_500 * times)
it(`ends, and finds what matters, in ${runs} recordings that were changed`, async () => {
  console.log(`mutations: seed ${seed} (again: CHARTROOM_SEED=${seed})`)
  const failures: unknown[] = []
  const note = (error: unknown) => void failures.push(error)
  process.on('unhandledRejection', note)
  await recorded(call, folder =>
    check(
      'replay/mutations',
      runs,
      fc.asyncProperty(mutation, async given => {
        const file = join(folder, given.name)
        const whole = readFileSync(file)
        writeFileSync(file, mutated(whole.toString(), given))
        try {
          const result = await replay(folder)
          assert.ok(result.same || result.difference, replayText(result))
          if (result.same && result.remarks.length === 0) assert.not.ok(matters(whole.toString(), given), replayText(result))
        } catch (error) {
          assert.instance(error, Error)
          const { message, code } = error as Error & { code?: string }
          assert.ok(['ERR_RECORDING', 'ERR_NOT_REPLAYABLE'].includes(code ?? ''), (error as Error).stack)
          assert.not.match(message, /\n/)
        } finally {
          writeFileSync(file, whole)
        }
        assert.equal(failures, [])
      }),
    ),
  )
  process.off('unhandledRejection', note)
})

it.run()
