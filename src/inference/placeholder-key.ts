import { randomBytes } from 'node:crypto'
import { json, type Sql } from '../storage/postgres.ts'

/** The key of this installation's placeholders, the same for every replica; made when it is first needed. 32 bytes. */
export async function placeholderKey(sql: Sql): Promise<Uint8Array> {
  const fresh = randomBytes(32).toString('base64')
  const [row] = await sql<{ value: string }[]>`
    insert into settings (name, value, changed_by) values ('placeholder_key', ${json(sql, fresh)}, 'agent')
    on conflict (name) do update set value = settings.value returning value`
  return Buffer.from(row?.value ?? fresh, 'base64')
}
