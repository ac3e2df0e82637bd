import type { SqlOrTx } from '../storage/postgres.ts'

/** How a runbook did: of every outcome how often, and when last; all clusters together. */
export interface RunbookStats {
  readonly runbook: string
  readonly ran: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly succeeded: number
  readonly failed: number
  /** ISO 8601; null where it never ran. */
  readonly last: string | null
}

export async function runbookStats(sql: SqlOrTx, runbook: string): Promise<RunbookStats> {
  const rows = await sql<{ outcome: string; credit: string; count: number; last: Date }[]>`
    select outcome, credit, count(*) as count, max(at) as last from trust where runbook_id = ${runbook}
    group by outcome, credit order by outcome`
  const sum = (wanted: (row: (typeof rows)[number]) => boolean) =>
    rows.filter(wanted).reduce((total, { count }) => total + count, 0)
  const outcomes = [...new Set(rows.map(({ outcome }) => outcome))]
  const last = Math.max(...rows.map((row) => row.last.getTime()))
  return {
    runbook,
    ran: sum(() => true),
    outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, sum((row) => row.outcome === outcome)])),
    succeeded: sum(({ credit }) => credit === 'success'),
    failed: sum(({ credit }) => credit === 'failure'),
    last: rows.length === 0 ? null : new Date(last).toISOString(),
  }
}
