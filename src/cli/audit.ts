import { type LedgerHead, verifyLedger } from '../autonomy/ledger.ts'
import { readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { withDatabase } from './with-database.ts'

/** Verifies the ledger's chain, against a published head if there is one. 1 where an entry is bad. */
export async function verifyCommand(
  head: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const published = head === undefined ? undefined : parseHead(head)
  const audit = await withDatabase(readConfig(env), (sql) => verifyLedger(sql, published))
  if (!audit.ok) {
    process.stderr.write(`The ledger does not hold: ${audit.because}.\n`)
    return 1
  }
  const last = audit.head ? `, head ${audit.head.seq}:${audit.head.hash}` : ''
  process.stdout.write(`The ledger holds: ${audit.entries} entries${last}.\n`)
  return 0
}

function parseHead(text: string): LedgerHead {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(text)
  if (!match)
    throw new OperatorError('--head wants the number and hash of an entry, like 41:9f3c…, as the log prints them.')
  return { seq: Number(match[1]), hash: match[2] ?? '' }
}
