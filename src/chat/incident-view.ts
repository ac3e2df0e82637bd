import { type ApprovalRow, toApproval } from '../approvals/approval-rows.ts'
import { type EffectRow, type PlanRow, toEffect, toPlan } from '../approvals/plan-rows.ts'
import { policyNow } from '../autonomy/policy-setting.ts'
import type { AlertView, Finding, IncidentView, RunbookPages, TimelineEvent } from '../domain/view.ts'
import { findIncident } from '../incidents/incident-rows.ts'
import type { Sql } from '../storage/postgres.ts'

/** Alerts a card or page lists at most; the counts are always of all. */
const ALERTS_SHOWN = 50

/**
 * Everything people see of one incident, read side by side. Undefined where there is no incident of that number.
 * `runbookOf` gives a runbook's words for people; the files are not in the database.
 */
export async function incidentView(sql: Sql, id: number, runbookOf: RunbookPages): Promise<IncidentView | undefined> {
  const [incident, alerts, counts, findings, plans, approvals, votes, effects, timeline, policy, clock] =
    await Promise.all([
      findIncident(sql, id),
      sql<AlertView[]>`
      select status, labels, annotations, starts_at as "startsAt", ends_at as "endsAt", marks, contradicted
      from alerts where incident_id = ${id} order by status, starts_at desc, id desc limit ${ALERTS_SHOWN}`,
      sql<{ total: number; firing: number }[]>`
      select count(*) as total, count(*) filter (where status = 'firing') as firing from alerts where incident_id = ${id}`,
      sql<(Finding & { round: number })[]>`
      select key, tool, ok, summary, at, round from evidence where incident_id = ${id} order by round, at, key`,
      sql<PlanRow[]>`select * from plans where incident_id = ${id} order by round desc limit 1`,
      sql<ApprovalRow[]>`select * from approvals where incident_id = ${id} order by requested_at desc, id limit 1`,
      sql<(IncidentView['votes'][number] & { approval: string })[]>`
      select v.approval_id as approval, v.person, v.role, v.verdict, v.at from votes v join approvals a on a.id = v.approval_id
      where a.incident_id = ${id} order by v.at`,
      sql<EffectRow[]>`select * from effects where incident_id = ${id} order by action, attempt`,
      sql<TimelineEvent[]>`
      select id, round, name, actor, from_status as "from", to_status as "to", detail, at
      from incident_events where incident_id = ${id} order by id desc limit 200`,
      policyNow(sql),
      sql<{ now: Date }[]>`select watch_now() as now`,
    ])
  if (!incident) return undefined
  const page = incident.runbookId === null ? undefined : runbookOf(incident.runbookId)
  const planRow = plans[0]
  const plan = planRow && planRow.round === incident.round ? toPlan(planRow) : null
  const approvalRow = approvals[0]
  const approval = approvalRow && plan && approvalRow.plan_id === plan.id ? toApproval(approvalRow) : null
  return {
    incident,
    alerts: [...alerts],
    firing: counts[0]?.firing ?? 0,
    total: counts[0]?.total ?? 0,
    runbookTitle: page?.title ?? null,
    advice: page?.prose ?? null,
    findings: findings.filter((finding) => finding.round === incident.round),
    plan,
    approval,
    votes: votes.filter((vote) => vote.approval === approval?.id),
    effects: effects.map(toEffect).filter((effect) => effect.planId === plan?.id),
    timeline: [...timeline].reverse(),
    record: await recordOf(sql, incident.runbookId, incident.cluster),
    policy,
    now: clock[0]?.now ?? new Date(),
  }
}

async function recordOf(sql: Sql, runbook: string | null, cluster: string): Promise<IncidentView['record']> {
  if (!runbook) return { fixed: 0, notFixed: 0 }
  const [row] = await sql<IncidentView['record'][]>`
    select count(*) filter (where credit = 'success') as fixed, count(*) filter (where credit = 'failure') as "notFixed"
    from trust where runbook_id = ${runbook} and scope = ${cluster}`
  return row ?? { fixed: 0, notFixed: 0 }
}
