import type { ProposedPlan } from '../domain/investigation.ts'
import type { Tx } from '../storage/postgres.ts'
import type { GraphDeps } from './deps.ts'
import type { IncidentState } from './state.ts'

/** Models that look into incidents beside the graph. It never waits for them: it asks, and what they find comes as a request. */
export interface Deeper {
  /** Asks for a round to be looked into, once. `matched`: a runbook is for the alert. */
  ask(tx: Tx, asked: { incident: number; round: number; matched: boolean }): Promise<void>
  /** Nobody wants any more what is still under way for this incident. */
  withdraw(tx: Tx, incident: number): Promise<void>
  /** What an investigation proposes for one of its causes; undefined where it is not there. */
  plan(investigation: string, cause: number): Promise<ProposedPlan | undefined>
}

/** Has a round looked into, in the transaction that settles its card: not one whose plan is only made again, or was chosen. */
export async function lookDeeper(
  { deeper }: GraphDeps,
  tx: Tx,
  { incident, round, replans, chosen, purpose }: IncidentState,
  matched: boolean,
): Promise<void> {
  if (deeper && replans === 0 && !chosen && purpose === 'fix') await deeper.ask(tx, { incident, round, matched })
}
