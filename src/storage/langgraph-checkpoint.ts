import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import pg from 'pg'

export type Checkpointer = {
  /** What a compiled graph takes as its `checkpointer`. */
  saver: PostgresSaver
  /** Makes or upgrades the tables. Two at once collide: call it under the migration lock. */
  setup(): Promise<void>
  close(): Promise<void>
}

export type CheckpointerOptions = {
  /** Connections at most; 10 unless told. A graph holds one only while it writes or reads. */
  max?: number
  applicationName?: string
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  onError?: (error: Error) => void
}

/** Keeps the state of graphs in the schema `checkpoints`. It has its own pool, because LangGraph speaks only `pg`. */
export function openCheckpointer(url: string, options: CheckpointerOptions = {}): Checkpointer {
  const { max = 10, applicationName = 'watchkeeper-graph', onError = () => {} } = options
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  // Without a listener, a connection that breaks while idle would end the process.
  pool.on('error', onError)
  const saver = new PostgresSaver(pool, undefined, { schema: 'checkpoints' })
  let closing: Promise<void> | undefined
  return {
    saver,
    setup: () => saver.setup(),
    close() {
      closing ??= pool.end()
      return closing
    },
  }
}
