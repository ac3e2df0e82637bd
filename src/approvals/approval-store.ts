import type { Approval, Asks, Vote } from '../domain/approval.ts'
import type { Plan } from '../domain/plan.ts'
import type { SqlOrTx } from '../storage/postgres.ts'
import { type ApprovalRow, toApproval } from './approval-rows.ts'

export interface Asked {
  plan: Plan
  actions: readonly number[]
  attempt: number
  asks: Asks
  because: string
  ttlMs: number
}

/** Asks once: a node that runs again gets the approval it made before, whatever has become of it. */
export async function requestApproval(sql: SqlOrTx, asked: Asked): Promise<Approval> {
  const { plan, actions, attempt, asks, because, ttlMs } = asked
  const [first] = actions
  if (first === undefined) throw new Error('an approval covers at least one action')
  const [made] = await sql<ApprovalRow[]>`
    insert into approvals (plan_id, incident_id, actions, attempt, asks, because, digest, expires_at)
    values (${plan.id}, ${plan.body.incident}, ${[...actions]}, ${attempt}, ${asks}, ${because}, ${plan.digest},
      watch_now() + ${ttlMs} * interval '1 millisecond')
    on conflict (plan_id, (actions[1]), attempt) do nothing returning *`
  if (made) return toApproval(made)
  const [row] = await sql<ApprovalRow[]>`
    select * from approvals where plan_id = ${plan.id} and actions[1] = ${first} and attempt = ${attempt}`
  if (!row) throw new Error(`the approval for plan ${plan.id} was not kept`)
  return toApproval(row)
}

export interface Verdict {
  approval: string
  verdict: 'approved' | 'rejected' | 'expired' | 'withdrawn' | 'superseded'
  by: string
}

/**
 * Settles the approval if nobody has: the row's status is the lock. Undefined when it was settled already; an approve or
 * reject also finds nothing once it has expired, by the database's clock at that moment.
 */
export async function settleApproval(sql: SqlOrTx, { approval, verdict, by }: Verdict): Promise<Approval | undefined> {
  const decision = verdict === 'approved' || verdict === 'rejected'
  const [row] = await sql<ApprovalRow[]>`
    update approvals set status = ${verdict}, decided_by = ${by}, decided_at = watch_now()
    where id = ${approval} and status = 'pending' and (not ${decision} or expires_at > watch_now())
      and (${verdict} <> 'expired' or expires_at <= watch_now())
    returning *`
  return row && toApproval(row)
}

export async function findApproval(sql: SqlOrTx, id: string): Promise<Approval | undefined> {
  const [row] = await sql<ApprovalRow[]>`select * from approvals where id = ${id}`
  return row && toApproval(row)
}

/** The approval an incident waits for, if any. */
export async function pendingApproval(sql: SqlOrTx, incident: number): Promise<Approval | undefined> {
  const [row] = await sql<ApprovalRow[]>`select * from approvals where incident_id = ${incident} and status = 'pending'`
  return row && toApproval(row)
}

/** Adds a vote once for a person and verdict; answers all votes so far, oldest first. */
export async function castVote(sql: SqlOrTx, approval: string, vote: Omit<Vote, 'at'>): Promise<Vote[]> {
  await sql`
    insert into votes (approval_id, person, role, verdict, at)
    values (${approval}, ${vote.person}, ${vote.role}, ${vote.verdict}, watch_now()) on conflict do nothing`
  return await votesOn(sql, approval)
}

/** Every vote on an approval, oldest first. */
export async function votesOn(sql: SqlOrTx, approval: string): Promise<Vote[]> {
  return await sql<Vote[]>`
    select person, role, verdict, at from votes where approval_id = ${approval} order by at, person`
}

/** What permits a run: made where the decision is made, in the same transaction, and good for `ttlMs` from then. */
export async function authorizeByApproval(sql: SqlOrTx, approval: Approval, ttlMs: number): Promise<void> {
  await sql`
    insert into authorizations (plan_id, incident_id, actions, attempt, approval_id, expires_at)
    values (${approval.planId}, ${approval.incidentId}, ${approval.actions}, ${approval.attempt}, ${approval.id},
      watch_now() + ${ttlMs} * interval '1 millisecond')
    on conflict (plan_id, (actions[1]), attempt) do nothing`
}

export interface StandingGrant {
  plan: Plan
  actions: readonly number[]
  attempt: number
  levelChange: number
  ttlMs: number
}

/** The same for what a runbook has earned: the permit is the id of the level change that gave it. */
export async function authorizeByLevel(sql: SqlOrTx, grant: StandingGrant): Promise<void> {
  await sql`
    insert into authorizations (plan_id, incident_id, actions, attempt, level_change_id, expires_at)
    values (${grant.plan.id}, ${grant.plan.body.incident}, ${[...grant.actions]}, ${grant.attempt}, ${grant.levelChange},
      watch_now() + ${grant.ttlMs} * interval '1 millisecond')
    on conflict (plan_id, (actions[1]), attempt) do nothing`
}
