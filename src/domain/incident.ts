import type { Labels, Severity } from './alert.ts'

/**
 * open: the graph is at work · waiting: an approval is pending · running: an action is under way · verifying: it ran, and
 * its outcome is being watched · watching: nothing more will be done without a person · snoozed, ignored: quiet on request
 * · closed: over.
 */
export type IncidentStatus =
  | 'open'
  | 'waiting'
  | 'running'
  | 'verifying'
  | 'watching'
  | 'snoozed'
  | 'ignored'
  | 'closed'

/** unknown: what was approved ran, and whether it helped cannot be told. */
export type Outcome =
  | 'fixed'
  | 'not_fixed'
  | 'reverted'
  | 'self_resolved'
  | 'rejected'
  | 'expired'
  | 'ignored'
  | 'in_doubt'
  | 'abandoned'
  | 'advised'
  | 'unknown'

export interface Incident {
  id: number
  correlationKey: string
  status: IncidentStatus
  outcome: Outcome | null
  severity: Severity
  alertname: string
  cluster: string
  namespace: string | null
  workload: string | null
  labels: Labels
  annotations: Labels
  round: number
  runbookId: string | null
  runbookVersion: string | null
  /** One sentence on why it stands where it stands, for the card. */
  because: string | null
  waitsFor: number | null
  takenBy: string | null
  menu: 'quiet' | 'more' | 'details' | null
  snoozedUntil: Date | null
  openedAt: Date
  closedAt: Date | null
  wants: number
  served: number
  alertVersion: number
}

/** Every way a status may move; anything else is a bug and throws. A status may always move to itself. */
const moves: Record<IncidentStatus, readonly IncidentStatus[]> = {
  open: ['waiting', 'running', 'verifying', 'watching', 'snoozed', 'ignored', 'closed'],
  waiting: ['open', 'running', 'verifying', 'watching', 'snoozed', 'ignored', 'closed'],
  running: ['open', 'waiting', 'verifying', 'watching', 'closed'],
  verifying: ['open', 'running', 'watching', 'closed'],
  watching: ['open', 'waiting', 'running', 'verifying', 'snoozed', 'ignored', 'closed'],
  snoozed: ['open', 'ignored', 'closed'],
  ignored: ['open', 'snoozed', 'closed'],
  closed: ['open'],
}

/** The statuses from which an incident may come to this one. */
export function waysTo(to: IncidentStatus): IncidentStatus[] {
  const all = Object.entries(moves) as [IncidentStatus, readonly IncidentStatus[]][]
  return all.filter(([from, ways]) => from === to || ways.includes(to)).map(([from]) => from)
}
