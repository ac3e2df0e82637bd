import type { Mode } from '../domain/inference.ts'
import { json, type SqlOrTx } from '../storage/postgres.ts'

/** Which models may be asked: as was set for this incident, else for all, else by configuration. */
export async function modeNow(sql: SqlOrTx, configured: Mode, incident: number | null = null): Promise<Mode> {
  const [row] = await sql<{ own: Mode | null; all: Mode | null }[]>`
    select (select model_mode from incidents where id = ${incident}) as own,
      (select value #>> '{}' from settings where name = 'model_mode') as all`
  return row?.own ?? row?.all ?? configured
}

/**
 * The mode of one asking: what somebody wished for may narrow what is in force, or take the cloud where it is allowed, but it
 * never overrides `off` or `local_only`.
 */
export function modeWished(wish: Mode | null, now: Mode): Mode {
  if (now === 'off' || wish === null) return now
  return now === 'local_only' && wish !== 'off' ? now : wish
}

/** Sets it for all, for every replica; null goes back to the configuration's. */
export async function setMode(sql: SqlOrTx, mode: Mode | null, by: string): Promise<void> {
  if (mode === null) await sql`delete from settings where name = 'model_mode'`
  else
    await sql`
      insert into settings (name, value, changed_by) values ('model_mode', ${json(sql, mode)}, ${by})
      on conflict (name) do update set value = excluded.value, changed_by = excluded.changed_by, changed_at = watch_now()`
}

/** Sets it for one incident; null: as for all. */
export async function setIncidentMode(sql: SqlOrTx, incident: number, mode: Mode | null): Promise<void> {
  await sql`update incidents set model_mode = ${mode} where id = ${incident}`
}
