import type { JsonObject } from './json.ts'

export type EffectStatus = 'planned' | 'started' | 'done' | 'failed' | 'in_doubt' | 'skipped'

/** One attempt at one action of a plan. `started` commits before the tool is called. */
export interface Effect {
  id: string
  planId: string
  incidentId: number
  action: number
  attempt: number
  status: EffectStatus
  authorizationId: string | null
  startedAt: Date | null
  /** Until when the call may still land; a probe is trusted only after it. */
  settlesAt: Date | null
  finishedAt: Date | null
  result: JsonObject | null
  because: string | null
  byProbe: boolean
}
