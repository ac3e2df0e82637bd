import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { OperatorError } from '../domain/errors.ts'
import { inTransaction, type Sql, type Tx } from './postgres.ts'

export type MigrateOptions = {
  /** The folder with `NNN_name.sql` files; the project's own unless told. */
  folder?: string
  /**
   * Set-up of libraries that keep tables in the same database on connections of their own. It runs one after another
   * while the lock is held, because none of them can stand two replicas doing it at once.
   */
  alongside?: readonly (() => Promise<void>)[]
}

/** Any number that nobody else locks in this database. */
const LOCK = 8_484_001

/**
 * Brings the schema up to date and returns the names of the files it applied. All of them are applied or none: they run
 * in one transaction under an advisory lock, so replicas may start at the same moment and the second finds nothing to do.
 *
 * Throws an OperatorError that names the file when an applied one was edited, one fails, or the database is newer than
 * this program.
 */
export async function migrate(sql: Sql, { folder, alongside = [] }: MigrateOptions = {}): Promise<string[]> {
  const files = await readMigrations(folder ?? fileURLToPath(new URL('migrations', import.meta.url)))
  return inTransaction(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`
    await tx`
      create table if not exists schema_migrations (
        version integer primary key,
        name text not null,
        checksum text not null,
        applied_at timestamptz not null default now()
      )`
    const pending = await findPending(tx, files)
    for (const file of pending) await apply(tx, file)
    for (const setUp of alongside) await setUp()
    return pending.map(({ name }) => name)
  })
}

export type Migration = { version: number; name: string; text: string; checksum: string }

/** The migrations of a folder in order of their numbers. Other files are left alone. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const files = await Promise.all(names.map((name) => readMigration(folder, name)))
  for (const [index, file] of files.entries()) {
    if (files[index - 1]?.version === file.version)
      throw new OperatorError(`The migrations ${files[index - 1]?.name} and ${file.name} have the same number.`)
  }
  return files
}

async function readMigration(folder: string, name: string): Promise<Migration> {
  const version = Number(/^(\d{3})_[a-z0-9-_]+\.sql$/.exec(name)?.[1])
  if (!version) throw new OperatorError(`The migration ${name} must be named like 001_what_it_does.sql.`)
  const text = (await readFile(`${folder}/${name}`, 'utf8')).replaceAll('\r\n', '\n')
  return { version, name, text, checksum: createHash('sha256').update(text).digest('hex') }
}

async function findPending(tx: Tx, files: readonly Migration[]): Promise<Migration[]> {
  const applied = await tx<{ version: number; name: string; checksum: string }[]>`
    select version, name, checksum from schema_migrations order by version`
  for (const { version, name, checksum } of applied) {
    const file = files.find((candidate) => candidate.version === version)
    if (!file)
      throw new OperatorError(
        `The database has the migration ${name}, which this Watchkeeper does not know: it was set up by a newer one. Start that version, or restore a backup made before the upgrade.`,
      )
    if (file.checksum !== checksum)
      throw new OperatorError(
        `The migration ${file.name} was edited after it had been applied to this database. Put the file back as it was, and write the change as a new migration.`,
      )
  }
  const last = applied.at(-1)?.version ?? 0
  const pending = files.filter(({ version }) => !applied.some((row) => row.version === version))
  const late = pending.find(({ version }) => version < last)
  if (late)
    throw new OperatorError(`The migration ${late.name} comes before ones already applied. Give it a higher number.`)
  return pending
}

async function apply(tx: Tx, { version, name, text, checksum }: Migration): Promise<void> {
  try {
    await tx.unsafe(text)
  } catch (error) {
    throw new OperatorError(`The migration ${name} failed${lineOf(error, text)}: ${messageOf(error)}.`, {
      cause: error,
    })
  }
  await tx`insert into schema_migrations ${tx({ version, name, checksum })}`
}

function lineOf(error: unknown, text: string): string {
  if (!(error instanceof Error) || !('position' in error)) return ''
  const position = Number(error.position)
  return position > 0 ? ` in line ${text.slice(0, position).split('\n').length}` : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
