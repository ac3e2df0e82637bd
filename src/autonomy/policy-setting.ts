import type { SqlOrTx, Tx } from '../storage/postgres.ts'
import { json } from '../storage/postgres.ts'

/** VERBOSE asks for everything, NORMAL honours levels, FROZEN executes nothing. */
export type Policy = 'VERBOSE' | 'NORMAL' | 'FROZEN'

/** The policy in force for every replica: what was set last, else what the installation started with, else VERBOSE. */
export async function policyNow(sql: SqlOrTx): Promise<Policy> {
  const [row] = await sql<{ value: Policy }[]>`select value from settings where name = 'policy'`
  return row?.value ?? 'VERBOSE'
}

/**
 * The same, and it stays so until the transaction ends: whoever changes it waits for that, and whoever comes while it is being
 * changed waits for the change. The row is there from an installation's first start.
 */
export async function holdPolicy(tx: Tx): Promise<Policy> {
  const [row] = await tx<{ value: Policy }[]>`select value from settings where name = 'policy' for share`
  return row?.value ?? 'VERBOSE'
}

/** Sets the policy. `unlessSet` leaves what people chose: it is how a start writes its default. */
export async function setPolicy(sql: SqlOrTx, policy: Policy, by: string, { unlessSet = false } = {}): Promise<void> {
  if (unlessSet)
    await sql`insert into settings (name, value, changed_by) values ('policy', ${json(sql, policy)}, ${by}) on conflict do nothing`
  else
    await sql`
      insert into settings (name, value, changed_by) values ('policy', ${json(sql, policy)}, ${by})
      on conflict (name) do update set value = excluded.value, changed_by = excluded.changed_by, changed_at = watch_now()`
}
