import type { JsonObject } from '../domain/json.ts'
import { json, type Sql } from '../storage/postgres.ts'
import type { CallOptions, ToolAnswer, Toolbox } from './toolbox.ts'

/** Milliseconds a look may take. */
const LOOK_DEADLINE_MS = 10_000

export interface Look {
  incident: number
  round: number
  /** `check:oom`, `dry-run:0`, `verify:0`: what it is asked for. */
  key: string
  tool: string
  args: JsonObject
  askedBy: string
}

/** Looks with a tool and keeps what it answered: state holds its key, the row holds the body. */
export async function look(
  { sql, toolbox }: { sql: Sql; toolbox: Toolbox },
  asked: Look,
  options: Pick<CallOptions, 'deadlineMs' | 'signal'> = { deadlineMs: LOOK_DEADLINE_MS },
): Promise<ToolAnswer> {
  const answer = await toolbox.call(asked.tool, asked.args, options)
  const result = answer.ok ? answer.result : { error: { code: answer.code, message: answer.message } }
  const summary = answer.ok ? answer.summary : answer.message
  const truncated = answer.ok && answer.result.truncated === true
  await sql`
    insert into evidence (incident_id, round, key, tool, args, asked_by, ok, result, summary, truncated, took_ms)
    values (${asked.incident}, ${asked.round}, ${asked.key}, ${asked.tool}, ${json(sql, asked.args)}, ${asked.askedBy},
      ${answer.ok}, ${json(sql, result)}, ${summary}, ${truncated}, ${answer.tookMs})
    on conflict (incident_id, round, key) do update set tool = excluded.tool, args = excluded.args, ok = excluded.ok,
      result = excluded.result, summary = excluded.summary, truncated = excluded.truncated, took_ms = excluded.took_ms,
      at = watch_now()`
  return answer
}

/** The key of a check's evidence: two runbooks may name their checks alike. */
export function checkKey(runbook: string, check: string): string {
  return `check:${runbook}/${check}`
}

/** What the checks of a runbook returned in a round, by the check's id: the scope that templates and conditions see. */
export async function checkResults(
  sql: Sql,
  incident: number,
  round: number,
  runbook: string,
): Promise<Record<string, { result: JsonObject }>> {
  const prefix = checkKey(runbook, '')
  const rows = await sql<{ key: string; result: JsonObject }[]>`
    select key, result from evidence
    where incident_id = ${incident} and round = ${round} and ok and starts_with(key, ${prefix})`
  return Object.fromEntries(rows.map((row) => [row.key.slice(prefix.length), { result: row.result }]))
}
