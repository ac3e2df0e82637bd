import type { IncidentStatus } from '../../domain/incident.ts'

export const statusWords: Record<IncidentStatus, string> = {
  open: 'being looked at',
  waiting: 'waiting for an answer',
  running: 'running',
  verifying: 'being watched after a change',
  watching: 'left to people',
  snoozed: 'snoozed',
  ignored: 'ignored',
  closed: 'over',
}
