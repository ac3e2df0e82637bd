import { type ApprovalRow, toApproval } from '../approvals/approval-rows.ts'
import { type EffectRow, type PlanRow, toEffect, toPlan } from '../approvals/plan-rows.ts'
import type { Labels } from '../domain/alert.ts'
import type { InvestigationView } from '../domain/investigation.ts'
import type { AlertView, Finding, IncidentView, Outside, RunbookPages, TimelineEvent } from '../domain/view.ts'
import { type IncidentRow, toIncident } from '../incidents/incident-rows.ts'
import type { Sql } from '../storage/postgres.ts'

/** Alerts a card or page lists at most; the counts are always of all. */
const ALERTS_SHOWN = 50
const EVENTS_SHOWN = 200

/** What one statement brings: rows as JSON, so that their times are text. */
interface ViewRow {
  incident: Stored<IncidentRow>
  alerts: Stored<AlertView>[]
  /** The labels of all its alerts, those too that no card lists. */
  labels: Labels[]
  total: number
  firing: number
  findings: Stored<Finding>[]
  plan: Stored<PlanRow> | null
  approval: Stored<ApprovalRow> | null
  votes: Stored<IncidentView['votes'][number]>[]
  effects: Stored<EffectRow>[]
  timeline: Stored<TimelineEvent>[]
  investigations: Stored<InvestigationView>[]
  fixed: number
  notFixed: number
  policy: string
  now: Date
}

/**
 * Everything people see of one incident, in one statement and so of one moment: cards are drawn often. Undefined where there
 * is no incident of that number. `runbookOf` gives a runbook's words for people; the files are not in the database.
 * `outside`: nothing stays at home, and there is no cloud, unless told.
 */
export async function incidentView(
  sql: Sql,
  id: number,
  runbookOf: RunbookPages,
  outside: Outside = { keepsHome: () => false, cloud: false },
): Promise<IncidentView | undefined> {
  const [row] = await sql<ViewRow[]>`
    select to_jsonb(i) as incident,
      (select coalesce(jsonb_agg(a), '[]') from (
        select status, labels, annotations, starts_at as "startsAt", ends_at as "endsAt", marks, contradicted
        from alerts where incident_id = i.id order by status, starts_at desc, id desc limit ${ALERTS_SHOWN}) a) as alerts,
      (select coalesce(jsonb_agg(distinct labels), '[]') from alerts where incident_id = i.id) as labels,
      (select count(*) from alerts where incident_id = i.id) as total,
      (select count(*) from alerts where incident_id = i.id and status = 'firing') as firing,
      (select coalesce(jsonb_agg(e), '[]') from (
        select key, tool, ok, summary, at, case when key = 'changed' then result->'items' end as changes from evidence
        where incident_id = i.id and round = i.round order by at, key) e) as findings,
      to_jsonb(p) as plan,
      to_jsonb(a) as approval,
      (select coalesce(jsonb_agg(v), '[]') from (
        select person, role, verdict, at from votes where approval_id = a.id order by at) v) as votes,
      (select coalesce(jsonb_agg(e), '[]') from (
        select * from effects where plan_id = p.id order by action, attempt) e) as effects,
      (select coalesce(jsonb_agg(t order by t.id), '[]') from (
        select id, round, name, actor, from_status as "from", to_status as "to", detail, at
        from incident_events where incident_id = i.id order by id desc limit ${EVENTS_SHOWN}) t) as timeline,
      (select coalesce(jsonb_agg(n), '[]') from (
        select id, round, asked_by as "askedBy", status, progress, report, created_at as "createdAt",
          ended_at as "endedAt"
        from investigations where incident_id = i.id and kind = 'incident' and status <> 'withdrawn'
          and created_at >= coalesce(
            (select max(at) from incident_events where incident_id = i.id and name = 'reopened'), '-infinity')
        order by created_at desc, id limit 3) n) as investigations,
      (select count(*) from trust where runbook_id = i.runbook_id and scope = i.cluster and credit = 'success') as fixed,
      (select count(*) from trust where runbook_id = i.runbook_id and scope = i.cluster and credit = 'failure')
        as "notFixed",
      coalesce((select value #>> '{}' from settings where name = 'policy'), 'VERBOSE') as policy,
      watch_now() as now
    from incidents i
      left join plans p on p.incident_id = i.id and p.round = i.round
      left join lateral (
        select * from approvals where plan_id = p.id order by requested_at desc, id limit 1) a on true
    where i.id = ${id}`
  if (!row) return undefined
  const incident = toIncident(dated(row.incident, ['snoozed_until', 'opened_at', 'closed_at']))
  const alerts = row.alerts.map((alert) => dated<AlertView>(alert, ['startsAt', 'endsAt']))
  const keptHome = [incident.labels, ...row.labels].some(outside.keepsHome)
  const page = incident.runbookId === null ? undefined : runbookOf(incident.runbookId)
  return {
    incident,
    alerts,
    firing: row.firing,
    total: row.total,
    runbookTitle: page?.title ?? null,
    advice: page?.prose ?? null,
    findings: row.findings.map((finding) => dated(finding, ['at'])),
    plan: row.plan && toPlan(dated(row.plan, ['created_at'])),
    approval: row.approval && toApproval(dated(row.approval, ['requested_at', 'expires_at', 'decided_at'])),
    votes: row.votes.map((vote) => dated(vote, ['at'])),
    effects: row.effects.map((effect) => toEffect(dated(effect, ['started_at', 'settles_at', 'finished_at']))),
    timeline: row.timeline.map((event) => dated(event, ['at'])),
    investigations: row.investigations.map((one) => dated(one, ['createdAt', 'endedAt'])),
    keptHome,
    askCloud: outside.cloud && !keptHome,
    record: { fixed: row.fixed, notFixed: row.notFixed },
    policy: row.policy,
    now: row.now,
  }
}

/** A row that went through JSON: where it had a time, there is text. */
type Stored<T> = { [K in keyof T]: T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K] }

/** The row with its times again. Every time of it must be named, which the type of the answer does not check. */
function dated<T extends object>(row: Stored<T>, times: readonly (keyof T & string)[]): T {
  const texts = row as Record<string, unknown>
  const dates = times.map((name) => [name, typeof texts[name] === 'string' ? new Date(texts[name]) : texts[name]])
  return { ...texts, ...Object.fromEntries(dates) } as T
}
