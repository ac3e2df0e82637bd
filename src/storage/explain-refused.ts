import { OperatorError } from '../domain/errors.ts'
import { errorCode, type Sql } from './postgres.ts'

const NOT_ALLOWED = '42501'
/** What Postgres says where the user may not use the schema that it would create in. */
const NO_SCHEMA = '3F000'
const READ_ONLY = '25006'

/** What to change where the database does not let its user set it up; undefined for an error of any other kind. */
export async function explainRefused(sql: Sql, error: unknown): Promise<OperatorError | undefined> {
  const refusal = error instanceof OperatorError ? error.cause : error
  const code = errorCode(refusal)
  if (code === READ_ONLY)
    return new OperatorError(
      'The database in DATABASE_URL lets nothing be written: it is a standby, or default_transaction_read_only is on. Let DATABASE_URL name the server that takes writes.',
      { cause: error },
    )
  if (!(refusal instanceof Error) || (code !== NOT_ALLOWED && code !== NO_SCHEMA)) return undefined
  return new OperatorError(
    `The user in DATABASE_URL may not set up the database: ${refusal.message}. ${await remedy(sql, refusal.message)}`,
    { cause: error },
  )
}

async function remedy(sql: Sql, said: string): Promise<string> {
  const [row] = await sql<{ user: string; database: string; schema: string }[]>`
    select quote_ident(current_user) as "user", quote_ident(current_database()) as database,
      quote_ident(coalesce(current_schema(), 'public')) as schema`
  const { user, database, schema } = row ?? { user: 'USER', database: 'DATABASE', schema: 'public' }
  if (/^must be (owner|able)|for (table|sequence|function)/.test(said))
    return `What is there belongs to another user. Let DATABASE_URL name that one, or hand it over as a superuser: reassign owned by OTHER to ${user};`
  return `Run this as the owner of the database: grant create on database ${database} to ${user}; grant usage, create on schema ${schema} to ${user};`
}
