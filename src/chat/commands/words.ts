import type { Policy } from '../../autonomy/policy-setting.ts'
import type { IncidentStatus } from '../../domain/incident.ts'

export const policyWords: Record<Policy, string> = {
  VERBOSE: 'everything is asked for (VERBOSE).',
  NORMAL: 'what has earned it runs by itself, the rest is asked for (NORMAL).',
  FROZEN: 'nothing runs until an admin says /thaw (FROZEN).',
}

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
