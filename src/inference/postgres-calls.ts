import { inTransaction, json, type Sql, type Tx } from '../storage/postgres.ts'
import { type BudgetLimits, refusedBy, type Spent } from './budget.ts'
import type { CallBook, CallEntry } from './call-book.ts'

/** One reservation at a time, on any replica: two could otherwise both fit into what only one fits into. */
const BUDGET_LOCK = 0x77_6b_62

/** The book of calls in Postgres. A reservation that a crash left open counts as spent: it may have been. */
export function postgresCalls(sql: Sql, limits: BudgetLimits): CallBook {
  return {
    open: (entry) =>
      inTransaction(sql, async (tx) => {
        await tx`select pg_advisory_xact_lock(${BUDGET_LOCK})`
        const want = { tokens: entry.reservedTokens, microUsd: entry.reservedMicroUsd }
        const refused = refusedBy(limits, await spentSoFar(tx, entry.incident), { ...want, ...entry })
        return refused === undefined ? { id: await insert(tx, entry) } : { refused }
      }),
    async close(id, { usage, microUsd, tokens, latencyMs, failure }) {
      await sql`
        update inference_calls set
          status = ${failure === undefined ? 'done' : 'failed'}, failure = ${failure ?? null},
          input_tokens = ${usage.inputTokens}, output_tokens = ${usage.outputTokens},
          cache_read_tokens = ${usage.cacheReadTokens}, cache_write_tokens = ${usage.cacheWriteTokens},
          spent_tokens = ${tokens}, spent_micro_usd = ${microUsd},
          latency_ms = ${Math.round(latencyMs)}, settled_at = watch_now()
        where id = ${id} and status = 'reserved'`
    },
  }
}

/** What budgets have lost so far; the day and the month are those of UTC. */
export async function spentSoFar(sql: Sql | Tx, incident: number | null): Promise<Spent> {
  const [ours] = await sql<{ calls: number; tokens: number; money: number }[]>`
    select count(*)::int as calls, coalesce(sum(spent_tokens), 0)::bigint as tokens,
      coalesce(sum(spent_micro_usd), 0)::bigint as money
    from inference_calls where incident_id = ${incident}`
  const [all] = await sql<{ dayTokens: number; dayMoney: number; monthTokens: number; monthMoney: number }[]>`
    with since as (
      select date_trunc('day', watch_now() at time zone 'UTC') at time zone 'UTC' as day,
        date_trunc('month', watch_now() at time zone 'UTC') at time zone 'UTC' as month)
    select coalesce(sum(spent_tokens) filter (where at >= day), 0)::bigint as "dayTokens",
      coalesce(sum(spent_micro_usd) filter (where at >= day), 0)::bigint as "dayMoney",
      coalesce(sum(spent_tokens), 0)::bigint as "monthTokens",
      coalesce(sum(spent_micro_usd), 0)::bigint as "monthMoney"
    from inference_calls, since where at >= month and place = 'cloud'`
  return {
    incident: { calls: ours?.calls ?? 0, tokens: Number(ours?.tokens ?? 0), microUsd: Number(ours?.money ?? 0) },
    day: { tokens: Number(all?.dayTokens ?? 0), microUsd: Number(all?.dayMoney ?? 0) },
    month: { tokens: Number(all?.monthTokens ?? 0), microUsd: Number(all?.monthMoney ?? 0) },
  }
}

async function insert(tx: Tx, entry: CallEntry): Promise<string> {
  const [row] = await tx<{ id: string }[]>`
    insert into inference_calls (incident_id, purpose, prompt, provider, model, place, reason, because, repair,
      reserved_tokens, reserved_micro_usd, spent_tokens, spent_micro_usd, redacted)
    values (${entry.incident}, ${entry.purpose}, ${entry.prompt}, ${entry.provider}, ${entry.model}, ${entry.place},
      ${entry.reason}, ${entry.because}, ${entry.repair}, ${entry.reservedTokens}, ${entry.reservedMicroUsd},
      ${entry.reservedTokens}, ${entry.reservedMicroUsd}, ${json(tx, entry.redacted)})
    returning id`
  if (!row) throw new Error('The database stored a call and did not say under which id.')
  return row.id
}
