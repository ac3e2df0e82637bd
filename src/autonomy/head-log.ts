import type { Logger } from 'pino'
import type { Sql } from '../storage/postgres.ts'
import { ledgerHead } from './ledger.ts'

const DAY_MS = 24 * 60 * 60_000

/**
 * Publishes the ledger's head in the log, now and each day: entries cut off the end, or a copy restored from before, no
 * longer fit a head that stands in yesterday's log (`audit verify --head`). Answers how to stop.
 */
export function publishHeads(sql: Sql, log: Logger): () => Promise<void> {
  const publish = async () => {
    const head = await ledgerHead(sql)
    if (head) log.info({ head: `${head.seq}:${head.hash}` }, 'head of the ledger')
  }
  const tell = () =>
    void publish().catch((error) => log.warn({ err: error }, 'the head of the ledger could not be read'))
  tell()
  const timer = setInterval(tell, DAY_MS)
  return async () => clearInterval(timer)
}
