import { verifyLedger } from '../../src/autonomy/ledger.ts'
import { type PlanBody, planDigest } from '../../src/domain/plan.ts'
import type { Sql } from '../../src/storage/postgres.ts'
import { type Entry, type History, type Planned, readChanges, readDeliveries, readSaid } from './history.ts'
import { doubled, lost, mismatched, type Permission, unapproved, untold } from './judge.ts'
import type { Lane } from './lane.ts'

/** What went against the promises in one lane. Each list is empty where all is well. */
export interface Findings {
  lost: string[]
  doubled: string[]
  unapproved: string[]
  mismatched: string[]
  untold: string[]
  unresolved: string[]
  chain: 'ok' | string
}

export const PERMISSION: Permission = { deciders: ['alice', 'bob'], admins: ['alice'], authorizationMs: 15 * 60_000 }

/** Reads what was seen from outside of a lane, and judges it. */
export async function judgeLane(lane: Lane, { permission = PERMISSION, settleMs = 30_000 } = {}): Promise<Findings> {
  const unresolved = await lane.settle(settleMs)
  const history = await historyOf(lane)
  const audit = await verifyLedger(lane.world.database.sql)
  return {
    lost: lost(history),
    doubled: doubled(history),
    unapproved: unapproved(history, permission),
    mismatched: mismatched(history),
    untold: untold(history),
    unresolved,
    chain: audit.ok ? 'ok' : audit.because,
  }
}

export async function historyOf({ world, hands, fired, endings }: Lane): Promise<History> {
  return {
    deliveries: readDeliveries(world.oracles.alertmanager),
    said: readSaid(world.oracles.telegram),
    changes: readChanges(world.oracles.kubernetes),
    pressings: hands.pressings,
    ledger: await entries(world.database.sql),
    planned: await planned(world.database.sql),
    fired,
    endings,
  }
}

async function entries(sql: Sql): Promise<Entry[]> {
  const rows = await sql<(Omit<Entry, 'at'> & { at: Date })[]>`
    select seq, kind, at, incident_id as incident, body from ledger order by seq`
  return rows.map((row) => ({ ...row, at: row.at.getTime() }))
}

/** What plans are about. The digest is computed anew: a body that was changed since stands for no plan that was shown. */
async function planned(sql: Sql): Promise<Planned[]> {
  const rows = await sql<{ body: PlanBody }[]>`select body from plans order by created_at`
  return rows.flatMap(({ body }) => {
    const plan = planDigest(body)
    return body.actions.map(({ index, tool, target, diff }) => ({
      plan,
      action: index,
      tool,
      target: target.name,
      fields: diff.map(({ field }) => field),
    }))
  })
}
