import type { Labels } from '../domain/alert.ts'
import type { SqlOrTx } from '../storage/postgres.ts'

/** How an incident's alerts stand: how many fire, since when none does, and which state of them this is. */
export interface AlertStanding {
  firing: number
  total: number
  /**
   * When the last of them ended, by the sender's own time and never after its receipt; null while one fires. Where polls found
   * one gone, it is the time of the first that missed it, and the alert may have ended before.
   */
  clearedAt: Date | null
  /** The latest moment at which one of them is known to have fired: a report said so, or it ended then by its sender's word. */
  firedAt: Date | null
  /** Whether polls find each one that fires, so that its absence from them ends it. */
  listed: boolean
  alertVersion: number
  /** The database's clock at this look. */
  now: Date
}

export async function firingAlerts(sql: SqlOrTx, incident: number): Promise<AlertStanding> {
  const [row] = await sql<AlertStanding[]>`
    select count(a.id) filter (where a.status = 'firing') as firing, count(a.id) as total,
      i.alert_version as "alertVersion", watch_now() as now,
      case when count(a.id) filter (where a.status = 'firing') = 0
        then max(least(a.ends_at, e.received_at)) end as "clearedAt",
      max(case when a.status = 'firing' then a.last_seen_at
        when e.via = 'webhook' then least(a.ends_at, e.received_at) end) as "firedAt",
      coalesce(bool_and(a.listed) filter (where a.status = 'firing'), false) as listed
    from incidents i left join alerts a on a.incident_id = i.id
      left join lateral (
        select s.via, s.received_at from alert_states s
        where a.status = 'resolved' and s.alert_id = a.id and s.status = 'resolved'
        order by s.received_at desc limit 1) e on true
    where i.id = ${incident} group by i.id`
  if (!row) throw new Error(`incident ${incident} does not exist`)
  return row
}

/** The text of the alert a plan is made for: the newest one that fires, or the newest there is. */
export async function leadingAlert(sql: SqlOrTx, incident: number): Promise<{ labels: Labels; annotations: Labels }> {
  const [row] = await sql<{ labels: Labels; annotations: Labels }[]>`
    select labels, annotations from alerts where incident_id = ${incident}
    order by (status = 'firing') desc, starts_at desc, id desc limit 1`
  return row ?? { labels: {}, annotations: {} }
}

/** The leading alert with what its incident is about, and when it began. */
export interface NewestAlert {
  labels: Labels
  annotations: Labels
  cluster: string
  namespace: string | null
  workload: string | null
  startsAt: Date
  /** The database's clock at this look. */
  now: Date
}

/** The leading alert where more than its text is wanted. An incident without alerts has an empty one, which begins now. */
export async function newestAlert(sql: SqlOrTx, incident: number): Promise<NewestAlert> {
  const [row] = await sql<NewestAlert[]>`
    select coalesce(a.labels, '{}') as labels, coalesce(a.annotations, '{}') as annotations, i.cluster, i.namespace, i.workload,
      coalesce(a.starts_at, watch_now()) as "startsAt", watch_now() as now
    from incidents i left join alerts a on a.incident_id = i.id
    where i.id = ${incident}
    order by (a.status = 'firing') desc, a.starts_at desc, a.id desc limit 1`
  if (!row) throw new Error(`incident ${incident} does not exist`)
  return row
}
