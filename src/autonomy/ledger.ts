import { canonicalJson, type JsonObject, sha256 } from '../domain/json.ts'
import { json, type Sql, type SqlOrTx, sentTogether, type Tx } from '../storage/postgres.ts'

export type LedgerKind =
  | 'shown'
  | 'decided'
  | 'ran'
  | 'outcome'
  | 'level_changed'
  | 'refused'
  | 'policy_changed'
  | 'mode_changed'

export interface LedgerEntry {
  kind: LedgerKind
  incident: number | null
  body: JsonObject
  /** Names the one time this can happen, so that a node that runs again writes it once. */
  key?: string
}

/** The newest entry's number and hash: what is published, so that a cut or a restored copy shows. */
export interface LedgerHead {
  seq: number
  hash: string
}

export interface LedgerLine extends LedgerHead {
  kind: LedgerKind
  incident: number | null
  at: Date
  body: JsonObject
}

interface LedgerRow {
  seq: number
  kind: LedgerKind
  incident_id: number | null
  key: string | null
  at: Date
  body: JsonObject
  prev_hash: string
  hash: string
}

const GENESIS = '0'.repeat(64)
/** Advisory lock under which entries are numbered; any constant of our own. */
const LEDGER_LOCK = 0x77_6b_6c_65

/**
 * Writes entries to the chain, each with the hash of the one before. Serialises writers until the transaction ends, so it
 * belongs last in it. An entry whose key is there already is left out.
 */
export async function writeLedger(tx: Tx, entries: readonly LedgerEntry[]): Promise<void> {
  const keys = entries.flatMap(({ key }) => (key === undefined ? [] : [key]))
  // They go out together; the second begins when the lock is ours, and sees what its last holder wrote.
  const [, [last]] = await sentTogether([
    tx`select pg_advisory_xact_lock(${LEDGER_LOCK})`,
    tx<{ seq: number | null; hash: string | null; at: Date; known: string[] }[]>`
      select last.seq, last.hash, watch_now()::timestamptz(3) as at,
        array(select key from ledger where key = any(${keys})) as known
      from (select 1) one left join (select seq, hash from ledger order by seq desc limit 1) last on true`,
  ])
  if (!last) throw new Error('the ledger did not answer')
  const known = new Set(last.known)
  let seq = last.seq ?? 0
  let hash = last.hash ?? GENESIS
  for (const entry of entries) {
    if (entry.key !== undefined && known.has(entry.key)) continue
    seq += 1
    const row = {
      seq,
      kind: entry.kind,
      incident_id: entry.incident,
      key: entry.key ?? null,
      at: last.at,
      body: entry.body,
    }
    const next = entryHash({ ...row, prev_hash: hash })
    await tx`
      insert into ledger (seq, kind, incident_id, key, at, body, prev_hash, hash)
      values (${seq}, ${row.kind}, ${row.incident_id}, ${row.key}, ${row.at}, ${json(tx, row.body)}, ${hash}, ${next})`
    hash = next
  }
}

function entryHash(row: Omit<LedgerRow, 'hash'>): string {
  const { seq, kind, incident_id, key, at, body, prev_hash } = row
  return sha256(
    canonicalJson({ v: 1, seq, kind, incident: incident_id, key, at: at.toISOString(), body, prev: prev_hash }),
  )
}

/** What `audit verify` found: the chain holds, or the first entry where it does not and why. */
export type Audit =
  | { ok: true; head: LedgerHead | undefined; entries: number }
  | { ok: false; seq: number; because: string }

/**
 * Reads the whole chain and recomputes every hash. With a published head it also notices entries cut off its end and a
 * copy restored from before. O(entries), in batches.
 */
export async function verifyLedger(sql: Sql, published?: LedgerHead): Promise<Audit> {
  let expected = 1
  let previous = GENESIS
  for await (const rows of sql<LedgerRow[]>`select * from ledger order by seq`.cursor(1000)) {
    for (const row of rows) {
      if (row.seq !== expected)
        return { ok: false, seq: expected, because: `entry ${expected} is missing; the next one there is ${row.seq}` }
      if (row.prev_hash !== previous)
        return { ok: false, seq: row.seq, because: `entry ${row.seq} does not follow the entry before it` }
      if (entryHash(row) !== row.hash)
        return {
          ok: false,
          seq: row.seq,
          because: `entry ${row.seq} is not what was written: its hash does not fit its content`,
        }
      if (published?.seq === row.seq && published.hash !== row.hash)
        return { ok: false, seq: row.seq, because: `entry ${row.seq} differs from the published head` }
      previous = row.hash
      expected += 1
    }
  }
  const last = expected - 1
  if (published && published.seq > last)
    return {
      ok: false,
      seq: last + 1,
      because: `the ledger ends at entry ${last}, but entry ${published.seq} was published`,
    }
  return { ok: true, head: last === 0 ? undefined : { seq: last, hash: previous }, entries: last }
}

/** The newest entry, or undefined while the ledger is empty. */
export async function ledgerHead(sql: SqlOrTx): Promise<LedgerHead | undefined> {
  const [row] = await sql<LedgerHead[]>`select seq, hash from ledger order by seq desc limit 1`
  return row
}

export async function newestEntries(sql: SqlOrTx, limit: number): Promise<LedgerLine[]> {
  const rows = await sql<LedgerRow[]>`select * from ledger order by seq desc limit ${limit}`
  return rows.map(({ seq, kind, incident_id, at, body, hash }) => ({
    seq,
    kind,
    incident: incident_id,
    at,
    body,
    hash,
  }))
}
