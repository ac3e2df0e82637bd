import type { Answer } from '../domain/answer.ts'
import type { Mode } from '../domain/inference.ts'
import type { ProposedPlan } from '../domain/investigation.ts'
import { findIncident } from '../incidents/incident-rows.ts'
import { modeNow } from '../inference/mode-setting.ts'
import type { Sql, Tx } from '../storage/postgres.ts'
import type { Queue } from '../storage/queue.ts'
import { reportOf } from './incident-investigation.ts'
import { askInvestigation, findInvestigation, withdrawInvestigations } from './investigation-rows.ts'

/** When the agent has incidents looked into by itself. */
export const INVESTIGATE = ['always', 'unmatched', 'asked'] as const
export type Investigate = (typeof INVESTIGATE)[number]

export interface AskingOptions {
  investigate: Investigate
  /** What configuration says; people change it. */
  mode: Mode
  /** How long one may take, milliseconds. */
  deadlineMs: number
}

/** How the graph and the desk ask for incidents to be looked into; the work itself is the worker's. */
export function investigations(sql: Sql, queue: Queue, { investigate, mode, deadlineMs }: AskingOptions) {
  return {
    /** Once for a round, unless no model may be asked. What is still under way for an earlier round is dropped. */
    async ask(tx: Tx, { incident, round, matched }: { incident: number; round: number; matched: boolean }) {
      if (investigate === 'asked' || (investigate === 'unmatched' && matched)) return
      if ((await modeNow(tx, mode, incident)) === 'off') return
      await withdrawInvestigations(tx, incident, { before: round })
      await askInvestigation(tx, queue, {
        kind: 'incident',
        incident,
        round,
        askedBy: 'agent',
        request: { deadlineMs },
      })
    },

    /** Nobody wants what is still being looked into. */
    withdraw: (tx: Tx, incident: number) => withdrawInvestigations(tx, incident),

    /** What an investigation proposes for one of its causes, or a person has asked for; undefined where it is not there. */
    async plan(id: string, cause: number): Promise<ProposedPlan | undefined> {
      const found = await findInvestigation(sql, id)
      if (found?.kind === 'question') return (found.report as unknown as Answer | null)?.plan ?? undefined
      return found && reportOf(found)?.conclusion?.causes[cause]?.plan
    },

    /** A person wants the cloud's word. Answers what they are told. */
    async askCloud(tx: Tx, { incident: id, by }: { incident: number; by: string }): Promise<string> {
      const now = await modeNow(tx, mode, id)
      if (now === 'off' || now === 'local_only')
        return `The mode is ${now}, so nothing goes to the cloud. /mode changes it.`
      const incident = await findIncident(tx, id)
      if (!incident || incident.status === 'closed') return 'This incident is over.'
      await withdrawInvestigations(tx, id)
      await askInvestigation(tx, queue, {
        kind: 'incident',
        incident: id,
        round: incident.round,
        askedBy: by,
        request: { deadlineMs, mode: 'cloud_only', signals: [{ reason: 'person', because: `${by} asked for it` }] },
      })
      return 'Asking Claude. The answer comes on this card.'
    },
  }
}
