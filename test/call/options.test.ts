import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { help } from '../../src/call/help.ts'
import { commandFrom } from '../../src/call/options.ts'
import { codeOf } from '../../src/errors.ts'

const it = suite('options')
const complaint = (args: string[], env: Record<string, string> = {}): string => {
  try {
    commandFrom(args, env)
  } catch (error) {
    assert.is(codeOf(error), 'ERR_USAGE')
    return error instanceof Error ? error.message : ''
  }
  return `accepted ${args.join(' ')}`
}

it('has help that fits into 80 columns', () => {
  for (const [about, text] of Object.entries(help))
    for (const line of text.split('\n')) assert.ok(line.length <= 80, `${about}: ${line}`)
})

it('shows help where nothing or help is asked', () => {
  for (const args of [[], ['--help'], ['-h'], ['help']]) assert.equal(commandFrom(args, {}), { name: 'help', about: 'general' })
  assert.equal(commandFrom(['call', '--help', '--seed', 'x'], {}), { name: 'help', about: 'call' })
  assert.equal(commandFrom(['join', '-h'], {}), { name: 'help', about: 'join' })
  assert.equal(commandFrom(['help', 'join'], {}), { name: 'help', about: 'join' })
  assert.equal(commandFrom(['--version'], {}), { name: 'version' })
})

it('records into the folder of the call, or another', () => {
  const recordOf = (...args: string[]) => {
    const command = commandFrom(args, {})
    return 'options' in command && 'record' in command.options ? command.options.record : undefined
  }
  assert.is(recordOf('call'), undefined)
  assert.is(recordOf('call', '--record'), '')
  assert.is(recordOf('call', '--record', 'my.wav'), '')
  assert.is(recordOf('call', '--record=here', 'my.wav'), 'here')
  assert.is(recordOf('join', '--dev', '--room=r', '--record'), '')
})

it('reads a live page, with its defaults', () => {
  const defaults = { mind: 'docent', minSpeechMs: 200, quiet: false, color: true, port: 0, allowRemote: false, browser: true }
  assert.equal(commandFrom(['live'], {}), { name: 'live', options: { ...defaults, sends: false } })
  assert.equal(
    commandFrom(['live', '--mind=parrot', '--record', '--port=80', '--host', '::1', '--no-open', '--send', '-q'], {}),
    {
      name: 'live',
      options: {
        ...{ ...defaults, mind: 'parrot', port: 80, host: '::1', browser: false, sends: true, quiet: true, record: '' },
      },
    },
  )
  assert.is(
    complaint(['live', 'my.wav']).split('\n')[0],
    '"my.wav" is one too many: chartroom call my.wav makes a call of a recording',
  )
  assert.match(complaint(['live', '--port', 'x']), /^--port must be a whole number from 0 to 65535, not "x"/)
  assert.equal(commandFrom(['live', '-h'], {}), { name: 'help', about: 'live' })
})

it('reads a call, with its defaults', () => {
  const defaults = { mind: 'docent', realtime: false, seed: 1, minSpeechMs: 200, quiet: false, color: true }
  assert.equal(commandFrom(['call'], {}), { name: 'call', options: defaults })
  assert.equal(
    commandFrom(
      [
        'call',
        'my.wav',
        '--mind=parrot',
        '--realtime',
        '--out',
        'x',
        '--seed',
        '7',
        '--min-speech-ms',
        '300',
        '-q',
        '--no-color',
      ],
      {},
    ),
    {
      name: 'call',
      options: { wav: 'my.wav', out: 'x', mind: 'parrot', realtime: true, seed: 7, minSpeechMs: 300, quiet: true, color: false },
    },
  )
})

it("reads whom to talk to: a model with its flags, or a mind of one's own", () => {
  const { options } = commandFrom(['call', '--mind', 'openai', '--realtime', '--voice', 'marin', '--config', 'a.json'], {}) as {
    options: object
  }
  assert.equal(options, {
    ...{ mind: 'openai', openai: { voice: 'marin', config: 'a.json' }, realtime: true },
    ...{ seed: 1, minSpeechMs: 200, quiet: false, color: true },
  })
  for (const file of ['./mine.mjs', 'mine.js', 'examples/parrot.ts']) {
    const command = commandFrom(['call', '--mind', file], {})
    assert.equal(command.name === 'call' && command.options.mind, { file })
  }
  const join = commandFrom(['join', '--dev', '--room', 'r', '--mind', 'openai', '--model', 'm'], {})
  assert.equal(join.name === 'join' && join.options.openai, { model: 'm' })
})

it('takes colours away where the environment asks for it', () => {
  const color = (env: Record<string, string>) => {
    const command = commandFrom(['call'], env)
    return command.name === 'call' && command.options.color
  }
  assert.is(color({ NO_COLOR: '1' }), false)
  assert.is(color({ NO_COLOR: '' }), true)
  assert.is(color({ TERM: 'dumb' }), false)
})

it('reads how to join: a token, keys, or a development server', () => {
  const join = (args: string[], env: Record<string, string> = {}) => {
    const command = commandFrom(['join', ...args], env)
    return command.name === 'join' ? command.options : undefined
  }
  const keys = { LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's' }
  assert.equal(join(['--url', 'wss://host', '--room', 'r'], keys)?.access, { key: 'k', secret: 's' })
  assert.equal(join(['--url', 'wss://host', '--token', 't'], keys)?.access, { token: 't' })
  assert.equal(join(['--dev', '--room', 'r'], keys)?.access, { key: 'devkey', secret: 'secret' })
  assert.is(join(['--dev', '--room', 'r'])?.url, 'ws://localhost:7880')
  assert.is(join(['--room', 'r'], { ...keys, LIVEKIT_URL: 'ws://there' })?.url, 'ws://there')
  assert.is(join(['--dev', '--room', 'r', '--identity', 'bob'])?.identity, 'bob')
})

const wrong: [args: string[], says: RegExp][] = [
  [['cal'], /^unknown command "cal"; did you mean call\?\nTry: chartroom --help$/],
  [['frobnicate'], /^unknown command "frobnicate"\nTry: chartroom --help$/],
  [['--frob'], /^unknown option --frob\nTry: chartroom --help$/],
  [['call', '--realtme'], /^unknown option --realtme; did you mean --realtime\?\nTry: chartroom call --help$/],
  [['call', '-x'], /^unknown option -x\n/],
  [['call', '--out'], /^--out needs a value\n/],
  [['call', '--out', '--realtime'], /^--out needs a value\n/],
  [['call', '--out='], /^--out is empty\n/],
  [['call', '--realtime=yes'], /^--realtime takes no value\n/],
  [['call', '--mind', 'human'], /^--mind must be docent, parrot, openai or a file of yours such as mind\.mjs, not "human"\n/],
  [['call', '--mind', 'openai'], /^--mind openai takes real time: add --realtime\n/],
  [['call', '--voice', 'marin'], /^--voice is for --mind openai\n/],
  [['join', '--mind', 'parrot', '--config', 'a.json'], /^--url is missing/],
  [['call', '--mind', 'openai', '--realtime', '--model='], /^--model is empty\n/],
  [['call', '--seed', '-1'], /^--seed/],
  [['call', '--seed', '1.5'], /^--seed must be a whole number from 0 to 4294967295, not "1.5"\n/],
  [['call', '--seed', '99999999999'], /^--seed must be/],
  [['call', '--min-speech-ms', 'NaN'], /^--min-speech-ms must be a whole number from 0 to 10000/],
  [['call', 'a.wav', 'b.wav'], /^one WAV file at a time: "b.wav" is one too many\n/],
  [['join'], /^--url is missing/],
  [['join', '--url', 'nonsense', '--room', 'r'], /^--url must begin with ws:\/\/ or wss:\/\/, not "nonsense"/],
  [['join', '--url', 'ftp://x', '--room', 'r'], /^--url must begin/],
  [['join', '--url', 'ws://x', '--room', 'r'], /^no way in: give --token, or set LIVEKIT_API_KEY/],
  [['join', '--dev'], /^--room is missing/],
  [['join', '--dev', '--room', ''], /^--room is empty/],
  [['join', '--dev', 'myroom'], /^"myroom" is one too many: the room is named with --room/],
]
for (const [args, says] of wrong) {
  it(`refuses "${args.join(' ')}" in one line with a hint`, () => {
    assert.match(complaint(args), says)
    assert.is(complaint(args).split('\n').length, 2)
  })
}

it('reads what is to be replayed', () => {
  const replay = (...args: string[]) => commandFrom(['replay', ...args], {})
  assert.equal(replay('one', 'two', '--json'), { name: 'replay', options: { folders: ['one', 'two'], json: true } })
  assert.equal(replay('--help'), { name: 'help', about: 'replay' })
  assert.throws(() => replay(), /^which recording\? Name its folder/)
  assert.throws(() => replay(''), /^the name of a folder is empty/)
})

it.run()
