/** What may happen in a call, in any order and at any moment: steps for fast-check to choose from. */
import fc from 'fast-check'
import type { Operation } from '../../src/loopback/index.ts'
import type { LeaveReason } from '../../src/ports.ts'

export type Voice = 'whole' | 'paced' | 'pushed' | 'stalled' | 'torn' | 'endless' | 'none'
export type Words = 'none' | 'plain' | 'timed' | 'late' | 'stalled' | 'torn'
export type Who = 'ann' | 'bob'
export type Step =
  | { do: 'say'; ms: number; voice: Voice; words: Words }
  | { do: 'push'; which: number; ms: number }
  | { do: 'flush' | 'cut'; which: number }
  | { do: Plain }
  | { do: OfSomebody; who: Who }
  | { do: 'leave'; who: Who; reason: LeaveReason }
  | { do: 'outage'; kind: 'signal' | 'full'; ms: number; missed: boolean }
  | { do: 'fail' | 'stall'; operation: Operation }
  | { do: 'refuse'; blocks: number }
  | { do: 'hang'; ms: number }
  | { do: 'think'; state: 'listening' | 'thinking' | 'idle' }
  | { do: 'heard'; final: boolean }
  | { do: 'read'; slowly: boolean }
type Plain =
  | 'pause'
  | 'resume'
  | 'interrupt'
  | 'show'
  | 'leaveOff'
  | 'attach'
  | 'detach'
  | 'unlink'
  | 'crash' // the mind
  | 'deafen' // the microphone
  | 'close'
  | 'throwOut'
type OfSomebody = 'link' | 'join' | 'publish' | 'record' | 'unpublish' | 'replace' | 'mute' | 'unmute' | 'talk'
export type Scene = {
  steps: { after: number; step: Step }[]
  closeOnDisconnect: boolean
  relink: 'any' | 'same' | 'none'
  fadeMs: 0 | 10
  /** Whether it is waited until all that can be heard was heard, or the room is closed at once. */
  isPatient: boolean
  /** Whether the one who reads first is slower than the sound. */
  slowly: boolean
  /** By how much the answers of the room come late, in ms, in turn: never so late that it looks like none. */
  lateMs: number[]
}

const who = fc.constantFrom<Who>('ann', 'bob')
const which = fc.nat(4)
const just = <D extends string>(name: D) => fc.constant(name)
const say = fc.record({
  do: just('say'),
  ms: fc.constantFrom(10, 50, 130, 400, 1_010, 1_500),
  voice: fc.constantFrom<Voice>('whole', 'whole', 'whole', 'paced', 'paced', 'pushed', 'stalled', 'torn', 'endless', 'none'),
  words: fc.constantFrom<Words>('none', 'plain', 'timed', 'timed', 'late', 'stalled', 'torn'),
})
const ofPushed = fc.oneof(
  fc.record({ do: just('push'), which, ms: fc.constantFrom(1, 20, 33, 240) }),
  fc.record({ do: just('flush'), which }),
)
const plain = fc.record({
  do: fc.constantFrom<Plain>(
    ...(['pause', 'resume', 'resume', 'interrupt', 'show', 'leaveOff', 'attach', 'detach', 'unlink'] as const),
  ),
})
const ofSomebody = fc.record({
  do: fc.constantFrom<OfSomebody>(
    ...(['link', 'join', 'publish', 'record', 'unpublish', 'replace', 'mute', 'unmute', 'talk', 'talk'] as const),
  ),
  who,
})
const operation = fc.constantFrom<Operation>('setAttributes', 'publish', 'unpublish', 'openText', 'write', 'closeText', 'leave')
const reason = fc.constantFrom<LeaveReason>('client_initiated', 'connection_lost', 'duplicate_identity')
const kind = fc.constantFrom('signal' as const, 'full' as const)
const state = fc.constantFrom('listening' as const, 'thinking' as const, 'idle' as const)
const mishap: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: just('leave'), who, reason }),
  fc.record({ do: just('outage'), kind, ms: fc.constantFrom(50, 700, 5_000), missed: fc.boolean() }),
  fc.record({ do: fc.constantFrom('fail' as const, 'stall' as const), operation }),
  fc.record({ do: just('refuse'), blocks: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: just('hang'), ms: fc.constantFrom(100, 3_000) }),
  fc.record({ do: fc.constantFrom<Plain>('crash', 'deafen') }),
)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: say },
  { weight: 4, arbitrary: ofPushed },
  { weight: 12, arbitrary: plain },
  { weight: 10, arbitrary: ofSomebody },
  { weight: 2, arbitrary: fc.record({ do: just('cut'), which }) },
  { weight: 3, arbitrary: fc.record({ do: just('read'), slowly: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: just('think'), state }) },
  { weight: 3, arbitrary: fc.record({ do: just('heard'), final: fc.boolean() }) },
  { weight: 8, arbitrary: mishap },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom<Plain>('close', 'throwOut') }) },
)

/** What the room is asked for by it, many a time at once. */
const asking: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom<Plain>('show', 'show', 'interrupt') }),
  fc.record({ do: just('heard'), final: fc.boolean() }),
  fc.record({ do: just('think'), state }),
  fc.record({
    do: just('say'),
    ms: fc.constantFrom(10, 50, 130, 400),
    voice: fc.constantFrom<Voice>('whole', 'whole', 'none'),
    words: fc.constantFrom<Words>('plain', 'timed', 'timed', 'late'),
  }),
)

const sceneOf = (step: fc.Arbitrary<Step>): fc.Arbitrary<Scene> =>
  fc.record({
    steps: fc.array(fc.record({ after: fc.constantFrom(0, 0, 1, 7, 50, 210, 777, 2_000), step }), {
      maxLength: 13,
      size: 'max',
    }),
    closeOnDisconnect: fc.boolean(),
    relink: fc.constantFrom('any' as const, 'same' as const, 'none' as const),
    fadeMs: fc.constantFrom(0 as const, 10 as const),
    isPatient: fc.nat(7).map(n => n === 0),
    slowly: fc.boolean(),
    lateMs: fc.oneof(fc.constant<number[]>([]), fc.array(fc.constantFrom(0, 0, 3, 40, 300, 900), { minLength: 1, maxLength: 5 })),
  })
export const scene = sceneOf(step)
/** One in which the room has more to answer. */
export const busyScene = sceneOf(fc.oneof({ weight: 1, arbitrary: step }, { weight: 2, arbitrary: asking }))
