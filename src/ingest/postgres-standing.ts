import type { Labels } from '../domain/alert.ts'
import type { Sql } from '../storage/postgres.ts'
import { ALERTMANAGER } from './alertmanager.ts'
import type { StandingAlerts } from './reconciliation.ts'

type Row = {
  fingerprint: string
  starts_at: Date
  ends_at: Date | null
  receiver: string
  labels: Labels
  contradicted: boolean
  last_seen_at: Date
  listed: boolean
}

/** What fires as far as the database knows. */
export function postgresStanding(sql: Sql): StandingAlerts {
  return {
    async now() {
      const [row] = await sql<{ now: Date }[]>`select watch_now() as now`
      if (!row) throw new Error('The database did not say what time it is.')
      return row.now
    },
    async firing() {
      const rows = await sql<Row[]>`
        select fingerprint, starts_at, ends_at, receiver, labels, contradicted, last_seen_at, listed
        from alerts
        where source = ${ALERTMANAGER} and status = 'firing'`
      return rows.map((row) => ({
        report: {
          source: ALERTMANAGER,
          fingerprint: row.fingerprint,
          startsAt: row.starts_at,
          status: 'firing' as const,
          endsAt: row.ends_at ?? undefined,
          labels: row.labels,
          annotations: {},
          generatorUrl: '',
          marks: [],
          receiver: row.receiver,
        },
        contradicted: row.contradicted,
        lastSeenAt: row.last_seen_at,
        listed: row.listed,
      }))
    },
    async markListed(fingerprints) {
      await sql`
        update alerts set listed = true
        where source = ${ALERTMANAGER} and status = 'firing' and fingerprint = any(${[...fingerprints]}::text[])`
    },
  }
}
