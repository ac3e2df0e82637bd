import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import { type PgPool, preparingPool } from './pg-pool.ts'

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
  const pool = preparingPool({
    connectionString: url,
    max,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  // Without a listener, a connection that breaks while idle would end the process.
  pool.on('error', onError)
  const saver = new OneStatementSaver(pool)
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

const SCHEMA = 'checkpoints'

/**
 * The library's saver with each step in one statement instead of eight: it writes every channel by itself, in a transaction
 * of round trips. The tables, what is in them and how it is read stay the library's, so either can take over from the other.
 *
 * A step's ordinary writes are not kept beside its checkpoint: our graphs run one node a step, so the checkpoint that
 * follows says the same, and a node cut off before it runs again either way. Interrupts, resumes and errors are kept.
 */
class OneStatementSaver extends PostgresSaver {
  readonly #pool: PgPool

  constructor(pool: PgPool) {
    super(pool, undefined, { schema: SCHEMA })
    this.#pool = pool
  }

  override async put(...[config, checkpoint, metadata, newVersions]: Parameters<PostgresSaver['put']>) {
    const { thread, namespace, checkpoint: parent } = placeOf(config)
    const [blobs, about] = await Promise.all([
      this._dumpBlobs(thread, namespace, checkpoint.channel_values, newVersions),
      this._dumpMetadata(metadata),
    ])
    await this.#pool.query(PUT, [
      thread,
      namespace,
      checkpoint.id,
      parent,
      this._dumpCheckpoint(checkpoint),
      about,
      blobs.map(([, , channel]) => channel),
      blobs.map(([, , , version]) => version),
      blobs.map(([, , , , type]) => type),
      blobs.map(([, , , , , blob]) => (blob === undefined ? null : Buffer.from(blob))),
    ])
    return { configurable: { thread_id: thread, checkpoint_ns: namespace, checkpoint_id: checkpoint.id } }
  }

  override async putWrites(...[config, writes, taskId]: Parameters<PostgresSaver['putWrites']>) {
    // One of each: a node that was interrupted twice brings a resume for either.
    const special = writes.filter(([channel]) => channel.startsWith('__'))
    const kept = [...new Map(special.map((write) => [write[0], write])).values()]
    if (kept.length === 0) return
    const { thread, namespace, checkpoint } = placeOf(config)
    const dumped = await this._dumpWrites(thread, namespace, checkpoint ?? '', taskId, kept)
    await this.#pool.query(PUT_WRITES, [
      thread,
      namespace,
      checkpoint,
      taskId,
      dumped.map(([, , , , index]) => index),
      dumped.map(([, , , , , channel]) => channel),
      dumped.map(([, , , , , , type]) => type),
      dumped.map(([, , , , , , , blob]) => Buffer.from(blob)),
    ])
  }
}

type Place = Parameters<PostgresSaver['put']>[0]

function placeOf({ configurable }: Place): { thread: string; namespace: string; checkpoint: string | null } {
  if (typeof configurable?.thread_id !== 'string')
    throw new Error('A checkpoint belongs to a thread: give it a thread_id.')
  return {
    thread: configurable.thread_id,
    namespace: configurable.checkpoint_ns ?? '',
    checkpoint: configurable.checkpoint_id ?? null,
  }
}

const PUT = `
  with blobs as (
    insert into ${SCHEMA}.checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
    select $1, $2, channel, version, type, blob
    from unnest($7::text[], $8::text[], $9::text[], $10::bytea[]) as t(channel, version, type, blob)
    on conflict (thread_id, checkpoint_ns, channel, version) do nothing)
  insert into ${SCHEMA}.checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
  values ($1, $2, $3, $4, $5, $6)
  on conflict (thread_id, checkpoint_ns, checkpoint_id)
    do update set checkpoint = excluded.checkpoint, metadata = excluded.metadata`

const PUT_WRITES = `
  insert into ${SCHEMA}.checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type, blob)
  select $1, $2, $3, $4, idx, channel, type, blob
  from unnest($5::int[], $6::text[], $7::text[], $8::bytea[]) as t(idx, channel, type, blob)
  on conflict (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
    do update set channel = excluded.channel, type = excluded.type, blob = excluded.blob`
