/** The actors of a room, as an inspector sees them: who begins and ends, what they are sent, and what they do about it. */
import { type AnyActorRef, type AnyEventObject, type AnyMachineSnapshot, type InspectionEvent, isMachineSnapshot } from 'xstate'
import { lineOf } from '../errors.ts'
import { Definitions, type Tell } from './definitions.ts'
import type { EventMessage, Path, StepMessage, Taken } from './messages.ts'
import { isActor, members, pathOf, plain } from './plain.ts'
import { changeOf, differs, enabledIn, isNamed, note, stateOf } from './steps.ts'

/** So many children of one parent are remembered by name, to count how often each was begun; then the oldest are not. */
const NAMES = 1_000

type Microstep = Extract<InspectionEvent, { type: '@xstate.microstep' }>
type Step = { taken: Taken[]; declared: string[]; ran: string[] | undefined; nodes: AnyMachineSnapshot['_nodes'] }
/** Nobody adds to these. */
const nothing: [] = []
/** `told`: the snapshot that was told last. `mail`: what it has still to take, with the numbers of those messages. */
type Watched = {
  actor: AnyActorRef
  path: Path
  life: 'coming' | 'here' | 'over'
  told: unknown
  mail: { event: AnyEventObject; seq: number }[]
  /** What it does just now. */
  step: Step | undefined
  /** Its step was told before XState said that it is over: it had others do something. */
  ahead: boolean
  stopping: boolean
  begun: Map<string, number>
}

export class Actors {
  readonly #tell: Tell
  readonly #definitions: Definitions
  readonly #watched = new WeakMap<object, Watched>()
  /** Those in the middle of a step. */
  #busy: Watched[] = []

  constructor(tell: Tell) {
    this.#tell = tell
    this.#definitions = new Definitions(tell)
  }

  /** Tells of everyone who is here already, parents first. */
  meet(actor: AnyActorRef): void {
    if (isRunning(actor)) this.#begin(this.#watch(actor))
    const { children = {} } = actor.getSnapshot() ?? {}
    for (const child of Object.values(children)) if (isActor(child)) this.meet(child)
  }

  /** What XState's inspection says. What has changed by then is told first, so that messages stand in the order of what they tell. */
  see(news: InspectionEvent): void {
    if (news.type === '@xstate.action') this.#ran(news.actorRef, news.action.type)
    else if (news.type === '@xstate.microstep') this.#moved(news.actorRef, news)
    else this.#told(news, news.actorRef)
  }
  #told(news: InspectionEvent, actor: object): void {
    if (this.#busy.length > 0) this.#settle(actor)
    if (news.type === '@xstate.snapshot') {
      const watched = this.#watched.get(actor)
      if (watched?.life === 'here') this.#over(watched, news.event)
    } else if (news.type === '@xstate.event' && isActor(actor)) {
      if (news.event.type === 'xstate.init') this.#begin(this.#watch(actor))
      else this.#sent(news.sourceRef, this.#watch(actor), news.event)
    }
  }

  /** Tells what has become of it in the meantime, if anything has. */
  look(actor: AnyActorRef): void {
    const watched = this.#watched.get(actor)
    if (watched?.life === 'here' && actor.getSnapshot() !== watched.told) this.#ahead(watched)
  }
  /** What a machine sends it sends when its step is over, also one that changed nothing. */
  #send(watched: Watched): Path {
    if (watched.life === 'here' && (watched.step || watched.actor.getSnapshot() !== watched.told)) this.#ahead(watched)
    return watched.path
  }
  #ahead(watched: Watched): void {
    watched.ahead = true
    this.#finish(watched)
  }

  #watch(actor: AnyActorRef): Watched {
    const known = this.#watched.get(actor)
    if (known) return known
    const watched: Watched = {
      ...{
        actor,
        path: pathOf(actor),
        life: 'coming',
        told: undefined,
        mail: [],
        step: undefined,
        ahead: false,
        stopping: false,
      },
      begun: new Map(),
    }
    this.#watched.set(actor, watched)
    return watched
  }
  /** What is declared runs as well: of that only the names of others are news. */
  #ran(actor: object, type: string): void {
    const watched = isNamed(type) ? this.#watched.get(actor) : undefined
    if (watched?.life !== 'here') return
    const step = this.#stepOf(watched)
    step.ran ??= []
    step.ran.push(type)
  }
  #moved(actor: object, { event, snapshot, _transitions }: Microstep): void {
    const watched = this.#watched.get(actor)
    if (watched?.life !== 'here') return
    const step = this.#stepOf(watched)
    if (event.type === 'xstate.stop') watched.stopping = true
    else if (isMachineSnapshot(snapshot)) {
      note(step, _transitions, step.nodes, snapshot._nodes)
      step.nodes = snapshot._nodes
    }
  }
  #stepOf(watched: Watched): Step {
    if (watched.step) return watched.step
    const nodes = isMachineSnapshot(watched.told) ? watched.told._nodes : []
    watched.step = { taken: nothing, declared: nothing, ran: undefined, nodes }
    this.#busy.push(watched)
    return watched.step
  }
  /** XState has a machine's new snapshot before it does what the machine puts off: what then follows is told after the step. */
  #settle(except: object): void {
    for (const { actor } of this.#busy.length > 1 ? [...this.#busy] : this.#busy) if (actor !== except) this.look(actor)
  }

  #begin(watched: Watched): void {
    const { actor } = watched
    const snapshot = actor.getSnapshot()
    const machine = isMachineSnapshot(snapshot) ? snapshot.machine : undefined
    const key = machine ? this.#definitions.keyOf(machine) : null
    const parent = actor._parent
    const input = plain(Reflect.get(actor, 'options')?.input)
    const { context } = snapshot ?? {}
    watched.life = 'here'
    watched.told = snapshot
    this.#tell({
      ...{ seq: 0, at: 0, type: 'started', path: watched.path, parent: parent ? pathOf(parent) : null, machine: key },
      src: typeof actor.src === 'string' ? actor.src : (machine?.id ?? ''),
      restarts: parent ? count(this.#watch(parent).begun, actor.id) : 0,
      ...(input === undefined ? {} : { input }),
      ...(machine ? { value: stateOf(snapshot.value), next: enabledIn(snapshot) } : {}),
      ...(typeof context === 'object' && context !== null ? { context: members(context) } : {}),
    })
    this.#end(watched)
  }
  #sent(source: object | undefined, watched: Watched, event: AnyEventObject): void {
    const { actor } = watched
    const from = isActor(source) ? this.#send(this.#watch(source)) : null
    if (watched.life === 'coming' && isRunning(actor)) this.#begin(watched)
    const message: EventMessage = { seq: 0, at: 0, type: 'event', from, to: watched.path, event: members(event, { type: '' }) }
    if (actor.getSnapshot()?.status === 'active') watched.mail.push({ event, seq: this.#tell(message) })
    else {
      message.dead = true
      this.#tell(message)
    }
  }

  #over(watched: Watched, event: AnyEventObject): void {
    if (event.type === 'xstate.init') this.#leave(watched)
    else if (watched.ahead) watched.ahead = false
    else {
      watched.stopping ||= event.type === 'xstate.stop'
      this.#finish(watched)
    }
  }
  #leave(watched: Watched): Step | undefined {
    const { step } = watched
    if (step) this.#busy.splice(this.#busy.indexOf(watched), 1)
    watched.step = undefined
    return step
  }
  #finish(watched: Watched): void {
    const { actor, told: before, stopping } = watched
    const after = actor.getSnapshot()
    const step = this.#leave(watched)
    watched.told = after
    if (!stopping) this.#tellStep(watched, step, before, watched.mail.shift()?.seq ?? 0)
    this.#end(watched)
  }
  #tellStep({ path, told: after }: Watched, step: Step | undefined, before: unknown, cause: number): void {
    const { taken = nothing, declared = nothing, ran } = step ?? {}
    const context = changeOf(before, after)
    const machine = isMachineSnapshot(after) ? after : undefined
    const moved = isMachineSnapshot(before) && machine !== undefined && differs(before.value, machine.value)
    const known = cause > 0 && machine !== undefined
    if (!known && taken.length === 0 && !context && !moved) return
    const actions = ran && !ran.every(name => declared.includes(name)) ? [...new Set([...declared, ...ran])] : declared
    const message: StepMessage = { seq: 0, at: 0, type: 'step', path, cause, taken, actions }
    if (moved) {
      message.value = stateOf(machine.value)
      message.next = enabledIn(machine)
    }
    if (context) message.context = context
    this.#tell(message)
  }
  #end(watched: Watched): void {
    const { status, output: given, error } = watched.actor.getSnapshot() ?? {}
    if (status === 'active' || watched.life === 'over') return
    watched.life = 'over'
    watched.mail = []
    const output = plain(given)
    this.#tell({
      ...{ seq: 0, at: 0, type: 'ended', path: watched.path, status },
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error: lineOf(error) }),
    })
  }
}

/** How often it was there before; and now it is once more. */
const count = (begun: Map<string, number>, id: string): number => {
  const before = begun.get(id) ?? 0
  begun.delete(id)
  begun.set(id, before + 1)
  const [oldest] = begun.size > NAMES ? begun.keys() : []
  if (oldest !== undefined) begun.delete(oldest)
  return before
}
/** XState keeps this to itself: 0 not started, 1 running, 2 stopped. */
const isRunning = (actor: AnyActorRef): boolean => Reflect.get(actor, '_processingStatus') === 1
