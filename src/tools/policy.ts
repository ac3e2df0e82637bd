import type { Asks } from '../domain/approval.ts'
import type { EffectClass, Target } from '../domain/plan.ts'
import type { Level } from '../domain/runbook.ts'
import type { DeclaredTools } from './rules.ts'

/** What the ruling needs to know of an action. */
export interface RuledAction {
  tool: string
  effect: EffectClass | undefined
  undoable: boolean
  target: Target
  gitops: string | null
}

/** What its runbook has earned here: the level in force and the highest it may ever earn. */
export interface Standing {
  level: Level
  ceiling: Level
}

/** What holds for the whole installation. */
export interface Rules {
  policy: 'VERBOSE' | 'NORMAL' | 'FROZEN'
  protectedNamespaces: readonly string[]
  protectedNodes: readonly string[]
  /** The node or workload the agent itself runs on; null when it runs elsewhere. */
  ownHost: string | null
  /** `self` where a watch of one has said so. */
  secondPerson: 'required' | 'self'
  /** Tools of other people's servers: they have no grants, no rehearsal and no probe, so their changes are always asked for. */
  declared?: DeclaredTools
}

/** Whether an action may run, whom it must be asked of, or why it is refused. `because` is shown to people as it stands. */
export type Ruling =
  | { verdict: 'run'; because: string }
  | { verdict: 'refuse'; because: string }
  | { verdict: 'ask'; scope: 'each' | 'plan'; asks: Asks; because: string }

/** The one table of section 7 of the design; the strictest line wins. */
export function rule(action: RuledAction, standing: Standing, rules: Rules): Ruling {
  if (action.effect === undefined) return refuse(`${action.tool} is not a tool this installation knows`)
  if (action.effect === 'read') return run('it only looks')
  if (rules.policy === 'FROZEN') return refuse('everything is frozen')
  if (action.effect === 'destructive') return askTwo('it may cost data or service', rules)
  const sheltered = shelter(action, rules)
  if (sheltered) return askTwo(sheltered, rules)
  const level = lower(standing.level, standing.ceiling)
  if (level === 'manual') return ask('each', notEarned(level))
  if (level === 'prompted') return ask('plan', notEarned(level))
  if (rules.declared?.has(action.tool)) return ask('plan', `${action.tool} is a tool of another server`)
  if (rules.policy === 'VERBOSE') return ask('plan', 'this installation asks for everything')
  // A level never rises above its ceiling, so what nothing undoes has a ceiling that says so by now.
  return run('earned by its record')
}

function notEarned(level: Level): string {
  return `it has not earned running by itself (level ${level})`
}

const order: readonly Level[] = ['manual', 'prompted', 'standard']

function lower(level: Level, ceiling: Level): Level {
  return order.indexOf(level) <= order.indexOf(ceiling) ? level : ceiling
}

function shelter({ target, gitops }: RuledAction, rules: Rules): string | undefined {
  const kind = target.kind.toLowerCase()
  // A namespace is in none: whatever changes the object itself changes everything in it.
  const namespace = kind === 'namespace' ? target.name : target.namespace
  if (namespace !== null && rules.protectedNamespaces.includes(namespace))
    return `the namespace ${namespace} is protected`
  if (kind === 'node' && rules.protectedNodes.includes(target.name)) return `the node ${target.name} is protected`
  if (rules.ownHost !== null && target.name === rules.ownHost) return `I run on ${target.name} myself`
  if (gitops !== null) return `${gitops} owns it and may take the change back`
  return undefined
}

function run(because: string): Ruling {
  return { verdict: 'run', because }
}

function refuse(because: string): Ruling {
  return { verdict: 'refuse', because }
}

function ask(scope: 'each' | 'plan', because: string): Ruling {
  return { verdict: 'ask', scope, asks: 'one', because }
}

function askTwo(because: string, { secondPerson }: Rules): Ruling {
  return { verdict: 'ask', scope: 'each', asks: secondPerson === 'self' ? 'self_two' : 'two', because }
}
