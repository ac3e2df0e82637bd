import type { Sql } from '../../src/storage/postgres.ts'

/** Empties what the intake writes, and numbers incidents from 1 again. */
export async function clearIntake(sql: Sql): Promise<void> {
  await sql`delete from alert_states`
  await sql`delete from alerts`
  await sql`delete from incident_events`
  await sql`delete from incidents`
  await sql`delete from heartbeats`
  await sql`alter sequence incidents_id_seq restart`
}
