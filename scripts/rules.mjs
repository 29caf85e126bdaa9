// @ts-check
/** Who may import what, what may not be named where, and how long things may be: the tables that layers.mjs checks. */

/**
 * `in` and `may` are files, folders with a slash at the end, and packages; `types` are those of which only types may be used.
 * The first row that fits holds. `./` is the own folder, `src/*` a file that lies directly in src/, `machines/*` the machine of the
 * same name and what is no machine, `package:` every package.
 * @typedef {{ in: string[], may: string[], types?: string[], why: string }} Rule
 */

/** What all of src/ may use, since these use nothing themselves. */
const leaves = [
  'src/errors.ts',
  'src/deferred.ts',
  'src/clock.ts',
  'src/ports.ts',
  'src/mind.ts',
  'src/audio/',
  'src/text/',
  'src/video/',
]
const anywhere = ['machines/', 'src/', 'node:', 'package:']

/** @type {Rule[]} */
export const rules = [
  {
    in: ['machines/'],
    may: ['xstate', 'machines/', 'src/audio/', 'src/text/'],
    types: ['src/ports.ts', 'src/mind.ts'],
    why: 'a machine decides, src/ does: it knows xstate, machines, pure functions, and the types of the ports',
  },
  { in: ['src/audio/'], may: ['src/audio/', 'src/errors.ts'], why: 'src/audio is pure: it knows its own folder only' },
  { in: ['src/text/'], may: ['src/text/', 'src/errors.ts'], why: 'src/text is pure: it knows its own folder only' },
  { in: ['src/video/'], may: ['src/video/', 'src/errors.ts'], why: 'src/video is pure: it knows its own folder only' },
  { in: ['src/errors.ts', 'src/deferred.ts'], may: [], why: 'everybody uses these, so they use nobody' },
  {
    in: ['src/clock.ts', 'src/ids.ts'],
    may: [],
    types: ['src/ports.ts'],
    why: 'everybody uses the clock and the ids, so they use nobody',
  },
  {
    in: ['src/virtual.ts'],
    may: ['@sinonjs/fake-timers'],
    types: ['src/ports.ts'],
    why: 'virtual time is a clock and nothing else',
  },
  {
    in: ['src/ports.ts'],
    may: [],
    types: ['src/audio/', 'src/text/', 'src/video/'],
    why: 'the ports are types, in words of the engine',
  },
  {
    in: ['src/mind.ts'],
    may: [],
    types: ['src/ports.ts', 'src/audio/', 'src/video/'],
    why: 'a mind is types, in words of the ports',
  },
  {
    in: ['src/inbound/', 'src/outbound/', 'src/agent.ts'],
    may: ['xstate', 'it-pipe', 'machines/*', './', 'src/pipes/', ...leaves],
    types: ['machines/'],
    why: 'a binder knows xstate, the machine of its own name and pure functions beside it, the pipes, the ports, its own folder, src/audio and src/text',
  },
  {
    in: ['src/pipes/'],
    may: ['it-pipe', 'src/pipes/', 'src/inbound/', 'src/outbound/', ...leaves],
    types: ['machines/'],
    why: 'a pipe joins functions: no machine runs in it',
  },
  {
    in: ['src/livekit/rtc/'],
    may: [
      '@livekit/rtc-node',
      'xstate',
      'mime',
      'node:',
      'src/livekit/rtc/',
      'machines/outbound/writer.ts',
      'src/codec/wav.ts',
      'src/livekit/failures.ts',
      'src/livekit/quiet.ts',
      'src/livekit/wait.ts',
      'src/pipes/until.ts',
      ...leaves,
    ],
    why: 'the RTC surface knows rtc-node, pure functions, and neither the engine nor its ports on LiveKit',
  },
  {
    in: ['src/livekit/'],
    may: ['@livekit/', 'livekit-server-sdk', 'it-pipe', 'node:', './', ...leaves],
    why: 'LiveKit is behind the ports: it does not know the engine',
  },
  {
    in: ['src/loopback/'],
    may: ['it-pipe', './', ...leaves],
    why: 'the loopback room is behind the ports: it does not know the engine',
  },
  {
    in: ['src/realtime/'],
    may: ['xstate', 'it-pipe', '@cfworker/json-schema', 'machines/*', './', 'src/pipes/', 'src/groups.ts', ...leaves],
    types: ['machines/', 'src/*'],
    why: 'a conversation with a model knows its machine, the ports, and no vendor',
  },
  {
    in: ['src/minds/openai/'],
    may: ['openai', 'ws', 'it-pipe', 'node:', './', 'src/realtime/', 'src/pipes/until.ts', 'src/groups.ts', ...leaves],
    why: 'a model knows the port of models and its own SDK',
  },
  {
    in: ['src/minds/livekit-agents'],
    may: ['@livekit/', 'it-pipe', 'node:', 'src/minds/', 'src/realtime/', 'src/session/', 'src/pipes/until.ts', ...leaves],
    why: 'a mind knows the ports and its own SDK',
  },
  {
    in: ['src/minds/', 'src/codec/'],
    may: ['opus-decoder', '@echogarden/fvad-wasm', 'it-pipe', 'node:', './', 'src/codec/', 'src/pipes/until.ts', ...leaves],
    why: 'minds and codecs know the ports and their own SDK',
  },
  {
    in: ['src/inspector/messages.ts', 'src/inspector/scene.ts', 'src/inspector/rows.ts', 'src/inspector/find.ts'],
    may: ['./'],
    types: ['src/facts.ts', 'src/ports.ts'],
    why: 'pages and processes share these: they know JSON, and nothing that runs',
  },
  {
    in: ['src/page/'],
    may: [
      'xstate',
      'machines/*',
      'src/page/',
      'src/inspector/messages.ts',
      'src/inspector/scene.ts',
      'src/inspector/rows.ts',
      'src/inspector/find.ts',
      'src/charts/svg.ts',
      'src/loopback/lead.ts',
      'src/audio/',
    ],
    types: ['src/facts.ts', 'src/ports.ts', 'src/mind.ts'],
    why: 'a page runs in a browser: it knows messages, and no process',
  },
  {
    in: ['src/charts/'],
    may: ['xstate', 'elkjs', 'node:', './', 'src/inspector/messages.ts', 'src/errors.ts'],
    why: 'a drawing knows the machine it draws',
  },
  {
    in: ['src/inspector/', 'src/recording/', 'src/replay/'],
    may: [
      'xstate',
      'ws',
      'node:',
      './',
      'machines/',
      'src/*',
      'src/inspector/',
      'src/recording/',
      'src/charts/',
      'src/loopback/',
      'src/codec/wav.ts',
      ...leaves,
    ],
    why: 'an inspector looks at the room from outside; the room does not know it',
  },
  {
    in: ['src/cli.ts', 'src/call/', 'src/testing.ts', 'src/index.ts'],
    may: anywhere,
    why: 'only machines/, src/ and packages are shipped',
  },
  {
    in: ['src/room-io.ts', 'src/multimodal-agent.ts'],
    may: ['xstate', 'src/*', 'src/session/', 'src/realtime/', 'src/livekit/', ...leaves],
    types: ['@livekit/', 'machines/', 'src/inbound/', 'src/recording/recorder.ts'],
    why: 'a façade shows the room, in a room of LiveKit too; what it does, the room does',
  },
  {
    in: ['src/session/'],
    may: ['node:events', 'node:stream/web', './', ...leaves],
    types: ['src/*'],
    why: 'what a session gets knows the room from outside',
  },
  {
    in: ['src/*'],
    may: [
      'xstate',
      'it-pipe',
      'machines/',
      'src/*',
      'src/inbound/',
      'src/outbound/',
      'src/pipes/',
      'src/codec/opus.ts',
      ...leaves,
    ],
    types: ['src/recording/recorder.ts', 'src/inspector/messages.ts'],
    why: 'the room puts the engine together, for any world',
  },
]
/** Only these folders name LiveKit's packages. */
export const livekitPlaces = ['src/livekit/', 'src/minds/livekit-agents', 'src/room-io.ts', 'src/multimodal-agent.ts']
export const livekitPackages = ['@livekit/', 'livekit-server-sdk']
/** What the main entry may load at once (its import has a budget of 0.1 s and 70 MB); everything else loads on first use. */
export const entry = 'src/index.ts'
export const lightPackages = ['xstate', 'it-pipe', '@livekit/rtc-node', 'node:']

/** Time comes from the clock, ids from the ids. Not here: the real world begins in these. */
export const worldly = [
  'src/livekit/',
  'src/clock.ts',
  'src/call/',
  'src/cli.ts',
  'src/page/',
  'src/inspector/',
  'src/recording/',
]
export const forbidden = [
  { name: /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b|\bprocess\.hrtime\b/g, why: 'time comes from the clock: clock.now()' },
  {
    name: /(?<![.\w])(?:setTimeout|setInterval)\s*\((?!\w+\??:|[^)]*\)\s*\{)/g,
    why: 'timers come from the clock: clock.setTimeout()',
  },
  { name: /\bMath\.random\b|\bcrypto\.(?:randomUUID|getRandomValues|randomBytes)\b/g, why: 'ids come from the ids: ids.next()' },
]

/** What only these files may name, worldly or not. */
export const guarded = [
  {
    name: /_ffiClientInstance|@livekit\/rtc-ffi-bindings/g,
    in: ['src/livekit/rtc/native.ts'],
    why: 'src/livekit/rtc/native.ts is the one door to the native layer',
  },
]

/** Lines: what no file may exceed, and what all of the engine may take; the aims are 120, 80 and 3,000. */
export const budget = { machine: 200, file: 250, engine: 8_450, machines: 17 }
export const engine = [
  'machines/',
  'src/inbound/',
  'src/outbound/',
  'src/pipes/',
  'src/audio/',
  'src/text/',
  'src/video/',
  'src/room.ts',
  'src/agent.ts',
  'src/ports.ts',
  'src/mind.ts',
]
