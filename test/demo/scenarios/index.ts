import { guest } from './guest.ts'
import { node } from './node.ts'
import type { Scenario } from './scenario.ts'
import { workload } from './workload.ts'

/** By the name that `--scenario` takes; the first is the one without it. */
export const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ['workload', workload],
  ['node', node],
  ['guest', guest],
])

/** The scenario of this name. Throws a sentence that names those that exist. */
export function scenarioNamed(name = 'workload'): Scenario {
  const found = scenarios.get(name)
  if (found) return found
  throw new Error(`There is no scenario ${JSON.stringify(name)}. There are ${[...scenarios.keys()].join(', ')}.`)
}
