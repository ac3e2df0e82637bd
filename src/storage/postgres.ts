import postgres from 'postgres'
import { OperatorError } from '../domain/errors.ts'

type Types = { bigint: number | bigint }

/** A pool of connections. Each tagged template is one statement on whichever connection is free. */
export type Sql = postgres.Sql<Types>
/** One open transaction, handed to the callback of `inTransaction`. */
export type Tx = postgres.TransactionSql<Types>
/** For statements that may run by themselves or inside somebody's transaction. */
export type SqlOrTx = postgres.ISql<Types>

export type ConnectOptions = {
  /** Connections at most; 10 unless told. They are opened when needed. */
  max?: number
  /** Shown in `pg_stat_activity`. */
  applicationName?: string
  /** How long opening a connection may take; 10 unless told. */
  timeoutSeconds?: number
}

/**
 * A pool for `url` (`postgres://…`). Nothing is opened until the first statement; `sql.end()` closes it.
 *
 * Rows arrive as plain JavaScript: timestamps as Date, jsonb parsed, bigint as number while that is exact and as BigInt
 * beyond. An undefined value is written as null.
 */
export function connect(url: string, options: ConnectOptions = {}): Sql {
  const { max = 10, applicationName = 'watchkeeper', timeoutSeconds = 10 } = options
  return postgres<{ bigint: postgres.PostgresType<number | bigint> }>(url, {
    max,
    // Statements here are prepared and find their rows by index whatever the values; where a number decides how, it stands
    // in the text. Planning one anew each time costs as much as running it.
    connection: { application_name: applicationName, plan_cache_mode: 'force_generic_plan' },
    connect_timeout: timeoutSeconds,
    onnotice: () => {},
    transform: { undefined: null },
    types: { bigint: { to: 20, from: [20], serialize: String, parse: toInteger } },
  })
}

/** Marks a value to be written as jsonb. The caller vouches that it is JSON: no functions, no cycles, and `storable` texts. */
export function json(sql: SqlOrTx, value: unknown): postgres.Parameter {
  return sql.json(value as postgres.JSONValue)
}

const DEADLOCK = '40P01'
const SERIALIZATION_FAILURE = '40001'

/**
 * Runs `work` in one transaction: committed when it returns, rolled back when it throws. The database breaks a deadlock
 * by cancelling one side; that side is run again, up to twice, so `work` must do nothing but SQL on `tx`.
 */
export async function inTransaction<T>(sql: Sql, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await sql.begin((tx) => work(tx))) as T
    } catch (error) {
      if (attempt === 3 || !isConflict(error)) throw error
    }
  }
}

/**
 * Statements of one transaction that do not wait for one another, sent together: those of async functions in their order,
 * and after them those that are written here as they are, which begin later. Waits for all of them before it throws what
 * the first failed with, so that none speaks when the transaction is over.
 */
export async function sentTogether<T extends readonly unknown[] | []>(
  parts: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  const settled = await Promise.allSettled(parts)
  const answers: unknown[] = []
  for (const one of settled) {
    if (one.status === 'rejected') throw one.reason
    answers.push(one.value)
  }
  return answers as { -readonly [P in keyof T]: Awaited<T[P]> }
}

/** The five-character SQLSTATE, or the driver's own code such as `ECONNREFUSED`; undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether the database is out of reach just now, so that trying again later makes sense. */
export function isUnavailable(error: unknown): boolean {
  const code = errorCode(error) ?? ''
  return UNREACHABLE.has(code) || code.startsWith('08') || code.startsWith('57P') || code === '53300'
}

/** Asks the database for a sign of life. Throws an OperatorError that says what to change. */
export async function checkDatabase(sql: Sql): Promise<void> {
  try {
    await sql`select 1`
  } catch (error) {
    throw new OperatorError(explain(error), { cause: error })
  }
}

function explain(error: unknown): string {
  const code = errorCode(error)
  if (code === '28P01' || code === '28000')
    return 'The database refused the user or the password in DATABASE_URL. Correct them, or grant that user access.'
  if (code === '3D000') return 'The database named in DATABASE_URL does not exist. Create it, or correct the name.'
  if (code === '53300') return 'The database has no connection left. Raise its max_connections, or run fewer replicas.'
  if (isUnavailable(error))
    return 'The database in DATABASE_URL cannot be reached. Check that it runs, its host and port, and the network between.'
  return `The database did not answer a simple question (${code ?? 'no code'}). Its own log says why.`
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
])

function isConflict(error: unknown): boolean {
  const code = errorCode(error)
  return code === DEADLOCK || code === SERIALIZATION_FAILURE
}

function toInteger(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}
