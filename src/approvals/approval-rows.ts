import type { Approval } from '../domain/approval.ts'

export interface ApprovalRow {
  id: string
  plan_id: string
  incident_id: number
  actions: number[]
  attempt: number
  asks: Approval['asks']
  status: Approval['status']
  because: string
  digest: string
  requested_at: Date
  expires_at: Date
  decided_at: Date | null
  decided_by: string | null
}

export function toApproval(row: ApprovalRow): Approval {
  return {
    id: row.id,
    planId: row.plan_id,
    incidentId: row.incident_id,
    actions: row.actions,
    attempt: row.attempt,
    asks: row.asks,
    status: row.status,
    because: row.because,
    digest: row.digest,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
  }
}
