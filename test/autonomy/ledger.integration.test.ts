import { afterAll, beforeEach, expect, test } from 'vitest'
import {
  type LedgerEntry,
  type LedgerHead,
  ledgerHead,
  newestEntries,
  verifyLedger,
  writeLedger,
} from '../../src/autonomy/ledger.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

const write = (entries: readonly LedgerEntry[]) => sql.begin((tx) => writeLedger(tx, entries))
const decided = (n: number, key?: string): LedgerEntry => ({
  kind: 'decided',
  incident: null,
  body: { n, by: 'alice', said: 'naïve “yes” \u{1f44d}', nested: { b: [1, 2.5, null], a: true } },
  ...(key !== undefined && { key }),
})

/** As somebody with the database's own password might: past the triggers. */
async function tamper(change: string): Promise<void> {
  await sql.unsafe(`set session_replication_role = replica; ${change}; set session_replication_role = origin`)
}

beforeEach(async () => {
  await tamper('truncate ledger')
  for (let n = 1; n <= 6; n++) await write([decided(n)])
})

test('an honest chain holds, and says where it ends', async () => {
  const head = await ledgerHead(sql)
  expect(await verifyLedger(sql)).toEqual({ ok: true, head, entries: 6 })
  expect(await verifyLedger(sql, head)).toMatchObject({ ok: true })
  expect((await newestEntries(sql, 2)).map(({ seq }) => seq)).toEqual([6, 5])
})

test('an empty ledger is in order', async () => {
  await tamper('truncate ledger')
  expect(await verifyLedger(sql)).toEqual({ ok: true, head: undefined, entries: 0 })
})

test('forty writers at once keep one chain without a gap', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, n) => write([decided(n), decided(n + 100)])))
  expect(await verifyLedger(sql)).toMatchObject({ ok: true, entries: 86 })
})

test('a writer that rolls back leaves no gap', async () => {
  const failing = sql.begin(async (tx) => {
    await writeLedger(tx, [decided(7)])
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  await write([decided(8)])
  expect(await verifyLedger(sql)).toMatchObject({ ok: true, entries: 7 })
})

test('an entry under a key is written once, also by two at once', async () => {
  await Promise.all([write([decided(1, 'k1')]), write([decided(1, 'k1')])])
  expect(await verifyLedger(sql)).toMatchObject({ ok: true, entries: 7 })
})

test.each<[string, string, { seq: number; because: RegExp }]>([
  [
    'edited',
    `update ledger set body = jsonb_set(body, '{by}', '"mallory"') where seq = 3`,
    { seq: 3, because: /is not what was written/ },
  ],
  [
    'told another time',
    `update ledger set at = at + interval '1 hour' where seq = 2`,
    { seq: 2, because: /is not what was written/ },
  ],
  [
    'given another kind',
    `update ledger set kind = 'refused' where seq = 4`,
    { seq: 4, because: /is not what was written/ },
  ],
  ['removed', 'delete from ledger where seq = 4', { seq: 4, because: /entry 4 is missing; the next one there is 5/ }],
  [
    'removed, and the rest moved up',
    'delete from ledger where seq = 4; update ledger set seq = seq - 1 where seq > 4',
    { seq: 4, because: /does not follow the entry before it/ },
  ],
  [
    'reordered',
    'update ledger set seq = -2 where seq = 2; update ledger set seq = 2 where seq = 3; update ledger set seq = 3 where seq = -2',
    { seq: 2, because: /does not follow the entry before it/ },
  ],
  ['removed at the front', 'delete from ledger where seq = 1', { seq: 1, because: /entry 1 is missing/ }],
  [
    'copied over another',
    `update ledger a set body = b.body, hash = b.hash from ledger b where a.seq = 3 and b.seq = 5`,
    { seq: 3, because: /is not what was written/ },
  ],
])('A19: an entry that was %s is the first bad one', async (_name, change, { seq, because }) => {
  await tamper(change)
  const audit = await verifyLedger(sql)
  expect(audit).toMatchObject({ ok: false, seq })
  if (!audit.ok) expect(audit.because).toMatch(because)
})

test('A19: entries cut off the end show only against the published head', async () => {
  const head = await published()
  await tamper('delete from ledger where seq > 4')
  expect(await verifyLedger(sql)).toMatchObject({ ok: true, entries: 4 })
  expect(await verifyLedger(sql, head)).toEqual({
    ok: false,
    seq: 5,
    because: 'the ledger ends at entry 4, but entry 6 was published',
  })
})

test('A19: a copy restored from before, and written on, disagrees with the published head', async () => {
  const head = await published()
  await tamper('delete from ledger where seq > 3')
  for (let n = 0; n < 5; n++) await write([decided(n + 50)])
  expect(await verifyLedger(sql)).toMatchObject({ ok: true, entries: 8 })
  expect(await verifyLedger(sql, head)).toEqual({
    ok: false,
    seq: 6,
    because: 'entry 6 differs from the published head',
  })
})

test('A19: a whole chain forged anew disagrees with the published head', async () => {
  const head = await published()
  await tamper('truncate ledger')
  for (let n = 1; n <= 6; n++) await write([decided(n + 1)])
  expect(await verifyLedger(sql, head)).toMatchObject({ ok: false, seq: 6 })
})

test.each(["update ledger set body = '{}' where seq = 1", 'delete from ledger where seq = 6', 'truncate ledger'])(
  'the database refuses: %s',
  async (statement) => {
    await expect(sql.unsafe(statement)).rejects.toThrow(/append-only/)
    expect(await verifyLedger(sql)).toMatchObject({ ok: true, entries: 6 })
  },
)

async function published(): Promise<LedgerHead> {
  const head = await ledgerHead(sql)
  if (!head) throw new Error('the ledger is empty')
  return head
}
