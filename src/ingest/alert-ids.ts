import type { Sql } from '../storage/postgres.ts'

export interface AlertIds {
  /** Sees to it that so many ids are at hand. */
  stock(count: number): Promise<void>
  /** An id nobody else has. Throws when more are taken than were stocked. */
  next(): number
}

const SHEET = 1_000

/**
 * Ids of alerts, drawn from the database's sequence by the sheet, so that new alerts and their states can be written in one
 * statement. Those left over when the process ends are never used: nobody sees the ids of alerts.
 */
export function alertIds(sql: Sql): AlertIds {
  let ids: number[] = []
  return {
    async stock(count) {
      if (ids.length >= count) return
      const rows = await sql<{ id: number }[]>`
        select nextval('alerts_id_seq') as id from generate_series(1, ${count + SHEET}::int)`
      ids = [...rows.map(({ id }) => id).reverse(), ...ids]
    },
    next() {
      const id = ids.pop()
      if (id === undefined) throw new Error('No ids of alerts are left; stock more before the transaction begins.')
      return id
    },
  }
}
