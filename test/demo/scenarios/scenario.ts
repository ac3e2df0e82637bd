import type { RuleAlert } from '../../support/alert-rules.ts'
import type { ModelStory } from '../models.ts'

/** One story for the demo: a simulated platform in which something can break. */
export interface Scenario {
  /** What is told when it breaks. */
  breaking: string
  /** How many changes the platform must have seen in the end. */
  executions: number
  /** What models say of it where they are simulated. */
  models: ModelStory
  /** Starts the platform; its credentials are written into the folder. */
  start(folder: string): Promise<Staged>
}

/** The platform of a scenario while it runs. */
export interface Staged {
  /** The environment in which the agent finds it, and what else is configured for this story. */
  env: Record<string, string>
  /** What Prometheus says of it now. */
  alerts(): readonly RuleAlert[]
  breakSomething(): void
  /** How many changes the platform itself counts. */
  changes(): number
  stop(): Promise<void>
}
