import { findApproval, settleApproval } from '../approvals/approval-store.ts'
import type { Approval, Verb } from '../domain/approval.ts'
import { lockIncident } from '../incidents/incident-rows.ts'
import { happened, retireButtons } from '../incidents/move.ts'
import { inTransaction, json, type Sql, type SqlOrTx, sentTogether } from '../storage/postgres.ts'
import { type IncidentState, mends, type Wait } from './state.ts'

/** What a person asked for on the card. */
export interface Asked {
  id: number
  verb: string
  params: Record<string, string | number>
  by: string
}

/** What a waiting graph is resumed with. */
export type News =
  | {
      kind: 'decided'
      status: Exclude<Approval['status'], 'pending'>
      by: string
      reason: string | null
      asked: Asked | null
    }
  | { kind: 'asked'; asked: Asked }
  | { kind: 'due' }
  | { kind: 'alerts'; firing: number }
  | { kind: 'freed' }

/**
 * What has happened that this wait is for; undefined while nothing has. Reads the records alone, so that it says the same
 * when a crash made it be asked twice. Expiry and withdrawal are settled here, by compare-and-set, because they are found
 * by looking.
 */
export async function newsFor(sql: Sql, state: IncidentState): Promise<News | undefined> {
  if (state.wait === 'decision') return await decisionNews(sql, state)
  const { asked, firing, alertVersion, due } = await lookAround(sql, state)
  switch (state.wait) {
    case 'effect':
      return due ? { kind: 'due' } : undefined
    case 'doubt':
      return asked && { kind: 'asked', asked }
    case 'verify':
      if (asked) return { kind: 'asked', asked }
      if (alertVersion > state.alertVersion) return { kind: 'alerts', firing }
      return due ? { kind: 'due' } : undefined
    case 'target':
      if (firing === 0 && mends(state.purpose)) return { kind: 'alerts', firing }
      if (asked) return { kind: 'asked', asked }
      return (await isFree(sql, state)) ? { kind: 'freed' } : undefined
    default:
      if (firing === 0) return { kind: 'alerts', firing }
      if (asked) return { kind: 'asked', asked }
      return state.wait === 'snooze' && due ? { kind: 'due' } : undefined
  }
}

async function decisionNews(sql: Sql, state: IncidentState): Promise<News | undefined> {
  const { approval } = state
  if (approval === null) throw new Error(`incident ${state.incident} waits for an approval it does not have`)
  return await inTransaction(sql, async (tx) => {
    const [incident, found] = await sentTogether([lockIncident(tx, state.incident), findApproval(tx, approval)])
    if (!found) throw new Error(`approval ${approval} does not exist`)
    if (found.status === 'pending') {
      const { asked, firing } = await lookAround(tx, state)
      // What takes a change back is wanted whether or not anything fires.
      const cleared = firing === 0 && state.purpose !== 'undo'
      const verdict = cleared ? 'withdrawn' : asked ? 'superseded' : 'expired'
      const settled = await settleApproval(tx, { approval, verdict, by: asked && !cleared ? asked.by : 'agent' })
      if (!settled) return undefined
      const reason = cleared ? 'cleared' : asked ? 'asked' : null
      await tx`update approvals set decision = ${json(tx, { reason, asked: (!cleared && asked) || null })} where id = ${approval}`
      await retireButtons(tx, incident.id)
      await happened(tx, {
        incident: incident.id,
        round: state.round,
        name: `approval ${verdict}`,
        actor: settled.decidedBy === 'agent' ? 'agent' : `person:${settled.decidedBy}`,
        key: `settled:${approval}`,
      })
    }
    return await settledNews(tx, approval)
  })
}

async function settledNews(sql: SqlOrTx, approval: string): Promise<News | undefined> {
  const [row] = await sql<
    { status: Approval['status']; decided_by: string; decision: { reason?: string; asked?: Asked } }[]
  >`select status, decided_by, decision from approvals where id = ${approval}`
  if (!row || row.status === 'pending') return undefined
  const { reason = null, asked = null } = row.decision
  return { kind: 'decided', status: row.status, by: row.decided_by, reason, asked }
}

/**
 * What a person may ask for while an incident waits so. A verb whose moment has passed (two people pressed, or a verdict
 * was faster) is passed over: taken up later it would do something nobody means any more.
 */
const fitting: Record<Wait, readonly Verb[]> = {
  decision: ['choose', 'modify', 'snooze', 'ignore'],
  effect: [],
  doubt: ['check_again', 'run_again', 'abandon'],
  verify: ['undo'],
  target: ['again', 'choose', 'snooze', 'ignore'],
  snooze: ['again', 'choose', 'ignore'],
  ignored: ['again', 'choose', 'snooze'],
  watch: ['again', 'choose', 'plan', 'undo', 'rest', 'snooze', 'ignore'],
}

/** What a wait looks at, as it stands in one moment. */
interface Sight {
  /** The oldest request that this graph has not taken in, of those that fit its wait. */
  asked: Asked | undefined
  firing: number
  alertVersion: number
  /** A timer is due when its row is past, or gone: the sweeper takes it away when it wakes the incident. */
  due: boolean
}

/**
 * An edit is of one plan, which no other may be taken for, and words that ask for one are of one round: what comes after a
 * verdict, or lay there while the rounds went on, changes nothing.
 */
async function lookAround(sql: SqlOrTx, state: IncidentState): Promise<Sight> {
  const { incident, lastRequest, round, wait, plan, attempt } = state
  // Another attempt is a question about one in doubt: until that is settled there is nothing to plan, and nothing to be quiet about.
  const verbs = wait === 'decision' && attempt > 1 ? [] : [...fitting[wait ?? 'watch']]
  const [row] = await sql<(Omit<Sight, 'asked'> & { asked: Asked | null })[]>`
    select (
        select jsonb_build_object('id', id, 'verb', verb, 'params', params, 'by', by) from requests
        where incident_id = i.id and id > ${lastRequest} and taken_at is null and verb = any(${verbs}::text[])
          and (verb <> 'modify' or params->>'plan' = ${plan})
          and (verb <> 'choose' or coalesce((params->>'round')::integer, ${round}) = ${round})
        order by id limit 1) as asked,
      (select count(*) from alerts where incident_id = i.id and status = 'firing') as firing,
      i.alert_version as "alertVersion",
      not exists (
        select from timers where incident_id = i.id and kind = ${wait} and due_at > watch_now()) as due
    from incidents i where i.id = ${incident}`
  if (!row) throw new Error(`incident ${incident} does not exist`)
  return { ...row, asked: row.asked ?? undefined }
}

/** The oldest request of this kind that the graph has not taken in. */
export async function nextRequest(
  sql: SqlOrTx,
  { incident, lastRequest }: IncidentState,
  verb: Verb,
): Promise<Asked | undefined> {
  const [row] = await sql<Asked[]>`
    select id, verb, params, by from requests
    where incident_id = ${incident} and id > ${lastRequest} and taken_at is null and verb = ${verb}
    order by id limit 1`
  return row
}

async function isFree(sql: SqlOrTx, { incident }: IncidentState): Promise<boolean> {
  const rows = await sql`
    select 1 from incidents i where i.id = ${incident} and i.waits_for is not null
      and exists (select from leases l where l.incident_id = i.waits_for)`
  return rows.length === 0
}
