import type { Outcome } from '../../domain/incident.ts'
import type { PlanBody } from '../../domain/plan.ts'
import type { Sql } from '../../storage/postgres.ts'
import type { Page } from '../index/knowledge-index.ts'
import { type Source, withHash } from './source.ts'

/** A round of an incident that came to an outcome, from the ledger, with what had been planned and decided. */
interface DecisionRow {
  incident: number
  round: number
  at: Date
  outcome: Outcome
  because: string
  ran: number
  alertname: string
  cluster: string
  namespace: string | null
  workload: string | null
  summary: string | null
  description: string | null
  plan: PlanBody | null
  decision: string | null
  decided_by: string | null
  credit: string | null
  /** Not a verdict, but the end of the incident. */
  isClose: boolean
}

/**
 * Every decision as a page: what the incident was, what was done about it and how it ended, the bad ends like the good ones.
 * The newest thousand; older ones have been superseded by what came after.
 */
export function decisionSource(sql: Sql, limit = 1_000): Source {
  return {
    name: 'ledger',
    collection: 'decisions',
    async pages() {
      const rows = await sql<DecisionRow[]>`
        select l.incident_id as incident, (l.body->>'round')::int as round, l.at, l.body->>'outcome' as outcome,
          coalesce(l.key like '%:closed', false) as "isClose", l.body->>'because' as because, coalesce((l.body->>'ran')::int, 0) as ran, i.alertname, i.cluster, i.namespace,
          i.workload, i.annotations->>'summary' as summary,
          coalesce(i.annotations->>'description', i.annotations->>'message') as description,
          p.body as plan, a.status as decision, a.decided_by, t.credit
        from ledger l
          join incidents i on i.id = l.incident_id
          left join plans p on p.incident_id = l.incident_id and p.round = (l.body->>'round')::int
          left join lateral (
            select status, decided_by from approvals where plan_id = p.id order by requested_at desc, id limit 1) a on true
          left join trust t on t.incident_id = l.incident_id and t.round = (l.body->>'round')::int
        where l.kind = 'outcome' order by l.seq desc limit ${limit}`
      const byRound = new Map<string, DecisionRow>()
      // What a round came to is its newest verdict: one in doubt may have been followed by what became of it. That the incident was
      // closed then tells no more, but where there was none.
      for (const row of rows) {
        const round = `${row.incident}/${row.round}`
        if (byRound.get(round)?.isClose ?? true) byRound.set(round, row)
      }
      return [...byRound.values()].map(toPage)
    },
  }
}

function toPage(row: DecisionRow): Page {
  const { incident, round, outcome, because, plan, decision, credit, ran } = row
  const title = row.summary?.trim() || row.alertname
  const chunks = [
    { heading: 'What it was', text: [row.alertname, row.summary, row.description].filter(Boolean).join('\n') },
    { heading: 'What was done', text: doneWords(row) },
    { heading: 'How it ended', text: `${endWords[outcome] ?? outcome}. ${because}` },
  ]
  return withHash({
    id: `incident-${incident}-${round}`,
    source: 'ledger',
    title,
    file: row.alertname,
    headings: chunks.map(({ heading }) => heading),
    prose: chunks.map(({ text }) => text).join('\n'),
    chunks,
    facts: {
      incident,
      round,
      outcome,
      because,
      ran,
      decision,
      credit,
      at: row.at.toISOString(),
      cluster: row.cluster,
      namespace: row.namespace,
      workload: row.workload,
      runbook: plan?.runbook?.id ?? null,
    },
  })
}

function doneWords({ plan, decision, decided_by, ran }: DecisionRow): string {
  if (!plan) return 'Nothing was planned.'
  const steps = plan.actions.map(({ tool, target }) => `${tool} on ${target.kind} ${target.name}`).join(', ')
  const by = decision ? `${decision}${decided_by ? ` by ${decided_by}` : ''}` : 'not asked for'
  return `${plan.runbook ? `By the runbook ${plan.runbook.id}: ` : ''}${steps}. ${by}; ${ran} of ${plan.actions.length} ran.`
}

const endWords: Partial<Record<Outcome, string>> = {
  fixed: 'It was fixed',
  not_fixed: 'It was not fixed',
  reverted: 'Something took the change back',
  self_resolved: 'It ended by itself',
  rejected: 'A person rejected the plan',
  expired: 'Nobody decided in time',
  ignored: 'It was ignored',
  in_doubt: 'Nobody knows whether it was done',
  abandoned: 'It was given up',
  advised: 'People were advised',
  unknown: 'Nobody knows whether it helped',
}
